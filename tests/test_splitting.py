"""Dev and test are split off without leaks: no sentence is in two splits, directly or through other pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.splitting import DEV, TEST, TRAIN, components, hold_out


def slow_components(keys):
    """Groups of pairs, by following shared sentences from each pair one by one."""
    groups, left = [], set(range(len(keys)))
    while left:
        group, todo = set(), [min(left)]
        while todo:
            one = todo.pop()
            group.add(one)
            left.discard(one)
            todo += [other for other in list(left) if keys[one, 1] == keys[other, 1] or keys[one, 2] == keys[other, 2]]
        groups.append(group)
    return groups


def make_keys(sides):
    return np.array([[0, s, t] for s, t in sides], np.uint64).reshape(-1, 3)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40))
def test_components_are_pairs_connected_by_shared_sentences(sides):
    keys = make_keys(sides)
    labels = components(keys)
    assert [set(np.flatnonzero(labels == label)) for label in sorted(set(labels))] == slow_components(keys)


def test_a_long_chain_is_one_component():
    chain = [(n // 2, (n + 1) // 2) for n in range(5000)]
    order = np.random.default_rng(0).permutation(5000)
    assert len(set(components(make_keys(np.array(chain)[order])))) == 1


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=30, max_size=200), st.integers(0, 9))
def test_no_sentence_is_in_two_splits(sides, seed):
    keys = make_keys(sides)
    splits = hold_out(keys, 10, 5, seed)
    assert (splits == hold_out(keys, 10, 5, seed)).all()
    for side in (1, 2):
        held = [set(keys[splits == split, side]) for split in (TRAIN, DEV, TEST)]
        assert not held[0] & held[1] and not held[0] & held[2] and not held[1] & held[2]
    assert (splits == DEV).sum() <= 10 and (splits == TEST).sum() <= 5


def test_sizes_of_the_held_out_splits():
    keys = make_keys([(n, n) for n in range(1000)])
    assert np.bincount(hold_out(keys, 50, 30, 1)).tolist() == [920, 50, 30]
    assert np.bincount(hold_out(keys, 500, 0, 1)).tolist() == [900, 100]  # a tenth at most
    assert (hold_out(keys, 50, 30, 1) != hold_out(keys, 50, 30, 2)).any()
    # Half of the pairs are one component, which is not a sample of the corpus and stays in train.
    half = make_keys([(0, n) if n % 2 else (n, n) for n in range(1, 1001)])
    assert not (hold_out(half, 50, 30, 1)[np.arange(1, 1001) % 2 == 1] != TRAIN).any()
