"""Batches of few static shapes with little padding, in an order that is a pure function of (seed, epoch).

Every batch shape is compiled into a program of its own, so there must be few; and every row longer than its
sentence is padding that is computed for nothing.  Both at once: a batch has long and short sentences, and all
batches of a shape are alike.  The pairs of a shape are cut into as many strata of like lengths as a batch has
rows, each of as many pairs as there are batches; every batch takes one pair from each stratum.  Sorted by length,
the rows then always end at the same places, so the batch is packed (see lstm.py) into static segments.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.dataset import Indices, Pairs, starts
from s2s.tokenizer import PAD

Ids = npt.NDArray[np.int32]

Runs = npt.NDArray[np.int64]
"""[runs, 4]: stretches of pairs that are alike in both lengths; the columns are the four below."""

SOURCE, TARGET, FIRST, COUNT = range(4)
"""Spanish and English length as computed, the first pair's index, how many pairs."""

Segments = tuple[tuple[int, int], ...]
"""(steps, rows) of each stretch of a packed batch; rows never grow."""

CHUNK = 1024
"""Tokens of a batch whose logits are computed at once: see loss.py."""

MOST_SEGMENTS = 6
"""Segments a side is cut into at most: each is a loop of its own to compile and run."""


class Shape(NamedTuple):
    """What a compiled program depends on."""

    source: Segments
    target: Segments
    order: tuple[int, ...]
    """The row of the source that each row of the target belongs to: both sides are sorted, each by its own lengths."""

    def __str__(self) -> str:
        """What the log says of it."""
        return f"{len(self.order)} sentences, {size(self.source)} -> {size(self.target)} subwords"


def size(segments: Segments) -> int:
    """Subwords of one side of a packed batch, padding included."""
    return sum(steps * rows for steps, rows in segments)


class Bucket:
    """A static shape and the pairs that are put into it."""

    def __init__(self, shape: Shape, strata: list[Runs]):
        """strata: the pairs that each row of the target may hold."""
        self.shape = shape
        self.sizes = np.array([_count(runs) for runs in strata])
        """Pairs of each row, [rows]."""
        self._runs = np.concatenate(strata)
        self._begins = starts(self._runs[:, COUNT])
        self._firsts = starts(self.sizes)

    def pairs(self, places: Indices) -> Indices:
        """The pairs at some places in the rows' strata, [rows]; -1 where a stratum ends before its place."""
        inside = places < self.sizes
        places = self._firsts + np.where(inside, places, 0)
        runs = np.searchsorted(self._begins, places, side="right") - 1
        return np.where(inside, self._runs[runs, FIRST] + places - self._begins[runs], -1)


class Batch(NamedTuple):
    """Packed ids, PAD where a sentence is shorter than its row; rows without a pair are nothing but PAD."""

    source: Ids  # [source tokens], in the order of reading
    target: Ids  # [target tokens], what the decoder is fed, from BOS on
    labels: Ids  # [target tokens], what it is to say after each, EOS in the end


def plan_buckets(pairs: Pairs, count: int, tokens: float) -> list[Bucket]:
    """At most `count` buckets, of like numbers of target subwords; about `tokens` of these a batch."""
    source, target, counts = pairs.cells.T
    runs = np.stack([source, target - 1, starts(counts), counts], axis=1)  # BOS is fed, not said
    runs = runs[np.argsort(runs[:, SOURCE] + runs[:, TARGET], kind="stable")]
    tokens_before = starts(runs[:, TARGET] * runs[:, COUNT])
    wanted = int((runs[:, TARGET] * runs[:, COUNT]).sum()) * np.arange(1, count) // count
    # The run that each cut falls into, and how many whole pairs of it come before.
    at = np.searchsorted(tokens_before, wanted, side="right") - 1
    cuts = starts(runs[:, COUNT])[at] + (wanted - tokens_before[at]) // runs[at, TARGET]
    parts = []
    for cut in cuts[::-1]:
        runs, part = _cut(runs, int(cut))
        parts.append(part)
    return [_plan_bucket(members, tokens) for members in [runs, *parts[::-1]] if len(members)]


def _plan_bucket(members: Runs, tokens: float) -> Bucket:
    count = _count(members)
    rows = round(tokens * count / int((members[:, TARGET] * members[:, COUNT]).sum()))
    # In eights, as vector units like, where there are that many.
    rows = min(max(rows // 8 * 8, min(rows, 8), 1), count)
    strata = _strata(members, rows)
    longest = np.array([stratum[:, [SOURCE, TARGET]].max(0) for stratum in strata]).T  # [2, rows]
    by_source, by_target = (np.argsort(-side, kind="stable") for side in longest)
    order = np.argsort(by_source)[by_target]
    source, target = (_segments(side) for side in longest)
    return Bucket(Shape(source, target, tuple(order.tolist())), [strata[row] for row in by_target])


def _strata(members: Runs, rows: int) -> list[Runs]:
    """Cut members into `rows` strata of equal size (give or take one), each as even in both lengths as can be.

    Halves are cut again and again, each on the side and at the place where the least padding is left.
    """
    if rows == 1:
        return [members]
    total = _count(members)
    first = np.arange(1, rows)  # rows of the first half
    cuts = first * total // rows
    best: tuple[int, Runs, int, int] | None = None
    for side in (SOURCE, TARGET):
        runs = members[np.argsort(members[:, side], kind="stable")]
        lengths, ends = runs[:, [SOURCE, TARGET]], np.cumsum(runs[:, COUNT])
        low = np.maximum.accumulate(lengths)[np.searchsorted(ends, cuts - 1, side="right")].sum(1)
        high = np.maximum.accumulate(lengths[::-1])[::-1][np.searchsorted(ends, cuts, side="right")].sum(1)
        costs = first * low + (rows - first) * high
        at = int(costs.argmin())
        if best is None or costs[at] < best[0]:
            best = (int(costs[at]), runs, int(cuts[at]), int(first[at]))
    assert best is not None
    _, runs, cut, first_rows = best
    one, other = _cut(runs, cut)
    return _strata(one, first_rows) + _strata(other, rows - first_rows)


def _cut(runs: Runs, at: int) -> tuple[Runs, Runs]:
    """The runs of the first `at` pairs, and those of the others."""
    begins = starts(runs[:, COUNT])
    one, other = runs.copy(), runs.copy()
    one[:, COUNT] = np.clip(at - begins, 0, runs[:, COUNT])
    other[:, COUNT] -= one[:, COUNT]
    other[:, FIRST] += one[:, COUNT]
    return one[one[:, COUNT] > 0], other[other[:, COUNT] > 0]


def _count(runs: Runs) -> int:
    return int(runs[:, COUNT].sum())


def _segments(longest: npt.NDArray[np.int64]) -> Segments:
    """Segments for rows of these lengths, at most MOST_SEGMENTS, with the least padding (dynamic programming)."""
    stops = np.concatenate([[0], np.unique(longest)])
    rows = np.array([(longest > stop).sum() for stop in stops])
    # tried[i, j]: subwords when the last segment goes from stops[i] to stops[j], costs[i] those before it.
    sizes = np.where(stops[:, None] < stops, rows[:, None] * (stops - stops[:, None]), np.inf)
    costs, cuts = np.where(stops == 0, 0.0, np.inf), [[0] for _ in stops]
    best, best_cuts = np.inf, [0]
    for _ in range(MOST_SEGMENTS):
        tried = costs[:, None] + sizes
        costs, origins = tried.min(0), tried.argmin(0)
        cuts = [[*cuts[origin], stop] for stop, origin in enumerate(origins)]
        if costs[-1] < best:
            best, best_cuts = costs[-1], cuts[-1]
    return tuple((int(stops[b] - stops[a]), int(rows[a])) for a, b in pairwise(best_cuts))


def epoch_order(
    buckets: list[Bucket], seed: int, epoch: int, parts: int = 1, done: int = 0
) -> Iterator[tuple[Bucket, Indices]]:
    """The batches of an epoch after the first `done`, shuffled by (seed, epoch): each a bucket and its pairs, [parts, rows].

    Every pair comes once; -1 where a stratum has no pair left, which can be in the last batch of a bucket only.  Which
    pair comes when is computed as it is asked for, so an epoch takes the memory of a number for each batch.
    """
    random = np.random.default_rng([seed, epoch])
    keys = [random.integers(1 << 63, size=len(bucket.sizes), dtype=np.uint64) for bucket in buckets]
    steps = [count_steps([bucket], parts) for bucket in buckets]
    of_bucket = np.repeat(np.arange(len(buckets)), steps)
    for place in random.permutation(len(of_bucket))[done:]:
        number = of_bucket[place]
        bucket, step = buckets[number], place - sum(steps[:number])
        columns = [shuffled(step * parts + part, bucket.sizes, keys[number]) for part in range(parts)]
        yield bucket, np.stack([bucket.pairs(column) for column in columns])


def count_steps(buckets: list[Bucket], parts: int) -> int:
    """Batches of `parts` parts in an epoch."""
    return sum(-(-int(bucket.sizes.max()) // parts) for bucket in buckets)


def shuffled(place: int, sizes: Indices, keys: npt.NDArray[np.uint64]) -> Indices:
    """[rows]: where `place` (from 0) comes to be when the numbers below each of `sizes` are shuffled by each of `keys`.

    A place beyond a size stays.  It is a permutation that is computed one number at a time: a Feistel network of four
    rounds on the least even number of bits, applied again until the number is below the size (Black & Rogaway 2002).
    """
    bits = np.ceil(np.log2(np.maximum(sizes, 2)) / 2).astype(np.uint64)
    mask = (np.uint64(1) << bits) - np.uint64(1)
    places = np.full(len(sizes), place, np.uint64)
    todo = place < sizes
    while todo.any():
        left, right = places >> bits, places & mask
        for number in range(4):
            left, right = right, left ^ (_mixed(right + keys + np.uint64(number << 32)) & mask)
        places = np.where(todo, left << bits | right, places)
        todo &= places >= sizes.astype(np.uint64)
    return places.astype(np.int64)


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Numbers whose every bit depends on every bit of what is given (the finaliser of SplitMix64, Steele et al. 2014)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(31))


def fill(pairs: Pairs, bucket: Bucket, rows: Indices, reverse: bool) -> Batch:
    """Collect the pairs of a batch, or of a part of one; reverse: read the source from its end.  Rows of -1 stay empty."""
    shape = bucket.shape
    source = [reading_order(ids, reverse) for ids in pairs.source.read(rows[np.argsort(shape.order)])]
    target = pairs.target.read(rows)
    return Batch(
        pack(source, shape.source),
        pack([ids[:-1] for ids in target], shape.target),
        pack([ids[1:] for ids in target], shape.target),
    )


def reading_order(ids: Any, reverse: bool) -> Any:
    """A sentence's ids as the encoder reads them."""
    return ids[::-1] if reverse else ids


def pack(sentences: list[Any], segments: Segments) -> Ids:
    """Ids of sentences, the longest rows first, as a packed batch [tokens], the rest PAD."""
    padded = np.full((segments[0][1], sum(steps for steps, _ in segments)), PAD, np.int32)
    for row, ids in enumerate(sentences):
        padded[row, : len(ids)] = ids
    stops = np.cumsum([steps for steps, _ in segments])
    parts = [padded[:rows, stop - steps : stop].T.ravel() for (steps, rows), stop in zip(segments, stops, strict=True)]
    return np.concatenate(parts)


def one_pass(pairs: Pairs, buckets: list[Bucket], reverse: bool) -> Iterator[tuple[Shape, Batch]]:
    """Every pair once, in a fixed order: for validation."""
    for bucket, (rows,) in epoch_order(buckets, 0, 0):
        yield bucket.shape, fill(pairs, bucket, rows, reverse)


def ahead(items: Iterable[Any]) -> Iterator[Any]:
    """The same items, the next one made in a background thread while this one is used."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, iterator, end)
            yield item
