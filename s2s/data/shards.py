"""Shards: the unit in which `prepare` works on a corpus too large for memory.

A shard is some thousand pairs, serialized.  Between two passes over the corpus, the shards lie in a temporary file.
"""

import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.config import Config
from s2s.data.augmentation import clauses, copies, put_into_slots
from s2s.data.cleaning import EXAMPLES, Keys
from s2s.data.corpus import Pair
from s2s.data.known_words import KnownWords, WordCounts
from s2s.data.slots import SLOT, mask_translation, symbols
from s2s.data.splitting import NOWHERE, TEST, TRAIN
from s2s.data.tokenizer import UNK, Tokenizer, decoder_labels, frame_source, frame_target


def serialize(pairs: list[Pair]) -> bytes:
    """The pairs of a shard as bytes."""
    return pickle.dumps([*zip(*pairs, strict=True)], pickle.HIGHEST_PROTOCOL)


def deserialize(data: bytes) -> list[Pair]:
    """The pairs that `serialize` was given."""
    return [Pair(*columns) for columns in zip(*pickle.loads(data), strict=True)]


class ShardFile:
    """A temporary file of serialized shards: written once, then read as often as needed."""

    def __init__(self, path: Path):
        """Create the file."""
        self._path = path
        path.touch()
        self._sizes: list[int] = []
        self.counts: list[int] = []
        """Number of pairs of each shard."""

    def add(self, data: bytes, count: int) -> None:
        """Append a serialized shard of `count` pairs."""
        with open(self._path, "ab") as file:
            self._sizes.append(file.write(data))
        self.counts.append(count)

    def __iter__(self) -> Iterator[bytes]:
        """The serialized shards."""
        with open(self._path, "rb") as file:
            for size in self._sizes:
                yield file.read(size)

    def pick(self, numbers: npt.NDArray[np.int64]) -> Iterator[Pair]:
        """The pairs of some numbers, in order.

        Args:
            numbers: sorted numbers of pairs, counted from 0 over all shards.
        """
        ends = np.cumsum(self.counts)
        bounds = np.searchsorted(numbers, [0, *ends])
        for shard, data in enumerate(self):
            inside = numbers[bounds[shard] : bounds[shard + 1]] - (ends[shard] - self.counts[shard])
            if len(inside):
                pairs = deserialize(data)
                yield from (pairs[number] for number in inside)

    def remove(self) -> None:
        """Delete the file."""
        self._path.unlink()


class Shard(NamedTuple):
    """A shard to encode."""

    data: bytes
    """The pairs, serialized."""
    splits: npt.NDArray[np.uint8]
    """[pairs]: the split of each."""


class EncodedPairs(NamedTuple):
    """The encoded pairs of a shard that belong to one split."""

    split: int
    ids: list[npt.NDArray[np.int32]]
    """Framed ids of the Spanish sentences, concatenated; the same of the English sentences."""
    lengths: npt.NDArray[np.int32]
    """[2, pairs]: length of each sentence."""
    texts: list[Pair]
    """The pairs as text; empty for train, whose text is not needed again."""
    unknown: npt.NDArray[np.int64]
    """[2]: number of unknown subwords on each side."""
    words: npt.NDArray[np.int64]
    """[2, 2]: on each side the words of two letters or more, and how many of them are cut into single characters."""
    too_long: int
    """Number of pairs left out because they are longer than `data.max_length`."""
    examples: list[Pair]
    """The first of these."""
    rules: Counter[str]
    """How often each rule was applied: repetition by weight, copies and their kinds, clauses, slots, spelling."""
    examples_of_rules: dict[str, list[Pair]]
    """The first pairs of each."""


def count_words(shard: Shard) -> WordCounts:
    """Count the Spanish words of the training pairs of a shard."""
    return WordCounts.of(pair.source for pair in compress(deserialize(shard.data), shard.splits == TRAIN))


def encode_shard(
    shard: Shard, tokenizers: tuple[Tokenizer, Tokenizer], known: KnownWords, held_out: Keys, config: Config
) -> list[EncodedPairs]:
    """Augment and encode the pairs of a shard, for each split that it has.

    Args:
        shard: the pairs and their splits.
        tokenizers: of Spanish and of English.
        known: the words of the training text.
        held_out: [n, 3], keys of the dev and test pairs.
        config: the experiment's configuration.
    """
    pairs, encoded = deserialize(shard.data), []
    for split in np.unique(shard.splits[shard.splits != NOWHERE]):
        members = list(compress(pairs, shard.splits == split))
        texts = _texts(members, split == TRAIN, known, tokenizers[0].slots, held_out, config)
        read = [text.read for text in texts]
        spanish, english = (side.encode([pair[:2][n] for pair in read]) for n, side in enumerate(tokenizers))
        framed = [(frame_source(es), frame_target(en)) for es, en in zip(spanish, english, strict=True)]
        # Test pairs are all kept: they are evaluated, not trained on.
        fits = [split == TEST or max(len(es), len(decoder_labels(en))) <= config.data.max_length for es, en in framed]
        left_out = [pair for pair, fit in zip(members, fits, strict=False) if not fit]
        sides = [[ids[n] for ids in compress(framed, fits)] for n in (0, 1)]
        lengths = np.array([[len(ids) for ids in side] for side in sides], np.int32)
        flat = [np.fromiter((i for ids in side for i in ids), np.int32) for side in sides]
        unknown = np.array([np.count_nonzero(side == UNK) for side in flat])
        words = np.array([side.count_words(ids) for side, ids in zip(tokenizers, flat, strict=True)])
        kept = list(compress(texts, fits))
        rules = _rules(kept)
        encoded.append(
            EncodedPairs(
                int(split), flat, lengths, [] if split == TRAIN else [text.pair for text in kept], unknown, words,
                len(left_out), left_out[:EXAMPLES], Counter({rule: len(pairs) for rule, pairs in rules.items()}),
                {rule: pairs[:EXAMPLES] for rule, pairs in rules.items()},
            )
        )  # fmt: skip
    return encoded


def training_text(pairs: list[Pair], known: KnownWords, held_out: Keys, config: Config) -> list[Pair]:
    """Training pairs, their copies and clauses as they are read: the text that the tokenizers are trained on."""
    return [text.read for text in _texts(pairs, True, known, symbols(config.tokenizer.slots), held_out, config)]


class _Text(NamedTuple):
    """A pair, or a copy or clause of one."""

    pair: Pair
    read: Pair
    """As the network reads it: with slots, the Spanish side in lower case and respelled."""
    rules: tuple[str, ...]
    """What was done to it, for the report."""


def _texts(
    members: list[Pair], train: bool, known: KnownWords, slots: list[str], held_out: Keys, config: Config
) -> list[_Text]:
    """The pairs of a split, of train also their repetitions by weight, their copies and clauses, in this order."""
    texts = _read([(pair, ()) for pair in members], train, known, slots, config)
    if not train:
        return texts
    originals = {text.read[:2] for text in texts}
    texts += [text._replace(rules=("weight",)) for text in texts for _ in range(text.pair.weight - 1)]
    made = [(copy.pair, ("copies", *copy.kinds)) for copy in copies(members, config.augmentation, config.seed)]
    made += [(clause, ("clauses",)) for clause in clauses(members, held_out, config.augmentation, config.seed)]
    # A copy or clause that is read as a pair is, teaches nothing new.
    return texts + [text for text in _read(made, train, known, slots, config) if text.read[:2] not in originals]


def _read(
    pairs: Sequence[tuple[Pair, tuple[str, ...]]], train: bool, known: KnownWords, slots: list[str], config: Config
) -> list[_Text]:
    """Pairs, each with the rules by which it was made, as they are read."""
    masked = [pair for pair, _ in pairs]
    if train:
        masked = put_into_slots(masked, known, slots, config.augmentation, config.seed)
    elif slots:
        sides = [mask_translation(pair.source, pair.target, known, slots) for pair in masked]
        masked = [
            pair._replace(source=source, target=target) for pair, (source, target) in zip(masked, sides, strict=True)
        ]
    texts = []
    for (pair, rules), read in zip(pairs, masked, strict=True):
        lower = read.source.lower()
        source = known.respell(lower) if config.cleaning.spelling else lower
        rules += ("slots",) * bool(SLOT.search(source)) + ("spelling",) * (source != lower)
        texts.append(_Text(pair, read._replace(source=source), rules))
    return texts


def _rules(texts: list[_Text]) -> dict[str, list[Pair]]:
    """For each rule, the pairs to which it was applied."""
    by_rule: dict[str, list[Pair]] = {}
    for text in texts:
        for rule in text.rules:
            by_rule.setdefault(rule, []).append(text.read if rule == "slots" else text.pair)
    return by_rule
