"""Slots: what is carried through the state as a symbol, and which words are names that the training text does not have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.known_words import KnownWords, WordCounts
from s2s.data.slots import SLOT, escape, fill, fixed_texts, mask, mask_pair, mask_target, symbols

KNOWN = KnownWords.of(
    WordCounts.of([
        "Tom vive en Boston.", "Ayer Tom vino a Boston.", "¿Qué hace Tom en Boston?", "Mi casa es tu casa.", "No lo hagas.",
        "Quiero hablar con Tom y comer.", "Nadie puede prohibir eso.", "Llegó a las diez.", "Un día Zenobia vino.",
        "Trabajo mucho y tengo hambre.", "¿Cuesta mucho?", "Abre, lee y copia.", "Luego.", "Mide bueno.",
        "Una versión de diez euros pesa otra vez.",
    ])
)  # fmt: skip
NINE = symbols(9)


@pytest.mark.parametrize(
    ("text", "masked", "fillers"),
    [
        ("Tom vive en Kuopio.", "Tom vive en ⟨1⟩.", ["Kuopio"]),
        ("Tamori Kuwe vive en Boston.", "⟨1⟩ vive en Boston.", ["Tamori Kuwe"]),
        ("¿Dónde están Coca-Cola, NASA y McDonald?", "¿Dónde están ⟨1⟩, ⟨2⟩ y ⟨3⟩?", ["Coca-Cola", "NASA", "McDonald"]),
        # At the start of a sentence: forms of known words and typos are left to the model.
        ("Prohibieron comer.", None, []),
        ("Háblale a Tom.", None, []),
        ("Trabjo mucho. ¡Hambree!", None, []),
        ("Totalmente.", None, []),
        ("Ljubljana es mi casa.", "⟨1⟩ es mi casa.", ["Ljubljana"]),
        # A name that occurs once is unknown.
        ("Vive con Zenobia.", "Vive con ⟨1⟩.", ["Zenobia"]),
        # In lower case: what is no form, typo, short form or compound of known words, even as a form with a typo.
        ("vive en kuopio con la tamori kuwe", "vive en ⟨1⟩ con la ⟨2⟩", ["kuopio", "tamori kuwe"]),
        ("tmb trabjo muuuucho y prohibiern comr, casa-casa", None, []),
        ("x", None, []),
        # Where there are more than slots, names and numbers come first.
        ("kuopio ja, kiev je, bonn ji, rom jo, oslo ju, graz ze, lodz zi, zwolle zo, espoo zu, a Tamori 5", "⟨1⟩, ⟨2⟩, ⟨3⟩, ⟨4⟩, ⟨5⟩, ⟨6⟩, ⟨7⟩, zwolle zo, espoo zu, a ⟨8⟩ ⟨9⟩",
         ["kuopio ja", "kiev je", "bonn ji", "rom jo", "oslo ju", "graz ze", "lodz zi", "Tamori", "5"]),
        ("Mi Casa es Tu Casa", None, []),
        ("Cuesta 10.000, 3,5 o 1,500 euros.", "Cuesta ⟨1⟩, ⟨2⟩ o ⟨3⟩ euros.", ["10,000", "3.5", "1,500"]),
        ("El 2020-01-15 a las 9:45.", "El ⟨1⟩ a las ⟨2⟩.", ["2020-01-15", "9:45"]),
        ("La versión 1.2.3 pesa 3.14 y mide 10km.", "La versión ⟨1⟩ pesa ⟨2⟩ y mide ⟨3⟩.", ["1.2.3", "3.14", "10km"]),
        ("Mide 2,5kg o 1.000m, de 10.000-20.000.", "Mide ⟨1⟩ o ⟨2⟩, de ⟨3⟩.", ["2.5kg", "1,000m", "10,000-20,000"]),
        ("De 192.168.100.200 a 0.125 o 0,125.", "De ⟨1⟩ a ⟨2⟩ o ⟨3⟩.", ["192.168.100.200", "0.125", "0.125"]),
        ("Mide COVID-19 y F-16.", "Mide ⟨1⟩ y ⟨2⟩.", ["COVID-19", "F-16"]),
        ("La casa es bueno.es mucho", None, []),
        ("El 1º y la 2ª vez, 3er día. El 1.º y la 2.ª vez.", None, []),
        ("Lee https://x.org/?a=1&b=2.", "Lee ⟨1⟩.", ["https://x.org/?a=1&b=2"]),
        ("De ana.b@x.org a @tom por #casa.", "De ⟨1⟩ a ⟨2⟩ por ⟨3⟩.", ["ana.b@x.org", "@tom", "#casa"]),
        ("Abre /etc/hosts y notas.txt en tatoeba.org ya", "Abre ⟨1⟩ y ⟨2⟩ en ⟨3⟩ ya", ["/etc/hosts", "notas.txt", "tatoeba.org"]),
        ("Copia <archivo> y/o nada.Luego", "Copia ⟨1⟩ y/o nada.Luego", ["<archivo>"]),
        ("1 2 3 4 5 6 7 8 9 10 11", "⟨1⟩ ⟨2⟩ ⟨3⟩ ⟨4⟩ ⟨5⟩ ⟨6⟩ ⟨7⟩ ⟨8⟩ ⟨9⟩ 10 11", list("123456789")),
    ],
)  # fmt: skip
def test_what_becomes_a_slot(text, masked, fillers):
    result = mask(text, KNOWN, NINE)
    assert result.text == (masked or text) and list(result.fillers.values()) == fillers
    assert fill(result.text, result.fillers).translate({ord(mark): None for mark in ".,"}) == text.translate(
        {ord(mark): None for mark in ".,"}
    )


def test_every_word_of_a_line_in_capitals_may_be_no_name():
    assert mask("PROHIBIERON COMER A TAMORI", KNOWN, NINE, in_capitals=True).text == "PROHIBIERON COMER A ⟨1⟩"


@pytest.mark.parametrize(
    ("source", "target", "names_too", "expected"),
    [
        ("A las 9:45 en Kuopio.", "In Kuopio at 9:45.", False, ("A las ⟨1⟩ en ⟨2⟩.", "In ⟨2⟩ at ⟨1⟩.")),
        # What only one side has stays.
        ("Son las 7 en Kiev.", "It is seven in Kyiv.", False, ("Son las 7 en Kiev.", "It is seven in Kyiv.")),
        ("Hay 2 o 2.", "There are 2.", False, ("Hay 2 o 2.", "There are 2.")),
        ("De 2 a 2.", "From 2 to 2.", False, ("De ⟨1⟩ a ⟨2⟩.", "From ⟨1⟩ to ⟨2⟩.")),
        ("Cuesta 10.000.", "It is 10,000.", False, ("Cuesta ⟨1⟩.", "It is ⟨1⟩.")),
        # A number is not a part of another one.
        ("Son 2.", "It is 2.5 or 22.", False, ("Son 2.", "It is 2.5 or 22.")),
        # Known names are slots when that is chosen; common words never are.
        ("Tom vive aquí. No.", "Tom lives here. No.", False, ("Tom vive aquí. No.", "Tom lives here. No.")),
        ("Tom vive aquí. No.", "Tom's here. No.", True, ("⟨1⟩ vive aquí. No.", "⟨1⟩'s here. No.")),
    ],
)
def test_slots_of_a_training_pair_are_what_both_sides_share(source, target, names_too, expected):
    assert mask_pair(source, target, KNOWN, lambda: (names_too, NINE)) == expected


def test_slots_of_others_are_removed_and_typed_ones_are_text():
    assert fill("⟨1⟩ and ⟨2⟩", {"⟨1⟩": "A"}) == "A and "
    assert fill("see ⟨1⟩", {"⟨1⟩": "x.org"}, str.upper) == "SEE x.org"
    assert escape("⟨1⟩ y ⟨") == "<1> y <"
    assert mask_target("It is 5 or 55.", {"⟨1⟩": "5", "⟨2⟩": "9"}) == "It is ⟨1⟩ or 55."
    assert mask_target("At 9:30, 30 came.", {"⟨1⟩": "30", "⟨2⟩": "9:30"}) == "At ⟨2⟩, ⟨1⟩ came."
    assert fixed_texts("De 1.000 a x.org") == ["1,000", "x.org"]


@given(st.text())
def test_any_text_can_be_masked_and_filled(text):
    masked = mask(escape(text), KNOWN, NINE)
    assert len(masked.fillers) == len(SLOT.findall(masked.text)) <= 9
    assert not SLOT.search(fill(masked.text, masked.fillers))
