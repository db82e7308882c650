"""Clauses: where sentences are cut, and which clauses of a training pair belong together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.clauses import clause_pairs, split_at_connectives, split_at_marks

WORDS = ["Ana", "a", "la", "que", "y", ",", "más", "(no)", "—", "tengo", "para", "si", ";", "¿dónde?"]


@given(st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_only_white_space_is_lost(text):
    for split in (split_at_marks, split_at_connectives):
        assert " ".join(split(text)) == text


@pytest.mark.parametrize(
    "clauses",
    [
        ("Vino", "porque quiso"),
        ("Es el mes", "en el que nació"),
        ("La mujer", "con quien habla"),
        ("Se fue", "despues de que llamaras"),
        ("No sé", "lo que dice", "para ayudarte"),
        ("Estoy seguro", "de que viene"),
        # These connectives belong to the word before them.
        ("Tengo que irme",),
        ("Es más alto que yo",),
        ("Es tan alta como Ana",),
        ("Y si no viene",),
    ],
)
def test_a_sentence_is_cut_before_connectives(clauses):
    assert split_at_connectives(" ".join(clauses)) == list(clauses)


@pytest.mark.parametrize(
    ("source", "target", "clauses"),
    [
        ("Vino porque quiso.", "He came because he wanted to.", [("porque quiso.", "Because he wanted to.")]),
        ("Si vienes, te ayudo.", "If you come, I'll help.", [("Si vienes,", "If you come,"), ("te ayudo.", "I'll help.")]),
        ("Sé que Ana vino.", "I know that Ana came.", [("que Ana vino.", "That Ana came.")]),
        ("No vino aunque quiso.", "He did not come even though he wanted to.",
         [("No vino", "He did not come."), ("aunque quiso.", "Even though he wanted to.")]),
        # The English side has no such word, two of them, or another mark.
        ("Sé que Ana vino.", "I know Ana came.", []),
        ("Ana y Luis comen.", "Ana and Luis eat and drink.", []),
        ("Ana, ven ya.", "Ana: come now.", []),
        ("Vino.", "He came.", []),
    ],
)  # fmt: skip
def test_clauses_of_pairs_begin_where_both_sides_have_a_mark_or_a_connective(source, target, clauses):
    assert clause_pairs(source, target) == clauses
