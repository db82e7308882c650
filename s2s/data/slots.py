"""Slots: what must not be invented is carried through the state as a symbol, and written out again after it.

"Tamori llega a las 9:45." is read as "⟨1⟩ llega a las ⟨2⟩."; of "⟨1⟩ arrives at ⟨2⟩." then comes "Tamori arrives at 9:45."
Slots hold numbers, addresses, @names, #tags, file names, and names and words that the training text does not have.  Numbers
in words are left to the model.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from s2s.data.known_words import KnownWords, Word, words

SLOT = re.compile(r"⟨[1-9]⟩")
"""A slot in a text."""

_EXTENSIONS = (
    "7z|avi|bash|bz2|cfg|conf|cpp|css|csv|deb|docx?|exe|gif|gz|html?|ini|iso|jpe?g|js|json|log|mkv|mp[34]|npy|npz|odt|pdf|png|"
    "pptx?|py|rar|rpm|sql|svg|tar|tex|tiff?|toml|tsv|txt|wav|xlsx?|xml|xz|ya?ml|zip"
)
# Each alternative begins with what few places of a text have, so that a text without any is passed over at once.
_FIXED = re.compile(
    rf"""(?:https?|ftp)://[^\s<>"]*[\w/]
    | \bwww\.[^\s<>"]*[\w/]
    | <\w[\w-]*>
    | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | (?<![\w@\#])[@\#]\w+(?:[.-]\w+)*
    | (?<![\w/])(?:~|\.{{1,2}})?(?:/[\w.+-]*\w){{2,}}/?
    | (?<![\w./+-])[\w/-][\w./+-]*\.(?:{_EXTENSIONS})(?!\w)
    | (?<![\w.-])\w[\w-]*(?:\.[\w-]+)*\.(?:com|edu|gov|net|org)(?!\w)(?:/[^\s<>"]*[\w/])?
    | (?<![^\W_])(?<![^\W_][.,:/-])\d+(?:[.,:/-]\d+)*(?:(?<=[.,:]\d)|(?<=[.,:]\d\d)|(?<=[.,:]\d\d\d))[^\W\d_]{{1,3}}(?!\w)
    | (?<![^\W_])(?<![^\W_][.,:/-])\d+(?:[.,:/-]\d+)*(?!\w|[.,:/-]\d|\.[ºª])""",
    re.VERBOSE | re.IGNORECASE,
)
_MAY_BE_FIXED = re.compile(r"[\d@#/<]|\w\.\w")
_QUANTITY = re.compile(r"[\d.,:/-]+[^\W\d_]{0,3}")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?")
_ENGLISH_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_DECIMAL = re.compile(r"\d+,\d+")
_EXCHANGE = str.maketrans(".,", ",.")
# "10º", "3er", "2as": ordinals differ in the languages.
_ORDINAL = re.compile(r"\d+(?:[ºª°]|er|ro|ra|do|da|to|ta|mo|ma|vo|va|no|na|os?|as?)s?")


class Masked(NamedTuple):
    """A text with slots."""

    text: str
    fillers: dict[str, str]
    """What each slot stands for, as it is written in English."""


def symbols(count: int) -> list[str]:
    """The first `count` slots, which are symbols of the subword models."""
    return [f"⟨{number}⟩" for number in range(1, count + 1)]


def escape(text: str) -> str:
    """The text with other brackets for those of slots, so that no slot is in it."""
    return text.replace("⟨", "<").replace("⟩", ">") if "⟨" in text or "⟩" in text else text


def mask(text: str, known: KnownWords, slots: Sequence[str], in_capitals: bool = False) -> Masked:
    """A Spanish sentence as the model reads it; what exceeds the number of slots is left to the model.

    Args:
        text: a sentence without slots.
        known: the words of the training text.
        slots: the slots that there are.
        in_capitals: whether every word has capitals, as the first word of a sentence has.
    """

    def is_slot(word: Word) -> bool:
        return known.is_unknown(word._replace(first=True) if in_capitals else word)

    spans = _spans(text, words(text), is_slot)
    spans.sort(key=lambda span: text[slice(*span)].islower())  # where there are too many, names and numbers come first
    return _fill_in(text, sorted(spans[: len(slots)]), slots)


def mask_pair(
    source: str, target: str, known: KnownWords, choose: Callable[[], tuple[bool, Sequence[str]]]
) -> tuple[str, str]:
    """A training pair in which what both sides share is put into slots.

    Args:
        source: the Spanish sentence, without slots.
        target: the English sentence, without slots.
        known: the words of the training text.
        choose: gives whether known names become slots too, and the slots to use, in this order.  It is called for sentences
            that have something to put into slots.
    """
    # Of the words in small letters, the training text has all.
    candidates = [*words(source, small=False)]
    spans = _spans(source, candidates, lambda word: known.is_name(word) or known.is_unknown(word))
    if not spans:
        return source, target
    names_too, slots = choose()
    if not names_too:
        spans = _spans(source, candidates, known.is_unknown)
    texts = [_english(source[start:stop]) for start, stop in spans]
    shared = {text for text in set(texts) if len(_occurrences(text, target)) == texts.count(text)}
    spans = [span for span, text in zip(spans, texts, strict=True) if text in shared][: len(slots)]
    masked = _fill_in(source, spans, slots)
    return masked.text, mask_target(target, masked.fillers)


def mask_translation(source: str, target: str, known: KnownWords, slots: Sequence[str]) -> tuple[str, str]:
    """A sentence as `mask` makes it, and a given translation with the same slots, as far as it has what they stand for.

    Args:
        source: the sentence.
        target: its translation.
        known: the words of the training text.
        slots: the slots that there are.
    """
    masked = mask(escape(source), known, slots)
    return masked.text, mask_target(escape(target), masked.fillers)


def fixed_texts(text: str) -> list[str]:
    """The numbers, addresses, @names, #tags and file names of a sentence, as they are written in English."""
    return [_english(match[0]) for match in _FIXED.finditer(text)]


def has_text(text: str, target: str) -> bool:
    """Whether a translation has this text, as whole words."""
    return bool(_occurrences(text, target))


def mask_target(target: str, fillers: dict[str, str]) -> str:
    """A translation with slots for what stands in the slots of its sentence, as far as it has them."""
    for slot, text in sorted(fillers.items(), key=lambda item: -len(item[1])):
        if places := _occurrences(text, target):
            target = f"{target[: places[0]]}{slot}{target[places[0] + len(text) :]}"
    return target


def fill(translation: str, fillers: dict[str, str], change: Callable[[str], str] = str) -> str:
    """A translation with its slots filled; one that is not of its sentence is removed.

    Args:
        translation: a text with slots.
        fillers: what each slot stands for.
        change: applied to the text around the slots.
    """
    if "⟨" not in translation:
        return change(translation)
    return SLOT.sub(lambda slot: fillers.get(slot[0], ""), change(translation))


def _spans(text: str, candidates: Iterable[Word], is_slot: Callable[[Word], bool]) -> list[tuple[int, int]]:
    """Where a sentence has what can be a slot, in order; adjacent words are one."""
    fixed = [match.span() for match in _FIXED.finditer(text)] if _MAY_BE_FIXED.search(text) else []
    names: list[tuple[int, int]] = []
    passed = 0
    for word in candidates:
        while passed < len(fixed) and fixed[passed][1] <= word.start:
            passed += 1
        if passed < len(fixed) and fixed[passed][0] < word.stop:
            continue
        if not is_slot(word) or _ORDINAL.fullmatch(word.text):
            continue
        if names and text[names[-1][1] : word.start] == " ":
            names[-1] = names[-1][0], word.stop
        else:
            names.append((word.start, word.stop))
    return sorted(fixed + names)


def _fill_in(text: str, spans: Sequence[tuple[int, int]], slots: Sequence[str]) -> Masked:
    fillers, parts, end = {}, [], 0
    for slot, (start, stop) in zip(slots, spans, strict=False):
        fillers[slot] = _english(text[start:stop])
        parts += [text[end:start], slot]
        end = stop
    return Masked("".join([*parts, text[end:]]), fillers)


def _english(text: str) -> str:
    """What stands in a slot as it is written in English.

    Spanish writes 10.000 for English 10,000, and 3,5 for 3.5.  Mexico writes as English does: a comma before three digits
    at the end is one of thousands.
    """
    return _NUMBER.sub(_english_number, text) if _QUANTITY.fullmatch(text) else text


def _english_number(match: re.Match[str]) -> str:
    number = match[0]
    groups = number.split(".")
    is_address = len(groups) == 4 and "," not in number and all(int(group) < 256 for group in groups)
    if is_address and not number.endswith(".000"):
        return number
    if _THOUSANDS.fullmatch(number) or (_DECIMAL.fullmatch(number) and not _ENGLISH_THOUSANDS.fullmatch(number)):
        return number.translate(_EXCHANGE)
    return number


def _occurrences(text: str, target: str) -> list[int]:
    """Where the target has this text, as whole words."""
    if text not in target:
        return []
    pattern = rf"(?<!\w)(?<!\d[.,:/-]){re.escape(text)}(?!\w)(?![.,:/-]\d)" if text[-1:].isalnum() else re.escape(text)
    return [match.start() for match in re.finditer(pattern, target)]
