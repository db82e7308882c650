"""Pairs laid aside on disk in stretches, while `prepare` decides about them."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from s2s.corpus import Pair


def pack(pairs: list[Pair]) -> bytes:
    """A stretch of pairs as bytes."""
    return pickle.dumps([*zip(*pairs, strict=True)], pickle.HIGHEST_PROTOCOL)


def unpack(blob: bytes) -> list[Pair]:
    """The pairs that `pack` was given."""
    return [Pair(*columns) for columns in zip(*pickle.loads(blob), strict=True)]


class Spool:
    """A file of stretches, written once and read as often as is needed."""

    def __init__(self, path: Path):
        """Begin the file."""
        self._path, self._file = path, open(path, "wb")  # noqa: SIM115 - written to until it is read
        self._sizes: list[int] = []
        self.counts: list[int] = []
        """Pairs of each stretch."""

    def add(self, blob: bytes, count: int) -> None:
        """Add a stretch of `count` pairs, packed."""
        self._sizes.append(self._file.write(blob))
        self.counts.append(count)

    def __iter__(self) -> Iterator[bytes]:
        """The stretches, packed."""
        self._file.close()
        with open(self._path, "rb") as file:
            for size in self._sizes:
                yield file.read(size)

    def pick(self, numbers: npt.NDArray[np.int64]) -> Iterator[Pair]:
        """The pairs of some numbers, counted over all stretches; numbers: sorted."""
        ends = np.cumsum(self.counts)
        of_stretch = np.searchsorted(numbers, [0, *ends])
        for stretch, blob in enumerate(self):
            inside = numbers[of_stretch[stretch] : of_stretch[stretch + 1]] - (ends[stretch] - self.counts[stretch])
            if len(inside):
                pairs = unpack(blob)
                yield from (pairs[number] for number in inside)

    def remove(self) -> None:
        """Delete the file."""
        self._file.close()
        self._path.unlink()
