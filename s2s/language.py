"""Which of the two languages a sentence is in: a light guess by frequent short words and Spanish letters."""

from collections.abc import Iterable

_SPANISH = """
el la los las un una unos unas de del al y que en es por con para su sus lo se le les mi mis tu tus muy más pero
como cuando donde qué cómo cuándo dónde quién está están estaba era fue ser hay este esta esto eso ese esa nos
ella ellos usted ustedes yo él sí también porque todo todos nada sobre desde hasta si ya
"""

_ENGLISH = """
the of and to in is it that was for on are with his her they this have from had not but what were there been
which their you your will would could should if she my him do does did don't doesn't didn't isn't it's i'm i who
when how about into then them these those some any because our we be by at as an or than up out
"""

SPANISH, ENGLISH = frozenset(_SPANISH.split()), frozenset(_ENGLISH.split())
"""Frequent words of the one language that the other does not have."""

_LETTERS = frozenset("ñ¿¡áéíóú")

_PUNCTUATION = ".,;:!?¿¡\"'()«»“”…-—"


def evidence(sentence: str) -> int:
    """Signs that a sentence is Spanish minus signs that it is English; 0 where there are none, or as many of each."""
    lower = sentence.lower()
    words = [word.strip(_PUNCTUATION) for word in lower.split()]
    found = sum([(word in SPANISH) - (word in ENGLISH) for word in words])
    return found + (not _LETTERS.isdisjoint(lower))


def balance(sentences: Iterable[str]) -> int:
    """The evidence of many sentences, each counted as Spanish (1), English (-1) or undecided (0)."""
    return sum((found > 0) - (found < 0) for found in map(evidence, sentences))
