"""Files and directories that appear whole or not at all: written under a temporary name, flushed to disk, renamed.

The temporary names are `.<name>.<random>.tmp`, beside the final path.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from s2s.errors import InputError, RunError

Arrays = dict[str, npt.NDArray[Any]]
"""Arrays by name."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block succeeds.

    When the block raises, the temporary file is removed and whatever stood at `path` stays.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        fsync(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        fsync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary directory beside `path`; it becomes `path` when the block succeeds.

    Args:
        path: the final path.
        replace: whether to replace a directory that stands at `path`; the old one is removed once the new one is in its
            place.  If False, the old one stays and FileExistsError is raised, unless it is empty.
    """
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
    lock = os.open(temporary, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # held while this process lives: see remove_leftovers
    try:
        yield temporary
        for file in temporary.iterdir():
            fsync(file)
        fsync(temporary)
        os.chmod(temporary, 0o777 & ~_umask())
        if replace and path.exists():
            retired = temporary.with_suffix(".old")
            os.rename(path, retired)
            os.rename(temporary, path)
            shutil.rmtree(retired)
        else:
            _rename_new(temporary, path)
        fsync(path.parent)
    finally:
        os.close(lock)
        shutil.rmtree(temporary, ignore_errors=True)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines of text as an atomic file."""
    with atomic_file(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def save_arrays(path: Path, arrays: Arrays) -> None:
    """Write named arrays as an uncompressed .npz."""
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_arrays(path: Path) -> Arrays:
    """The arrays of an .npz file; never runs code from it.  Raises InputError for a damaged file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # A changed byte in a zip file can raise nearly anything.
        raise InputError(
            f"{path}: damaged file of weights ({str(error).splitlines()[0] if str(error) else error!r})"
        ) from None


def remove_leftovers(directory: Path, name: str = "*") -> None:
    """Remove temporary files and directories of `name` that killed processes left in `directory`.

    Directories that a living process is writing stay.  No other process may be writing files there.
    """
    for path in [*directory.glob(f".{name}.*.tmp"), *directory.glob(f".{name}.*.old")]:
        if not path.is_dir():
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
    """Turn an OSError of the block, which writes `path` of a run, into a RunError."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: cannot write: {error.strerror or error}; the last checkpoint is whole: "
            "make room and run the same command again"
        ) from None


def require_writable(path: Path, what: str) -> None:
    """Raise InputError unless a file could be made at `path`; called before hours of work.

    Args:
        path: the file to be written.
        what: the option or key that gave the path, for the message.
    """
    if path.is_dir():
        raise InputError(f"{what}: {path} is a directory; name a file in it")
    if not path.parent.is_dir():
        raise InputError(f"{what}: there is no directory {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{what}: the directory {path.parent} is not writable; choose another")


def make_directory(path: Path, what: str) -> None:
    """Make the directory `path` and its parents; raises InputError naming `what` where that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{what}: cannot make the directory {path}: {error.strerror}") from None
    if not os.access(path, os.W_OK):
        raise InputError(f"{what}: the directory {path} is not writable; choose another")


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


def _umask() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
