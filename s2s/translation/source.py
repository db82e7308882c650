"""What the encoder reads of a line, and what becomes of the translation: spelling, what is around it, capitals, slots."""

import re
from typing import NamedTuple

from s2s.data.known_words import KnownWords, words
from s2s.data.normalization import EMOJI, EMOJI_AS_DECORATION, normalize
from s2s.data.slots import escape, fill, mask, mask_target
from s2s.data_config import CleaningConfig

_QUOTES = (('"', '"'), ("'", "'"), ("(", ")"), ("[", "]"))
# The mark of a list's item: -, *, #, >, [x], 1., 1.-, 1), a), (1).
_ITEM = r"(?:[-*•·‣+>]|#{1,6}|\[[ xX]?\]|\d{1,3}\.-?|\(?(?:\d{1,3}|[A-Za-z])\)) "
_BEFORE = re.compile(rf"(?:{EMOJI}+ ?|{_ITEM})+")
_EMOTICON = r" (?:[:;=][-']?[()DPpv3/|*]|<3|\^_?\^|x?[xX][dD])(?= |$)"
_AFTER = re.compile(rf"(?: ?{EMOJI}|{_EMOTICON})$")
_LONGEST_EMOTICON = 8
_SPACE_BEFORE_MARK = re.compile(r"\s+(?=[.,;:!?)\]])")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
# "!!!", and of "?!?!" one of each.
_RUN_OF_ENDS = re.compile(r"([!?])\1*(?:([!?])[!?]*)?")
_RUN_OF_DOTS = re.compile(r"\.{4,}")
_RUN_OF_OTHERS = re.compile(r"([-=_*~#])\1{3,}")


class Source(NamedTuple):
    """A text as the encoder reads it, and what makes a user's translation of the model's."""

    text: str
    """With slots, and in lower case, so that it is read the same however it is typed."""
    fillers: dict[str, str]
    """What each slot stands for."""
    in_capitals: bool
    """Whether the text was in capitals, so that its translation is too."""
    normalized: str
    """The text in the spelling of the training text, without `before` and `after`."""
    within: str
    """The emoji within it, which are put at the end of its translation."""
    before: str
    """What stood before it and is put before its translation: the mark of a list's item, emoji, a quotation mark."""
    after: str
    """What stood after it: a quotation mark, emoji."""

    def finish(self, translation: str) -> str:
        """The translation as the user gets it: slots filled, in capitals if the text was, with what stood around the text."""
        return f"{self.before}{fill(translation, self.fillers, str.upper if self.in_capitals else str)}{self.within}{self.after}"

    def mask(self, translation: str) -> str:
        """A given translation, normalized, as the model would give it, for forced decoding."""
        translation = translation.removeprefix(self.before).removesuffix(self.after)
        return mask_target(escape(_without_emoji(translation)[0] if self.within else translation), self.fillers)


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

    def source(self, text: str, line: Source | None = None) -> Source:
        """What the encoder reads of a line, or of a part of it; nothing of a text without a letter or digit.

        Args:
            text: the text.
            line: of a part, what would be read of the whole line, which decides whether it counts as in capitals.
        """
        before, normalized, after = _take_apart(self.normalize(text))
        in_capitals = line.in_capitals if line else _in_capitals(normalized)
        text, within = _without_emoji(normalized)
        fillers: dict[str, str] = {}
        if self._slots:
            text, fillers = mask(escape(text), self._known, self._slots, in_capitals)
        text = _one_of_each(text.lower())
        if self._cleaning.spelling:
            text = self._known.respell(text)
        return Source(text, fillers, in_capitals, normalized, within, before, after)

    def is_name(self, word: str) -> bool:
        """Whether a word is a name that the training text has."""
        return any(map(self._known.is_name, words(word)))


def _take_apart(text: str) -> tuple[str, str, str]:
    """What stands before a text, the text, and what stands after it."""
    before = _BEFORE.match(text)
    start, stop = before.end() if before else 0, len(text)
    while after := _AFTER.search(text, max(start, stop - _LONGEST_EMOTICON), stop):
        stop = after.start()
    if not _LETTER_OR_DIGIT.search(text, start, stop):
        return text, "", ""
    for opening, closing in _QUOTES:
        if stop - start > 2 and text[start] == opening and text[stop - 1] == closing:
            inner = text[start + 1 : stop - 1]
            if opening not in inner and closing not in inner:
                return text[: start + 1], inner, text[stop - 1 :]
    return text[:start], text[start:stop], text[stop:]


def _without_emoji(text: str) -> tuple[str, str]:
    """A text without the emoji within it, and these, with a space before each group."""
    if text.isascii() or not (within := EMOJI_AS_DECORATION.findall(text)):
        return text, ""
    rest = " ".join(EMOJI_AS_DECORATION.sub(" ", text).split())
    return _SPACE_BEFORE_MARK.sub("", rest), "".join(f" {emoji}" for emoji in within)


def _one_of_each(text: str) -> str:
    """A text with repeated marks once."""
    text = _RUN_OF_ENDS.sub(r"\1\2", text)
    return _RUN_OF_OTHERS.sub(r"\1", _RUN_OF_DOTS.sub("...", text))


def _in_capitals(text: str) -> bool:
    """Whether a text has two capitals or more and no other letters."""
    return text == text.upper() and sum(map(str.isupper, text)) > 1
