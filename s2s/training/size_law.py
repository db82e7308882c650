"""The size of network that gives the lowest dev perplexity in a given time, by what was measured on Tatoeba."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from s2s.config import Config, ModelConfig, TrainingConfig

SIZES = (256, 384, 512, 768)
"""Cells of a layer (`model.units`) among which a size is chosen."""

LEAST_STEPS = 600
"""Of the trainings that the law was fitted to; it says nothing of fewer."""

RESIDUAL = 0.023
"""The largest difference of those trainings from the law: smaller differences between sizes mean nothing."""


class SizeLaw(NamedTuple):
    """The logarithm of dev perplexity by size and steps, in the form of Hoffmann et al. 2022, equation 2.

    Theirs counts weights and tokens.  This one counts cells of a layer, as half of the weights here are embeddings, and
    steps of batches of the default size.
    """

    floor: float
    size_factor: float
    size_power: float
    steps_factor: float
    steps_power: float

    def loss(self, units: float, steps: float) -> float:
        """In nats per subword: floor + size_factor / units^size_power + steps_factor / steps^steps_power."""
        return self.floor + self.size_factor / units**self.size_power + self.steps_factor / steps**self.steps_power


TATOEBA_LAW = SizeLaw(floor=0.926, size_factor=7669.0, size_power=1.84, steps_factor=2237.0, steps_power=1.2)
"""Of two encoder and two decoder layers and 118,000 pairs: `python scripts/experiments/plot_sizes.py data/ablation.jsonl`."""


class Size(NamedTuple):
    """A size of network and how long it can be trained."""

    units: int
    """Cells of each layer."""
    steps: float
    """Steps that fit into the time."""


def best_size(config: Config, steps_of: Callable[[ModelConfig], float]) -> Size | None:
    """The one of SIZES with the lowest loss by TATOEBA_LAW; that of the config if none is lower by RESIDUAL.

    None where the law does not apply: other layers or batches than the defaults, few steps, a given network.

    Args:
        config: the experiment.
        steps_of: steps for which a network can be trained.
    """
    training, own = config.training, Size(config.model.units, steps_of(config.model))
    default = (ModelConfig().layers, TrainingConfig().tokens_per_batch)
    if (config.model.layers, training.tokens_per_batch) != default or training.init_from or own.steps < LEAST_STEPS:
        return None
    sizes = [own, *(Size(units, steps_of(replace(config.model, units=units))) for units in SIZES)]
    best = min((size for size in sizes if size.steps >= LEAST_STEPS), key=lambda size: TATOEBA_LAW.loss(*size))
    return best if TATOEBA_LAW.loss(*own) - TATOEBA_LAW.loss(*best) > RESIDUAL else own
