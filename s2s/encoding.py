"""Encoding stretches of pairs: from text to subword ids, by split."""

from itertools import compress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.cleaning import EXAMPLES
from s2s.config import Config
from s2s.corpus import Pair
from s2s.splitting import NOWHERE, TEST, TRAIN
from s2s.spool import unpack
from s2s.tokenizer import BOS, EOS, UNK, Tokenizer


class Stretch(NamedTuple):
    """Pairs to encode."""

    blob: bytes
    """As `spool.pack` makes them."""
    splits: npt.NDArray[np.uint8]
    """[pairs]: the split of each."""


class Encoded(NamedTuple):
    """What a stretch has for one split."""

    split: int
    ids: list[npt.NDArray[np.int32]]
    """Of the Spanish and of the English sentences, one after the other, EOS included, in English BOS too."""
    lengths: npt.NDArray[np.int32]
    """[2, pairs]: of each sentence."""
    texts: list[Pair]
    """The pairs; of train none, which nobody asks for."""
    unknown: npt.NDArray[np.int64]
    """[2]: unknown subwords of either side."""
    too_long: int
    """Pairs longer than `data.max_length`, left out."""
    examples: list[Pair]
    """The first of these."""


def encode(stretch: Stretch, subwords: tuple[Tokenizer, Tokenizer], config: Config) -> list[Encoded]:
    """Encode a stretch, for each split that has pairs in it."""
    pairs, found = unpack(stretch.blob), []
    for split in np.unique(stretch.splits[stretch.splits != NOWHERE]):
        members = [pairs[i] for i in np.flatnonzero(stretch.splits == split)]
        source, target = (side.encode([pair[n] for pair in members]) for n, side in enumerate(subwords))
        framed = [([*es, EOS], [BOS, *en, EOS]) for es, en in zip(source, target, strict=True)]
        # What is evaluated is never too long; BOS is fed, not said.
        fits = [split == TEST or max(len(es), len(en) - 1) <= config.data.max_length for es, en in framed]
        kept = list(compress(members, fits))
        left_out = [pair for pair, fit in zip(members, fits, strict=True) if not fit]
        sides = [[ids[n] for ids in compress(framed, fits)] for n in (0, 1)]
        lengths = np.array([[len(ids) for ids in side] for side in sides], np.int32)
        flat = [np.fromiter((i for ids in side for i in ids), np.int32) for side in sides]
        unknown = np.array([np.count_nonzero(side == UNK) for side in flat])
        texts = [] if split == TRAIN else kept
        found.append(Encoded(int(split), flat, lengths, texts, unknown, len(left_out), left_out[:EXAMPLES]))
    return found
