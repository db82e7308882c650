"""Lines of several sentences, and long ones: a state holds one short sentence, so they are translated in parts, which are joined again.

A line is cut at sentence ends; a long sentence at marks and, where there is too much between marks, before connectives; a
part that is longer than any training sentence at spaces too.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from s2s.data.clauses import split_at_connectives, split_at_marks
from s2s.translation.sentences import split_sentences

_FINAL_MARKS = re.compile(r"[.!?,;:…]+")
_OPENING_MARKS = "([\"'-"
_CAPITAL = re.compile(
    r"I\b|[A-Z]\w*[A-Z]|[A-Z][a-z]+day\b|(?:January|February|March|April|June|July|August|September|October|November|December)\b"
)


class Part(NamedTuple):
    """A part of a line."""

    text: str
    ends_sentence: bool
    """Whether a sentence ends with it."""


def split_line(text: str, length: Callable[[str], int], longest: int, longest_in_training: int) -> list[Part]:
    """`text` in parts, in order; only white space between parts is lost.

    Sentences stay apart.  A sentence that is too long is cut in as few parts as fit, as even as possible.

    Args:
        text: the line.
        length: gives the length of a part.
        longest: length that a part is to have at most, where there is a mark or a connective to cut at.
        longest_in_training: length that a part must have at most; one of one character is taken to have it.
    """
    parts = []
    for sentence in split_sentences(text, lambda part: length(part) <= longest):
        texts = [
            piece
            for clause in _split_evenly(sentence, length, longest)
            for piece in _split_anywhere(clause, lambda part: length(part) <= longest_in_training)
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
        words = text.lstrip(_OPENING_MARKS)
        keeps = _CAPITAL.match(words) or is_name(words.split(" ")[0].removesuffix("'s"))
        if within and part.text.lstrip(_OPENING_MARKS)[:1].islower() and not keeps:
            text = f"{text[: len(text) - len(words)]}{words[:1].lower()}{words[1:]}"
        if not part.ends_sentence:
            text = _with_final_mark(text, part.text[-1] if part.text[-1] in ",;:" else "")
        within = not part.ends_sentence
        joined.append(text)
    return " ".join(text for text in joined if text)


def _with_final_mark(text: str, mark: str) -> str:
    """`text` with this mark instead of the final marks after its last word, before what else is there: quotation marks, emoji."""
    end = len(text)
    while end and not text[end - 1].isalnum():
        end -= 1
    rest, replaced = _FINAL_MARKS.subn(mark, text[end:], count=1)
    return text[:end] + (rest if replaced else mark + rest)


def _split_evenly(sentence: str, length: Callable[[str], int], longest: int) -> list[str]:
    """A sentence in the fewest parts that fit; of these cuts, that with the least sum of the lengths' squares.

    The places to cut are marks, and connectives where there is more than `longest` between marks.
    """
    if length(sentence) <= longest:
        return [sentence]
    clauses = [
        clause
        for part in split_at_marks(sentence)
        for clause in ([part] if length(part) <= longest else split_at_connectives(part))
    ]
    lengths = [length(clause) for clause in clauses]
    # By clause: the number of parts up to it, the sum of the squares, and where the last of these parts begins.
    best = [(0, 0, 0)]
    for stop in range(1, len(clauses) + 1):
        ways: list[tuple[int, int, int]] = []
        total = 0
        for start in range(stop - 1, -1, -1):
            total += lengths[start]
            if ways and total > longest:
                break
            ways.append((best[start][0] + 1, best[start][1] + total**2, start))
        best.append(min(ways))
    parts, stop = [], len(clauses)
    while stop:
        start = best[stop][2]
        parts.append(" ".join(clauses[start:stop]))
        stop = start
    return parts[::-1]


def _split_anywhere(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` in parts that fit, split at spaces, and within words that do not."""
    if fits(text):
        return [text]
    parts: list[str] = []
    for word in text.split():
        if parts and fits(joined := f"{parts[-1]} {word}"):
            parts[-1] = joined
        else:
            parts += _split_word(word, fits)
    return parts


def _split_word(word: str, fits: Callable[[str], bool]) -> list[str]:
    """A word in parts that fit."""
    middle = len(word) // 2
    if fits(word) or not middle:
        return [word]
    return _split_word(word[:middle], fits) + _split_word(word[middle:], fits)
