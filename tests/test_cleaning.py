"""What is mended in sentences, what is left out, and how splits are drawn without leaks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.config import CleaningConfig
from s2s.data.cleaning import clean, duplicates, leaks, near_keys, normalized_key
from s2s.data.corpus import Pair
from s2s.data.splitting import DEV, TEST, TRAIN, components, hold_out

ALL = CleaningConfig()
TEXT = st.text(max_size=30)


def cleaned(*sides, config=ALL, held_out=False):
    return clean([Pair(es, en, f"a.tsv:{n}") for n, (es, en) in enumerate(sides, 1)], config, held_out)


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("html_entities", "Tom &amp; &#233;l", "Tom & él"),
        ("unicode", "Mari\u0301a", "María"),
        ("control_characters", "\u200bEl\u00ad ga\x07to\ufeff", "El gato"),
        ("white_space", " El\xa0 gato\u2028negro\t", "El gato negro"),
    ],
)
def test_what_is_mended_is_counted_and_can_be_left(rule, before, after):
    found = cleaned((before, "Tom"))
    assert found.pairs == [Pair(after, "Tom", "a.tsv:1")]
    assert found.counts == {rule: 1} and found.examples == {rule: [Pair(before, "Tom", "a.tsv:1")]}
    off = cleaned((before, "Tom"), config=replace(ALL, **{rule: False}))
    assert off.counts == {} and off.pairs[0].source == before


@pytest.mark.parametrize(
    ("rule", "pair"),
    [
        ("empty", ("Hola.", " ")),
        ("empty", ("\u200b", "Hi.")),
        ("identical", ("Okay!", "Okay!")),
        ("length_ratio", ("Sí, señor.", "Yes, sir, I have told you so a thousand times.")),
        ("wrong_language", ("This is what they have.", "This is what I have.")),
        ("wrong_language", ("Esto es mío.", "Esto es de la mujer.")),
    ],
)
def test_what_is_left_out_is_counted_and_can_stay(rule, pair):
    good = ("El gato está en la casa.", "The cat is in the house.")
    found = cleaned(good, pair, good)
    assert [p.place for p in found.pairs] == ["a.tsv:1", "a.tsv:3"]
    assert found.counts[rule] == 1 and found.examples[rule] == [Pair(*pair, "a.tsv:2")]
    assert len(found.keys) == 2
    # Dev and test pairs stay, but for empty ones.
    assert len(cleaned(pair, held_out=True).pairs) == (rule != "empty")
    if rule != "empty":
        assert len(cleaned(pair, config=replace(ALL, **{rule: None if rule == "length_ratio" else False})).pairs) == 1


def test_ten_examples_are_kept_of_each_rule():
    found = cleaned(*[("", f"Word {n}.") for n in range(25)])
    assert found.counts["empty"] == 25 and [p.place for p in found.examples["empty"]] == [
        f"a.tsv:{n}" for n in range(1, 11)
    ]


@given(st.lists(st.tuples(TEXT, TEXT), max_size=8))
def test_every_pair_is_kept_or_counted_and_cleaning_again_changes_nothing(sides):
    found = cleaned(*sides)
    left_out = sum(found.counts[rule] for rule in ("empty", "identical", "length_ratio", "wrong_language"))
    assert len(found.pairs) + left_out == len(sides) and len(found.keys) == len(found.pairs)
    for pair in found.pairs:
        assert pair.source and pair.target and not {"\t", "\n", "\r"} & set(pair.source + pair.target)
    # Entities apart: "&amp;lt;" has two to mend.
    again = clean(found.pairs, replace(ALL, html_entities=False), False)
    assert again.pairs == found.pairs and (again.keys == found.keys).all() and not again.counts


def test_near_duplicates_differ_in_case_accents_punctuation_and_spaces_only():
    same = ["¿Está él en casa?", "esta el en casa", "Está  él… en CASA!"]
    assert len({normalized_key(text) for text in same}) == 1
    others = ["Está ella en casa", "Está él en casa 2", "Está él encasa", "¿?", "!"]
    assert len({normalized_key(text) for text in [same[0], *others]}) == 6
    keys = cleaned((same[0], "Is he in?"), (same[1], "is he in"), (same[0], "Is he in?"), (same[0], "He is in.")).keys
    assert duplicates(keys[:, 0]).tolist() == [False, False, True, False]
    assert duplicates(near_keys(keys)).tolist() == [False, True, True, False]


def test_leaks_are_found_on_either_side():
    train = cleaned(("Hola.", "Hi."), ("Buenas.", "Hello!"), ("Uno.", "One."), ("hi", "hola"))
    held = cleaned(("hola", "Good day."), ("Saludos.", "hello"))
    assert leaks(train.keys, held.keys).tolist() == [True, True, False, False]


def slow_components(keys):
    """Groups by following shared sentences from each pair, as slowly as can be."""
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
def test_components_are_what_shared_sentences_hold_together(sides):
    keys = make_keys(sides)
    labels = components(keys)
    assert [set(np.flatnonzero(labels == label)) for label in sorted(set(labels))] == slow_components(keys)


def test_a_long_chain_is_one_component():
    chain = [(n // 2, (n + 1) // 2) for n in range(5000)]
    order = np.random.default_rng(0).permutation(5000)
    assert len(set(components(make_keys(np.array(chain)[order])))) == 1


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=30, max_size=200), st.integers(0, 9))
def test_no_sentence_stands_in_two_splits(sides, seed):
    keys = make_keys(sides)
    splits = hold_out(keys, 10, 5, seed)
    assert (splits == hold_out(keys, 10, 5, seed)).all()
    for side in (1, 2):
        held = [set(keys[splits == split, side]) for split in (TRAIN, DEV, TEST)]
        assert not held[0] & held[1] and not held[0] & held[2] and not held[1] & held[2]
    assert (splits == DEV).sum() <= 10 and (splits == TEST).sum() <= 5


def test_sizes_of_what_is_held_out():
    keys = make_keys([(n, n) for n in range(1000)])
    assert np.bincount(hold_out(keys, 50, 30, 1)).tolist() == [920, 50, 30]
    assert np.bincount(hold_out(keys, 500, 0, 1)).tolist() == [900, 100]  # a tenth at most
    assert (hold_out(keys, 50, 30, 1) != hold_out(keys, 50, 30, 2)).any()
    # Half of the pairs are one component: that is no sample, and stays in train.
    half = make_keys([(0, n) if n % 2 else (n, n) for n in range(1, 1001)])
    assert not (hold_out(half, 50, 30, 1)[np.arange(1, 1001) % 2 == 1] != TRAIN).any()
