"""Batches of few static shapes with little padding, in an order that is a pure function of (seed, epoch).

Every batch shape is compiled into a program of its own, so there must be few; and every row longer than its
sentence is padding that is computed for nothing.  Both at once: a batch has long and short sentences, and all
batches of a shape are alike.  The pairs of a shape are cut into as many strata of like lengths as a batch has
rows, each of as many pairs as there are batches; every batch takes one pair from each stratum.  Sorted by length,
the rows then always end at the same places, so the batch is packed (see lstm.py) into static segments.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.dataset import Pairs
from s2s.tokenizer import PAD

Indices = npt.NDArray[np.int64]
Ids = npt.NDArray[np.int32]

Segments = tuple[tuple[int, int], ...]
"""(steps, rows) of each stretch of a packed batch; rows never grow."""

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
        sizes = [sum(steps * rows for steps, rows in side) for side in (self.source, self.target)]
        return f"{len(self.order)} sentences, {sizes[0]} -> {sizes[1]} subwords"


@dataclass(frozen=True, eq=False)
class Bucket:
    """A static shape and the pairs that are put into it."""

    shape: Shape
    strata: list[Indices]
    """The pairs that each row of the target may hold."""


class Batch(NamedTuple):
    """Packed ids, PAD where a sentence is shorter than its row; rows without a pair are nothing but PAD."""

    source: Ids  # [source tokens], in the order of reading
    target: Ids  # [target tokens], what the decoder is fed, from BOS on
    labels: Ids  # [target tokens], what it is to say after each, EOS in the end


def plan_buckets(pairs: Pairs, count: int, tokens: float) -> list[Bucket]:
    """At most `count` buckets, of like numbers of target subwords; about `tokens` of these a batch."""
    lengths = np.stack([pairs.source.lengths, pairs.target.lengths - 1])  # [2, pairs]
    by_length = np.argsort(lengths.sum(0), kind="stable")
    done = np.cumsum(lengths[1, by_length])
    parts = np.split(by_length, np.searchsorted(done, done[-1] * np.arange(1, count) / count))
    return [_plan_bucket(lengths, members, tokens) for members in parts if len(members)]


def _plan_bucket(lengths: npt.NDArray[np.int64], members: Indices, tokens: float) -> Bucket:
    rows = round(tokens / lengths[1, members].mean())
    # In eights, as vector units like, where there are that many.
    rows = min(max(rows // 8 * 8, min(rows, 8), 1), len(members))
    strata = _strata(lengths, members, rows)
    longest = np.array([lengths[:, stratum].max(1) for stratum in strata]).T  # [2, rows]
    by_source, by_target = (np.argsort(-side, kind="stable") for side in longest)
    order = np.argsort(by_source)[by_target]
    source, target = (_segments(side) for side in longest)
    return Bucket(Shape(source, target, tuple(order.tolist())), [strata[row] for row in by_target])


def _strata(lengths: npt.NDArray[np.int64], members: Indices, rows: int) -> list[Indices]:
    """Cut members into `rows` strata of equal size (give or take one), each as even in both lengths as can be.

    Halves are cut again and again, each on the side and at the place where the least padding is left.
    """
    inside = lengths[:, members]
    if rows == 1 or (inside.min(1) == inside.max(1)).all():
        return np.array_split(members, rows)
    best: tuple[int, Indices, int, int] | None = None
    for side in inside:
        order = np.argsort(side, kind="stable")
        sorted_ = inside[:, order]
        first = np.arange(1, rows)  # rows of the first half
        cuts = first * len(members) // rows
        low = np.maximum.accumulate(sorted_, 1)[:, cuts - 1].sum(0)
        high = np.maximum.accumulate(sorted_[:, ::-1], 1)[:, ::-1][:, cuts].sum(0)
        costs = first * low + (rows - first) * high
        at = int(costs.argmin())
        if best is None or costs[at] < best[0]:
            best = (int(costs[at]), members[order], int(cuts[at]), int(first[at]))
    assert best is not None
    _, members, cut, first_rows = best
    return _strata(lengths, members[:cut], first_rows) + _strata(lengths, members[cut:], rows - first_rows)


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


def epoch_order(buckets: list[Bucket], seed: int, epoch: int, parts: int = 1) -> list[tuple[Bucket, Indices]]:
    """The batches of an epoch, shuffled by (seed, epoch): each a bucket and its pairs, [parts, rows]; every pair once.

    -1 where a stratum has no pair left, which can be in the last batch of a bucket only.
    """
    random = np.random.default_rng([seed, epoch])
    order = []
    for bucket in buckets:
        table = np.full((len(bucket.strata), count_steps([bucket], parts) * parts), -1, np.int64)
        for row, stratum in enumerate(bucket.strata):
            table[row, : len(stratum)] = random.permutation(stratum)
        order += [(bucket, rows) for rows in table.T.reshape(-1, parts, len(bucket.strata))]
    return [order[index] for index in random.permutation(len(order))]


def count_steps(buckets: list[Bucket], parts: int) -> int:
    """Batches of `parts` parts in an epoch."""
    return sum(-(-max(len(stratum) for stratum in bucket.strata) // parts) for bucket in buckets)


def fill(pairs: Pairs, bucket: Bucket, rows: Indices, reverse: bool) -> Batch:
    """Collect the pairs of a batch, or of a part of one; reverse: read the source from its end.  Rows of -1 stay empty."""
    shape, nothing = bucket.shape, np.zeros(0, np.int32)
    by_source = rows[np.argsort(shape.order)]
    source = [nothing if i < 0 else reading_order(pairs.source[i], reverse) for i in by_source]
    target = [nothing if i < 0 else pairs.target[i] for i in rows]
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
