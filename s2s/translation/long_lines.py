"""Splitting lines that are longer than the training sentences: at sentence ends, then at clauses, then at spaces."""

import re
from collections.abc import Callable

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'»”’)\]]*\s+")
_CLAUSE_END = re.compile(r"(?<=[,;:—–])\s+|\s+(?=[—–(¿¡])")
_SPACE = re.compile(r"\s+")


def split_line(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` in parts that fit, in order; only white space between parts is lost.

    Sentences stay apart.  The clauses of a sentence that is too long are joined again as far as they fit.

    Args:
        text: the line.
        fits: whether a part is short enough; a part of one character is taken to be.
    """
    if fits(text):
        return [text]
    parts = []
    for sentence in _split_after(_SENTENCE_END, text):
        parts += _split_to_fit(sentence, fits, (_CLAUSE_END, _SPACE))
    return parts


def _split_to_fit(text: str, fits: Callable[[str], bool], separators: tuple[re.Pattern[str], ...]) -> list[str]:
    """`text` in as few parts as fit, split at the first separator that it has; with none left, anywhere."""
    if fits(text) or len(text) == 1:
        return [text]
    if not separators:
        middle = len(text) // 2
        return _split_to_fit(text[:middle], fits, ()) + _split_to_fit(text[middle:], fits, ())
    parts: list[str] = []
    for part in _split_after(separators[0], text):
        if parts and fits(joined := f"{parts[-1]} {part}"):
            parts[-1] = joined
        else:
            parts += _split_to_fit(part, fits, separators[1:])
    return parts


def _split_after(separator: re.Pattern[str], text: str) -> list[str]:
    """The parts of `text` between matches of `separator`; what a match holds before its white space stays with the part."""
    parts, start = [], 0
    for match in separator.finditer(text):
        stop = match.end()
        parts.append(text[start:stop].strip())
        start = stop
    return [part for part in [*parts, text[start:].strip()] if part]
