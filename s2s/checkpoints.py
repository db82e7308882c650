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
import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2s.errors import InputError, RunError, UnreadableError
from s2s.files import (
    Arrays,
    atomic_directory,
    checksums,
    explain_write_errors,
    load_arrays,
    read_small,
    require_readable,
    save_arrays,
)
from s2s.process import report

_CONTENT = ("training.npz", "progress.json")
_NAME = re.compile("step-[0-9]{8,}")


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
    if directory.is_symlink():
        raise RunError(f"{directory}: a symbolic link, through which checkpoints would be written elsewhere")
    path = directory / f"step-{progress.step:08d}"
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        _remove(path)  # no checkpoint: a link would be followed
    with explain_write_errors(path), atomic_directory(path) as temporary:
        save_arrays(temporary / "training.npz", arrays)
        text = json.dumps(dataclasses.asdict(progress)) + "\n"
        (temporary / "progress.json").write_text(text, encoding="utf-8")
        (temporary / "SHA256SUMS").write_text(checksums(temporary, _CONTENT), encoding="utf-8")
    stored = _newest_first(directory)
    # A checkpoint of a later step was damaged: otherwise the training would have resumed from it.
    later = [old for old in stored if _step(old) > progress.step]
    earlier = [old for old in stored if _step(old) < progress.step]
    for old in later + earlier[keep - 1 :]:
        _remove(old)


def load_newest(directory: Path) -> tuple[Arrays, Progress] | None:
    """The newest whole checkpoint, None where there is no checkpoint; warns of damaged ones and skips them.

    Raises RunError when there are checkpoints and all are damaged, and UnreadableError for one that may not be read.
    """
    checkpoints = _newest_first(directory)
    for path in checkpoints:
        try:
            return _load(path)
        except UnreadableError:
            raise  # going back would throw away what is there
        except InputError as error:
            report(f"warning: {error}; going back to the checkpoint before it")
    if checkpoints:
        raise RunError(f"{directory}: every checkpoint is damaged; start over with s2s train --fresh")
    return None


def _load(path: Path) -> tuple[Arrays, Progress]:
    try:
        # What is no regular file, such as a pipe, may never end.
        regular = not path.is_symlink() and all((path / name).is_file() for name in _CONTENT)
        whole = regular and read_small(path / "SHA256SUMS").decode() == checksums(path, _CONTENT)
    except (OSError, UnicodeDecodeError) as error:
        require_readable(path, error)
        whole = False
    if not whole:
        raise InputError(f"{path}: damaged checkpoint (checksums differ)")
    try:
        progress = _progress(json.loads(read_small(path / "progress.json")))
    except (OSError, ValueError, TypeError, RecursionError):
        raise InputError(f"{path}: progress.json is not what this version writes") from None
    return load_arrays(path / "training.npz"), progress


def _progress(values: dict[str, Any]) -> Progress:
    """Progress with these fields; raises TypeError for unknown fields, and ValueError for values that none has."""
    progress = Progress(**values)
    for field in dataclasses.fields(Progress):
        value = getattr(progress, field.name)
        whole = isinstance(value, int) and value is not True and value is not False
        if field.type is int:
            right = whole and value >= 0
        elif field.type is float:
            right = (whole or isinstance(value, float)) and 0.0 <= value < math.inf
        else:
            right = value is None or whole or isinstance(value, float)
        if not right:
            raise ValueError(field.name)
    return progress


def _remove(path: Path) -> None:
    """Remove a directory, or what stands in the place of one."""
    with explain_write_errors(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _step(path: Path) -> int:
    return int(path.name.removeprefix("step-"))


def _newest_first(directory: Path) -> list[Path]:
    """The checkpoints that this program wrote, by their names; a user's copies (`step-best`) are left alone."""
    own = (path for path in directory.glob("step-*") if _NAME.fullmatch(path.name))
    return sorted(own, key=_step, reverse=True)
