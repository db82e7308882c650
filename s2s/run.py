"""The run directory: complete in itself, so that a copy of it translates anywhere.

run/
  run.json                     format number and version of s2s
  config.yaml                  the config as used
  source.model, target.model   the subword models
  metrics.jsonl                a JSON object per log line and validation
  tensorboard/                 the same for tensorboard --logdir
  curve.png                    the same as a picture, when matplotlib is installed
  best.npz                     averaged weights with the lowest dev loss: what translates
  checkpoints/step-00001200/   all that training goes on from: training.npz, progress.json
"""

import dataclasses
import json
import shutil
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from s2s import __version__
from s2s import config as config_file
from s2s.config import Config
from s2s.dataset import read_report
from s2s.errors import InputError, RunError
from s2s.files import make_directory, whole_directory, whole_file
from s2s.tokenizer import Tokenizer

FORMAT = 2
"""Number of the directory's layout; raised when a reader of the old one would go wrong."""

KEPT_CHECKPOINTS = 2

CHANGEABLE = {"epochs", "minutes", "compile", "distribute", "validate_every", "checkpoint_minutes", "log_every"}
"""Keys of `training` that may differ when a run goes on; any other change makes it another run."""

Arrays = dict[str, npt.NDArray[Any]]


@dataclass
class Progress:
    """How far a training is; with the arrays of `Trainer`, all that is needed to go on exactly."""

    step: int = 0
    """Steps done."""
    epoch: int = 0
    """Epoch that the next batch is of, from 0."""
    batch: int = 0
    """Batches of that epoch done."""
    seconds: float = 0.0
    """Wall-clock time of training used, over all its sessions."""
    best_loss: float | None = None
    """Lowest dev loss so far, nats per token."""
    metrics_size: int = 0
    """Bytes of metrics.jsonl that belong to the steps done."""


class Run:
    """A run directory that exists; `create` makes one, the constructor opens one."""

    def __init__(self, path: Path):
        """Open `path`; raises InputError when it is no run directory or one of a newer format."""
        self.path = path
        about = _read_json(path / "run.json", f"{path} is no run directory (it has no readable run.json)")
        if about.get("format") != FORMAT:
            raise InputError(
                f"{path}: run format {about.get('format')} of s2s {about.get('version')}; this is s2s {__version__}, "
                f"which reads format {FORMAT}"
            )
        self.config = config_file.load(path / "config.yaml")

    @classmethod
    def create(cls, config: Config) -> "Run":
        """Make the run directory of `config`, with the subword models of its prepared corpus."""
        path, prepared = Path(config.run), Path(config.data.prepared)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise InputError(f"run: {path} exists and is no run directory; name another")
        make_directory(path.parent, "run")
        with whole_directory(path) as directory:
            (directory / "checkpoints").mkdir()
            for side in ("source", "target"):
                shutil.copyfile(prepared / f"{side}.model", directory / f"{side}.model")
            (directory / "config.yaml").write_text(config_file.dump(config), encoding="utf-8")
            about = {"format": FORMAT, "version": __version__}
            (directory / "run.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
        return cls(path)

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

    @classmethod
    def begin(cls, config: Config) -> "Run":
        """The run of `config`: opened when it exists and was begun with the same config, else made.

        Raises InputError when the corpus is not prepared, and when config or subwords are not those of the run.
        """
        if read_report(Path(config.data.prepared)) is None:
            raise InputError(f"data.prepared: {config.data.prepared} is no prepared corpus; run s2s prepare first")
        if not (Path(config.run) / "run.json").exists():
            return cls.create(config)
        run = cls(Path(config.run))
        changed = _changed_keys(run.config, config)
        if changed:
            raise InputError(
                f"run: {run.path} was begun with other values of {', '.join(changed)}; "
                "set them back, or name another directory for another run"
            )
        for side in ("source", "target"):
            name = f"{side}.model"
            if (run.path / name).read_bytes() != (Path(config.data.prepared) / name).read_bytes():
                raise InputError(
                    f"run: {run.path} was begun with other subwords than {config.data.prepared} now has; "
                    "name another directory for another run"
                )
        with whole_file(run.path / "config.yaml") as path:
            path.write_text(config_file.dump(config), encoding="utf-8")
        return cls(run.path)

    def tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """The subword models of source and target."""
        return Tokenizer.load(self.path / "source.model"), Tokenizer.load(self.path / "target.model")

    def save_best(self, weights: Arrays) -> None:
        """Replace the weights that translate."""
        with whole_file(self.path / "best.npz") as path, open(path, "wb") as file:
            np.savez(file, allow_pickle=False, **weights)

    def load_best(self) -> Arrays:
        """The weights that translate; InputError when there are none yet or they are damaged."""
        path = self.path / "best.npz"
        if not path.exists():
            raise InputError(f"{self.path}: nothing trained yet (no best.npz); run s2s train first")
        return _load_arrays(path)

    def save_checkpoint(self, arrays: Arrays, progress: Progress) -> None:
        """Write a checkpoint, whole or not at all; the oldest beyond KEPT_CHECKPOINTS go."""
        with whole_directory(self.path / "checkpoints" / f"step-{progress.step:08d}") as directory:
            np.savez(directory / "training.npz", allow_pickle=False, **arrays)
            (directory / "progress.json").write_text(json.dumps(dataclasses.asdict(progress)) + "\n", encoding="utf-8")
        for old in self._checkpoints()[KEPT_CHECKPOINTS:]:
            shutil.rmtree(old)

    def load_checkpoint(self) -> tuple[Arrays, Progress] | None:
        """The newest whole checkpoint, or None where there is none; a damaged one is told and passed over."""
        checkpoints = self._checkpoints()
        for path in checkpoints:
            try:
                progress = Progress(**_read_json(path / "progress.json", f"{path}: damaged checkpoint"))
                return _load_arrays(path / "training.npz"), progress
            except (InputError, TypeError) as error:
                print(f"warning: {error}; going back to the one before", file=sys.stderr)
        if checkpoints:
            raise RunError(f"{self.path}: every checkpoint is damaged; name another run directory to start over")
        return None

    def append_metrics(self, record: dict[str, Any], progress: Progress) -> None:
        """Add a line to metrics.jsonl and count it in `progress`."""
        line = (json.dumps(record) + "\n").encode()
        with open(self.path / "metrics.jsonl", "ab") as file:
            # Lines of steps after the checkpoint we went on from will be written again.
            file.truncate(progress.metrics_size)
            file.write(line)
        progress.metrics_size += len(line)

    def _checkpoints(self) -> list[Path]:
        """The checkpoints' directories, newest first."""
        return sorted((self.path / "checkpoints").glob("step-*"), reverse=True)


def _changed_keys(old: Config, new: Config) -> list[str]:
    """Names of the keys that may not change in a run and did.  Paths to the data may: files move."""
    changed = []
    for section in ("data", "tokenizer", "model", "training"):
        before, after = (dataclasses.asdict(getattr(config, section)) for config in (old, new))
        free = {"data": {"train", "dev", "test", "prepared"}, "training": CHANGEABLE}.get(section, set())
        changed += [f"{section}.{name}" for name in before if before[name] != after[name] and name not in free]
    return changed + (["seed"] if old.seed != new.seed else [])


def _read_json(path: Path, otherwise: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(otherwise) from None
    if not isinstance(value, dict):
        raise InputError(otherwise)
    return value


def _load_arrays(path: Path) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: damaged file of weights ({error})") from None
