"""What is mended in sentences and which pairs are left out; all of it is counted."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.cleaning import clean, duplicates, leaks, near_keys, normalized_key
from s2s.data.corpus import Pair
from s2s.data_config import CleaningConfig

ALL = CleaningConfig()
TEXT = st.text(max_size=30)


def cleaned(*sides, config=ALL, held_out=False):
    return clean([Pair(es, en, f"a.tsv:{n}") for n, (es, en) in enumerate(sides, 1)], config, held_out)


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("markup", "Habl<b>o</b><br/>ya", "Hablo ya"),
        ("html_entities", "Tom &amp; &#233;l", "Tom & él"),
        ("unicode", "Mari\u0301a", "María"),
        ("typography", "«Sí» —dijo… “él”", '"Sí" -dijo... "él"'),
        ("control_characters", "\u200bEl\u00ad ga\x07to\ufeff", "El gato"),
        ("white_space", " El\xa0 gato\u2028negro\t", "El gato negro"),
    ],
)
def test_what_is_mended_is_counted_and_can_be_left(rule, before, after):
    result = cleaned((before, "Tom"))
    assert result.pairs == [Pair(after, "Tom", "a.tsv:1")]
    assert result.counts == {rule: 1} and result.examples == {rule: [Pair(before, "Tom", "a.tsv:1")]}
    off = cleaned((before, "Tom"), config=replace(ALL, **{rule: False}))
    assert off.counts == {} and off.pairs[0].source == before


def test_entities_have_a_semicolon():
    text = "https://x.org/?a=1&section=2&copy=3 AT&T &lt;b&gt; &#39;&#x41;&#39; &nada;"
    result = cleaned((text, "Tom"), held_out=True)
    assert result.pairs[0].source == "https://x.org/?a=1&section=2&copy=3 AT&T <b> 'A' &nada;"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<DIV class="x" id=y>Hola</DIV>', "Hola"),
        ("Uno<br>dos<br />tres<BR/>cuatro<!-- no -->ya", "Uno dos tres cuatro ya"),
        ("<ruby>él<rt>x</rt></ruby>", "él x"),
        ('<a href="https://x.org/?a=1&b=2">aquí</a>', "aquí"),
        ("<img src='a.png'>Hola[sound:a b.mp3]", "Hola"),
        ("a < b y b > c", None),
        ("a <b y c> d", None),
        ("<3 <- -> <= <> </>", None),
        ("cp <archivo> <destino>", None),
        ("<tom@example.org> <https://example.org>", None),
        ("<p or not", None),
        ("[sound of rain] [risas]", None),
    ],
)
def test_tags_are_removed_and_other_text_with_angles_stays(before, after):
    result = cleaned((before, "Tom"), held_out=True)
    assert result.pairs[0].source == (after or before)
    assert result.counts["markup"] == (after is not None)


@pytest.mark.parametrize(
    "text", ["<!--", "[sound:", "<b ", '<b a="', "<b a=' ", "<b" + " " * 99, "<b a=b", "</"], ids=range(8)
)
def test_markup_that_never_ends_takes_no_longer_than_its_length(text):
    text = text * (1_000_000 // len(text))
    start = time.perf_counter()
    cleaned((text, "Tom"))
    assert time.perf_counter() - start < 3


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
    result = cleaned(good, pair, good)
    assert [p.place for p in result.pairs] == ["a.tsv:1", "a.tsv:3"]
    assert result.counts[rule] == 1 and result.examples[rule] == [Pair(*pair, "a.tsv:2")]
    assert len(result.keys) == 2
    # Dev and test pairs stay, but for empty ones.
    assert len(cleaned(pair, held_out=True).pairs) == (rule != "empty")
    if rule != "empty":
        assert len(cleaned(pair, config=replace(ALL, **{rule: None if rule == "length_ratio" else False})).pairs) == 1


def test_ten_examples_are_kept_of_each_rule():
    result = cleaned(*[("", f"Word {n}.") for n in range(25)])
    assert result.counts["empty"] == 25 and [p.place for p in result.examples["empty"]] == [
        f"a.tsv:{n}" for n in range(1, 11)
    ]


@given(st.lists(st.tuples(TEXT, TEXT), max_size=8))
def test_every_pair_is_kept_or_counted_and_cleaning_again_changes_nothing(sides):
    result = cleaned(*sides)
    left_out = sum(result.counts[rule] for rule in ("empty", "identical", "length_ratio", "wrong_language"))
    assert len(result.pairs) + left_out == len(sides) and len(result.keys) == len(result.pairs)
    for pair in result.pairs:
        assert pair.source and pair.target and not {"\t", "\n", "\r"} & set(pair.source + pair.target)
    # Entities apart: "&amp;lt;" has two to mend; and tags, which "&lt;b&gt;" becomes.
    again = clean(result.pairs, replace(ALL, html_entities=False, markup=False), False)
    assert again.pairs == result.pairs and (again.keys == result.keys).all() and not again.counts


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
