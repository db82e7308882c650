"""Perturbations: a Spanish sentence as people write it, unlike the careful sentences of most corpora.

`augmentation.py` makes training pairs with them; `s2s evaluate --perturb` scores a run on them.
"""

import re
import unicodedata
from collections.abc import Callable
from random import Random

_ACCENTS = {
    code: base
    for code in range(0xC0, 0x250)
    if (base := unicodedata.normalize("NFD", chr(code))[0]) != chr(code) and chr(code) not in "ñÑ"
}
_OPENING_MARKS = {ord("¿"): None, ord("¡"): None}
_FINAL_MARK = re.compile(r"[.!?…]+\s*$")
_LONG_WORD = re.compile(r"[^\W\d_]{5,}")
_MARKS = (('"', '"'), ('"', '"'), ("'", "'"), ("(", ")"), ("[", "]"))


def without_accents(text: str) -> str:
    """Without accents; ñ stays, which keyboards have."""
    return text.translate(_ACCENTS)


def without_opening_marks(text: str) -> str:
    """Without ¿ and ¡; a text of nothing else stays."""
    without = text.translate(_OPENING_MARKS)
    return without if without.strip() else text


def without_final_mark(text: str) -> str:
    """Without the marks at the end."""
    return _FINAL_MARK.sub("", text)


def as_on_a_phone(text: str) -> str:
    """Lower case, no accents, no ¿¡, no final mark."""
    return without_accents(without_opening_marks(without_final_mark(text))).lower()


def with_typo(text: str, random: Random) -> str:
    """One letter of one word of five letters or more is missing, doubled, or changes places with the next one.

    A text without such a word stays as it is.
    """
    words = list(_LONG_WORD.finditer(text))
    if not words:
        return text
    word = random.choice(words)
    # Not the first letter, which people seldom mistype.
    place, kind = random.randrange(word.start() + 1, word.end() - 1), random.randrange(3)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place] + text[place:]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def in_marks(source: str, target: str, random: Random) -> tuple[str, str]:
    """Both sides in the same quotation marks or brackets."""
    opening, closing = random.choice(_MARKS)
    return f"{opening}{source}{closing}", f"{opening}{target}{closing}"


def in_typographic_quotes(text: str) -> str:
    """In “ ”."""
    return f"“{text}”"


def without_quotes(text: str) -> str:
    """Without the quotation marks around the text."""
    return text.strip("\"'“”").strip()


PERTURBATIONS: dict[str, Callable[[str, Random], str]] = {
    "lower_case": lambda text, random: text.lower(),
    "capitals": lambda text, random: text.upper(),
    "no_accents": lambda text, random: without_accents(text),
    "no_opening_marks": lambda text, random: without_opening_marks(text),
    "no_final_mark": lambda text, random: without_final_mark(text),
    "phone": lambda text, random: as_on_a_phone(text),
    "typo": with_typo,
    "quotes": lambda text, random: in_typographic_quotes(text),
}
"""Perturbations of a Spanish sentence by name."""
