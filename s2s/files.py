"""Files appear whole or not at all: write under a temporary name, flush to disk, rename.

The temporary names are `.<name>.<random>.tmp`, beside the file to be.
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

from s2s.errors import InputError, RunError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well.

    When the block raises, the temporary file is removed and whatever stood at `path` stays.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        flush(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_directory(path: Path, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary directory beside `path`; it becomes `path` when the block ends well.

    A directory that already stands at `path` is replaced, and is gone only once the new one is
    whole and in its place; with replace=False it stays and FileExistsError is raised, unless it is empty.
    """
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
    lock = os.open(temporary, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # held while we live: see remove_leftovers
    try:
        yield temporary
        for file in temporary.iterdir():
            flush(file)
        flush(temporary)
        os.chmod(temporary, 0o777 & ~_umask())
        if replace and path.exists():
            retired = temporary.with_suffix(".old")
            os.rename(path, retired)
            os.rename(temporary, path)
            shutil.rmtree(retired)
        else:
            _rename_new(temporary, path)
        flush(path.parent)
    finally:
        os.close(lock)
        shutil.rmtree(temporary, ignore_errors=True)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines of text, whole or not at all."""
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def remove_leftovers(directory: Path, name: str = "*") -> None:
    """Remove what killed processes left half-written in `directory` of what was to be `name`.

    Directories that a living process is writing stay; nobody else may be writing files there.
    """
    for path in [*directory.glob(f".{name}.*.tmp"), *directory.glob(f".{name}.*.old")]:
        if not path.is_dir():
            path.unlink()
        elif not _locked(path):
            shutil.rmtree(path)


def _locked(path: Path) -> bool:
    lock = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(lock)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what goes wrong while the block writes `path`, a file of a run, into a RunError."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: cannot write: {error.strerror or error}; the last checkpoint stands: "
            "make room and run the same command again"
        ) from None


def require_writable(path: Path, what: str) -> None:
    """Raise InputError unless a file could be made at `path`: checked before hours of work.

    `what` names the option or key that gave the path, for the message.
    """
    if path.is_dir():
        raise InputError(f"{what}: {path} is a directory; name a file in it")
    if not path.parent.is_dir():
        raise InputError(f"{what}: there is no directory {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{what}: the directory {path.parent} is not writable; choose another")


def make_directory(path: Path, what: str) -> None:
    """Make the directory `path` and its parents; InputError naming `what` where that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{what}: cannot make the directory {path}: {error.strerror}") from None
    if not os.access(path, os.W_OK):
        raise InputError(f"{what}: the directory {path} is not writable; choose another")


def flush(path: Path) -> None:
    """Have the system put a file or directory on the disk (fsync)."""
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
