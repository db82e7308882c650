"""Batches: every pair once an epoch, in few packed shapes, in an order that depends on (seed, epoch) alone."""

import itertools
import threading
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data import batching
from s2s.data.batching import count_steps, epoch_order, make_batch, permuted, plan_buckets, prefetch
from s2s.data.dataset import Pairs, PairWriter
from s2s.data.packing import pack
from s2s.data.tokenizer import BOS, EOS, PAD

LENGTHS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=200)


def make_pairs(directory, lengths) -> Pairs:
    """Pairs of these lengths; every subword of pair n is 10 + n."""
    source = [[10 + n] * (s - 1) + [EOS] for n, (s, _) in enumerate(lengths)]
    target = [[BOS] + [10 + n] * (t - 1) + [EOS] for n, (_, t) in enumerate(lengths)]
    writer = PairWriter(directory, "train", 20_000)
    flat = [np.array([i for ids in side for i in ids]) for side in (source, target)]
    writer.add(flat, np.array([[len(ids) for ids in side] for side in (source, target)], np.int32))
    writer.close()
    return Pairs(directory, "train")


def number(pairs, index):
    """Which pair of `make_pairs` is at this index, as pairs are sorted by length; None for sentences of EOS alone."""
    source, target = (side.read(np.array([index]))[0].tolist() for side in (pairs.source, pairs.target))
    numbers = {i - 10 for i in source[:-1] + target[1:-1]}
    assert len(numbers) <= 1 and source[-1] == target[-1] == EOS and target[0] == BOS
    return numbers.pop() if numbers else None


def unpack(ids, segments):
    """The rows of a packed batch without padding: the inverse of `pack`, element by element."""
    rows, at = [[] for _ in range(segments[0][1])], 0
    for steps, count in segments:
        for _ in range(steps):
            for row in range(count):
                rows[row].append(int(ids[at]))
                at += 1
    assert at == len(ids)
    return [[i for i in row if i != PAD] for row in rows]


ROWS = st.integers(0, 4)
"""Of ROW_COUNTS: few, so that segments are computed with more rows than they have."""


def plan(pairs, count, tokens, row_counts):
    with patch.object(batching, "ROW_COUNTS", row_counts):
        return plan_buckets(pairs, count, tokens)


@given(LENGTHS, st.integers(1, 8), st.integers(8, 300), ROWS, st.integers(1, 3), st.integers(0, 5), st.booleans())
def test_every_pair_once_an_epoch(tmp_path_factory, lengths, count, tokens, row_counts, parts, epoch, reverse):
    pairs = make_pairs(tmp_path_factory.mktemp("pairs"), lengths)
    buckets = plan(pairs, count, tokens, row_counts)
    assert 1 <= len(buckets) <= count
    order = list(epoch_order(buckets, 1, epoch, parts))
    assert len(order) == count_steps(buckets, parts)
    seen = []
    for bucket, rows_of_parts in order:
        assert len(rows_of_parts) == parts
        for rows in rows_of_parts:
            batch = make_batch(pairs, bucket, rows, reverse)
            source, target, labels = (
                unpack(ids, side)
                for ids, side in zip(
                    batch, (bucket.shape.source, bucket.shape.target, bucket.shape.target), strict=True
                )
            )
            for row, index in enumerate(rows):
                of_source = source[bucket.shape.order[row]]
                if index < 0:
                    assert of_source == target[row] == labels[row] == []
                    continue
                seen.append(int(index))
                assert of_source == pairs.source.read(np.array([index]))[0][:: -1 if reverse else 1].tolist()
                assert [*target[row], EOS] == pairs.target.read(np.array([index]))[0].tolist() == [BOS, *labels[row]]
    assert sorted(seen) == list(range(len(lengths)))
    numbers = [number(pairs, index) for index in range(len(lengths))]
    assert sorted(n for n in numbers if n is not None) == [n for n, sides in enumerate(lengths) if sides != (1, 1)]


@given(LENGTHS, st.integers(1, 8), st.integers(8, 300), ROWS)
def test_segments_are_sorted_and_as_long_as_the_longest(tmp_path_factory, lengths, count, tokens, row_counts):
    pairs, counts, whole = make_pairs(tmp_path_factory.mktemp("pairs"), lengths), set(), set()
    for bucket in plan(pairs, count, tokens, row_counts):
        whole.add(len(bucket.sizes))
        for segments in (bucket.shape.source, bucket.shape.target):
            rows = [row for _, row in segments]
            assert rows == sorted(set(rows), reverse=True)
            counts |= {*rows}
        for side, stored, spare in ((bucket.shape.source, pairs.source, 0), (bucket.shape.target, pairs.target, 1)):
            members = np.concatenate([bucket.pairs(np.full(len(bucket.sizes), n)) for n in range(bucket.sizes.max())])
            longest = max(map(len, stored.read(members[members >= 0])))
            assert sum(steps for steps, _ in side) == longest - spare
        assert sorted(bucket.shape.order) == list(range(len(bucket.sizes)))
        assert bucket.sizes.max() - bucket.sizes.min() <= bucket.sizes.size.bit_length()
    assert whole <= counts and len(counts - whole) <= row_counts


@pytest.mark.parametrize("count", [2, 4, 8, 32])
def test_there_is_little_padding_for_lengths_like_those_of_sentences(tmp_path, count):
    random = np.random.default_rng(0)
    target = np.clip(random.lognormal(2.2, 0.4, 20000).astype(int), 2, 50)
    source = np.clip(target + random.normal(0, 2, 20000).astype(int), 2, 50)
    pairs = make_pairs(tmp_path, list(zip(source.tolist(), target.tolist(), strict=True)))
    computed = np.zeros(2)
    for bucket in plan_buckets(pairs, count, 1500):
        sides = bucket.shape.source, bucket.shape.target
        computed += [sum(steps * rows for steps, rows in side) * count_steps([bucket], 1) for side in sides]
    padding = 1 - np.array([source.sum(), target.sum()]) / computed
    assert (padding < {2: 0.11, 4: 0.06, 8: 0.05, 32: 0.08}[count]).all(), padding


def test_packing_by_hand():
    sentences, segments = [[1, 2, 3, 4], [5, 6], [7]], ((2, 3), (2, 1))
    assert pack(sentences, segments).tolist() == [1, 5, 7, 2, 6, PAD, 3, 4]
    assert pack(sentences, segments, padding_first=True).tolist() == [1, 5, PAD, 2, 6, 7, 3, 4]
    assert pack([], ((1, 2),), padding_first=True).tolist() == [PAD, PAD]


def test_order_is_a_function_of_seed_and_epoch(tmp_path):
    pairs = make_pairs(tmp_path, [(n % 9 + 1, n % 7 + 1) for n in range(100)])
    buckets = plan_buckets(pairs, 4, 32)

    def flat(seed, epoch):
        return np.concatenate([rows.ravel() for _, rows in epoch_order(buckets, seed, epoch)]).tolist()

    assert flat(1, 0) == flat(1, 0)
    assert len({tuple(flat(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4
    later = epoch_order(buckets, 1, 0, done=3)
    assert (
        np.concatenate([rows.ravel() for _, rows in later]).tolist()
        == np.concatenate([rows.ravel() for _, rows in list(epoch_order(buckets, 1, 0))[3:]]).tolist()
    )


@given(st.lists(st.integers(1, 60), min_size=1, max_size=10), st.integers(0, 2**63 - 1))
def test_shuffling_is_a_permutation_of_each_row(sizes, key):
    sizes, keys = np.array(sizes), np.random.default_rng(key).integers(2**63, size=len(sizes), dtype=np.uint64)
    table = np.stack([permuted(place, sizes, keys) for place in range(sizes.max())])
    for size, column in zip(sizes, table.T, strict=True):
        assert sorted(column[:size]) == list(range(size))
        assert column[size:].tolist() == list(range(size, sizes.max()))


def test_shuffling_leaves_no_order():
    places = np.array([permuted(place, np.array([5000]), np.array([7], np.uint64))[0] for place in range(5000)])
    assert abs(np.corrcoef(places, np.arange(5000))[0, 1]) < 0.05
    assert abs(np.corrcoef(places[:-1], places[1:])[0, 1]) < 0.05


def test_an_epoch_of_a_thousand_million_pairs_begins_at_once(tmp_path):
    pairs = make_pairs(tmp_path, [(4, 5), (6, 7)])
    pairs.cells = np.array([[s, t, 10**6] for s in range(2, 33) for t in range(2, 34)])
    bucket, rows = next(epoch_order(plan_buckets(pairs, 4, 1500), 1, 0))
    assert len(set(rows.ravel().tolist())) == rows.size == len(bucket.shape.order)
    assert rows.min() >= 0 and rows.max() < 31 * 32 * 10**6


def test_one_item_ahead_in_another_thread():
    made = []

    def numbers():
        for number in itertools.count():
            made.append((number, threading.current_thread()))
            yield number

    for number in prefetch(numbers()):
        if number == 3:
            break
    assert [number for number, _ in made] == [0, 1, 2, 3, 4]
    assert all(thread is not threading.current_thread() for _, thread in made)
    assert list(prefetch([1, 2, 3])) == [1, 2, 3]


def test_an_error_in_the_background_is_raised_in_the_caller():
    def broken():
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(prefetch(broken()))
