"""The programs that XLA has compiled, kept for later trainings: a training that finds its own begins sooner.

A program is the machine code of one function for one shape of its arguments.  TensorFlow can keep programs itself, each in a
file whose name is a hash of what was compiled.  But it takes every error with those files for one of the training.  So it is
given a directory of this training's own, with links to the files that are kept; a new file is kept once it is whole and on
the disk.  The results of a training do not depend on what it finds.

From `s2s train configs/tatoeba-quick.yaml` to the first step of the last of its four shapes it took 14.1 and 14.7 seconds
without kept programs, 10.2 and 10.0 with them (two cores of an AMD EPYC with AVX-512, 6,000 subwords, 2026-11-28); 22 and 13
before programs were compiled ahead (Trainer.compile_ahead).  With 8,000 subwords, in hours when the same machine was slower, it
took 18.0 to 20.5 without and 12.6 to 14.9 with them; without kept programs 27 and 32 before.
"""

import hashlib
import os
import platform
import resource
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from s2s.files import fsync, locked, remove_leftovers, temporary_directory
from s2s.machine import cpu_flags, has_nvidia_driver

KEPT_BYTES = 1 << 30
"""Most bytes that are kept; what was compiled longest ago goes first.  Four batch shapes take 80 MB."""

_NEEDED_BYTES = 1 << 30
"""Free bytes of the disk, and size of a file that may be written, without which nothing is kept."""

_FLAG = "--tf_xla_persistent_cache_directory"

_used: tuple[Path, Path] | None = None
"""Where programs are kept, and this training's own directory."""


def directory() -> Path:
    """Where programs are kept: $XDG_CACHE_HOME/s2s, or ~/.cache/s2s.  Raises RuntimeError where there is no home."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return Path(cache if os.path.isabs(cache) else Path.home() / ".cache") / "s2s"


@contextmanager
def kept_programs() -> Iterator[None]:
    """In the block, TensorFlow uses the programs that are kept.  It must be imported in the block, not before.

    Nothing is kept where a directory or a link cannot be made, where the disk has no room, with a GPU, and where the user's
    TF_XLA_FLAGS name a directory.
    """
    global _used
    with ExitStack() as stack:
        with suppress(OSError, RuntimeError, ImportError):
            kept = _prepare(directory())
            # One training at a time, so that none removes a directory that another has made and not locked yet.
            with locked(kept):
                remove_leftovers(kept)
                own = stack.enter_context(temporary_directory(kept / "training"))
            for program in kept.glob("*.pb"):
                with suppress(FileNotFoundError):  # removed meanwhile
                    os.link(program, own / program.name)
            flags = os.environ.get("TF_XLA_FLAGS", "")
            stack.callback(os.environ.__setitem__, "TF_XLA_FLAGS", flags)
            os.environ["TF_XLA_FLAGS"] = f"{flags} {_FLAG}={own}".strip()
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
    for program in own.glob("*.pb"):
        with suppress(OSError):
            if not (kept / program.name).exists():
                fsync(program)
                os.link(program, kept / program.name)


def _prepare(root: Path) -> Path:
    """The directory below `root` for programs of this machine, made if need be; raises OSError where none can be kept."""
    # A home can be shared by machines, and programs are compiled for a processor and a number of cores.
    cores, flags = str(len(os.sched_getaffinity(0))), sorted(cpu_flags())
    machine = [version("tensorflow"), platform.node(), *flags, cores, os.environ.get("XLA_FLAGS", "")]
    kept = root / f"programs-{hashlib.sha256(' '.join(machine).encode()).hexdigest()[:16]}"
    given, limit = os.environ.get("TF_XLA_FLAGS", ""), resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if has_nvidia_driver() or _FLAG in given or given[:1] not in ("", "-") or " " in str(kept):
        raise OSError("a GPU, or flags of TensorFlow (else the name of a file with flags) that one more cannot join")
    for path in (root, kept):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)  # what others can write must not be run; fails if it is another's
    if shutil.disk_usage(kept).free < _NEEDED_BYTES or 0 <= limit < _NEEDED_BYTES:
        raise OSError(f"no room in {kept}")
    _remove_oldest(root)
    return kept


def _remove_oldest(root: Path) -> None:
    """Leave at most KEPT_BYTES of programs, of all machines and versions."""
    programs = [(path.stat(), path) for path in root.glob("programs-*/*.pb")]
    total = 0
    for status, path in sorted(programs, key=lambda pair: -pair[0].st_mtime):
        total += status.st_size
        if total > KEPT_BYTES:
            path.unlink(missing_ok=True)
