"""Lines of several sentences, and long ones: a state holds one short sentence, so they are translated in parts, which are joined again.

A line is cut at sentence ends; a long sentence at the marks within it, then before conjunctions; a part that is longer than
any training sentence at spaces too.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from s2s.translation.sentences import split_sentences

_MARK = re.compile(r"(?<=[,;:)—–])\s+|(?<!\s)\s+(?=[—–(¿¡])")
_CONJUNCTION = re.compile(
    r"(?<!\s)\s+(?=(?:aunque|como|cuando|donde|e|hasta que|mientras|ni|o|para|pero|porque|pues|que|si|sin|sino|u|y)\s)"
)
_SPACE = re.compile(r"\s+")
_FINAL_MARKS = ".!?,;:…"
_CAPITAL = re.compile(
    r"I\b|[A-Z]\w*[A-Z]|[A-Z][a-z]+day\b|(?:January|February|March|April|June|July|August|September|October|November|December)\b"
)


class Part(NamedTuple):
    """A part of a line."""

    text: str
    ends_sentence: bool
    """Whether a sentence ends with it."""


def split_line(text: str, fits: Callable[[str], bool], fits_training: Callable[[str], bool]) -> list[Part]:
    """`text` in parts, in order; only white space between parts is lost.

    Sentences stay apart.  The clauses of a sentence that is too long are joined again as far as they fit.

    Args:
        text: the line.
        fits: whether a part is as short as it is to be, where there is a mark or a conjunction to cut at.
        fits_training: whether a part is as short as it must be; a part of one character is taken to be.
    """
    parts = []
    for sentence in split_sentences(text, fits):
        texts = [
            piece
            for clause in _split_to_fit(sentence, fits, (_MARK, _CONJUNCTION))
            for piece in _split_anywhere(clause, fits_training, (_SPACE,))
        ]
        parts += [Part(piece, number == len(texts)) for number, piece in enumerate(texts, 1)]
    return parts


def join_translations(parts: list[Part], translations: list[str], is_name: Callable[[str], bool]) -> str:
    """The translation of a line from those of its parts.

    A part within a sentence ends as its Spanish text does, and the next one begins in lower case.

    Args:
        parts: the parts.
        translations: their translations.
        is_name: whether an English word is a name, which keeps its capital.
    """
    joined, within = [], False
    for part, text in zip(parts, translations, strict=True):
        keeps = _CAPITAL.match(text) or is_name(text.split(" ")[0].removesuffix("'s"))
        if within and part.text[:1].islower() and not keeps:
            text = text[:1].lower() + text[1:]
        if not part.ends_sentence:
            text = _with_final_mark(text, part.text[-1] if part.text[-1] in ",;:" else "")
        within = not part.ends_sentence
        joined.append(text)
    return " ".join(text for text in joined if text)


def _with_final_mark(text: str, mark: str) -> str:
    """`text` with this mark instead of the marks at its end, before quotation marks and brackets that close."""
    end = len(text)
    while end and not text[end - 1].isalnum():
        end -= 1
    return text[:end] + mark + text[end:].lstrip(_FINAL_MARKS)


def _split_to_fit(text: str, fits: Callable[[str], bool], separators: tuple[re.Pattern[str], ...]) -> list[str]:
    """`text` in as few parts as fit, split at the first separator that it has, then at the next ones."""
    if fits(text) or not separators:
        return [text]
    parts: list[str] = []
    for part in _split_after(separators[0], text):
        if parts and fits(joined := f"{parts[-1]} {part}"):
            parts[-1] = joined
        else:
            parts += _split_to_fit(part, fits, separators[1:])
    return parts


def _split_anywhere(text: str, fits: Callable[[str], bool], separators: tuple[re.Pattern[str], ...]) -> list[str]:
    """`text` in parts that fit, split at separators, and within words where there are none."""
    parts = []
    for part in _split_to_fit(text, fits, separators):
        if fits(part) or len(part) == 1:
            parts.append(part)
        else:
            middle = len(part) // 2
            parts += _split_anywhere(part[:middle], fits, ()) + _split_anywhere(part[middle:], fits, ())
    return parts


def _split_after(separator: re.Pattern[str], text: str) -> list[str]:
    """The parts of `text` between matches of `separator`; what a match holds before its white space stays with the part."""
    parts, start = [], 0
    for match in separator.finditer(text):
        stop = match.end()
        parts.append(text[start:stop].strip())
        start = stop
    return [part for part in [*parts, text[start:].strip()] if part]
