"""Lines longer than any sentence the network learnt from, cut into pieces that are not: at sentence ends, then at clauses."""

import re
from collections.abc import Callable

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'»”’)\]]*\s+")
_CLAUSE_END = re.compile(r"(?<=[,;:—–])\s+|\s+(?=[—–(¿¡])")
_SPACE = re.compile(r"\s+")


def cut(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` in pieces that fit, in order; nothing but white space between them is lost.

    fits: whether a piece is short enough; pieces of one character are taken to be.  Sentences stay apart; the parts of one
    that is too long are put together again as far as they fit.
    """
    if fits(text):
        return [text]
    pieces = []
    for sentence in _split(_SENTENCE_END, text):
        pieces += _fitting(sentence, fits, (_CLAUSE_END, _SPACE))
    return pieces


def _fitting(text: str, fits: Callable[[str], bool], places: tuple[re.Pattern[str], ...]) -> list[str]:
    """`text` in as few pieces as fit, cut at the first of these places that it has, or anywhere when there are none left."""
    if fits(text) or len(text) == 1:
        return [text]
    if not places:
        middle = len(text) // 2
        return _fitting(text[:middle], fits, ()) + _fitting(text[middle:], fits, ())
    pieces: list[str] = []
    for part in _split(places[0], text):
        if pieces and fits(longer := f"{pieces[-1]} {part}"):
            pieces[-1] = longer
        else:
            pieces += _fitting(part, fits, places[1:])
    return pieces


def _split(places: re.Pattern[str], text: str) -> list[str]:
    """The parts of `text` between the matches' white space; what a match holds before that stays with the part."""
    parts, start = [], 0
    for match in places.finditer(text):
        stop = match.end()
        parts.append(text[start:stop].strip())
        start = stop
    return [part for part in [*parts, text[start:].strip()] if part]
