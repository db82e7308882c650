"""The learning rate over a training, and the budget that it needs."""

import math

from s2s.config import TrainingConfig
from s2s.errors import InputError


def require_budget(config: TrainingConfig) -> None:
    """Raise InputError for a training that would never end, or whose learning rate would never fall."""
    if config.epochs or config.steps or config.minutes is not None:
        return
    if config.patience is None or config.schedule != "inverse_sqrt":
        raise InputError(
            "training: there is no budget; set training.minutes, training.steps or training.epochs (training.patience alone is "
            "enough with training.schedule: inverse_sqrt, as the others fall over the budget)"
        )


def learning_rate(config: TrainingConfig, step: int, share: float) -> float:
    """The learning rate of a step: a linear warm-up, then a decay by `training.schedule`.

    Args:
        config: the section `training`.
        step: number of the step, from 0.
        share: share of the budget that is used, from 0 to 1.
    """
    warmup = max(config.warmup_steps, 1)
    decay = {
        "linear": 1.0 - share,
        "cosine": 0.5 + 0.5 * math.cos(math.pi * share),
        "inverse_sqrt": (warmup / max(step + 1, warmup)) ** 0.5,
    }
    return config.learning_rate * min((step + 1) / warmup, 1.0) * decay[config.schedule]
