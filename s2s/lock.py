"""The lock of a run directory: one process trains a run, and it writes nothing through links of a run from a stranger."""

import fcntl
import os
import socket
import stat
from pathlib import Path
from typing import IO

from s2s.errors import InputError, RunError
from s2s.files import explain_write_errors
from s2s.process import report

_FILES = ("lock", "metrics.jsonl", "train.log")
"""Files of a run that a training opens to write; it replaces the others whole, so a link in their place leads nowhere."""

_DIRECTORIES = ("checkpoints", "tensorboard")


def lock(directory: Path) -> IO[str]:
    """Open a run's lock file and lock it; raises InputError when another process holds the lock.

    The system releases the lock when the file is closed, however this process ends.
    """
    _require_no_links(directory)
    path = directory / "lock"
    with explain_write_errors(path):
        file = open(path, "a+", encoding="utf-8", errors="replace", opener=no_links)  # noqa: SIM115 - open while training
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read(200).strip() or "another process"
            file.close()
            raise InputError(
                f"run: {directory} is being trained by {owner}; wait for it, or name another run"
            ) from None
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return file


def require_held(lock: IO[str], directory: Path) -> None:
    """Raise RunError unless `lock` is the lock file of the run that is now at `directory`."""
    held = os.fstat(lock.fileno())
    try:
        here = os.stat(directory / "lock", follow_symlinks=False)
    except OSError:
        here = None
    if here is None or (here.st_dev, here.st_ino) != (held.st_dev, held.st_ino):
        raise RunError(
            f"{directory}: this run was moved or removed while it was being trained; nothing more is written"
        )


def no_links(path: str, flags: int) -> int:
    """Opener for files of a run: a symbolic link is an error, and a pipe without a reader is not waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)


def _require_no_links(directory: Path) -> None:
    for names, kind in ((_FILES, stat.S_IFREG), (_DIRECTORIES, stat.S_IFDIR)):
        for name in names:
            try:
                mode = os.lstat(directory / name).st_mode
            except OSError:
                continue
            if stat.S_IFMT(mode) != kind:
                what = "a symbolic link" if stat.S_ISLNK(mode) else "not what s2s makes there"
                raise InputError(
                    f"run: {directory / name} is {what}, and a training would write through it; remove it, or name another run"
                )


def move_aside(path: Path) -> None:
    """Rename the run at `path` to `path`.1, or the next free number."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    with lock(path):
        os.rename(path, aside)
    report(f"{path}: starting over; the earlier run is now {aside}")
