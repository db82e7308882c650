"""What the encoder reads of a line, and what becomes of the translation: spelling, capitals, slots."""

from typing import NamedTuple

from s2s.config import CleaningConfig
from s2s.data.known_words import KnownWords, words
from s2s.data.normalization import normalize
from s2s.data.perturbation import sentence_case
from s2s.data.slots import escape, fill, fill_out, mask


class Source(NamedTuple):
    """A Spanish text as the encoder reads it."""

    text: str
    """Normalized, with slots, without marks around it; of a line in capitals, in sentence case."""
    fillers: dict[str, str]
    """What each slot stands for."""
    in_capitals: bool
    """Whether the line was in capitals, so that its translation is too."""
    marks: tuple[str, str]
    """Quotation marks or brackets around the line, which are put around its translation."""

    def finish(self, translation: str) -> str:
        """The translation as the user gets it: slots filled, in capitals if the line was."""
        text = fill(translation, self.fillers, str.upper if self.in_capitals else str)
        return text.join(self.marks)

    def mask(self, translation: str) -> str:
        """The reverse of `finish`, for forced decoding: a given translation with slots."""
        opening, closing = self.marks
        return fill_out(escape(translation.removeprefix(opening).removesuffix(closing)), self.fillers)


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

    def normalize(self, line: str) -> str:
        """A line in the spelling of the training text."""
        return normalize(line, self._cleaning)

    def is_name(self, word: str) -> bool:
        """Whether a word is a name that the training text has."""
        return bool(word) and any(map(self._known.is_name, words(word)))

    def read(self, text: str) -> Source:
        """What the encoder reads of a normalized text."""
        marks = _marks_around(text)
        text = text[len(marks[0]) : len(text) - len(marks[1])]
        in_capitals, fillers = _in_capitals(text), dict[str, str]()
        if self._slots:
            text, fillers = mask(escape(text), self._known, self._slots, in_capitals)
        return Source(sentence_case(text) if in_capitals else text, fillers, in_capitals, marks)


def _marks_around(text: str) -> tuple[str, str]:
    """The quotation marks or brackets that a text begins and ends with, if it has no others of them."""
    for opening, closing in (('"', '"'), ("'", "'"), ("(", ")"), ("[", "]")):
        if len(text) > 2 and text[0] == opening and text[-1] == closing:
            inner = text[1:-1]
            if opening not in inner and closing not in inner and inner.strip():
                return opening, closing
    return "", ""


def _in_capitals(text: str) -> bool:
    """Whether a text has two capitals or more and no other letters."""
    return text == text.upper() and sum(map(str.isupper, text)) > 1
