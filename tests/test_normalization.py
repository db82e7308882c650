"""Normalization: typography becomes what a keyboard writes; fractions, exponents and letters stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.normalization import NORMALIZES, normalize
from s2s.data_config import CleaningConfig

ALL = CleaningConfig()


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("unicode", "Mari\u0301a", "María"),
        ("typography", "“Sí”, «no», ‘quizá’, d’accord", '"Sí", "no", \'quizá\', d\'accord'),
        ("typography", "—Hola —dijo–… ﬁn Ｈｏｌａ！", "-Hola -dijo-... fin Hola!"),
        ("control_characters", "El\u200b ga\u00adto\x07", "El gato"),
        ("white_space", "El\u00a0 gato\u2009negro\u202f", "El gato negro"),
        ("opening_marks", "¿Qué? Sí, ¡ñandú!", "Qué? Sí, ñandú!"),
        # The mark at the end is put where it is missing, so that a question stays one.
        ("opening_marks", "Hola. ¿Dónde está Ana", "Hola. Dónde está Ana?"),
        ("opening_marks", "(¡Qué bien)", "(Qué bien!)"),
        ("opening_marks", "¿Sí? ¡No", "Sí? No!"),
        ("opening_marks", "¿Ana, dices. Y tú", "Ana, dices. Y tú"),
        (None, "½ de 10³ m² son cuántos? Ñandú! 5 ª º €", None),
        (None, "¿¡", None),
        (None, "plain", None),
    ],
)
def test_what_is_changed_is_reported_and_can_be_left(rule, before, after):
    changed = []
    assert normalize(before, ALL, changed.append) == (after or before)
    assert changed == [rule] * (rule is not None)
    off = CleaningConfig(**dict.fromkeys(NORMALIZES, False))
    assert normalize(before, off) == before


@given(st.text())
def test_once_is_enough(text):
    once = normalize(text, ALL)
    assert normalize(once, ALL) == once
    assert len(once.splitlines()) <= 1
