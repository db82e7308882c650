"""One training step as one compiled program: loss, gradients, clipping, Adam, weight average."""

from typing import Any

from s2s.config import TrainingConfig
from s2s.engine import keras, tf
from s2s.errors import RunError
from s2s.lstm import Tensor
from s2s.model import Seq2Seq
from s2s.run import Arrays
from s2s.tokenizer import PAD


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float) -> tuple[Tensor, Tensor, Tensor]:
    """Sums over the real tokens: smoothed cross-entropy (nats), plain cross-entropy (nats), count of tokens.

    logits [..., vocabulary], labels [...] with PAD where there is no token.  Smoothing spreads a share
    of the target probability evenly over the vocabulary (Szegedy et al. 2016).
    """
    real = tf.cast(labels != PAD, tf.float32)
    normalizer = tf.reduce_logsumexp(logits, -1)
    picked = tf.reduce_sum(tf.one_hot(labels, logits.shape[-1]) * logits, -1)
    plain = normalizer - picked
    smoothed = normalizer - (1.0 - smoothing) * picked - smoothing * tf.reduce_mean(logits, -1)
    return tf.reduce_sum(smoothed * real), tf.reduce_sum(plain * real), tf.reduce_sum(real)


class Trainer:
    """The model with all that changes while it learns: optimizer, weight average, loss counters."""

    def __init__(self, model: Seq2Seq, config: TrainingConfig, seed: int):
        self.model, self.config, self.seed = model, config, seed
        self.optimizer = keras.optimizers.Adam(config.learning_rate, epsilon=1e-8)
        self.optimizer.build(model.trainable_variables)
        self.averages = [tf.Variable(weight.value) for weight in model.trainable_variables]
        self._totals = [tf.Variable(0.0) for _ in range(2)]

    @tf.function(jit_compile=True)
    def step(self, source: Tensor, target: Tensor, rate: Tensor, count: Tensor) -> None:
        """Learn from one batch of ids: source [batch, S], target [batch, T + 1] from BOS to EOS.

        rate: learning rate.  count: int64 number of this step, which seeds dropout and ramps the average.
        Compiled once per shape.  Losses are added up on the device until `read_loss`.
        """
        weights = self.model.trainable_variables
        seed = tf.stack([tf.constant(self.seed, tf.int64), count])
        with tf.GradientTape() as tape:
            logits = self.model(source, target[:, :-1], seed=seed)
            smoothed, plain, tokens = cross_entropy(logits, tf.transpose(target[:, 1:]), self.config.label_smoothing)
            loss = smoothed / tokens
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        # Embeddings' gradients come as slices; dense ones are what the tied output needs anyway.
        dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
        clipped, _ = tf.clip_by_global_norm(dense, self.config.clip_norm)
        self.optimizer.learning_rate.assign(rate)
        self.optimizer.apply(clipped, weights)
        self._average(weights, tf.cast(count, tf.float32))
        for total, value in zip(self._totals, (plain, tokens), strict=True):
            total.assign_add(value)

    def _average(self, weights: list[Any], count: Tensor) -> None:
        # A short run would average in its random start: the decay rises to its value.
        decay = tf.minimum(self.config.average_decay, (1.0 + count) / (10.0 + count))
        for average, weight in zip(self.averages, weights, strict=True):
            average.assign_sub((1.0 - decay) * (average - weight.value))

    @tf.function(jit_compile=True)
    def _evaluate(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.model(source, target[:, :-1])
        _, plain, tokens = cross_entropy(logits, tf.transpose(target[:, 1:]), 0.0)
        return plain, tokens

    def evaluate(self, batches: Any) -> float:
        """Cross-entropy per real token (nats) of the averaged weights over `batches`."""
        self._swap()
        try:
            sums = [self._evaluate(batch.source, batch.target) for batch in batches]
        finally:
            self._swap()
        return float(sum(plain for plain, _ in sums)) / float(sum(tokens for _, tokens in sums))

    def read_loss(self) -> tuple[float, float]:
        """Plain cross-entropy per token since the last call, and the number of tokens.

        Reading makes the host wait for the device: once per logging interval, not per step.
        """
        plain, tokens = (float(total) for total in self._totals)
        for total in self._totals:
            total.assign(0.0)
        return plain / max(tokens, 1.0), tokens

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
        weights = self.model.trainable_variables
        named = {f"weight/{weight.path}": weight.value for weight in weights}
        named |= {f"average/{w.path}": average for w, average in zip(weights, self.averages, strict=True)}
        named |= {f"optimizer/{i}": variable.value for i, variable in enumerate(self.optimizer.variables)}
        return named | {f"total/{i}": total for i, total in enumerate(self._totals)}

    def _swap(self) -> None:
        """Exchange the weights with their average."""
        for average, weight in zip(self.averages, self.model.trainable_variables, strict=True):
            kept = average.numpy()
            average.assign(weight.value)
            weight.assign(kept)
