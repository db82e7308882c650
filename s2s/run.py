"""The run directory: complete in itself, so that a copy of it translates anywhere.

run/
  run.json                     format number and version of s2s
  config.yaml                  the config as used
  source.model, target.model   the subword models
  metrics.jsonl                a JSON object per log line and validation
  tensorboard/                 the same for tensorboard --logdir
  curve.png                    the same as a picture, when matplotlib is installed
  best.npz                     averaged weights of the best validation: what translates
  checkpoints/step-00001200/   all that training goes on from (see checkpoints.py)
  lock                         held by the process that trains; names it
"""

import dataclasses
import fcntl
import json
import os
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import IO, Any

from s2s import __version__, checkpoints, config_file
from s2s.checkpoints import Arrays, Progress
from s2s.config import Config
from s2s.dataset import read_report
from s2s.errors import InputError
from s2s.files import flush, make_directory, remove_leftovers, whole_directory, whole_file, writing
from s2s.tokenizer import Tokenizer

FORMAT = 5
"""Number of the directory's layout; raised when a reader of the old one would go wrong."""

CHANGEABLE = (
    "epochs", "minutes", "patience", "on_nan", "compile", "distribute", "validate_every", "validate_minutes",
    "validation_sentences", "checkpoint_minutes", "keep_checkpoints", "log_every",
)  # fmt: skip
"""Keys of `training` that may differ when a run goes on; any other change makes it another run."""

_PATHS = ("train", "dev", "test", "prepared")
"""Keys of `data` that may differ too: files move."""


class Run:
    """A run directory that exists; `begin` makes or resumes one to train, the constructor opens one to read."""

    def __init__(self, path: Path):
        """Open `path`; raises InputError when it is no run directory or one of another format."""
        self.path = path
        about = _read_about(path)
        if about.get("format") != FORMAT:
            raise InputError(
                f"{path}: run format {about.get('format')} of s2s {about.get('version')}; this is s2s {__version__}, "
                f"which reads format {FORMAT}"
            )
        self.config = config_file.load(path / "config.yaml")
        self._lock: IO[str] | None = None

    @classmethod
    def begin(cls, config: Config, fresh: bool = False) -> "Run":
        """The run of `config`, locked for this process: opened when it exists and was begun with the same config, else made.

        fresh: one that exists is moved aside first.  Raises InputError when the corpus is not prepared, when config or
        subwords are not those of the run, and when another process is training it.
        """
        path = Path(config.run)
        if read_report(Path(config.data.prepared)) is None:
            raise InputError(f"data.prepared: {config.data.prepared} is no prepared corpus; run s2s prepare first")
        if fresh and (path / "run.json").exists():
            _move_aside(path)
        if not (path / "run.json").exists():
            return cls._create(config)
        lock = _lock(path)
        try:
            run = cls(path)
            _require_same(run, config)
        except BaseException:
            lock.close()
            raise
        run._lock = lock
        remove_leftovers(path)
        remove_leftovers(path / "checkpoints")
        with whole_file(path / "config.yaml") as file:
            file.write_text(config_file.dump(config), encoding="utf-8")
        run.config = config
        return run

    @classmethod
    def _create(cls, config: Config) -> "Run":
        path, prepared = Path(config.run), Path(config.data.prepared)
        make_directory(path.parent, "run")
        try:
            with whole_directory(path, replace=False) as directory:
                (directory / "checkpoints").mkdir()
                for side in ("source", "target"):
                    shutil.copyfile(prepared / f"{side}.model", directory / f"{side}.model")
                (directory / "config.yaml").write_text(config_file.dump(config), encoding="utf-8")
                about = {"format": FORMAT, "version": __version__}
                (directory / "run.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
                # Locked before it has its name, so that it is ours from the first moment.
                lock = _lock(directory)
        except FileExistsError:
            raise InputError(f"run: {path} exists and is no run directory; name another") from None
        run = cls(path)
        run._lock = lock
        return run

    @classmethod
    def join(cls, config: Config, patience: float = 120.0) -> "Run":
        """The run that the chief of several workers has begun; waits up to `patience` seconds for it to come.

        Raises InputError when it does not come.
        """
        end = time.monotonic() + patience
        while not (Path(config.run) / "run.json").exists():
            if time.monotonic() > end:
                raise InputError(
                    f"run: the chief's {config.run} has not come up here; all workers need the same directory, "
                    "and the chief (worker 0) to run"
                )
            time.sleep(0.2)
        run = cls(Path(config.run))
        run.config = config  # the chief may not have written it yet
        return run

    def tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """The subword models of source and target."""
        return Tokenizer.load(self.path / "source.model"), Tokenizer.load(self.path / "target.model")

    def save_best(self, weights: Arrays) -> None:
        """Replace the weights that translate."""
        path = self.path / "best.npz"
        with writing(path), whole_file(path) as temporary:
            checkpoints.save_arrays(temporary, weights)

    def load_best(self) -> Arrays:
        """The weights that translate; InputError when there are none yet or they are damaged."""
        path = self.path / "best.npz"
        if not path.exists():
            raise InputError(f"{self.path}: nothing trained yet (no best.npz); run s2s train first")
        return checkpoints.load_arrays(path)

    def save_checkpoint(self, arrays: Arrays, progress: Progress) -> None:
        """Write a checkpoint, whole or not at all; of the old ones `training.keep_checkpoints` - 1 stay."""
        if progress.metrics_size:
            flush(self.path / "metrics.jsonl")  # its length is in the checkpoint
        checkpoints.save(self.path / "checkpoints", arrays, progress, self.config.training.keep_checkpoints)

    def load_checkpoint(self) -> tuple[Arrays, Progress] | None:
        """The newest whole checkpoint, or None where there is none; a damaged one is told and passed over."""
        return checkpoints.load_newest(self.path / "checkpoints")

    def append_metrics(self, record: dict[str, Any], progress: Progress) -> None:
        """Add a line to metrics.jsonl and count it in `progress`."""
        path, line = self.path / "metrics.jsonl", (json.dumps(record) + "\n").encode()
        with writing(path), open(path, "ab") as file:
            file.write(line)
        progress.metrics_size += len(line)

    def cut_metrics(self, progress: Progress) -> None:
        """Cut metrics.jsonl to the lines of the steps done: those after the checkpoint will be written again."""
        path = self.path / "metrics.jsonl"
        size = path.stat().st_size if path.exists() else 0
        if size < progress.metrics_size:
            print(f"warning: {path}: lines of steps before {progress.step} are missing", file=sys.stderr)
            progress.metrics_size = size
        elif size:
            os.truncate(path, progress.metrics_size)


def _lock(directory: Path) -> IO[str]:
    """Open the directory's lock and hold it: the system frees it when the file is closed, however this process ends.

    Raises InputError when another process holds it.
    """
    file = open(directory / "lock", "a+", encoding="utf-8")  # noqa: SIM115 - it stays open as long as we train
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read().strip() or "another process"
        file.close()
        raise InputError(f"run: {directory} is being trained by {owner}; wait for it, or name another run") from None
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    return file


def _move_aside(path: Path) -> None:
    """Rename the run at `path` to `path`.1, or the next number that is free."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    with _lock(path):
        os.rename(path, aside)
    print(f"{path}: starting over; the run that was there is now {aside}", file=sys.stderr)


def _require_same(run: Run, config: Config) -> None:
    changed = [f"{name} {before!r} -> {after!r}" for name, before, after in _changes(run.config, config)]
    if changed:
        raise InputError(
            f"run: {run.path} was begun with another config: {', '.join(changed)}; set it back, name another run, or "
            f"start over with --fresh\n  (paths may change, and of training: {', '.join(CHANGEABLE)})"
        )
    for side in ("source", "target"):
        name = f"{side}.model"
        if (run.path / name).read_bytes() != (Path(config.data.prepared) / name).read_bytes():
            raise InputError(
                f"run: {run.path} was begun with other subwords than {config.data.prepared} now has; "
                "name another run, or start over with --fresh"
            )


def _changes(old: Config, new: Config) -> list[tuple[str, Any, Any]]:
    """(key, value in old, value in new) of the keys that may not change in a run and did."""
    changes = [("seed", old.seed, new.seed)]
    for section, free in (
        ("data", _PATHS),
        ("cleaning", ()),
        ("tokenizer", ()),
        ("model", ()),
        ("training", CHANGEABLE),
    ):
        before, after = (dataclasses.asdict(getattr(config, section)) for config in (old, new))
        changes += [(f"{section}.{name}", before[name], after[name]) for name in before if name not in free]
    return [(name, before, after) for name, before, after in changes if before != after]


def _read_about(path: Path) -> dict[str, Any]:
    try:
        about = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        about = None
    if not isinstance(about, dict):
        raise InputError(f"{path} is no run directory (it has no readable run.json)")
    return about
