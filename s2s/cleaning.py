"""Cleaning sentence pairs: what is mended in a sentence, and by which rules a training pair is left out.

Everything a rule touches is counted, with its first examples.  Rules that look at one pair are here in `clean`, those
that compare pairs with others in `duplicates` and `leaks`; these work on 64-bit keys, so that a corpus of any size
can be compared in memory.
"""

import html
import re
import unicodedata
from collections import Counter
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.config import CleaningConfig
from s2s.corpus import Pair
from s2s.language import evidence

Keys = npt.NDArray[np.uint64]

EXAMPLES = 10
"""Pairs kept as examples of each rule."""

MENDED = ("html_entities", "unicode", "control_characters", "white_space")
"""The rules that mend."""

LEAVES_OUT = (
    "empty", "identical", "length_ratio", "wrong_language", "duplicates", "near_duplicates", "leaks", "too_long"
)  # fmt: skip
"""The rules that leave pairs out."""

RATIO_FROM = 20
"""Characters that the longer side may have whatever the other has: short sentences differ more."""

# Control characters but white space; soft hyphen, zero-width spaces and joiners, marks of direction, byte order mark.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")

_ACCENTS = re.compile("[\u0300-\u036f]+")
_NO_LETTERS = re.compile(r"[\W_]+")


class Cleaned(NamedTuple):
    """A stretch of pairs, mended, without those that were left out."""

    pairs: list[Pair]
    keys: Keys
    """[pairs, 3]: of the pair as it is, of its Spanish and of its English sentence as `same_key` compares them."""
    counts: Counter[str]
    """By rule, the pairs left out or the sentences mended."""
    examples: dict[str, list[Pair]]
    """By rule, the first of them, as they came."""


def clean(pairs: list[Pair], config: CleaningConfig, held_out: bool) -> Cleaned:
    """Mend the pairs and leave out what the rules say; of pairs held out for dev or test, only those with an empty side."""
    found = Cleaned([], np.zeros((0, 3), np.uint64), Counter(), {})
    keys = []
    for pair in pairs:
        source, target = (_mend(text, pair, config, found) for text in pair[:2])
        if rule := _rule_against(source, target, config, held_out):
            _note(found, rule, pair)
            continue
        found.pairs.append(Pair(source, target, pair.place))
        keys += [_hash(f"{source}\t{target}"), same_key(source), same_key(target)]
    return found._replace(keys=np.frombuffer(b"".join(keys), np.uint64).reshape(-1, 3))


def same_key(sentence: str) -> bytes:
    """The key of a sentence, 8 bytes; equal for sentences that differ only in case, accents, punctuation and spaces."""
    text = sentence.casefold()
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return _hash(_NO_LETTERS.sub(" ", text).strip() or sentence)


def duplicates(keys: Keys) -> npt.NDArray[np.bool_]:
    """[pairs]: whether a key stood before, [pairs]."""
    repeated = np.ones(len(keys), bool)
    repeated[np.unique(keys, return_index=True)[1]] = False
    return repeated


def near_keys(keys: Keys) -> Keys:
    """One key of both sentences' keys, from [pairs, 3]; a multiplication sets the sides apart."""
    mixed: Keys = keys[:, 1] * np.uint64(0x9E3779B97F4A7C15) + keys[:, 2]
    return mixed


def leaks(keys: Keys, held_out: Keys) -> npt.NDArray[np.bool_]:
    """[pairs]: whether a pair shares its Spanish or its English sentence with a held-out one; both [pairs, 3]."""
    shared = [np.isin(keys[:, side], held_out[:, side]) for side in (1, 2)]
    return shared[0] | shared[1]


def _mend(text: str, pair: Pair, config: CleaningConfig, found: Cleaned) -> str:
    mended = text
    if config.html_entities and "&" in mended:
        mended = _told(html.unescape(mended), mended, "html_entities", pair, found)
    if config.unicode and not unicodedata.is_normalized("NFC", mended):
        mended = _told(unicodedata.normalize("NFC", mended), mended, "unicode", pair, found)
    if config.control_characters and not mended.isprintable():
        mended = _told(_INVISIBLE.sub("", mended), mended, "control_characters", pair, found)
    if config.white_space:
        mended = _told(" ".join(mended.split()), mended, "white_space", pair, found)
    return mended


def _told(after: str, before: str, rule: str, pair: Pair, found: Cleaned) -> str:
    if after != before:
        _note(found, rule, pair)
    return after


def _note(found: Cleaned, rule: str, pair: Pair) -> None:
    found.counts[rule] += 1
    examples = found.examples.setdefault(rule, [])
    if len(examples) < EXAMPLES:
        examples.append(pair)


def _rule_against(source: str, target: str, config: CleaningConfig, held_out: bool) -> str | None:
    """The rule by which a pair is left out, if any."""
    if not source.strip() or not target.strip():
        return "empty"
    if held_out:
        return None
    if config.identical and source == target:
        return "identical"
    longer, shorter = max(len(source), len(target)), min(len(source), len(target))
    if config.length_ratio and longer > RATIO_FROM and longer > config.length_ratio * shorter:
        return "length_ratio"
    if config.wrong_language and (evidence(source) <= -2 or evidence(target) >= 2):
        return "wrong_language"
    return None


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8"), digest_size=8).digest()
