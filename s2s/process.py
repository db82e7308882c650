"""The process that runs a command: its standard streams and signals.

Nothing heavy is imported here: it is the first that the program does.
"""

import contextlib
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_TOGETHER = 1.0
"""Seconds after a signal in which others are taken to mean the same: a closed terminal sends SIGHUP and SIGTERM."""


class Terminated(BaseException):
    """SIGINT, SIGTERM or SIGHUP, raised so that temporary files are removed; `status` is the shell's exit status for it."""

    def __init__(self, signum: int):
        super().__init__(signal.Signals(signum).name)
        self.status = 128 + signum


def open_closed_streams() -> None:
    """Open /dev/null in place of standard streams that the caller closed.

    Otherwise the next file that is opened gets the number of the closed stream, and messages go into it.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


class _Stderr:
    """Standard error that drops what cannot be written, as when its reader has gone: a message ends no command."""

    def __init__(self, stream: Any):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def forgive_streams() -> None:
    """Have messages that cannot be written be dropped, and characters that stdout's encoding lacks be escaped."""
    sys.stderr = _Stderr(sys.stderr)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")


def printable(message: str) -> str:
    """A message for a terminal: what could control it, as in a stranger's file name, is escaped.

    The second line of our messages is indented; a line end before anything else is of a name.
    """
    lines = ("".join(c if c.isprintable() else _escape(c) for c in line) for line in message.split("\n  "))
    return "\n  ".join(lines)


def report(message: str) -> None:
    """Print a message to stderr."""
    print(printable(message), file=sys.stderr)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def raise_on_signals() -> None:
    """Have SIGINT, SIGTERM and SIGHUP raise Terminated, unless the caller ignores them, as nohup does SIGHUP."""
    process, last = os.getpid(), float("-inf")

    def handle(signum: int, frame: FrameType | None) -> None:
        nonlocal last
        if os.getpid() != process:
            os._exit(128 + signum)  # a worker process, which has nothing to clean up
        if time.monotonic() - last > _TOGETHER:
            last = time.monotonic()
            raise Terminated(signum)

    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handle)
    sys.unraisablehook = _raise_again


def ignore_signals() -> None:
    """Ignore the signals: the command is done, and Python cleans up."""
    for number in (*_SIGNALS, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)


def _raise_again(unraisable: Any) -> None:
    """Raise Terminated a moment later where Python drops exceptions, as in the callbacks of its import system."""
    error = unraisable.exc_value
    if not isinstance(error, Terminated):
        sys.__unraisablehook__(unraisable)
        return

    def handle(signum: int, frame: FrameType | None) -> None:
        raise error

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
