"""Checkpoints: all that a training goes on from; whole or not at all, and checked before use.

checkpoints/step-00001200/
  training.npz     weights, moments, weight average and counters, by the names of `Trainer.arrays`
  progress.json    the fields of `Progress`
  SHA256SUMS       checksums of both, as `sha256sum --check` reads them

No random state is among them: dropout draws from (seed, step) and the order of batches from (seed, epoch), so these
are the state.  Nor is the schedule: the learning rate follows from the step and the share of the budget used.
"""

import dataclasses
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from s2s.errors import InputError, RunError
from s2s.files import checksums, whole_directory, writing

Arrays = dict[str, npt.NDArray[Any]]

_CONTENT = ("training.npz", "progress.json")


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
    validated_at: float = 0.0
    """`seconds` at the last validation."""
    best_score: float | None = None
    """The best validation's score so far: minus the dev loss, or BLEU, or chrF; more is better."""
    validations_since_best: int = 0
    """Validations after it, which `training.patience` bounds."""
    metrics_size: int = 0
    """Bytes of metrics.jsonl that belong to the steps done."""


def save(directory: Path, arrays: Arrays, progress: Progress, keep: int) -> None:
    """Write a checkpoint below `directory`; of those before it, the `keep` - 1 newest stay.

    Raises RunError when it cannot be written; the ones before then stand untouched.
    """
    path = directory / f"step-{progress.step:08d}"
    with writing(path), whole_directory(path) as temporary:
        save_arrays(temporary / "training.npz", arrays)
        text = json.dumps(dataclasses.asdict(progress)) + "\n"
        (temporary / "progress.json").write_text(text, encoding="utf-8")
        (temporary / "SHA256SUMS").write_text(checksums(temporary, _CONTENT), encoding="utf-8")
    # What is of a later step was damaged, or we would not have been here again.
    later = [old for old in _newest_first(directory) if old.name > path.name]
    earlier = [old for old in _newest_first(directory) if old.name < path.name]
    for old in later + earlier[keep - 1 :]:
        shutil.rmtree(old)


def load_newest(directory: Path) -> tuple[Arrays, Progress] | None:
    """The newest whole checkpoint below `directory`, None where there is none; a damaged one is told and passed over.

    Raises RunError when there are some and all are damaged.
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


def save_arrays(path: Path, arrays: Arrays) -> None:
    """Write named arrays as an uncompressed .npz."""
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_arrays(path: Path) -> Arrays:
    """The arrays of an .npz file; never runs code from it.  Raises InputError for a damaged file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # A byte changed in a zip file can raise nearly anything.
        raise InputError(
            f"{path}: damaged file of weights ({str(error).splitlines()[0] if str(error) else error!r})"
        ) from None


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
