"""Batches of few, static shapes, in an order that is a pure function of (seed, epoch).

Every batch shape is compiled into a program of its own, so there must be few; every shape larger
than its sentences is padding that is computed for nothing.  `plan_buckets` cuts the plane of
(source length, target length) into rectangles where that saves most padding.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.dataset import Pairs
from s2s.tokenizer import PAD


class Bucket(NamedTuple):
    """A static shape and the pairs that are padded to it."""

    batch: int  # sentences
    source: int  # subwords, EOS included
    target: int  # subwords to say, EOS included: one less than the ids of a target, which start with BOS
    members: npt.NDArray[np.int64]  # indices of its pairs


class Batch(NamedTuple):
    """Ids padded with PAD; a row of nothing but PAD has no weight."""

    source: npt.NDArray[np.int32]  # [batch, source]
    target: npt.NDArray[np.int32]  # [batch, target + 1], BOS first


def plan_buckets(pairs: Pairs, count: int, tokens: int) -> list[Bucket]:
    """At most `count` buckets of about `tokens` target subwords (padding included) a batch.

    Starting from one rectangle around all lengths, the cut (of any rectangle, on either axis) that saves most
    padding is made until there are `count` rectangles or nothing is left to save.
    """
    lengths = np.stack([pairs.source.lengths, pairs.target.lengths - 1])  # [2, pairs]
    counts = np.zeros(lengths.max(1) + 1, np.int64)
    np.add.at(counts, tuple(lengths), 1)
    cells = [_Cell(counts, (0, 0))]
    while len(cells) < count:
        cuts = [(cell.best_cut(), index) for index, cell in enumerate(cells)]
        (saved, halves), index = max(cuts, key=lambda cut: cut[0][0])
        if saved <= 0:
            break
        cells[index : index + 1] = halves
    buckets = []
    for cell in cells:
        inside = [(low < row) & (row <= high) for low, high, row in zip(cell.low, cell.high, lengths, strict=True)]
        # In eights: what vector units like.  At least one eight, however long the sentences.
        batch = max(tokens // int(cell.high[1]) // 8, 1) * 8
        buckets.append(Bucket(batch, int(cell.high[0]), int(cell.high[1]), np.flatnonzero(inside[0] & inside[1])))
    return buckets


class _Cell:
    """A rectangle of the plane of lengths: low < length <= high on each axis, high shrunk to what is there."""

    def __init__(self, counts: npt.NDArray[np.int64], low: tuple[int, int]):
        # counts[i, j]: pairs of source length low[0] + i and target length low[1] + j; i, j = 0 are outside.
        used = [np.flatnonzero(counts[1:, 1:].sum(1 - axis)) for axis in (0, 1)]
        shape = [int(axis[-1]) + 2 if len(axis) else 1 for axis in used]
        self.counts = counts[: shape[0], : shape[1]]
        self.low = low
        self.high = (low[0] + shape[0] - 1, low[1] + shape[1] - 1)

    @property
    def cost(self) -> int:
        """Subwords computed for the pairs inside, padding included, both sides."""
        return int(self.counts[1:, 1:].sum()) * sum(self.high)

    def best_cut(self) -> tuple[int, list["_Cell"]]:
        """The most subwords that one cut saves, and the two halves."""
        best: tuple[int, list[_Cell]] = (0, [])
        for axis in (0, 1):
            for at in range(1, self.counts.shape[axis] - 1):
                halves = self._cut(axis, at)
                saved = self.cost - sum(half.cost for half in halves)
                if saved > best[0]:
                    best = (saved, halves)
        return best

    def _cut(self, axis: int, at: int) -> list["_Cell"]:
        """The halves with lengths up to low + at, and above, on one axis."""
        source, target = self.low
        if axis == 0:
            return [_Cell(self.counts[: at + 1], self.low), _Cell(self.counts[at:], (source + at, target))]
        return [_Cell(self.counts[:, : at + 1], self.low), _Cell(self.counts[:, at:], (source, target + at))]


def epoch_order(buckets: list[Bucket], seed: int, epoch: int) -> list[tuple[Bucket, npt.NDArray[np.int64]]]:
    """The batches of an epoch, each a bucket and its pairs' indices: every pair once, shuffled by (seed, epoch)."""
    random = np.random.default_rng([seed, epoch])
    order = []
    for bucket in buckets:
        members = random.permutation(bucket.members)
        order += [(bucket, members[at : at + bucket.batch]) for at in range(0, len(members), bucket.batch)]
    return [order[index] for index in random.permutation(len(order))]


def count_batches(buckets: list[Bucket]) -> int:
    """Batches in an epoch."""
    return sum(-(-len(bucket.members) // bucket.batch) for bucket in buckets)


def fill(pairs: Pairs, bucket: Bucket, indices: npt.NDArray[np.int64]) -> Batch:
    """Collect the pairs of a batch; rows that no pair is left for stay empty."""
    source = pad([pairs.source[i] for i in indices], (bucket.batch, bucket.source))
    return Batch(source, pad([pairs.target[i] for i in indices], (bucket.batch, bucket.target + 1)))


def pad(sentences: list[Any], shape: tuple[int, int]) -> npt.NDArray[np.int32]:
    """Ids of sentences as the first rows of an array [shape], the rest PAD."""
    array = np.full(shape, PAD, np.int32)
    for row, ids in enumerate(sentences):
        array[row, : len(ids)] = ids
    return array


def one_pass(pairs: Pairs, buckets: list[Bucket]) -> Iterator[Batch]:
    """Every pair once, in a fixed order: for validation."""
    for bucket, indices in epoch_order(buckets, 0, 0):
        yield fill(pairs, bucket, indices)
