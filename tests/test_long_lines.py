"""Long lines: cut at sentence ends, marks and connectives, and put together again as they were taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.translation.long_lines import Part, join_translations, split_line


@given(st.text(alphabet="ab y,.;¿", max_size=60), st.integers(1, 12), st.integers(0, 12))
def test_parts_fit_and_lose_nothing(text, longest, more):
    parts = split_line(text, len, longest, longest + more)
    assert all(len(part.text) <= longest + more for part in parts)
    assert "".join(part.text for part in parts).replace(" ", "") == text.replace(" ", "")
    assert not parts or parts[-1].ends_sentence


def test_the_full_stop_of_an_abbreviation_ends_no_sentence():
    text = "Vi al Sr. García y a la Dra. Paz. Luego llegó Ud. a casa."
    parts = split_line(text, len, 39, 99)
    assert [part.text for part in parts] == ["Vi al Sr. García y a la Dra. Paz.", "Luego llegó Ud. a casa."]


def test_parts_are_sentences_then_clauses():
    def parts(text, longest, at_most=99):
        return [part.text for part in split_line(text, lambda part: len(part.split()), longest, at_most)]

    text = "Vino Ana, que es alta, y se fue. ¿Quién? «Nadie.» Y así, sin más, acabó todo."
    assert parts(text, 7) == [
        "Vino Ana, que es alta,",
        "y se fue.",
        "¿Quién?",
        "«Nadie.»",
        "Y así, sin más, acabó todo.",
    ]
    assert parts("Dijo que vendría cuando pudiera", 3) == ["Dijo que vendría", "cuando pudiera"]
    # Two parts are enough; of the ways to cut them, the most even one.
    assert parts("Uno dos, tres cuatro, cinco seis, siete ocho", 6) == [
        "Uno dos, tres cuatro,",
        "cinco seis, siete ocho",
    ]
    assert parts("Uno, dos tres, cuatro cinco seis siete", 5) == ["Uno, dos tres,", "cuatro cinco seis siete"]
    # Without a mark or a connective, a part stays whole up to the length of the training sentences.
    assert parts("uno dos tres cuatro cinco", 2) == ["uno dos tres cuatro cinco"]
    assert parts("uno dos tres cuatro cinco", 2, 2) == ["uno dos", "tres cuatro", "cinco"]
    assert [part.text for part in split_line("abcdefg", len, 2, 2)] == ["a", "bc", "de", "fg"]


@pytest.mark.parametrize(
    ("parts", "translations", "joined"),
    [
        # A part within a sentence loses the mark that the model adds, and gets that of its Spanish.
        (["Si vienes,", "te lo digo."], ["If you come.", "I'll tell you."], "If you come, I'll tell you."),
        (["Dijo", "que no."], ["He said.", "No."], "He said no."),
        (["Vino", "y se fue."], ["She came.", "And she left."], "She came and she left."),
        (["Vino", "cuando Tom se fue."], ["He came", "Tom left."], "He came Tom left."),
        (["Llegó", "el lunes."], ["He came.", "Monday."], "He came Monday."),
        (["Vino", "la ONU."], ["He came.", "UNO left."], "He came UNO left."),
        (["Vino", "el gato de Tom."], ["He came.", "Tom's cat."], "He came Tom's cat."),
        (["Ana", "(que es alta)", "vino."], ["Ana.", "(Who is tall.)", "Came."], "Ana (who is tall) came."),
        (["Cuesta el 5%", "porque sí."], ["It costs 5%.", "Because."], "It costs 5% because."),
        (["Uno;", "dos."], ["One,", "Two."], "One; two."),
        # Sentences keep theirs.
        (["Ven.", "¿Quién?"], ["Come!", "Who?"], "Come! Who?"),
        (["Vino,", "Ana no."], ["He came.", "Ana didn't."], "He came, Ana didn't."),
        (["Vino", "y"], ["He came.", ""], "He came"),
    ],
)
def test_translations_are_joined_as_the_line_was_cut(parts, translations, joined):
    ends = [part[-1] in ".?" for part in parts]
    assert join_translations(list(map(Part, parts, ends)), translations, lambda word: word == "Tom") == joined
