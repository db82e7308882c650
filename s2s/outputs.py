"""Outputs that the user names: files, devices and pipes."""

import errno
import os
import re
import select
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from s2s.errors import InputError, RunError
from s2s.files import atomic_file, explain_write_errors, make_directory


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; its content becomes that of `path`, a file named by the user, when the block succeeds.

    A regular file is replaced atomically, also behind a symbolic link, which stays.  A device or a pipe is not replaced: it
    is opened, and the content is written into it.
    """
    if not is_special(path):
        with explain_write_errors(path), atomic_file(Path(os.path.realpath(path))) as temporary:
            yield temporary
            if path.exists():
                shutil.copymode(path, temporary)
        return
    with scratch_directory() as directory:
        temporary = directory / "output"
        temporary.touch()
        yield temporary
        with explain_write_errors(path), open(temporary, "rb") as content, open_special(path) as special:
            shutil.copyfileobj(content, special)


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """A directory for the time of the block."""
    try:
        parent = Path(tempfile.gettempdir())
    except OSError:
        raise RunError("there is no directory for temporary files; name a writable one in TMPDIR") from None
    with explain_write_errors(parent), tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


def is_special(path: Path) -> bool:
    """Whether `path` is a device, a pipe, a socket or an open file, such as /dev/stdout: these are not to be replaced."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or _open_file(path) is not None


class Descriptor:
    """A file descriptor to write to, unbuffered; another process may have made it non-blocking."""

    def __init__(self, number: int, name: str):
        """Write to descriptor `number`; errors name `name`."""
        self._number, self._name = number, name

    def write(self, data: bytes) -> int:
        """Write all of the data; waits where there is no room."""
        rest = memoryview(data)
        with explain_write_errors(Path(self._name)):
            while rest:
                try:
                    rest = rest[os.write(self._number, rest) :]
                except BlockingIOError:
                    select.select([], [self._number], [])
        return len(data)


@contextmanager
def open_special(path: Path) -> Iterator[Descriptor]:
    """Open what `is_special` to write."""
    number = _open_file(path)
    if number is not None and number >= 0:  # another opening would have a place of its own in the file
        yield Descriptor(number, str(path))
        return
    number = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        yield Descriptor(number, str(path))
    finally:
        os.close(number)


def _open_file(path: Path) -> int | None:
    """The descriptor that a path such as /dev/stdout names, -1 for one of another process; None for other paths."""
    for _ in range(40):  # links to links
        directory = os.path.realpath(path.parent)
        if re.fullmatch(r"/proc/.*/fd", directory):
            own = directory.startswith(f"/proc/{os.getpid()}/") and path.name.isdecimal()
            return int(path.name) if own else -1
        if not path.is_symlink():
            return None
        path = Path(directory) / os.readlink(path)
    return None


def require_writable(path: Path, what: str) -> None:
    """Raise InputError unless a file could be made at `path`; called before hours of work.

    Args:
        path: the file to be written.
        what: the option or key that gave the path, for the message.
    """
    _require_name(path, what)
    if is_special(path):
        if _open_file(path) is None and not os.access(path, os.W_OK):
            raise InputError(f"{what}: {path} is not writable; choose another")
        return
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise InputError(f"{what}: {path} is a directory; name a file in it")
    if not path.parent.is_dir():
        raise InputError(f"{what}: there is no directory {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{what}: the directory {path.parent} is not writable; choose another")


def _require_name(path: Path, what: str) -> None:
    try:
        path.stat()
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            raise InputError(f"{what}: {path}: {error.strerror}") from None


@contextmanager
def output_directory(path: Path, what: str) -> Iterator[None]:
    """Make the directory `path` for the block to write into; where the block fails, an empty one is removed again.

    Raises InputError naming `what`, the option, where it cannot be made.
    """
    made = not path.exists()
    make_directory(path, what)
    try:
        yield
    except BaseException:
        if made:
            with suppress(OSError):
                path.rmdir()
        raise


def require_directory(path: Path, what: str) -> None:
    """Raise InputError unless `path` is a writable directory, or one could be made there."""
    _require_name(path, what)
    existing = next(parent for parent in (path, *path.absolute().parents) if os.path.lexists(parent))
    if not existing.is_dir():
        raise InputError(f"{what}: {existing} is no directory; choose another")
    if not os.access(existing, os.W_OK):
        raise InputError(f"{what}: the directory {existing} is not writable; choose another")
