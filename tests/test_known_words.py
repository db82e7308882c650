"""The words of the training text: which are names, which are common, and what stands for which."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.known_words import KnownWords, Word, WordCounts, words
from s2s.data.perturbation import with_typo, without_accents
from s2s.errors import InputError

KNOWN = KnownWords.of(
    WordCounts.of(
        [
            "Tom vive en Boston.", "Ayer Tom vino a Boston.", "Mi casa es tu casa.", "Un día Zenobia vino.", "Hoy está aquí.",
            "Esta mañana también.", "También quiero trabajar.", "El niño necesita ayuda.", "Necesito hablar con el español.",
            "Ella necesitó ayuda.", "Ayer necesité a Tom.", "Él está.", "Esta casa y los perros y las personas.",
        ]
    )
)  # fmt: skip


def test_words_are_counted_and_kept(tmp_path):
    assert {"tom", "boston"} == KNOWN.names
    assert {"el", "casa", "tambien"} <= KNOWN.common and "zenobia" not in KNOWN.common | KNOWN.names
    KNOWN.save(tmp_path / "words.txt")
    again = KnownWords.load(tmp_path / "words.txt")
    assert again.words == KNOWN.words and again.common == KNOWN.common and again.names == KNOWN.names
    assert set(KNOWN.words[:2]) <= {"casa", "Tom", "ayer", "está", "esta"}  # the most frequent first
    assert not KNOWN.is_unknown(Word("BOSTON", 0, 6, False))


def test_of_too_many_words_the_rare_ones_are_forgotten(monkeypatch):
    monkeypatch.setattr("s2s.data.known_words._MOST_COUNTED", 100)
    counts = WordCounts.of([])
    for number in range(1000):
        counts.add(WordCounts.of([f"la casa {number} de Tom", "Tom vive."]))
        assert all(len(part) <= 100 for part in counts)
    assert KnownWords.of(counts).words[:5] == ["Tom", "casa", "de", "la", "vive"] and counts.small["la"] == 1000


def test_a_word_of_sentence_starts_is_a_name_within_a_sentence(tmp_path):
    known = KnownWords.of(WordCounts.of(["José vive.", "Mide bien."]))
    known.save(tmp_path / "words.txt")
    for one in (known, KnownWords.load(tmp_path / "words.txt"), known | KnownWords(["faro"])):
        assert one.is_unknown(Word("José", 5, 9, False)) and not one.is_unknown(Word("José", 0, 4, True))
        assert one.respell("jose mide") == "josé mide"
    assert not (known | KnownWords(["josé"])).is_name(Word("José", 5, 9, False))


def test_which_words_begin_a_sentence():
    text = "El Sr. García y la Sra.  Paz. Ana D. Luz"
    assert [w.text for w in words(text) if w.first] == ["El", "Ana"]
    assert [(w.text, w.first) for w in words('Dijo: "Ven, Ana." Y no.')] == [
        ("Dijo", True), ("Ven", True), ("Ana", False), ("Y", True), ("no", False)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("tambien esta mañana", "también esta mañana"),  # "esta" and "está" are both words
        ("el espanol y el nino", "el español y el niño"),
        ("neceisto a tom", "necesito a tom"),
        ("trabjar, necessito ayuda!", "trabajar, necesito ayuda!"),
        ("bostno", "bostno"),  # names are not guessed
        ("trabajaron las casas totalmente", "trabajaron las casas totalmente"),  # forms of known words
        ("tambíen necesító", "tambíen necesító"),  # who types accents means them
        ("prro cas", "prro cas"),  # short words are left alone
        ("ayda", "ayuda"),
        ("ayuuuda tooom, tambieeen síííí tambiéééén holaaa", "ayuda tom, también sí también holaaa"),
        ("tmb q xfa iii xviii", "también que por favor iii xviii"),
        ("perrrros necesitarrrr tooodoos", "perros necesitarrrr tooodoos"),
        ("⟨1⟩ vive en 5km de zzz-ⁿ", "⟨1⟩ vive en 5km de zzz-ⁿ"),
        ("", ""),
        ("necesi" + "t" * 100_000 + "o", "necesito"),  # and takes no time
        ("necesi" + "ta" * 50_000 + "o", "necesi" + "ta" * 50_000 + "o"),
    ],
)
def test_unknown_words_are_read_as_those_that_they_may_stand_for(text, read):
    assert KNOWN.respell(text) == read


def test_which_words_are_unknown():
    known = KnownWords(
        ["jardín", "luz", "viuda", "amigo", "chico", "lento", "normal", "rey", "trabajar", "e-mail", "autor", "mal"]
    )

    def unknown(text):
        return [word.text for word in words(text) if known.is_unknown(word)]

    forms = "jardines luces viudo viudas amiguitos chiquita lentísimo normales reyes trabajaban trabjaban autoras e-mails mal-normal"
    assert unknown(f"a {forms}") == []
    assert unknown("a vajilla viudez trabajador-x MAAAAL XIII") == ["vajilla", "viudez", "trabajador-x", "XIII"]
    assert unknown("Kuwe kuwe. Vajilla. Trabjar. Amgo. Luzia") == ["Kuwe", "kuwe", "Vajilla", "Amgo", "Luzia"]


@given(st.sampled_from(sorted(KNOWN.words)))
def test_known_words_stay(word):
    assert KNOWN.respell(word.lower()) == word.lower()
    assert not KNOWN.is_unknown(Word(word.lower(), 3, 9, False))


def test_the_words_of_two_texts(tmp_path):
    both = KNOWN | KnownWords(["faro", "tom", "Kuopio"])
    assert {"faro", "tom"} <= both.common and {"boston", "kuopio"} == both.names
    assert both.respell("faaro") == "faro"


@given(st.sampled_from(sorted(KNOWN.words)), st.integers(0, 10**6))
def test_a_typo_in_a_known_word_leaves_a_known_word_or_what_cannot_be_mended(word, seed):
    typo = with_typo(word.lower(), random.Random(seed))
    read = KNOWN.respell(typo)
    assert read == typo or without_accents(read) in KNOWN.common | KNOWN.names


@given(st.text())
def test_respelling_keeps_all_but_letters(text):
    read = KNOWN.respell(text.lower())
    assert [c for c in read if not c.isalpha()] == [c for c in text.lower() if not c.isalpha()]
    assert KNOWN.respell(read) == read


def test_a_file_that_is_damaged_is_named(tmp_path):
    for content in (None, b"\xff"):
        if content:
            (tmp_path / "words.txt").write_bytes(content)
        with pytest.raises(InputError, match=r"words\.txt: cannot read the known words"):
            KnownWords.load(tmp_path / "words.txt")


def test_a_line_of_very_many_sentences_takes_no_longer_for_each():
    """Looking back to the line's beginning for every word would take minutes."""
    found = list(words("El Sr. Ruiz vive aquí. " * 20_000))
    assert len(found) == 100_000
    assert [word.first for word in found[-5:]] == [True, False, False, False, False]
