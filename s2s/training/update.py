"""The optimizer's arithmetic: clipping, AdamW, weight average, loss scale, and the counters that the log shows.

Written out rather than taken from keras.optimizers for four reasons: the update of one weight runs on several devices
(tf.distribute) and in one XLA program alike; a step whose gradient is not finite changes nothing; the decay of the weight
average rises from zero; and the counters are kept on the device.
"""

import math
from typing import Any, NamedTuple

from s2s.config import TrainingConfig
from s2s.model.backend import tf
from s2s.model.lstm import Tensor

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's decays and epsilon, as in Kingma & Ba 2015.  On Tatoeba 0.98 for BETA_2 lost 1.5 BLEU in the first epoch."""

SCALE_GROWTH_STEPS = 2000
"""Steps without overflow after which float16's loss scale is doubled (Micikevicius et al. 2018)."""

INITIAL_SCALE = 2.0**15
"""Loss scale that float16 starts with."""


class Counters(NamedTuple):
    """What the device has counted since it was last read."""

    loss: float
    """Plain cross-entropy per token, nats."""
    tokens: float
    """Target tokens trained on, without padding."""
    gradient_norm: float
    """Largest global norm of a step's gradients, before clipping."""
    skipped: int
    """Steps skipped because their gradient was not finite."""
    first_skipped: tuple[int, float, float]
    """Number (from 1), learning rate and gradient norm of the first skipped step."""


class DeviceCounters:
    """The variables behind `Counters`."""

    def __init__(self) -> None:
        self.loss_sum, self.tokens, self.norm, self.skipped = (tf.Variable(0.0) for _ in range(4))
        self.first_skipped = tf.Variable([0.0, 0.0, 0.0])

    def variables(self) -> tuple[Any, Any, Any, Any, Any]:
        """In the order of the arguments of `count_step`."""
        return self.loss_sum, self.tokens, self.norm, self.skipped, self.first_skipped

    def read(self) -> Counters:
        """Read the counters and set them to zero.  The host waits for the device, so not in every step."""
        step, rate, norm = self.first_skipped.numpy().tolist()
        total, tokens = float(self.loss_sum.numpy()), float(self.tokens.numpy())
        counters = Counters(
            total / tokens if tokens else math.nan, tokens, float(self.norm.numpy()), int(self.skipped.numpy()),
            (int(step), rate, norm),
        )  # fmt: skip
        for variable in self.variables():
            variable.assign(tf.zeros_like(variable))
        return counters


def adamw(
    config: TrainingConfig, weight: Any, m: Any, v: Any, average: Any, gradient: Tensor, norm: Tensor, scale: Tensor,
    rate: Tensor, count: Tensor,
) -> None:  # fmt: skip
    """Update one weight: clip (Pascanu et al. 2013), AdamW (Loshchilov & Hutter 2019), moving average.

    Nothing changes when the norm is not finite, so that one bad batch does not destroy the weights.

    Args:
        config: clip_norm, weight_decay and average_decay are used.
        weight: variable.
        m: variable, the first moment.
        v: variable, the second moment.
        average: variable, moving average of the weight.
        gradient: of the loss times `scale`.
        norm: global norm of all gradients, of the loss times `scale`.
        scale: loss scale.
        rate: learning rate.
        count: number of the step, from 0.
    """
    count = tf.cast(count, tf.float32)
    gradient = gradient * (tf.minimum(1.0, config.clip_norm * scale / norm) / scale)
    new_m = m + (1.0 - BETA_1) * (gradient - m)
    new_v = v + (1.0 - BETA_2) * (gradient * gradient - v)
    unbias = tf.sqrt(1.0 - BETA_2 ** (count + 1.0)) / (1.0 - BETA_1 ** (count + 1.0))
    step = unbias * new_m / (tf.sqrt(new_v) + EPSILON) + config.weight_decay * weight
    new = weight - rate * step
    # A short training would average in its random start, so the decay rises to its value.
    decay = tf.minimum(config.average_decay, (1.0 + count) / (10.0 + count))
    new_average = average + (1.0 - decay) * (new - average)
    for variable, value in ((m, new_m), (v, new_v), (weight, new), (average, new_average)):
        variable.assign(tf.where(tf.math.is_finite(norm), value, variable))


def count_step(
    loss_sum: Any, token_sum: Any, largest_norm: Any, skipped: Any, first_skipped: Any, plain: Tensor, tokens: Tensor,
    norm: Tensor, scale: Tensor, rate: Tensor, count: Tensor,
) -> None:  # fmt: skip
    """Add a step to the variables of `DeviceCounters`.

    Args:
        loss_sum: variable.
        token_sum: variable.
        largest_norm: variable.
        skipped: variable.
        first_skipped: variable.
        plain: sum of the step's plain cross-entropy.
        tokens: its target tokens.
        norm: global norm of its gradients, of the loss times `scale`.
        scale: loss scale.
        rate: learning rate.
        count: number of the step, from 0.
    """
    finite = tf.math.is_finite(norm)
    loss_sum.assign_add(tf.where(finite, plain, 0.0))
    token_sum.assign_add(tf.where(finite, tokens, 0.0))
    largest_norm.assign(tf.maximum(largest_norm, tf.where(finite, norm / scale, 0.0)))
    # While there is a scale to halve, an overflow only means that float16 is looking for the right one.
    bad = tf.logical_and(tf.logical_not(finite), scale <= 1.0)
    first = tf.logical_and(bad, skipped < 1.0)
    first_skipped.assign(tf.where(first, tf.stack([tf.cast(count + 1, tf.float32), rate, norm]), first_skipped))
    skipped.assign_add(tf.cast(bad, tf.float32))


def update_scale(config: TrainingConfig, scale: Any, good_steps: Any, norm: Tensor) -> None:
    """With float16, halve the loss scale after an overflow; double it after SCALE_GROWTH_STEPS steps without.

    Args:
        config: precision is used.
        scale: variable, the loss scale.
        good_steps: variable, steps since the last overflow or change.
        norm: global norm of the step's gradients.
    """
    if config.precision != "float16":
        return
    good = tf.where(tf.math.is_finite(norm), good_steps + 1.0, 0.0)
    grow = good >= SCALE_GROWTH_STEPS
    scale.assign(tf.where(grow, scale * 2.0, tf.where(good > 0.0, scale, tf.maximum(scale * 0.5, 1.0))))
    good_steps.assign(tf.where(grow, 0.0, good))
