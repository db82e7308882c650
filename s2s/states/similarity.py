"""Similarity of the two sentences of a pair: the cosine of their vectors, and how it agrees with people's scores."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.data.corpus import read_lines
from s2s.errors import InputError
from s2s.translation.state import Floats, unit_vectors


class ScoredPairs(NamedTuple):
    """Pairs of sentences of one language."""

    first: list[str]
    second: list[str]
    scores: list[float] | None
    """How similar each pair is by human judgement, in any unit; None where the file has no such column."""


def read_scored_pairs(path: Path) -> ScoredPairs:
    """Read a TSV file: two Spanish sentences and, in all lines or in none, a score.

    Raises InputError for a line with fewer or more columns than the first one, and for a score that is no number.
    """
    rows, width = [], 0
    for number, line in enumerate(read_lines(path), 1):
        cells = line.split("\t")
        width = width or len(cells)
        if len(cells) not in (2, 3) or len(cells) != width:
            raise InputError(
                f"{path}:{number}: {len(cells)} columns; every line has two sentences, or two sentences and a score"
            )
        if width == 3 and not _is_number(cells[2]):
            raise InputError(f"{path}:{number}: the score {cells[2]!r} is no number")
        rows.append(cells)
    if not rows:
        raise InputError(f"{path}: the file is empty; put two sentences a line in it, with a tab between them")
    first, second, *scores = (list(column) for column in zip(*rows, strict=True))
    return ScoredPairs(first, second, list(map(float, scores[0])) if scores else None)


def _is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text)).item()
    except ValueError:
        return False


def cosines(first: Floats, second: Floats) -> Floats:
    """The cosine of each vector with that of the same row, [n]; that of a zero vector is 0.

    Args:
        first: [n, units].
        second: [n, units].
    """
    result: Floats = (unit_vectors(first) * unit_vectors(second)).sum(1)
    return result


def spearman(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Spearman's rank correlation of two rows of numbers; equal numbers share their mean rank.  NaN for equal numbers only."""
    a, b = (ranks - ranks.mean() for ranks in (_ranks(np.asarray(values, np.float64)) for values in (one, other)))
    deviations = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / deviations) if deviations else float("nan")


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_ranks: npt.NDArray[np.float64] = np.cumsum(counts) - (counts - 1) / 2
    return mean_ranks[inverse]
