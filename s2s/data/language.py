"""Guesses which of the two languages a sentence is in, by frequent words and Spanish letters."""

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
"""Frequent words of one language that the other one does not have."""

_ABBREVIATIONS = """
sr sra srta sres sras dr dra dres d dña ud uds vd vds prof profa lic ing arq gral cnel tte sto sta av avda cd
mr mrs ms st jr pág págs núm núms aprox ej cía dpto ee
"""

ABBREVIATIONS = tuple(_ABBREVIATIONS.split())
"""Spanish abbreviations before names and numbers; their full stop ends no sentence."""

_WITHIN = """
etc uu tel art arts cap vol fig ed izq dcha kg cm mm km min máx mín apdo ptas vdes nº
"""

ABBREVIATIONS_WITHIN = frozenset(_WITHIN.split())
"""Others; their full stop ends a sentence where neither a small letter nor a digit follows."""

SHORT_FORMS = {
    "q": "que", "k": "que", "xq": "porque", "pq": "porque", "porq": "porque", "tb": "también", "tbn": "también", "tmb": "también",
    "tmbn": "también", "bn": "bien", "dnd": "donde", "cdo": "cuando", "xfa": "por favor", "xfavor": "por favor",
    "grax": "gracias", "msj": "mensaje", "tqm": "te quiero mucho", "tkm": "te quiero mucho", "info": "información",
}  # fmt: skip
"""What short forms of Spanish messages stand for."""

_LETTERS = frozenset("ñ¿¡áéíóú")

_PUNCTUATION = ".,;:!?¿¡\"'()«»“”…-—"


def language_score(sentence: str) -> int:
    """Language score of a sentence: evidence for Spanish minus evidence for English; 0 if undecided."""
    lower = sentence.lower()
    words = [word.strip(_PUNCTUATION) for word in lower.split()]
    score = sum([(word in SPANISH) - (word in ENGLISH) for word in words])
    return score + (not _LETTERS.isdisjoint(lower))


def language_votes(sentences: Iterable[str]) -> int:
    """Votes of sentences for Spanish minus votes for English; each votes by the sign of its language score."""
    return sum((score > 0) - (score < 0) for score in map(language_score, sentences))
