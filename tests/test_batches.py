"""Batches: every pair once an epoch, in few shapes, in an order that only (seed, epoch) decides."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s2s.batches import count_batches, epoch_order, fill, plan_buckets
from s2s.dataset import Pairs, open_pairs, write_sentences
from s2s.tokenizer import BOS, EOS, PAD

LENGTHS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=200)


def make_pairs(directory, lengths) -> Pairs:
    write_sentences(directory, "train.source", ([7] * (s - 1) + [EOS] for s, _ in lengths))
    write_sentences(directory, "train.target", ([BOS] + [9] * (t - 1) + [EOS] for _, t in lengths))
    return open_pairs(directory, "train")


@given(LENGTHS, st.integers(1, 12), st.integers(8, 300), st.integers(0, 5), st.integers(0, 5))
def test_every_pair_once_an_epoch(tmp_path_factory, lengths, count, tokens, seed, epoch):
    pairs = make_pairs(tmp_path_factory.mktemp("pairs"), lengths)
    buckets = plan_buckets(pairs, count, tokens)
    assert 1 <= len(buckets) <= count
    order = epoch_order(buckets, seed, epoch)
    assert len(order) == count_batches(buckets)
    assert sorted(np.concatenate([members for _, members in order])) == list(range(len(lengths)))
    real = 0
    for bucket, members in order:
        batch = fill(pairs, bucket, members)
        assert batch.source.shape == (bucket.batch, bucket.source)
        assert batch.target.shape == (bucket.batch, bucket.target + 1)
        assert (batch.source[len(members) :] == PAD).all() and (batch.target[len(members) :] == PAD).all()
        real += int((batch.source != PAD).sum() + (batch.target != PAD).sum())
    assert real == sum(s + t + 1 for s, t in lengths)


@given(LENGTHS)
def test_more_buckets_never_mean_more_padding(tmp_path_factory, lengths):
    pairs = make_pairs(tmp_path_factory.mktemp("pairs"), lengths)
    costs = [sum((b.source + b.target) * len(b.members) for b in plan_buckets(pairs, count, 64)) for count in (1, 3, 8)]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] == (max(s for s, _ in lengths) + max(t for _, t in lengths)) * len(lengths)


def test_order_is_a_function_of_seed_and_epoch(tmp_path):
    pairs = make_pairs(tmp_path, [(n % 9 + 1, n % 7 + 1) for n in range(100)])
    buckets = plan_buckets(pairs, 4, 32)

    def flat(seed, epoch):
        return np.concatenate([members for _, members in epoch_order(buckets, seed, epoch)]).tolist()

    assert flat(1, 0) == flat(1, 0)
    assert len({tuple(flat(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4
