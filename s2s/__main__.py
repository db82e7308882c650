"""The program: runs a command of cli.py; errors become one or two lines on stderr and an exit status.

`s2s` and `python -m s2s` are the same.  Signals are handled from the start, before anything that takes long to import.
"""

# ruff: noqa: E402 - the handler comes before the imports that take longer
import os
import signal


def _end(signum: int, frame: object) -> None:
    os.write(2, b"s2s: error: interrupted\n")
    os._exit(128 + signum)


if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end)  # until process.raise_on_signals: there is nothing to clean up yet

import errno
import sys
from typing import NoReturn

from s2s.errors import InputError, RunError
from s2s.limits import advice
from s2s.process import (
    Terminated,
    forgive_streams,
    ignore_signals,
    open_closed_streams,
    raise_on_signals,
    report,
)  # fmt: skip


def main() -> NoReturn:
    """Run the program; errors become one or two lines on stderr and an exit status."""
    try:
        status = _run()
        ignore_signals()
    except Terminated as terminated:  # after the command
        ignore_signals()
        status = terminated.status
    try:
        sys.stdout.flush()
    except OSError:
        # At exit, Python would try again and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)


def _run() -> int:
    try:
        raise_on_signals()
        open_closed_streams()
        forgive_streams()
        return _run_command()
    except InputError as error:
        return _fail(str(error), 2)
    except RunError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:
        return 0  # the reader has ended, as `head` does
    except Terminated as terminated:
        return _fail(_stopped(terminated), terminated.status)
    except OSError as error:
        given = error.errno in (errno.ENAMETOOLONG, errno.ELOOP)  # no such name can be meant, so it is the user's
        return _fail(f"{error.filename or 'stdout'}: {error.strerror or error}{advice(error.errno)}", 2 if given else 1)
    except MemoryError:
        return _fail(f"out of memory{advice(errno.ENOMEM)}", 1)
    except ImportError as error:
        return _fail(f"cannot load a library ({_first_line(error)}){advice(errno.ENOMEM)}", 1)
    except Exception as error:
        if sys.flags.dev_mode:  # python -X dev -m s2s ... shows the traceback
            raise
        return _fail(f"a fault of s2s itself: {_first_line(error)}; python -X dev -m s2s ... shows where", 1)


def _run_command() -> int:
    import typer

    from s2s.cli import app

    try:
        status = app(standalone_mode=False, prog_name="s2s")
        sys.stdout.flush()  # here, where a full disk is an error and not a traceback at exit
        return status if isinstance(status, int) else 0
    except SystemExit:
        return 0  # Typer's answer to a BrokenPipeError
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "s2s"
        # Typer passes on the words of its validator.
        message = error.format_message().rstrip(".").replace("Value error, ", "")
        return _fail(f"{message}; see {command} --help", 2)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


def _stopped(terminated: Terminated) -> str:
    return "interrupted" if terminated.status == 130 else f"stopped by {terminated}"


def _fail(message: str, status: int) -> int:
    report(f"s2s: error: {message}")
    return status


if __name__ == "__main__":
    main()
