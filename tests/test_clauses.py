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
        ("No dijo nada", "sobre lo que pasó"),
        ("Estoy seguro", "de que viene"),
        ("No sé", "qué hacer", "ni por qué vino"),
        ("No habla", "porque no tiene tiempo"),
        ("No lo tengo", "porque lo vendí"),
        ("La tienda", "que te gusta"),
        # These connectives belong to the word before them, or to none.
        ("Tengo que irme",),
        ("Es más alto que yo",),
        ("Es más de lo que crees",),
        ("Es tan alta como Ana",),
        ("Y si no viene",),
        ("Desde que llegó",),
        ("Cumple treinta y seis años",),
        ("Son las dos y media",),
        ("De vez en cuando viene",),
    ],
)
def test_a_sentence_is_cut_before_connectives(clauses):
    assert split_at_connectives(" ".join(clauses)) == list(clauses)


def test_a_sentence_is_cut_at_dashes():
    assert split_at_marks("El hombre -dijo Ana- vino - y se fue") == ["El hombre", "-dijo Ana-", "vino", "- y se fue"]


@pytest.mark.parametrize(
    ("source", "target", "clauses"),
    [
        ("Ana vino porque quiso.", "Ana came because she wanted to.",
         [("Ana vino", "Ana came."), ("porque quiso.", "Because she wanted to.")]),
        ("Si vienes, te ayudo.", "If you come, I'll help.", [("Si vienes,", "If you come,"), ("te ayudo.", "I'll help.")]),
        ("Puedes ir, si quieres.", "You can go if you want.", [("Puedes ir,", "You can go."), ("si quieres.", "If you want.")]),
        ("Sabes lo que dice?", "Do you know what he says?", [("lo que dice?", "What he says?")]),
        ("No vino aunque quiso.", "He did not come even though he wanted to.",
         [("No vino", "He did not come."), ("aunque quiso.", "Even though he wanted to.")]),
        ("No sé en lo que piensa.", "I don't know about what he thinks.",
         [("No sé", "I don't know."), ("en lo que piensa.", "About what he thinks.")]),
        # One word.
        ("Tom, ven a casa.", "Come home, Tom.", []),
        ("Creo que sé algo sobre eso.", "I think I know something about that.", []),
        # The English side has no such word, two of them, or another mark.
        ("Sé que Ana vino.", "I know Ana came.", []),
        ("Ana y Luis comen pan.", "Ana and Luis eat and drink.", []),
        ("Oye Ana, ven ya.", "Listen Ana: come now.", []),
        ("Ana vino.", "Ana came.", []),
        # Several sentences, quotation marks.
        ("Ven ya. Dijo que sí vino.", "Come now. He said that he did come.", []),
        ('Dijo "sé que Ana vino".', 'He said "I know that Ana came".', []),
    ],
)  # fmt: skip
def test_clauses_of_pairs_begin_where_both_sides_have_a_mark_or_a_connective(source, target, clauses):
    assert clause_pairs(source, target) == clauses
