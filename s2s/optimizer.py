"""One training step: loss, gradients, clipping, AdamW, weight average; compiled, on one device or many.

How it is compiled (`training.compile`) changes speed and rounding, nothing else:

    xla    the whole step is one XLA program for each batch shape: what a GPU wants
    graph  TensorFlow does the matrix products and XLA compiles all between them: faster on a CPU, where
           TensorFlow's products (oneDNN) know bfloat16 and XLA's do not
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from s2s.batches import Batch, Shape
from s2s.checkpoints import Arrays
from s2s.config import TrainingConfig
from s2s.distribution import Devices, compiles_whole_steps
from s2s.dropout import fold
from s2s.engine import tf
from s2s.errors import RunError
from s2s.loss import cross_entropy
from s2s.lstm import Tensor
from s2s.model import Seq2Seq
from s2s.tokenizer import PAD

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's decays and epsilon, as in Kingma & Ba 2015.  On Tatoeba 0.98 for BETA_2 lost 1.5 BLEU in the first epoch."""

_COUNTERS = ("loss_sum", "tokens", "norm", "skipped", "fault", "scale", "good_steps")

SCALE_GROWTH_STEPS = 2000
"""Steps without overflow after which the loss scale of float16 is doubled (Micikevicius et al. 2018)."""


class Counters(NamedTuple):
    """What the device has counted since it was last asked."""

    loss: float
    """Plain cross-entropy per token, nats."""
    tokens: float
    """Real target tokens learnt from."""
    gradient_norm: float
    """Largest norm of a step's gradient, before clipping."""
    skipped: int
    """Steps not taken because their gradient was not finite."""
    fault: tuple[int, float, float]
    """The first of these: its number, from 1, its learning rate, its gradient's norm."""


class Trainer:
    """The model with all that changes while it learns: moments, weight average, loss counters."""

    def __init__(self, model: Seq2Seq, config: TrainingConfig, seed: int, devices: Devices):
        """model: made inside `devices.scope()`."""
        self.model, self.config, self.devices, self.seed = model, config, devices, seed
        self.weights = [weight.value for weight in model.trainable_variables]
        with devices.scope():
            self.averages = [tf.Variable(weight) for weight in self.weights]
            self.firsts = [tf.Variable(tf.zeros_like(weight)) for weight in self.weights]
            self.seconds = [tf.Variable(tf.zeros_like(weight)) for weight in self.weights]
            self.loss_sum, self.tokens = tf.Variable(0.0), tf.Variable(0.0)
            self.norm, self.skipped, self.fault = tf.Variable(0.0), tf.Variable(0.0), tf.Variable([0.0, 0.0, 0.0])
            # Float16 gradients are computed of the loss times `scale`, so that small ones are not lost.
            self.scale = tf.Variable(2.0**15 if config.precision == "float16" else 1.0)
            self.good_steps = tf.Variable(0.0)
        whole = compiles_whole_steps(config.compile)
        self._gradients = tf.function(self._gradients_of, jit_compile=whole, autograph=False)
        self._loss = tf.function(self._loss_of, jit_compile=whole, autograph=False)
        self._learn = tf.function(self._learn_at_once, jit_compile=whole, autograph=False)
        self._learn_shared = tf.function(self._learn_in_parts, autograph=False)
        self._apply = tf.function(self._apply_gradients, jit_compile=True, autograph=False)

    def step(self, shape: Shape, parts: list[Batch], rate: float, count: int) -> None:
        """Learn from one batch, which comes in `training.micro_batches` parts of the same shape.

        rate: learning rate.  count: number of this step, from 0, which seeds dropout and ramps the average.
        Compiled once per shape.  Losses are added up on the device until `read_counters`.
        """
        tokens = sum(int((part.labels != PAD).sum()) for part in parts)
        numbers = tf.constant(rate), tf.constant(count, tf.int64), tf.constant(float(tokens))
        if len(parts) == 1:
            self._learn(shape, *parts[0], *numbers)
        else:
            numbered = [(*part, np.int64(number)) for number, part in enumerate(parts)]
            self._learn_shared(shape, self.devices.share_out(numbered), *numbers)

    def _learn_at_once(
        self, shape: Shape, source: Tensor, target: Tensor, labels: Tensor, rate: Tensor, count: Tensor, tokens: Tensor
    ) -> None:
        part = tf.constant(0, tf.int64)
        gradients, plain = self._gradients_of(shape, source, target, labels, part, count, tokens)
        self._apply(gradients, plain, rate, count, tokens)

    def _learn_in_parts(self, shape: Shape, rounds: list[Any], rate: Tensor, count: Tensor, tokens: Tensor) -> None:
        """Each device adds up the gradients of its parts, all devices theirs; then each updates its weights."""

        def replica(*rounds: Any) -> tuple[list[Tensor], Tensor, Tensor]:
            sums: list[Tensor] = []
            for part in rounds:
                # One after the other: parts are there to save memory.
                with tf.control_dependencies(sums):
                    gradients, plain = self._gradients(shape, *part, count, tokens)
                new = [*gradients, plain]
                sums = [total + value for total, value in zip(sums, new, strict=True)] if sums else new
            *gradients, plain = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, sums)
            return gradients, plain, tf.linalg.global_norm(gradients)

        strategy = self.devices.strategy
        gradients, plain, norm = strategy.run(replica, args=tuple(rounds))
        update = strategy.extended.update
        for (weight, *others), gradient in zip(self._per_weight(), gradients, strict=True):
            update(weight, self._update, args=(*others, gradient, norm, self.scale, rate, count))
        counters = self.tokens, self.norm, self.skipped, self.fault
        update(self.loss_sum, self._count, args=(*counters, plain, tokens, norm, self.scale, rate, count))
        update(self.scale, self._rescale, args=(self.good_steps, norm))

    def _gradients_of(
        self, shape: Shape, source: Tensor, target: Tensor, labels: Tensor, part: Tensor, count: Tensor, tokens: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """Gradients of one part's share of the loss (times `scale`), and the sum of its plain cross-entropy."""
        seed = fold(fold(tf.constant(self.seed, tf.int64), count), part)
        decoder, smoothing = self.model.decoder, self.config.label_smoothing
        with tf.GradientTape() as tape:
            features = self.model(source, target, shape=shape, seed=seed)
            bias = tf.convert_to_tensor(decoder.output_bias)
            loss, plain = cross_entropy(features, decoder.table, bias, labels, smoothing, self.scale / tokens)
        # Embeddings' gradients come as slices; dense ones are what the tied output needs anyway.
        return [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, self.weights)], plain

    def _apply_gradients(
        self, gradients: list[Tensor], plain: Tensor, rate: Tensor, count: Tensor, tokens: Tensor
    ) -> None:
        norm, scale = tf.linalg.global_norm(gradients), tf.convert_to_tensor(self.scale)
        for variables, gradient in zip(self._per_weight(), gradients, strict=True):
            self._update(*variables, gradient, norm, scale, rate, count)
        counters = self.loss_sum, self.tokens, self.norm, self.skipped, self.fault
        self._count(*counters, plain, tokens, norm, scale, rate, count)
        self._rescale(self.scale, self.good_steps, norm)

    def _update(
        self, weight: Any, first: Any, second: Any, average: Any, gradient: Tensor, norm: Tensor, scale: Tensor,
        rate: Tensor, count: Tensor,
    ) -> None:  # fmt: skip
        """Clip (Pascanu et al. 2013), AdamW (Loshchilov & Hutter 2019) and average one weight.

        When the norm is not finite nothing changes: one broken batch must not break the weights.

        weight, first and second moment, average: variables.  gradient, and norm of all gradients together: those
        of the loss times `scale`.
        """
        count = tf.cast(count, tf.float32)
        gradient = gradient * (tf.minimum(1.0, self.config.clip_norm * scale / norm) / scale)
        mean = first + (1.0 - BETA_1) * (gradient - first)
        square = second + (1.0 - BETA_2) * (gradient * gradient - second)
        unbias = tf.sqrt(1.0 - BETA_2 ** (count + 1.0)) / (1.0 - BETA_1 ** (count + 1.0))
        step = unbias * mean / (tf.sqrt(square) + EPSILON) + self.config.weight_decay * weight
        new = weight - rate * step
        # A short run would average in its random start: the decay rises to its value.
        decay = tf.minimum(self.config.average_decay, (1.0 + count) / (10.0 + count))
        averaged = average + (1.0 - decay) * (new - average)
        for variable, value in ((first, mean), (second, square), (weight, new), (average, averaged)):
            variable.assign(tf.where(tf.math.is_finite(norm), value, variable))

    def _count(
        self, loss_sum: Any, token_sum: Any, largest: Any, skipped: Any, fault: Any, plain: Tensor, tokens: Tensor,
        norm: Tensor, scale: Tensor, rate: Tensor, count: Tensor,
    ) -> None:  # fmt: skip
        """Add a step to the counters (variables) that `read_counters` reads; `norm` is of the loss times `scale`."""
        good = tf.math.is_finite(norm)
        loss_sum.assign_add(tf.where(good, plain, 0.0))
        token_sum.assign_add(tf.where(good, tokens, 0.0))
        largest.assign(tf.maximum(largest, tf.where(good, norm / scale, 0.0)))
        # While there is a scale to halve, an overflow is how float16 finds the right one.
        bad = tf.logical_and(tf.logical_not(good), scale <= 1.0)
        first = tf.logical_and(bad, skipped < 1.0)
        fault.assign(tf.where(first, tf.stack([tf.cast(count + 1, tf.float32), rate, norm]), fault))
        skipped.assign_add(tf.cast(bad, tf.float32))

    def _rescale(self, scale: Any, good_steps: Any, norm: Tensor) -> None:
        """Halve the loss scale after an overflow, double it after SCALE_GROWTH_STEPS steps without."""
        if self._scaled:
            good = tf.where(tf.math.is_finite(norm), good_steps + 1.0, 0.0)
            grow = good >= SCALE_GROWTH_STEPS
            scale.assign(tf.where(grow, scale * 2.0, tf.where(good > 0.0, scale, tf.maximum(scale * 0.5, 1.0))))
            good_steps.assign(tf.where(grow, 0.0, good))

    @property
    def _scaled(self) -> bool:
        return self.config.precision == "float16"

    def _per_weight(self) -> list[tuple[Any, Any, Any, Any]]:
        """(weight, first moment, second moment, average) of every weight."""
        return list(zip(self.weights, self.firsts, self.seconds, self.averages, strict=True))

    def _loss_of(self, shape: Shape, source: Tensor, target: Tensor, labels: Tensor) -> Tensor:
        decoder = self.model.decoder
        features, bias = self.model(source, target, shape=shape), tf.convert_to_tensor(decoder.output_bias)
        return cross_entropy(features, decoder.table, bias, labels, 0.0, tf.constant(1.0))[1]

    def evaluate(self, batches: Iterable[tuple[Shape, Batch]]) -> float:
        """Cross-entropy per real token (nats) of the averaged weights over `batches`."""
        total, tokens = 0.0, 0
        self._swap()
        try:
            for shape, batch in batches:
                total += float(self._loss(shape, *batch))
                tokens += int((batch.labels != PAD).sum())
        finally:
            self._swap()
        return total / tokens

    def read_counters(self) -> Counters:
        """What the steps since the last call came to.

        Reading makes the host wait for the device: once per logging interval, not per step.
        """
        step, rate, norm = self.fault.numpy().tolist()
        total, tokens = float(self.loss_sum.numpy()), float(self.tokens.numpy())
        counters = Counters(
            total / tokens if tokens else math.nan, tokens, float(self.norm.numpy()), int(self.skipped.numpy()),
            (int(step), rate, norm),
        )  # fmt: skip
        for variable in (self.loss_sum, self.tokens, self.norm, self.skipped, self.fault):
            variable.assign(tf.zeros_like(variable))
        return counters

    def faulty(self) -> bool:
        """Whether a step was skipped since the counters were read; makes the host wait, too."""
        return bool(self.skipped.numpy())

    def averaged_weights(self) -> Arrays:
        """The weights' moving average by name: what translates."""
        names = [weight.path for weight in self.model.trainable_variables]
        return {name: average.numpy() for name, average in zip(names, self.averages, strict=True)}

    def arrays(self) -> Arrays:
        """All that changes while learning, by name: `restore` puts it back."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, arrays: Arrays) -> None:
        """Put back what `arrays` returned; raises RunError when names or shapes are not those of this model."""
        variables = self._variables()
        if {name: array.shape for name, array in arrays.items()} != {
            name: tuple(variable.shape) for name, variable in variables.items()
        }:
            raise RunError("the checkpoint's arrays do not fit the model of the config")
        for name, variable in variables.items():
            variable.assign(arrays[name])

    def _variables(self) -> dict[str, Any]:
        names = [weight.path for weight in self.model.trainable_variables]
        kinds = ("weight", "first", "second", "average")
        named = {
            f"{kind}/{name}": variable
            for name, variables in zip(names, self._per_weight(), strict=True)
            for kind, variable in zip(kinds, variables, strict=True)
        }
        return named | {name: getattr(self, name) for name in _COUNTERS}

    def _swap(self) -> None:
        """Exchange the weights with their average."""
        for average, weight in zip(self.averages, self.weights, strict=True):
            kept = average.numpy()
            average.assign(weight)
            weight.assign(kept)
