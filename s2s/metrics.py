"""A run's metrics.jsonl: a JSON object a line, for each line of the log and each validation."""

import json
import math
import os
from pathlib import Path
from typing import Any

from s2s.checkpoints import Progress
from s2s.files import explain_write_errors, fsync
from s2s.lock import no_links
from s2s.process import report

_NAME = "metrics.jsonl"


def append(run: Path, record: dict[str, Any], progress: Progress) -> None:
    """Append a line and add its size to `progress`."""
    line = (json.dumps(record) + "\n").encode()
    with explain_write_errors(run / _NAME), open(run / _NAME, "ab", opener=no_links) as file:
        file.write(line)
    progress.metrics_size += len(line)


def flush(run: Path) -> None:
    """Have the system write the lines to the disk."""
    with explain_write_errors(run / _NAME):
        fsync(run / _NAME)


def truncate(run: Path, progress: Progress) -> None:
    """Truncate to the lines up to the checkpoint; later ones will be written again.

    Half a line at the end, which a crash of the system can leave, goes too.
    """
    path, expected = run / _NAME, progress.metrics_size
    progress.metrics_size = 0
    if os.path.lexists(path):
        with explain_write_errors(path), open(path, "rb+", opener=no_links) as file:
            progress.metrics_size = file.read(expected).rfind(b"\n") + 1
            file.truncate(progress.metrics_size)
    if progress.metrics_size < expected:
        report(f"warning: {path}: lines of steps before {progress.step} are missing")


def read(run: Path) -> list[dict[str, Any]]:
    """The lines of a run; those that a crash left damaged are left out, and without the file there are none."""
    try:
        lines = (run / _NAME).read_bytes().split(b"\n")[:-1]
    except OSError:
        return []
    records = []
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            records.append(record)
    return records


def best(run: Path, by: str) -> dict[str, Any] | None:
    """The line of the best validation; None where there is none.

    Args:
        run: the run's directory.
        by: `training.best_by`.
    """
    name, sign = f"dev_{by}", -1.0 if by == "loss" else 1.0
    values = ((record, record.get(name)) for record in read(run))
    records = [record for record, value in values if isinstance(value, (int, float)) and math.isfinite(value)]
    return max(records, key=lambda record: sign * record[name], default=None)
