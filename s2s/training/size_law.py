"""The size of network that gives the lowest dev perplexity in a given time, by what was measured on Tatoeba."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from s2s.config import Config, ModelConfig, TrainingConfig

SIZES = (256, 384, 512, 768)
"""Cells of a layer (`model.units`) among which a size is chosen."""

LEAST_STEPS = 600
"""Of the trainings that the law was fitted to; it says nothing of fewer."""

RESIDUAL = 0.0155
"""The largest difference of those trainings from the law: smaller differences between sizes mean nothing."""


class SizeLaw(NamedTuple):
    """The logarithm of dev perplexity by size and steps, as a product of powers.

    Hoffmann et al. 2022, equation 2, add a term of the size and one of the steps.  Here a larger network gains more the
    fewer the steps, so a product is nearer to what was measured (0.016 instead of 0.036 nats), with a constant less.
    It counts cells of a layer, not weights, as half of the weights here are embeddings, and steps of batches of the default size.
    """

    limit: float
    steps_factor: float
    steps_power: float
    size_power: float

    def loss(self, units: float, steps: float) -> float:
        """In nats per subword: (limit + steps_factor / steps^steps_power) / units^size_power."""
        return (self.limit + self.steps_factor / steps**self.steps_power) / units**self.size_power


TATOEBA_LAW = SizeLaw(limit=2.707, steps_factor=3193.0, steps_power=1.10, size_power=0.16)
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
