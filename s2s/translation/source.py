"""What the encoder reads of a line, and what becomes of the translation: spelling, marks around it, capitals, slots."""

import re
from typing import NamedTuple

from s2s.data.known_words import KnownWords, words
from s2s.data.normalization import normalize
from s2s.data.slots import escape, fill, mask, mask_target
from s2s.data_config import CleaningConfig

_AROUND = (('"', '"'), ("'", "'"), ("(", ")"), ("[", "]"))
# Pictures, with their variants, colours and joints, and arrows.
_EMOJI = "[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3\U0001f000-\U0001faff]"
_EMOTICON = r"(?:[:;=][-']?[()DPp3/|*]|<3|\^_?\^|x?[xX]D)"
_AFTER = re.compile(rf"(?:\s?{_EMOJI}|\s{_EMOTICON}(?!\S)){{1,50}}$")  # few, so that no line takes long
_BEFORE = re.compile(rf"(?:{_EMOJI}+\s?|(?:[-*•·–—]|\d{{1,3}}[.)]|[a-z]\))\s+)+")
_WORD = re.compile(r"[^\W_]")
_REPEATED_MARK = re.compile(r"([!?])\1+")


class Line(NamedTuple):
    """A normalized line, and what is around it and put around its translation: a list's mark, quotation marks, emoji."""

    text: str
    opening: str
    closing: str

    def with_marks(self, translation: str) -> str:
        """A translation with the marks of the line."""
        return f"{self.opening}{translation}{self.closing}"

    def without_marks(self, translation: str) -> str:
        """A given translation without the marks of the line."""
        return translation.removeprefix(self.opening).removesuffix(self.closing)


class Source(NamedTuple):
    """A text as the encoder reads it."""

    text: str
    """With slots, and in lower case, so that it is read the same however it is typed."""
    fillers: dict[str, str]
    """What each slot stands for."""
    in_capitals: bool
    """Whether the text was in capitals, so that its translation is too."""

    def finish(self, translation: str) -> str:
        """The translation as the user gets it: slots filled, in capitals if the text was."""
        return fill(translation, self.fillers, str.upper if self.in_capitals else str)

    def mask(self, translation: str) -> str:
        """A given translation with slots, for forced decoding."""
        return mask_target(escape(translation), self.fillers)


class Reader:
    """Makes sources of lines, by what a run knows of its training text."""

    def __init__(self, cleaning: CleaningConfig, known: KnownWords, slots: list[str]):
        """A reader.

        Args:
            cleaning: which rules of normalization apply.
            known: the words of the training text.
            slots: the slots that the subword models have; none switches them off.
        """
        self._cleaning, self._known, self._slots = cleaning, known, slots

    def normalize(self, text: str) -> str:
        """A text in the spelling of the training text."""
        return normalize(text, self._cleaning)

    def line(self, text: str) -> Line:
        """A line in the spelling of the training text, without what is around it."""
        before, text, after = _take_apart(text.strip())
        text = self.normalize(text)
        if not _WORD.search(text):
            return Line("", before + text, after)  # there is nothing to translate
        for opening, closing in _AROUND:
            if len(text) > 2 and text[0] == opening and text[-1] == closing:
                inner = text[1:-1]
                if inner.strip() and opening not in inner and closing not in inner:
                    return Line(inner, before + opening, closing + after)
        return Line(text, before, after)

    def source(self, text: str, line: Source | None = None) -> Source:
        """What the encoder reads of the text of a line, or of a part of it.

        Args:
            text: the text.
            line: of a part, what would be read of the whole line, which decides whether it counts as in capitals.
        """
        in_capitals = line.in_capitals if line else _in_capitals(text)
        fillers: dict[str, str] = {}
        if self._slots:
            text, fillers = mask(escape(text), self._known, self._slots, in_capitals)
        text = _REPEATED_MARK.sub(r"\1", text.lower())
        return Source(self._known.respell(text) if self._cleaning.spelling else text, fillers, in_capitals)

    def is_name(self, word: str) -> bool:
        """Whether a word is a name that the training text has."""
        return any(map(self._known.is_name, words(word)))


def _take_apart(line: str) -> tuple[str, str, str]:
    """The marks of a list and emoji before a line, the line, and emoji after it, with the spaces between them."""
    before = _BEFORE.match(line)
    start = before.end() if before else 0
    after = _AFTER.search(line, start)
    stop = after.start() if after else len(line)
    return line[:start], line[start:stop], line[stop:]


def _in_capitals(text: str) -> bool:
    """Whether a text has two capitals or more and no other letters."""
    return text == text.upper() and sum(map(str.isupper, text)) > 1
