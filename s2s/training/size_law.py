"""Which size of network learns most from a number of steps, by what was measured on Tatoeba."""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import NamedTuple

from s2s.config import ModelConfig

SIZES = (256, 384, 512, 768)
"""Cells of a layer (`model.units`) among which a size is chosen."""


class SizeLaw(NamedTuple):
    """Perplexity by the size of a network and the steps of its training, in the form of Hoffmann et al. 2022, equation 2.

    Theirs counts weights and tokens.  This one counts cells of a layer, as half of the weights here are embeddings, and
    steps of batches of the default size.
    """

    floor: float
    size_factor: float
    size_power: float
    steps_factor: float
    steps_power: float

    def loss(self, units: float, steps: float) -> float:
        """Natural logarithm of perplexity: floor + size_factor / units^size_power + steps_factor / steps^steps_power."""
        if steps <= 0.0:
            return inf
        return self.floor + self.size_factor / units**self.size_power + self.steps_factor / steps**self.steps_power


TATOEBA_LAW = SizeLaw(floor=0.926, size_factor=7669.0, size_power=1.84, steps_factor=2237.0, steps_power=1.2)
"""Of two encoder and two decoder layers and 118,000 pairs: `python scripts/experiments/plot_sizes.py data/ablation.jsonl`."""


class Size(NamedTuple):
    """A size of network and how long it can be trained."""

    units: int
    """Cells of each layer."""
    steps: float
    """Steps that fit into the time."""


def best_size(config: ModelConfig, steps_of: Callable[[ModelConfig], float]) -> Size:
    """The one of SIZES for which TATOEBA_LAW has the lowest loss.

    Args:
        config: the network, whose `units` are varied.
        steps_of: steps for which a network can be trained.
    """
    sizes = [Size(units, steps_of(replace(config, units=units))) for units in SIZES]
    return min(sizes, key=lambda size: TATOEBA_LAW.loss(*size))
