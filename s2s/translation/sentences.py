"""Where the sentences of a line end."""

import re
from collections.abc import Callable, Iterator

from s2s.data.language import ABBREVIATIONS, ABBREVIATIONS_WITHIN
from s2s.data.normalization import EMOJI

# A mark, quotation marks or brackets that close, emoji, white space.
_END = re.compile(rf"([.!?…])([\"'»”’)\]]*)(?:\s?{EMOJI}){{0,50}}\s+(?!{EMOJI})")
_LAST_WORD = re.compile(r"[^\W_]+$")
_LONGEST_WORD = 8
"""Letters of the words that are looked up."""


def split_sentences(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The sentences of a line; those within quotation marks stay together if they fit.

    Args:
        text: the line; only white space between sentences is lost.
        fits: whether what is in quotation marks, with its sentence, is short enough.
    """
    groups: list[list[str]] = [[]]
    start = 0
    for stop, within in [*_ends(text), (len(text), False)]:
        groups[-1].append(text[start:stop].strip())
        start = stop
        if not within:
            groups.append([])
    sentences = []
    for group in groups:
        together = " ".join(group)
        sentences += group if len(group) > 1 and not fits(together) else [together]
    return [sentence for sentence in sentences if sentence]


def is_one_sentence(text: str) -> bool:
    """Whether no sentence ends within a line, quotation marks aside."""
    return all(within for _, within in _ends(text))


def _ends(text: str) -> Iterator[tuple[int, bool]]:
    """Where a sentence ends before others, and whether that is within quotation marks."""
    counted = quotes = 0
    all_quotes = text.count('"')
    for match in _END.finditer(text):
        if _is_end(text, match):
            quotes += text.count('"', counted, match.end())
            counted = match.end()
            yield match.end(), bool(quotes % 2) and quotes < all_quotes


def _is_end(text: str, match: re.Match[str]) -> bool:
    mark, closing = match[1], match[2]
    following = text[match.end() : match.end() + 1]
    small = following.islower()
    if small and (closing or text.endswith(("..", "…"), 0, match.end(1))):
        return False  # '"¿Quién es?" preguntó Ana', 'No sé... tal vez'
    word = _LAST_WORD.search(text, max(0, match.start() - _LONGEST_WORD), match.start())
    if mark != "." or not word:
        return True
    if word[0].lower() in ABBREVIATIONS or (len(word[0]) == 1 and (word[0].isupper() or (small and word[0].isalpha()))):
        return False  # 'el Sr. García', 'J. Ruiz', 'a las 5 p. m. Luego', which ends after the m
    return not (word[0].lower() in ABBREVIATIONS_WITHIN and (small or following.isdigit()))
