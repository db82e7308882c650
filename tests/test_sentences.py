"""Where the sentences of a line end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.translation.sentences import is_one_sentence, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("hola. como estas? bien", ["hola.", "como estas?", "bien"]),
        ("¡Hola!😂 Qué tal? 😀 👍 Bien (creo). 3 cosas", ["¡Hola!😂", "Qué tal? 😀 👍", "Bien (creo).", "3 cosas"]),
        ('"¿Quién es?" preguntó Ana. "Yo." Y entró.', ['"¿Quién es?" preguntó Ana.', '"Yo."', "Y entró."]),
        ("Abre «Guardar…» y sal. No sé... tal vez. No sé… Tal vez.", ["Abre «Guardar…» y sal.", "No sé... tal vez.", "No sé…", "Tal vez."]),
        ("Vi a J. R. Ruiz en la Avda. Mayor núm. 3. Luego, nada", ["Vi a J. R. Ruiz en la Avda. Mayor núm. 3.", "Luego, nada"]),
        ("Compré pan, etc. y me fui de EE. UU. en tren, etc. Mr. Paz no", ["Compré pan, etc. y me fui de EE. UU. en tren, etc.", "Mr. Paz no"]),
        ("Llegó a las 5 p. m. Luego, 3 kg. de pan", ["Llegó a las 5 p. m.", "Luego, 3 kg. de pan"]),
        ('Dijo: "Hola. ¿Qué tal?" y se fue. Un " solo. Sí', ['Dijo: "Hola. ¿Qué tal?" y se fue.', 'Un " solo.', "Sí"]),
        ('"Ya. Sí." "No."', ['"Ya. Sí."', '"No."']),
    ],
)  # fmt: skip
def test_where_a_sentence_ends(text, sentences):
    assert split_sentences(text, lambda part: True) == sentences
    assert not is_one_sentence(text) and all(map(is_one_sentence, sentences))


def test_what_is_in_quotation_marks_is_cut_if_it_is_too_long():
    assert split_sentences('Dijo: "Hola. Soy yo." y entró', lambda part: len(part) < 20) == [
        'Dijo: "Hola.',
        'Soy yo." y entró',
    ]


@given(st.text(alphabet='aB. "?😀', max_size=40), st.integers(0, 40))
def test_nothing_but_white_space_is_lost(text, longest):
    sentences = split_sentences(text, lambda part: len(part) <= longest)
    assert "".join(sentences).replace(" ", "") == text.replace(" ", "") and all(sentences)
