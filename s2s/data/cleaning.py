"""Cleaning sentence pairs: how sentences are mended, and by which rules training pairs are left out.

Every rule counts what it changes, with its first examples.  `clean` applies the rules that concern one pair; `duplicates`
and `leaks` compare pairs with each other.  They compare 64-bit keys, so that a corpus of any size fits into memory.
"""

import html
import re
import unicodedata
from collections import Counter
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.data.corpus import Pair
from s2s.data.language import language_score
from s2s.data.normalization import NORMALIZES, normalize
from s2s.data_config import CleaningConfig

Keys = npt.NDArray[np.uint64]

EXAMPLES = 10
"""Examples kept of each rule."""

MENDED = ("markup", "html_entities", *NORMALIZES, "spelling")
"""Rules that mend sentences."""

LEAVES_OUT = (
    "empty", "identical", "length_ratio", "wrong_language", "duplicates", "near_duplicates", "leaks", "too_long"
)  # fmt: skip
"""Rules that leave pairs out."""

RATIO_FROM = 20
"""The length ratio does not matter for sentences up to this many characters, which differ more."""

# HTML tags and comments, and the sounds in Anki's notes.  Other text in "<>", such as "<file>", is no markup.  No part
# reaches over a further "<" or "[": so the time is linear.
_INLINE_TAGS = "a|abbr|b|big|cite|code|del|em|font|i|ins|kbd|mark|s|small|span|strike|strong|sub|sup|tt|u"
_BLOCK_TAGS = (
    "address|audio|blockquote|br|center|dd|div|dl|dt|h[1-6]|hr|img|li|ol|p|pre|rp|rt|ruby|script|source|style|table|tbody|td|"
    "th|thead|tr|ul|video"
)
_ATTRIBUTES = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*\s*/?"""
_MARKUP = re.compile(
    rf"(?P<inline></?(?:{_INLINE_TAGS}){_ATTRIBUTES}>)|</?(?:{_BLOCK_TAGS}){_ATTRIBUTES}>|<!--[^<>]*-->|\[sound:[^\[\]]*\]",
    re.IGNORECASE,
)
# With its semicolon: "?a=1&section=2" is a part of an address, and HTML's "&sect" not in it.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_NO_LETTERS = re.compile(r"[\W_]+")


class Cleaned(NamedTuple):
    """Cleaned pairs."""

    pairs: list[Pair]
    """Mended, without the pairs that were left out."""
    keys: Keys
    """[pairs, 3]: a hash of the pair as it is; `normalized_key` of its Spanish and of its English sentence."""
    counts: Counter[str]
    """For each rule, the number of pairs left out or of sentences mended."""
    examples: dict[str, list[Pair]]
    """For each rule, the first of them, as they were read."""


def clean(pairs: list[Pair], config: CleaningConfig, held_out: bool) -> Cleaned:
    """Mend pairs and leave out those that a rule excludes.

    Args:
        pairs: as they were read.
        config: the rules that apply.
        held_out: whether the pairs are for dev or test; of these only pairs with an empty side are left out.
    """
    cleaned = Cleaned([], np.zeros((0, 3), np.uint64), Counter(), {})
    for pair in pairs:
        source, target = (_mend(text, pair, config, cleaned) for text in pair[:2])
        if rule := _excluding_rule(source, target, config, held_out):
            _count(cleaned, rule, pair)
            continue
        cleaned.pairs.append(pair._replace(source=source, target=target))
    return cleaned._replace(keys=keys_of(cleaned.pairs))


def keys_of(pairs: list[Pair]) -> Keys:
    """[pairs, 3]: the keys of pairs, as in `Cleaned`."""
    keys = [
        (_hash(f"{source}\t{target}"), normalized_key(source), normalized_key(target)) for source, target, *_ in pairs
    ]
    return np.frombuffer(b"".join(chain.from_iterable(keys)), np.uint64).reshape(-1, 3)


def normalized_key(sentence: str) -> bytes:
    """A hash of 8 bytes, equal for sentences that differ only in case, accents, punctuation and spaces."""
    text = sentence.casefold()
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return _hash(_NO_LETTERS.sub(" ", text).strip() or sentence)


def duplicates(keys: Keys) -> npt.NDArray[np.bool_]:
    """[pairs]: whether each key occurred earlier; keys: [pairs]."""
    repeated = np.ones(len(keys), bool)
    repeated[np.unique(keys, return_index=True)[1]] = False
    return repeated


def near_keys(keys: Keys) -> Keys:
    """[pairs]: one key of both sentences' keys; keys: [pairs, 3].  The factor makes the order of the sides matter."""
    mixed: Keys = keys[:, 1] * np.uint64(0x9E3779B97F4A7C15) + keys[:, 2]
    return mixed


def leaks(keys: Keys, held_out: Keys) -> npt.NDArray[np.bool_]:
    """[pairs]: whether a pair shares its Spanish or its English sentence with a held-out pair; both keys: [pairs, 3]."""
    shared = [np.isin(keys[:, side], held_out[:, side]) for side in (1, 2)]
    return shared[0] | shared[1]


def _mend(text: str, pair: Pair, config: CleaningConfig, cleaned: Cleaned) -> str:
    mended = text
    if config.markup and ("<" in mended or "[sound:" in mended):
        mended = _count_change(_MARKUP.sub(_without_tag, mended), mended, "markup", pair, cleaned)
    if config.html_entities and "&" in mended:
        mended = _count_change(_ENTITY.sub(_character, mended), mended, "html_entities", pair, cleaned)
    return normalize(mended, config, lambda rule: _count(cleaned, rule, pair))


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])


def _without_tag(tag: re.Match[str]) -> str:
    """What stands for a tag: nothing for one that may be within a word, as bold letters are; a space for others."""
    return "" if tag["inline"] else " "


def _count_change(after: str, before: str, rule: str, pair: Pair, cleaned: Cleaned) -> str:
    if after != before:
        _count(cleaned, rule, pair)
    return after


def _count(cleaned: Cleaned, rule: str, pair: Pair) -> None:
    cleaned.counts[rule] += 1
    examples = cleaned.examples.setdefault(rule, [])
    if len(examples) < EXAMPLES:
        examples.append(pair)


def _excluding_rule(source: str, target: str, config: CleaningConfig, held_out: bool) -> str | None:
    """The rule that excludes a pair, if any."""
    if not source.strip() or not target.strip():
        return "empty"
    if held_out:
        return None
    if config.identical and source == target:
        return "identical"
    longer, shorter = max(len(source), len(target)), min(len(source), len(target))
    if config.length_ratio and longer > RATIO_FROM and longer > config.length_ratio * shorter:
        return "length_ratio"
    if config.wrong_language and (language_score(source) <= -2 or language_score(target) >= 2):
        return "wrong_language"
    return None


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8"), digest_size=8).digest()
