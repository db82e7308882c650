"""Perturbations of a sentence, as people write it."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.perturbation import PERTURBATIONS, with_typo, without_quotes

TEXT = "¿Dónde está Ana, señor Ibáñez? ¡Aquí no!"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lower_case", "¿dónde está ana, señor ibáñez? ¡aquí no!"),
        ("capitals", "¿DÓNDE ESTÁ ANA, SEÑOR IBÁÑEZ? ¡AQUÍ NO!"),
        ("no_accents", "¿Donde esta Ana, señor Ibañez? ¡Aqui no!"),
        ("no_opening_marks", "Dónde está Ana, señor Ibáñez? Aquí no!"),
        ("no_final_mark", "¿Dónde está Ana, señor Ibáñez? ¡Aquí no"),
        ("phone", "donde esta ana, señor ibañez? aqui no"),
        ("quotes", "“¿Dónde está Ana, señor Ibáñez? ¡Aquí no!”"),
    ],
)
def test_each_does_what_its_name_says(name, expected):
    assert PERTURBATIONS[name](TEXT, Random(1)) == expected


def test_quotation_marks_around_a_text_are_removed():
    assert without_quotes("“Hola.”") == without_quotes('"Hola."') == "Hola."


@given(st.text(alphabet="abcdeñ ,.", max_size=40), st.integers(0, 1000))
def test_a_typo_is_one_letter_of_a_long_word(text, seed):
    typo = with_typo(text, Random(seed))
    if typo == text:
        # No long word, or two equal letters that changed places.
        long = [word for word in text.replace(",", " ").replace(".", " ").split() if len(word) >= 5]
        assert not long or any(a == b for word in long for a, b in pairwise(word))
    else:
        assert abs(len(typo) - len(text)) <= 1
        before, after = (part.replace(",", " ").replace(".", " ").split() for part in (text, typo))
        different = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
        assert len(different) == 1 and len(different[0][0]) >= 5 and different[0][0][0] == different[0][1][0]
