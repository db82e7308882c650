"""The programs that XLA has compiled, kept for later trainings, which then begin in half of the time.

TensorFlow can keep them itself, each in a file whose name is a hash of the program's text.  But it takes every error with
those files for one of the training.  So it is given a directory that belongs to this training, with links to the files that
are kept; a new file is kept once it is whole and on the disk.  A training without a cache differs in nothing but its start.
"""

import hashlib
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from s2s.files import fsync, remove_leftovers, temporary_directory
from s2s.machine import cpu_flags

KEPT_BYTES = 1 << 30
"""Most bytes that are kept; the oldest go first.  Those of a recipe with four batch shapes are 80 MB."""

_NEEDED_BYTES = 1 << 30
"""Free bytes of the disk, and size of a file that may be written, without which nothing is kept."""

_FLAG = "--tf_xla_persistent_cache_directory"

_used: tuple[Path, Path] | None = None
"""Where programs are kept, and the directory of this training."""


def directory() -> Path:
    """Where programs are kept: $XDG_CACHE_HOME/s2s, or ~/.cache/s2s.  Raises RuntimeError where there is no home."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return Path(home if os.path.isabs(home) else Path.home() / ".cache") / "s2s"


@contextmanager
def kept_programs() -> Iterator[None]:
    """In the block, TensorFlow uses the programs that are kept.  It must be imported in the block, not before.

    Where a directory or a link cannot be made, or the user's TF_XLA_FLAGS name a directory, nothing is kept.
    """
    global _used
    with ExitStack() as stack:
        with suppress(OSError, RuntimeError):
            kept = _prepare(directory())
            own = stack.enter_context(temporary_directory(kept / "training"))
            for program in kept.glob("*.pb"):
                os.link(program, own / program.name)
            flags = os.environ.get("TF_XLA_FLAGS", "")
            stack.callback(os.environ.__setitem__, "TF_XLA_FLAGS", flags)
            os.environ["TF_XLA_FLAGS"] = f"{flags} {_FLAG}={own}"
            _used = kept, own
        try:
            yield
        finally:
            keep()
            _used = None


def keep() -> None:
    """Keep what this training has compiled so far; what cannot be kept is compiled again another time."""
    if _used is None:
        return
    kept, own = _used
    with suppress(OSError):
        for program in own.glob("*.pb"):
            if not (kept / program.name).exists():
                fsync(program)
                os.link(program, kept / program.name)


def _prepare(home: Path) -> Path:
    """The directory for this machine's programs, made if need be; raises OSError where programs cannot be kept."""
    # The processor is in the name, as a home can be shared by machines.
    machine = [version("tensorflow"), *sorted(cpu_flags()), os.environ.get("XLA_FLAGS", "")]
    kept = home / f"programs-{hashlib.sha256(' '.join(machine).encode()).hexdigest()[:16]}"
    if _FLAG in os.environ.get("TF_XLA_FLAGS", "") or " " in str(kept):
        raise OSError("TensorFlow's flags have another directory, or cannot have this one")
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    status, limit = kept.stat(), resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise PermissionError(f"others may write into {kept}")
    if shutil.disk_usage(kept).free < _NEEDED_BYTES or 0 <= limit < _NEEDED_BYTES:
        raise OSError(f"no room in {kept}")
    remove_leftovers(kept)
    _remove_oldest(home)
    return kept


def _remove_oldest(home: Path) -> None:
    """Leave at most KEPT_BYTES of programs, of all machines and versions."""
    total = 0
    for program in sorted(home.glob("programs-*/*.pb"), key=lambda path: -path.stat().st_mtime):
        total += program.stat().st_size
        if total > KEPT_BYTES:
            program.unlink()
