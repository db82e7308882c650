"""Checkpoints: everything that a training needs to resume; whole or not at all, and checked before use.

checkpoints/step-00001200/
  training.npz     weights, moments, weight average and counters, by the names of `Trainer.arrays`
  progress.json    the fields of `Progress`
  SHA256SUMS       checksums of both, as `sha256sum --check` reads them

There is no random state to store: dropout follows from (seed, step), the order of batches from (seed, epoch).  The
learning rate follows from the step and the share of the budget that is used.
"""

import dataclasses
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from s2s.errors import InputError, RunError
from s2s.files import Arrays, atomic_directory, checksums, explain_write_errors, load_arrays, save_arrays

_CONTENT = ("training.npz", "progress.json")


@dataclass
class Progress:
    """How far a training is.  With the arrays of `Trainer`, it is all that is needed to resume exactly."""

    step: int = 0
    """Steps done."""
    epoch: int = 0
    """Epoch of the next batch, from 0."""
    batch: int = 0
    """Batches of that epoch done."""
    seconds: float = 0.0
    """Wall-clock seconds of training, over all its sessions."""
    validated_at: float = 0.0
    """`seconds` at the last validation."""
    best_score: float | None = None
    """Best validation score so far: minus the dev loss, or BLEU, or chrF; higher is better."""
    validations_since_best: int = 0
    """Validations after the best one, which `training.patience` bounds."""
    metrics_size: int = 0
    """Bytes of metrics.jsonl that belong to the steps done."""


def save(directory: Path, arrays: Arrays, progress: Progress, keep: int) -> None:
    """Write a checkpoint; raises RunError where that fails, with the earlier ones untouched.

    Args:
        directory: where checkpoints are.
        arrays: arrays of the trainer.
        progress: how far the training is.
        keep: checkpoints to keep, this one included; older ones are deleted.
    """
    path = directory / f"step-{progress.step:08d}"
    with explain_write_errors(path), atomic_directory(path) as temporary:
        save_arrays(temporary / "training.npz", arrays)
        text = json.dumps(dataclasses.asdict(progress)) + "\n"
        (temporary / "progress.json").write_text(text, encoding="utf-8")
        (temporary / "SHA256SUMS").write_text(checksums(temporary, _CONTENT), encoding="utf-8")
    # A checkpoint of a later step was damaged: otherwise the training would have resumed from it.
    later = [old for old in _newest_first(directory) if old.name > path.name]
    earlier = [old for old in _newest_first(directory) if old.name < path.name]
    for old in later + earlier[keep - 1 :]:
        shutil.rmtree(old)


def load_newest(directory: Path) -> tuple[Arrays, Progress] | None:
    """The newest whole checkpoint, None where there is no checkpoint; warns of damaged ones and skips them.

    Raises RunError when there are checkpoints and all are damaged.
    """
    checkpoints = _newest_first(directory)
    for path in checkpoints:
        try:
            return _load(path)
        except InputError as error:
            print(f"warning: {error}; going back to the checkpoint before it", file=sys.stderr)
    if checkpoints:
        raise RunError(f"{directory}: every checkpoint is damaged; start over with s2s train --fresh")
    return None


def _load(path: Path) -> tuple[Arrays, Progress]:
    try:
        whole = (path / "SHA256SUMS").read_text(encoding="utf-8") == checksums(path, _CONTENT)
    except (FileNotFoundError, UnicodeDecodeError):
        whole = False
    if not whole:
        raise InputError(f"{path}: damaged checkpoint (checksums differ)")
    return load_arrays(path / "training.npz"), Progress(**json.loads((path / "progress.json").read_text("utf-8")))


def _newest_first(directory: Path) -> list[Path]:
    return sorted(directory.glob("step-*"), reverse=True)
