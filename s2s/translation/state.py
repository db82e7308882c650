"""The hidden state in NumPy: the one file that knows how h and c of all layers lie in an array.

A state is all that the decoder is given of a sentence: h and c of every encoder layer at the last time step.

    state     float32 [layers, 2, units]             of one sentence: h, then c; the bottom layer first
    states    float32 [sentences, layers, 2, units]  what `inspect-state --layers all` writes

model/seq2seq.py has the same state as Keras tensors: `EncoderState`.
"""

import numpy as np
import numpy.typing as npt

from s2s.config import ModelConfig

Floats = npt.NDArray[np.float32]

H, C = 0, 1
"""Places of h and c in a state's axis of two."""


def state_shape(config: ModelConfig) -> tuple[int, int, int]:
    """Shape of one sentence's state: (layers, 2, units)."""
    return config.layers, 2, config.units


def sentence_vectors(states: Floats) -> Floats:
    """H of the top layer, [sentences, units], of states [sentences, layers, 2, units]."""
    return states[:, -1, H]


def unit_vectors(vectors: Floats) -> Floats:
    """Vectors, [n, units], scaled to length 1, so that a product is a cosine; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, np.float32(1e-12))
    return unit


class RowStates:
    """The states of the sentences that are computed together, a sentence in each row."""

    def __init__(self, config: ModelConfig, rows: int):
        """Zeros, as before the first subword."""
        self.h = np.zeros((config.layers, rows, config.units), np.float32)
        """[layers, rows, units]"""
        self.c = np.zeros_like(self.h)
        """[layers, rows, units]"""

    def clear(self, row: int) -> None:
        """Set a row's state to zeros."""
        self.h[:, row] = self.c[:, row] = 0.0

    def load(self, row: int, state: Floats) -> None:
        """Set a row's state to `state` [layers, 2, units]."""
        self.h[:, row], self.c[:, row] = state[:, H], state[:, C]

    def store(self, row: int, state: Floats) -> None:
        """Copy a row's state into `state` [layers, 2, units]."""
        state[:, H], state[:, C] = self.h[:, row], self.c[:, row]

    def gather(self, rows: npt.NDArray[np.int64]) -> None:
        """Set the first len(rows) rows to copies of `rows`."""
        count = len(rows)
        self.h[:, :count], self.c[:, :count] = self.h[:, rows], self.c[:, rows]
