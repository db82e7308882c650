"""What the encoder reads of a line, and what becomes of the translation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.known_words import KnownWords
from s2s.data.slots import SLOT, symbols
from s2s.data_config import CleaningConfig
from s2s.translation.search import SearchOptions
from s2s.translation.source import Reader

READER = Reader(CleaningConfig(), KnownWords(["vive", "lee", "aquí", "ya", "Tom"]), symbols(9))


@pytest.mark.parametrize(
    ("line", "read", "translation", "finished"),
    [
        ("Tom vive aquí.", "tom vive aquí.", "Tom lives here.", "Tom lives here."),
        ("“Tom vive aquí.”", "tom vive aquí.", "Tom lives here.", '"Tom lives here."'),
        ("(Tom vive aquí)", "tom vive aquí", "Tom lives here", "(Tom lives here)"),
        ('"Tom" vive "aquí"', '"tom" vive "aquí"', 'X "y"', 'X "y"'),
        ("TOM VIVE AQUÍ.", "tom vive aquí.", "Tom lives here.", "TOM LIVES HERE."),
        ("«¿DÓNDE VIVE TOM?»", "dónde vive tom?", "Where does Tom live?", '"WHERE DOES TOM LIVE?"'),
        ("¡YA! TOM VIVE.", "ya! tom vive.", "Now!", "NOW!"),
        ("Tom vive en Kuopio.", "tom vive en ⟨1⟩.", "Tom lives in ⟨1⟩.", "Tom lives in Kuopio."),
        ("VIVE EN KUOPIO Y LEE X.ORG.", "vive en ⟨1⟩ y lee ⟨2⟩.", "In ⟨1⟩ and ⟨2⟩.", "IN KUOPIO AND X.ORG."),
        ("Vive en ⟨1⟩.", "vive en ⟨1⟩.", "In ⟨1⟩.", "In <1>."),
        ("¿Sí?", "sí?", "Yes?", "Yes?"),
        ("A", "a", "To", "To"),
        ("¿Dónde vive Tom", "dónde vive tom?", "Where does Tom live?", "Where does Tom live?"),
        ("tomvive aqui", "⟨1⟩ aquí", "⟨1⟩ here", "tomvive here"),
        ("Ya!!!! ¿Qué??? Ya?!?!?! ya.......... ya ---- ya", "ya! qué? ya?! ya... ya - ya", "x", "x"),
        # What is around a text stays around its translation.
        ("- ¿Vive Tom aquí?", "vive tom aquí?", "Does Tom live here?", "- Does Tom live here?"),
        ("12) «Lee.»", "lee.", "Read.", '12) "Read."'),
        ("1.- Lee", "lee", "Read", "1.- Read"),
        ("\ufeff1.\t[x]  (a) Lee\u2028\U0001f600\u200b", "lee", "Read", "1. [x] (a) Read 😀"),
        ("# > + Lee", "lee", "Read", "# > + Read"),
        ("—Lee.", "-lee.", "Read.", "Read."),  # speech is no item
        ("3.5 lee", "⟨1⟩ lee", "⟨1⟩ read", "3.5 read"),
        ("Vive aquí 😊👩‍👩‍👧 :)", "vive aquí", "He lives here", "He lives here 😊👩‍👩‍👧 :)"),
        # Emoji within a text are put at its end; signs with a meaning stay.
        ("Tom😊vive 🎂🔥 aquí 😭.", "tom vive aquí.", "Tom lives here.", "Tom lives here. 😊 🎂🔥 😭"),
        ('"Ya ☕ (ya)."', "ya (ya).", "Now.", '"Now. ☕"'),
        ("Lee → Ya™ ☕ aquí", "lee → ya™ aquí", "Read → Now™ here", "Read → Now™ here ☕"),
        ("👍 ya xD ‼️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ya", "now", "👍 now xD ‼️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("1️⃣ Lee" + 100 * "😂", "lee", "Read", "1️⃣ Read" + 100 * "😂"),
        ("Lee (aquí :)", "lee (aquí", "Read (here", "Read (here :)"),
        # Without a letter or digit there is nothing to translate.
        ('""', "", "", '""'),
        ("😊", "", "", "😊"),
        ("- ...? *", "", "", "- ...? *"),
    ],
)
def test_what_is_read_and_what_is_made_of_the_translation(line, read, translation, finished):
    source = READER.source(line)
    assert source.text == read
    assert source.finish(translation) == finished
    if "⟨1⟩" not in line:
        assert source.mask(finished) == (translation.upper() if source.in_capitals else translation)


def test_without_slots_nothing_is_replaced():
    assert Reader(CleaningConfig(), KnownWords([]), []).source("Kuopio ⟨1⟩ 10.000").text == "kuopio ⟨1⟩ 10.000"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=60), st.sampled_from([1, 2]))
def test_any_line_has_one_line_of_translation_without_slots(untrained_translator, line, beam):
    (translations,) = untrained_translator.translate([line], SearchOptions(beam))
    for translation in translations:
        assert "\n" not in translation.text and not SLOT.search(translation.text)
    assert untrained_translator.encode([line]).shape == (1, 2, 2, 48)


def test_numbers_and_names_come_through_whatever_has_been_learnt(untrained_translator):
    lines = ["Tom tiene 14.700 libros.", "Kuopio es de https://x.org/a?b=1.", "A las 9:45 en “Ljubljana”."]
    expected = [["14,700"], ["https://x.org/a?b=1"], ["9:45", "Ljubljana"]]
    for beam in (1, 3):
        for translations, texts in zip(
            untrained_translator.translate(lines, SearchOptions(beam)), expected, strict=True
        ):
            assert all(translation.text.count(text) == 1 for translation in translations for text in texts)
    # From a state, slots stay visible.
    states = untrained_translator.encode(lines)
    assert any(SLOT.search(best[0].text) for best in untrained_translator.decode(states))
