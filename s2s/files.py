"""Files and directories that appear whole or not at all: written under a temporary name, flushed to disk, renamed.

The temporary names are `.<name>.<random>.tmp`, beside the final path.
"""

import errno
import fcntl
import glob
import hashlib
import os
import secrets
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from s2s import limits
from s2s.errors import InputError, RunError, UnreadableError

Arrays = dict[str, npt.NDArray[Any]]
"""Arrays by name."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block succeeds.

    When the block raises, the temporary file is removed and whatever stood at `path` stays.  A symbolic link at `path`
    is replaced, not followed: so a link in a stranger's run leads nowhere.
    """
    temporary = _temporary(path)
    try:  # from here on, so that a signal leaves nothing
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL, 0o666))
        yield temporary
        fsync(temporary)
        os.replace(temporary, path)
        fsync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, once no other process does, until the block or the process ends.  Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def temporary_directory(path: Path) -> Iterator[Path]:
    """Yield a new directory beside `path`, locked, which is removed after the block.

    If the process is killed, it stays until someone calls `remove_leftovers`.  Raises OSError if it cannot be made.
    """
    temporary = _temporary(path)
    try:  # from here on, so that a signal leaves nothing
        temporary.mkdir()
        with locked(temporary):  # see remove_leftovers
            yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def atomic_directory(path: Path, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary directory beside `path`; it becomes `path` when the block succeeds.

    Args:
        path: the final path.
        replace: whether to replace a directory that stands at `path`; the old one is removed once the new one is in its
            place.  If False, the old one stays and FileExistsError is raised, unless it is empty.
    """
    path = Path(os.path.realpath(path))  # a link, such as one to a larger disk, stays
    with temporary_directory(path) as temporary:
        yield temporary
        for file in temporary.iterdir():
            fsync(file)
        fsync(temporary)
        if replace and path.exists():
            retired = temporary.with_suffix(".old")
            os.rename(path, retired)
            os.rename(temporary, path)
            shutil.rmtree(retired)
        else:
            _rename_new(temporary, path)
        fsync(path.parent)


def save_arrays(path: Path, arrays: Arrays) -> None:
    """Write named arrays as an uncompressed .npz."""
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_arrays(path: Path, names: Iterable[str] | None = None, what: str = "weights") -> Arrays:
    """The arrays of an .npz file that `save_arrays` wrote, or those of some names that it has; never runs code from it.

    Raises InputError for a damaged file, and for a compressed one, which could hold far more than its size.

    Args:
        path: the file.
        names: of the arrays to load; None = all.
        what: the arrays are, for the message.
    """
    try:
        with open_regular(path) as file:
            with zipfile.ZipFile(file) as archive:
                if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                    raise ValueError("its arrays are compressed, as s2s never writes them")
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                chosen = arrays.files if names is None else [name for name in names if name in arrays.files]
                loaded = {name: arrays[name] for name in chosen}
            if not all(isinstance(array, np.ndarray) for array in loaded.values()):
                raise ValueError("a member is no array")
            return loaded
    except InputError:
        raise
    except Exception as error:  # A changed byte in a zip file can raise nearly anything.
        require_readable(path, error)
        reason = getattr(error, "strerror", None) or (str(error).splitlines() or ["not an .npz"])[0]
        raise InputError(f"{path}: damaged file of {what} ({reason})") from None


def remove_leftovers(directory: Path, name: str | None = None) -> None:
    """Remove temporary files and directories of `name`, or of all names, that killed processes left in `directory`.

    Directories that a living process is writing stay.  No other process may be writing files there.
    """
    prefix = ".*." if name is None else glob.escape(_temporary_prefix(name))
    pattern = prefix + "[0-9a-f]" * 16
    for path in [*directory.glob(f"{pattern}.tmp"), *directory.glob(f"{pattern}.old")]:
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        elif not _is_locked(path):
            shutil.rmtree(path)


def _is_locked(path: Path) -> bool:
    lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(lock)


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block, which writes `path`, into a RunError that names the file."""
    try:
        yield
    except (BrokenPipeError, FileExistsError):
        raise  # the callers handle these
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what_to_do = "; make room and run the same command again" if full else limits.advice(error.errno)
        raise RunError(f"{path}: cannot write: {error.strerror or error}{what_to_do}") from None


def require_readable(path: Path, error: Exception) -> None:
    """Raise UnreadableError if an error of reading `path` has nothing to do with its content: only what was read can be damaged.

    A file that is not there is for the caller to judge.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number not in (None, errno.ENOENT, errno.ENOTDIR):
        assert isinstance(error, OSError)
        raise UnreadableError(
            f"{error.filename or path}: cannot read: {error.strerror}{limits.advice(error.errno)}"
        ) from None


def make_directory(path: Path, what: str) -> None:
    """Make the directory `path` and its parents; raises InputError naming `what` where that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{what}: cannot make the directory {path}: {error.strerror}") from None
    if not os.access(path, os.W_OK):
        raise InputError(f"{what}: the directory {path} is not writable; choose another")


def read_small(path: Path, limit: int = 1 << 24) -> bytes:
    """The content of a regular file of at most `limit` bytes; raises as `open_regular`, and InputError for a larger file."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise InputError(f"{path}: {size:,} bytes, which is too much for such a file")
        return file.read(limit)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read.

    Raises OSError for a file that cannot be opened, and InputError for another kind of file: a device might never end.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would wait
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return open(descriptor, "rb")
    os.close(descriptor)
    raise InputError(f"{path}: not a regular file")


def fsync(path: Path) -> None:
    """Have the system write a file or directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def checksums(directory: Path, names: Iterable[str]) -> str:
    """SHA-256 of files in `directory`, as `sha256sum --check` reads them."""
    return "".join(f"{sha256(directory / name)}  {name}\n" for name in names)


def _rename_new(old: Path, new: Path) -> None:
    try:
        os.rename(old, new)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.ENOTDIR):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(new)) from None
        raise


def _temporary(path: Path) -> Path:
    """A new name for a temporary file or directory beside `path`."""
    return path.parent / f"{_temporary_prefix(path.name)}{secrets.token_hex(8)}.tmp"


def _temporary_prefix(name: str) -> str:
    """What names of temporary files begin with; of a long name, its beginning: names have 255 bytes at most."""
    return f".{os.fsdecode(os.fsencode(name)[:180])}."
