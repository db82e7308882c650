"""Packed batches: the sentences of a batch without the padding between them, and the static shape they have.

A packed batch is one vector of ids, [tokens].  The sentences are sorted from the longest to the shortest.  All first
subwords come first, then all second subwords, and so on; as sentences end, the steps have fewer rows.  `Segments`
gives how many: ((3, 8), (2, 5)) means three steps of all eight sentences, then two steps of the first five.

The segments of a batch are static.  Every step is then a matrix product of known shape, and a sentence that has ended
costs nothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.data.tokenizer import PAD

PackedIds = npt.NDArray[np.int32]
"""[tokens]: subword ids of a packed batch."""

Segments = tuple[tuple[int, int], ...]
"""(steps, rows) of each segment of a packed batch; the number of rows never grows."""

LOGITS_CHUNK = 1024
"""Tokens of a batch whose logits are computed together: see model/loss.py."""


class BatchShape(NamedTuple):
    """The static shape of a batch; a step is traced for each."""

    source: Segments
    target: Segments
    order: tuple[int, ...]
    """[rows]: for each row of the target, the row of its source.  Each side is sorted by its own lengths."""

    def __str__(self) -> str:
        """The shape as the log shows it."""
        return f"{len(self.order)} sentences, {packed_size(self.source)} -> {packed_size(self.target)} subwords"


class Batch(NamedTuple):
    """A packed batch.  PAD fills a row before the source and after the target, and all of a row without a pair."""

    source: PackedIds
    """[source tokens], in reading order."""
    target: PackedIds
    """[target tokens]: the decoder's inputs, from BOS on."""
    labels: PackedIds
    """[target tokens]: the subword to predict after each input, EOS at the end."""


def packed_size(segments: Segments) -> int:
    """Tokens of one side of a packed batch, padding included."""
    return sum(steps * rows for steps, rows in segments)


def pack(sentences: Sequence[Any], segments: Segments, padding_first: bool = False) -> PackedIds:
    """Pack the ids of sentences, [tokens].

    Args:
        sentences: ids of each sentence, the longest row first; not longer than the row's segments.
        segments: shape of the result.
        padding_first: fill a row before its sentence, not after it.
    """
    lengths = np.zeros(segments[0][1], np.int64)
    for steps, rows in segments:
        lengths[:rows] += steps
    padded = np.full((len(lengths), lengths[0]), PAD, np.int32)
    for row, ids in enumerate(sentences):
        first = lengths[row] - len(ids) if padding_first else 0
        padded[row, first : first + len(ids)] = ids
    stops = np.cumsum([steps for steps, _ in segments])
    parts = [padded[:rows, stop - steps : stop].T.ravel() for (steps, rows), stop in zip(segments, stops, strict=True)]
    return np.concatenate(parts)
