"""Shards: the unit in which `prepare` works on a corpus too large for memory.

A shard is some thousand pairs, serialized.  Between two passes over the corpus, the shards lie in a temporary file.
"""

import pickle
from collections import Counter
from collections.abc import Iterator
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.config import Config
from s2s.data.augmentation import Copy, copies, put_into_slots
from s2s.data.cleaning import EXAMPLES
from s2s.data.corpus import Pair
from s2s.data.known_words import KnownWords
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
    augmented: Counter[str]
    """Number of repetitions by weight, of copies, of copies by kind, and of pairs with slots."""
    augmented_examples: dict[str, list[Pair]]
    """The first of each."""


def encode_shard(
    shard: Shard, tokenizers: tuple[Tokenizer, Tokenizer], known: KnownWords, config: Config
) -> list[EncodedPairs]:
    """Augment and encode the pairs of a shard, for each split that it has.

    Args:
        shard: the pairs and their splits.
        tokenizers: of Spanish and of English.
        known: the words of the training text.
        config: the experiment's configuration.
    """
    pairs, encoded = deserialize(shard.data), []
    for split in np.unique(shard.splits[shard.splits != NOWHERE]):
        members = [pairs[i] for i in np.flatnonzero(shard.splits == split)]
        made = copies(members, config.augmentation, config.seed) if split == TRAIN else []
        repeated = [pair for pair in members for _ in range(pair.weight - 1)]
        pairs_of_split = members + repeated + [copy.pair for copy in made]
        masked = _as_read(pairs_of_split, split == TRAIN, known, tokenizers[0].slots, config)
        spanish, english = (side.encode([pair[:2][n] for pair in masked]) for n, side in enumerate(tokenizers))
        framed = [(frame_source(es), frame_target(en)) for es, en in zip(spanish, english, strict=True)]
        # Test pairs are all kept: they are evaluated, not trained on.
        fits = [split == TEST or max(len(es), len(decoder_labels(en))) <= config.data.max_length for es, en in framed]
        left_out = [pair for pair, fit in zip(members, fits, strict=False) if not fit]
        sides = [[ids[n] for ids in compress(framed, fits)] for n in (0, 1)]
        lengths = np.array([[len(ids) for ids in side] for side in sides], np.int32)
        flat = [np.fromiter((i for ids in side for i in ids), np.int32) for side in sides]
        unknown = np.array([np.count_nonzero(side == UNK) for side in flat])
        words = np.array([side.count_words(ids) for side, ids in zip(tokenizers, flat, strict=True)])
        texts = [] if split == TRAIN else list(compress(pairs_of_split, fits))
        by_kind = {"weight": list(compress(repeated, fits[len(members) :]))}
        by_kind |= _augmented(made, fits[len(members) + len(repeated) :], list(compress(masked, fits)))
        encoded.append(
            EncodedPairs(
                int(split), flat, lengths, texts, unknown, words, len(left_out), left_out[:EXAMPLES],
                Counter({kind: len(examples) for kind, examples in by_kind.items()}),
                {kind: examples[:EXAMPLES] for kind, examples in by_kind.items()},
            )
        )  # fmt: skip
    return encoded


def training_text(pairs: list[Pair], known: KnownWords, config: Config) -> list[Pair]:
    """Training pairs and their copies as they are read: the text that the tokenizers are trained on."""
    made = [copy.pair for copy in copies(pairs, config.augmentation, config.seed)]
    return _as_read(pairs + made, True, known, symbols(config.tokenizer.slots), config)


def _as_read(pairs: list[Pair], train: bool, known: KnownWords, slots: list[str], config: Config) -> list[Pair]:
    """The pairs with slots, the Spanish side in lower case: what the network is trained on."""
    if train:
        pairs = put_into_slots(pairs, known, slots, config.augmentation, config.seed)
    elif slots:
        pairs = [Pair(*mask_translation(pair.source, pair.target, known, slots), pair.place) for pair in pairs]
    return [pair._replace(source=pair.source.lower()) for pair in pairs]


def _augmented(made: list[Copy], fits: list[bool], encoded: list[Pair]) -> dict[str, list[Pair]]:
    """The copies that were encoded, all and by kind, and the pairs with slots."""
    by_kind: dict[str, list[Pair]] = {"copies": [], "slots": [pair for pair in encoded if SLOT.search(pair.source)]}
    for copy in compress(made, fits):
        for kind in ("copies", *copy.kinds):
            by_kind.setdefault(kind, []).append(copy.pair)
    return by_kind
