"""Batches of few static shapes with little padding, in an order that depends on (seed, epoch) alone.

Each batch shape takes seconds to trace and compile, so there must be few shapes.  A row longer than its sentence is computed
for nothing, so there must be little padding.  Stratified batches give both.  The pairs of a bucket are cut into strata
of similar lengths: as many strata as a batch has rows, each with as many pairs as there are batches.  Every batch takes
one pair from each stratum.  The rows of all batches of a bucket therefore end at the same places, and one set of
static segments (packing.py) fits them all.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from s2s.data.dataset import Indices, Pairs, exclusive_cumsum
from s2s.data.packing import Batch, BatchShape, Segments, pack
from s2s.data.tokenizer import decoder_inputs, decoder_labels, reading_order

PairRanges = npt.NDArray[np.int64]
"""[ranges, 4]: ranges of consecutive pairs of equal lengths; the columns are the four below."""

SOURCE, TARGET, FIRST, COUNT = range(4)
"""Spanish and English length as computed, index of the first pair, number of pairs."""

ROW_COUNTS = 16
"""Most numbers of rows that segments have, besides those of whole batches; each costs a quarter of a second of compiling.

With 16 and the 4 of whole batches, the shapes of tatoeba-quick.yaml have 3.0 % padding; with 8, 5.0 %; with all, 50, 1.8 %.
"""


class Bucket:
    """A batch shape and the pairs that are computed in it."""

    def __init__(self, shape: BatchShape, strata: list[PairRanges]):
        """strata: for each row of the target, the pairs that it may hold."""
        self.shape = shape
        self.sizes = np.array([_count(ranges) for ranges in strata])
        """[rows]: number of pairs in each row's stratum."""
        self._ranges = np.concatenate(strata)
        self._range_offsets = exclusive_cumsum(self._ranges[:, COUNT])
        self._stratum_offsets = exclusive_cumsum(self.sizes)

    def pairs(self, places: Indices) -> Indices:
        """[rows]: index of the pair at each row's place in its stratum; -1 beyond the stratum's end."""
        inside = places < self.sizes
        places = self._stratum_offsets + np.where(inside, places, 0)
        ranges = np.searchsorted(self._range_offsets, places, side="right") - 1
        return np.where(inside, self._ranges[ranges, FIRST] + places - self._range_offsets[ranges], -1)


def plan_buckets(pairs: Pairs, count: int, tokens: float) -> list[Bucket]:
    """Divide the pairs by length into buckets with about equal numbers of target tokens.

    Args:
        pairs: the pairs of a split.
        count: most buckets.
        tokens: target tokens of a batch, about.
    """
    source, target, counts = pairs.cells.T
    # BOS is an input of the decoder and no label, so a target has one step less than ids.
    ranges = np.stack([source, target - 1, exclusive_cumsum(counts), counts], axis=1)
    ranges = ranges[np.argsort(ranges[:, SOURCE] + ranges[:, TARGET], kind="stable")]
    tokens_before = exclusive_cumsum(ranges[:, TARGET] * ranges[:, COUNT])
    bounds = int((ranges[:, TARGET] * ranges[:, COUNT]).sum()) * np.arange(1, count) // count
    # The range that each bound falls into, and the number of whole pairs of the range before the bound.
    at = np.searchsorted(tokens_before, bounds, side="right") - 1
    cuts = exclusive_cumsum(ranges[:, COUNT])[at] + (bounds - tokens_before[at]) // ranges[at, TARGET]
    parts = []
    for cut in cuts[::-1]:
        ranges, part = _split_at(ranges, int(cut))
        parts.append(part)
    rows_of_buckets = [_plan_rows(members, tokens) for members in [ranges, *parts[::-1]] if len(members)]
    row_counts = _choose_row_counts([side for _, longest in rows_of_buckets for side in longest])
    return [_plan_bucket(strata, longest, row_counts) for strata, longest in rows_of_buckets]


def _plan_rows(members: PairRanges, tokens: float) -> tuple[list[PairRanges], Indices]:
    """The strata of a bucket, one a row of its batches, and the longest source and target of each, [2, rows].

    Args:
        members: the bucket's pairs.
        tokens: as in `plan_buckets`.
    """
    count = _count(members)
    rows = round(tokens * count / int((members[:, TARGET] * members[:, COUNT]).sum()))
    # Multiples of eight suit vector units; fewer than eight rows stay as they are.
    rows = min(max(rows // 8 * 8, min(rows, 8), 1), count)
    strata = _stratify(members, rows)
    return strata, np.array([stratum[:, [SOURCE, TARGET]].max(0) for stratum in strata]).T


def _plan_bucket(strata: list[PairRanges], longest: Indices, row_counts: Indices) -> Bucket:
    by_source, by_target = (np.argsort(-side, kind="stable") for side in longest)
    order = np.argsort(by_source)[by_target]
    source, target = (_plan_segments(side, row_counts) for side in longest)
    return Bucket(BatchShape(source, target, tuple(order.tolist())), [strata[row] for row in by_target])


def _stratify(members: PairRanges, rows: int) -> list[PairRanges]:
    """Cut pairs into `rows` strata of equal size (give or take one), each of lengths as similar as possible.

    Bisects recursively.  Every cut is made by the side (Spanish or English) and at the place that leave least padding.
    """
    if rows == 1:
        return [members]
    total = _count(members)
    first = np.arange(1, rows)  # rows of the first half
    cuts = first * total // rows
    best: tuple[int, PairRanges, int, int] | None = None
    for side in (SOURCE, TARGET):
        ranges = members[np.argsort(members[:, side], kind="stable")]
        lengths, ends = ranges[:, [SOURCE, TARGET]], np.cumsum(ranges[:, COUNT])
        low = np.maximum.accumulate(lengths)[np.searchsorted(ends, cuts - 1, side="right")].sum(1)
        high = np.maximum.accumulate(lengths[::-1])[::-1][np.searchsorted(ends, cuts, side="right")].sum(1)
        costs = first * low + (rows - first) * high
        at = int(costs.argmin())
        if best is None or costs[at] < best[0]:
            best = (int(costs[at]), ranges, int(cuts[at]), int(first[at]))
    assert best is not None
    _, ranges, cut, first_rows = best
    left, right = _split_at(ranges, cut)
    return _stratify(left, first_rows) + _stratify(right, rows - first_rows)


def _split_at(ranges: PairRanges, count: int) -> tuple[PairRanges, PairRanges]:
    """The ranges of the first `count` pairs, and the ranges of the rest."""
    offsets = exclusive_cumsum(ranges[:, COUNT])
    left, right = ranges.copy(), ranges.copy()
    left[:, COUNT] = np.clip(count - offsets, 0, ranges[:, COUNT])
    right[:, COUNT] -= left[:, COUNT]
    right[:, FIRST] += left[:, COUNT]
    return left[left[:, COUNT] > 0], right[right[:, COUNT] > 0]


def _count(ranges: PairRanges) -> int:
    return int(ranges[:, COUNT].sum())


def _choose_row_counts(sides: list[Indices]) -> Indices:
    """The numbers of rows that segments may have, ascending: those of whole batches, and at most ROW_COUNTS others.

    One is left out after the other, each time that which costs least padding: its steps are computed with the next number.

    Args:
        sides: length of every row, [rows], for each side of each batch shape.
    """
    steps = Counter(rows for lengths in sides for rows in _rows_of_steps(lengths))
    whole = {len(lengths) for lengths in sides}
    counts = sorted(steps)
    while len(counts) > len(whole) + ROW_COUNTS:
        candidates = [pair for pair in pairwise(counts) if pair[0] not in whole]
        rows, more = min(candidates, key=lambda pair: steps[pair[0]] * (pair[1] - pair[0]))
        steps[more] += steps[rows]
        counts.remove(rows)
    return np.array(counts)


def _plan_segments(lengths: Indices, counts: Indices) -> Segments:
    """The segments for rows of these lengths, with these numbers of rows."""
    rows = counts[np.searchsorted(counts, _rows_of_steps(lengths))].tolist()
    return tuple((len([*steps]), rows) for rows, steps in groupby(rows))


def _rows_of_steps(lengths: Indices) -> list[int]:
    """Number of rows that are longer than each step, from all of them to those of the longest."""
    return [int((lengths > step).sum()) for step in range(lengths.max())]


def epoch_order(
    buckets: list[Bucket], seed: int, epoch: int, parts: int = 1, done: int = 0
) -> Iterator[tuple[Bucket, Indices]]:
    """The batches of an epoch, shuffled by (seed, epoch): for each its bucket and its pairs, [parts, rows].

    Every pair comes once.  An index is -1 where a stratum has no pair left, which happens in the last batch of a bucket
    only.  The order is computed batch by batch, so an epoch takes the memory of one number per batch.

    Args:
        buckets: as `plan_buckets` makes them.
        seed: the experiment's seed.
        epoch: number of the epoch, from 0.
        parts: parts (micro-batches) of each batch.
        done: batches at the start of the epoch to skip.
    """
    random = np.random.default_rng([seed, epoch])
    keys = [random.integers(1 << 63, size=len(bucket.sizes), dtype=np.uint64) for bucket in buckets]
    steps = [count_steps([bucket], parts) for bucket in buckets]
    bucket_of_step = np.repeat(np.arange(len(buckets)), steps)
    for place in random.permutation(len(bucket_of_step))[done:]:
        number = bucket_of_step[place]
        bucket, step = buckets[number], place - sum(steps[:number])
        columns = [permuted(step * parts + part, bucket.sizes, keys[number]) for part in range(parts)]
        yield bucket, np.stack([bucket.pairs(column) for column in columns])


def count_steps(buckets: list[Bucket], parts: int) -> int:
    """Batches of `parts` parts in an epoch."""
    return sum(-(-int(bucket.sizes.max()) // parts) for bucket in buckets)


def permuted(place: int, sizes: Indices, keys: npt.NDArray[np.uint64]) -> Indices:
    """[rows]: image of `place` under each row's pseudorandom permutation of range(size); `place` itself beyond a size.

    The permutation is computed one place at a time, without a table.  It is a Feistel network of four rounds on the
    least even number of bits, applied again until the image is below the size (Black & Rogaway 2002).

    Args:
        place: from 0.
        sizes: [rows], size of each permutation.
        keys: [rows], key of each permutation.
    """
    bits = np.ceil(np.log2(np.maximum(sizes, 2)) / 2).astype(np.uint64)
    mask = (np.uint64(1) << bits) - np.uint64(1)
    places = np.full(len(sizes), place, np.uint64)
    active = place < sizes
    while active.any():
        left, right = places >> bits, places & mask
        for number in range(4):
            left, right = right, left ^ (_mix(right + keys + np.uint64(number << 32)) & mask)
        places = np.where(active, left << bits | right, places)
        active &= places >= sizes.astype(np.uint64)
    return places.astype(np.int64)


def _mix(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Hash 64-bit numbers: every bit depends on every input bit (the finalizer of SplitMix64, Steele et al. 2014)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(31))


def make_batch(pairs: Pairs, bucket: Bucket, rows: Indices, reverse: bool) -> Batch:
    """Read and pack the pairs of a batch, or of one of its parts.

    Args:
        pairs: the split to read from.
        bucket: the batch's bucket.
        rows: [rows], index of each row's pair; a row of -1 stays empty.
        reverse: read the source from its end.
    """
    shape = bucket.shape
    source = [reading_order(ids, reverse) for ids in pairs.source.read(rows[np.argsort(shape.order)])]
    target = pairs.target.read(rows)
    return Batch(
        pack(source, shape.source, padding_first=True),
        pack([decoder_inputs(ids) for ids in target], shape.target),
        pack([decoder_labels(ids) for ids in target], shape.target),
    )


def evaluation_batches(pairs: Pairs, buckets: list[Bucket], reverse: bool) -> Iterator[tuple[BatchShape, Batch]]:
    """Every pair once, in a fixed order."""
    for bucket, (rows,) in epoch_order(buckets, 0, 0):
        yield bucket.shape, make_batch(pairs, bucket, rows, reverse)


def prefetch(items: Iterable[Any]) -> Iterator[Any]:
    """The same items; a background thread makes the next one while the caller uses this one."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, iterator, end)
            yield item
