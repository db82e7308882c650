"""Augmentation: which copies are made of pairs; the same ones from the same seed, in any shard."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from s2s.data.augmentation import KINDS, clauses, copies, put_into_slots
from s2s.data.cleaning import keys_of
from s2s.data.corpus import Pair
from s2s.data.known_words import KnownWords, WordCounts
from s2s.data.slots import SLOT, symbols
from s2s.data_config import AugmentationConfig

NOTHING = AugmentationConfig(**dict.fromkeys(("copies", *KINDS, "clauses", "known_names"), 0.0))
PAIRS = [Pair(f"¿Está Tom en la casa {n}?", f"Is Tom in house {n}?", f"a.tsv:{n}") for n in range(400)]


def made(**shares):
    return copies(PAIRS, replace(NOTHING, copies=1.0, **shares), 1)


def test_each_kind_changes_what_it_says():
    assert made() == []  # a copy that is equal to its pair is none
    for kind, start in {
        "no_accents": "¿Esta Tom en la casa 0?",
        "no_final_mark": "¿Está Tom en la casa 0",
    }.items():
        result = made(**{kind: 1.0})
        assert len(result) == 400 and result[0] == (Pair(start, *PAIRS[0][1:]), (kind,))
    assert made(marks=1.0)[0].pair.source.strip("\"'([])") == PAIRS[0].source
    joined = [copy.pair for copy in made(joined=1.0)]
    assert {pair.source.count("?") for pair in joined} == {2, 3}
    assert all(pair.source.count("?") == pair.target.count("?") for pair in joined)
    assert made(typo=1.0) == []  # there is no word of five letters
    assert copies([Pair("Mañana.", "Tomorrow.", "a.tsv:1")], replace(NOTHING, copies=9.0, typo=1.0), 1)


def test_the_shares_are_kept():
    result = copies(PAIRS, replace(NOTHING, copies=0.5, no_final_mark=0.5, no_accents=0.5), 1)
    assert 100 < len(result) < 200  # half of the pairs, three quarters of which are changed
    assert len(copies(PAIRS, replace(NOTHING, copies=2.5, no_accents=1.0), 1)) > 900


def test_clauses_are_pairs_in_their_share_unless_dev_or_test_has_them():
    pairs = [Pair(f"Vino Ana {n}, pero se fue.", f"Ana {n} came, but she left.", f"a.tsv:{n}") for n in range(400)]
    nothing = keys_of([])
    assert clauses(pairs[:1], nothing, replace(NOTHING, clauses=1.0), 1) == [
        Pair("Vino Ana 0,", "Ana 0 came,", "a.tsv:0"),
        Pair("pero se fue.", "But she left.", "a.tsv:0"),
    ]
    heavy = [pair._replace(weight=3) for pair in pairs]
    assert 1100 < len(clauses(heavy, nothing, replace(NOTHING, clauses=0.5), 1)) < 1300
    assert 300 < len(clauses(pairs, nothing, replace(NOTHING, clauses=0.5), 1)) < 500
    for held_out in (Pair("Pero se fue", "", ""), Pair("", "but she left!", "")):
        assert len(clauses(pairs, keys_of([held_out]), replace(NOTHING, clauses=1.0), 1)) == 400
    assert clauses(pairs, nothing, NOTHING, 1) == []


CONFIG = replace(AugmentationConfig(), joined=0.0)
COPIES = copies(PAIRS, CONFIG, 1)


@given(st.integers(0, 399))
def test_copies_do_not_depend_on_the_other_pairs(start):
    known = KnownWords(["Tom"])
    part = PAIRS[start : start + 5]
    places = {pair.place for pair in part}
    assert copies(part, CONFIG, 1) == [copy for copy in COPIES if copy.pair.place in places]
    masked = put_into_slots(part, known, symbols(9), CONFIG, 1)
    assert masked[-1:] == put_into_slots(part[-1:], known, symbols(9), CONFIG, 1)


def test_numbers_are_slots_and_known_names_in_their_share():
    known = KnownWords.of(WordCounts.of([*(pair.source for pair in PAIRS), "Hola, Tom."]))
    result = put_into_slots(PAIRS, known, symbols(9), replace(NOTHING, known_names=0.25), 1)
    assert all(SLOT.search(pair.source) for pair in result)
    assert all(SLOT.findall(pair.source) == SLOT.findall(pair.target) for pair in result)
    masked = sum("Tom" not in pair.source for pair in result)
    assert 60 < masked < 140
    assert {SLOT.findall(pair.source)[0] for pair in result} == set(symbols(9))  # all are learnt
    assert put_into_slots(PAIRS, known, [], NOTHING, 1) == PAIRS
