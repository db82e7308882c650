"""The two ways a command can fail on purpose; `__main__.main` turns them into an exit status."""


class InputError(Exception):
    """Wrong usage, config or input file: the user can mend it.  Exit status 2.

    The message is one or two lines: which file, line or key; what is wrong; what to do.
    """


class UnreadableError(InputError):
    """A file that the system does not let this process read, whatever its content is."""


class RunError(Exception):
    """A fault at run time that no config or input explains.  Exit status 1."""
