"""Sampling: subwords chosen at random by their probability, instead of the most probable ones.

A sample depends on the seed, the line, the number of the sample and the step, and on nothing else: not on the batch, the order
or the number of threads.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from s2s.data.dataset import Indices
from s2s.translation.state import Floats

Keys = npt.NDArray[np.uint64]
"""[n]: for each sample, what its subwords depend on beside the step."""


@dataclass(frozen=True)
class Sampling:
    """How subwords are sampled."""

    temperature: float = 1.0
    """Logits are divided by it: below 1 samples are nearer to the best subword, above 1 more even."""
    top_k: int | None = None
    """Sample from the k most probable subwords only; None = from all."""
    top_p: float = 1.0
    """Sample from the most probable subwords only that together have this probability (Holtzman et al. 2020)."""
    seed: int = 1
    """Seed of the samples."""
    samples: int = 1
    """Translations of each sentence, in the order of their numbers."""

    def keys(self, lines: Indices, parts: Indices) -> Keys:
        """The keys of all samples, those of a sentence together.

        Args:
            lines: [sentences], number of the line of each.
            parts: [sentences], number of the part of the line.
        """
        key = _fold(_fold(np.full(len(lines), self.seed, np.uint64), lines), parts)
        return _fold(np.repeat(key, self.samples), np.tile(np.arange(self.samples), len(lines)))

    def sample(self, logits: Floats, keys: Keys, steps: Indices) -> Indices:
        """A subword for each row, [rows].  -inf is never taken.

        Args:
            logits: [rows, vocabulary].
            keys: [rows].
            steps: [rows], number of the step of each row.
        """
        scaled = logits.astype(np.float64)
        scaled = (scaled - scaled.max(1, keepdims=True)) / self.temperature
        if self.top_k is not None and self.top_k < scaled.shape[1]:
            least = np.partition(scaled, -self.top_k, 1)[:, -self.top_k, None]
            scaled[scaled < least] = -np.inf
        probabilities = np.exp(scaled)
        if self.top_p < 1.0:
            descending = -np.sort(-probabilities, 1)
            before = np.cumsum(descending, 1) - descending
            # The least probable subword before which less than top_p has been counted is in.
            within = before < self.top_p * probabilities.sum(1, keepdims=True)
            least = descending[np.arange(len(within)), within.sum(1) - 1][:, None]
            probabilities[probabilities < least] = 0.0
        ends = np.cumsum(probabilities, 1)
        # 53 bits, as a float64 between 0 and 1 has.
        uniform = (_fold(keys, steps) >> np.uint64(11)) * 2.0**-53
        return np.asarray((ends <= uniform[:, None] * ends[:, -1:]).sum(1), np.int64)


def _fold(keys: Keys, numbers: Indices) -> Keys:
    """New keys that depend on both: the mixing function of SplitMix64 (Steele et al. 2014)."""
    mixed = keys * np.uint64(0x9E3779B97F4A7C15) + numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
