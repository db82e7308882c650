"""One training step, compiled: loss, gradients, update; on one device or many.

How it is compiled (`training.compile`) changes speed and rounding, nothing else:

    xla    the whole step is one XLA program for each batch shape: the choice for a GPU
    graph  TensorFlow computes the matrix products and XLA everything between them: faster on a CPU, where TensorFlow's
           products (oneDNN) support bfloat16 and XLA's do not
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from s2s.config import Part, TrainingConfig
from s2s.data.packing import LOGITS_CHUNK, Batch, BatchShape, packed_size
from s2s.data.tokenizer import PAD
from s2s.files import Arrays
from s2s.model.backend import tf
from s2s.model.compiled import CompiledFunction
from s2s.model.dropout import compiled_drop, fold
from s2s.model.loss import compiled_softmax, cross_entropy
from s2s.model.lstm import Tensor, compiled_cells
from s2s.model.seq2seq import Seq2Seq
from s2s.training.devices import Devices, compiles_whole_step
from s2s.training.update import INITIAL_SCALE, Counters, DeviceCounters, adamw, count_step, update_scale


class Trainer:
    """The model with everything that changes while it trains: moments, weight average, counters."""

    def __init__(self, model: Seq2Seq, config: TrainingConfig, seed: int, devices: Devices):
        """Make the variables and the compiled functions.

        Args:
            model: made inside `devices.scope()`.
            config: the section `training`.
            seed: the experiment's seed, for dropout.
            devices: where to compute.
        """
        self.model, self.config, self.devices, self.seed = model, config, devices, seed
        every = {weight.path: weight.value for weight in model.trainable_variables}
        self.frozen = {name: weight for name, weight in every.items() if is_frozen(name, config.freeze)}
        self.names = [name for name in every if name not in self.frozen]
        self.weights = [every[name] for name in self.names]
        with devices.scope():
            self.averages = [tf.Variable(weight) for weight in self.weights]
            self.ms = [tf.Variable(tf.zeros_like(weight)) for weight in self.weights]
            self.vs = [tf.Variable(tf.zeros_like(weight)) for weight in self.weights]
            self.counters = DeviceCounters()
            # Gradients are of the loss times `scale`, so that small ones survive in float16.
            self.scale = tf.Variable(INITIAL_SCALE if config.precision == "float16" else 1.0)
            self.good_steps = tf.Variable(0.0)
        whole = compiles_whole_step(config.compile)
        self._gradients = tf.function(self._compute_gradients, jit_compile=whole, autograph=False)
        self._loss = tf.function(self._compute_loss, jit_compile=whole, autograph=False)
        self._step = tf.function(self._whole_step, jit_compile=whole, autograph=False)
        self._step_in_parts = tf.function(self._distributed_step, autograph=False)
        self._apply = tf.function(self._apply_gradients, jit_compile=True, autograph=False)
        if not whole:
            self._trace()

    def _trace(self) -> None:
        """Trace what XLA compiles in every step, now.

        TensorFlow numbers what it traces and computes, and the number is in the name under which a compiled program is kept
        (programs.py).  Later, it would depend on the batches that came first, and on whether a training is resumed.
        """
        model, config = self.model.config, self.config
        compute, scalar = self.model.decoder.compute, tf.TensorSpec([])
        self._cells = compiled_cells(model.units, compute)
        # Of the inputs of the first layer, and of what comes after it.
        sizes = dict.fromkeys((model.embedding_size, model.units)) if model.dropout else {}
        self._drops = [compiled_drop(features, compute, model.dropout) for features in sizes]
        vocabulary = self.model.decoder.vocab_size
        self._softmax = compiled_softmax(vocabulary, compute, config.label_smoothing)
        compiled_softmax(vocabulary, compute, 0.0)  # of the dev loss
        if config.micro_batches == 1:
            specs = [tf.TensorSpec(weight.shape) for weight in self.weights]
            self._apply.get_concrete_function(specs, scalar, scalar, tf.TensorSpec([], tf.int64), scalar)

    def compile_ahead(self, shapes: list[BatchShape], stopped: Callable[[], bool]) -> None:
        """Compile and trace steps of these shapes, beside a thread that takes them: so both cores compile.

        That thread compiles what it needs when it comes to it.  This one goes through the programs the other way round, so that
        they seldom want the same.  Nothing is done where a step is one program, or consists of parts, which are traced
        otherwise.

        Args:
            shapes: of the batches to come.
            stopped: called after every program; True ends it.
        """
        if compiles_whole_step(self.config.compile) or self.config.micro_batches > 1:
            return
        for shape in shapes[::-1]:
            for function, rows in self._programs(shape)[::-1]:
                function.compile(rows)
                if stopped():
                    return
        # The steps wait while one is traced here, but what XLA compiles for them goes on.
        for shape in shapes[::-1]:
            ids = [tf.TensorSpec([packed_size(side)], tf.int32) for side in (shape.source, shape.target, shape.target)]
            rate, count, tokens = tf.TensorSpec([]), tf.TensorSpec([], tf.int64), tf.TensorSpec([])
            self._step.get_concrete_function(shape, *ids, rate, count, tokens)
            if stopped():
                return

    def _programs(self, shape: BatchShape) -> list[tuple[CompiledFunction, int]]:
        """The programs of a step, in about its order: functions and their numbers of rows.

        Without that of the update, which cannot be called for nothing: it would change the weights.
        """
        programs = []
        # The decoder has dropout before every layer and before the output, the encoder before every layer.
        layers = self.model.config.layers
        for side, drops in ((shape.source, self._drops[:layers]), (shape.target, self._drops)):
            programs += [(drop, packed_size(side)) for drop in drops]
            programs += [(cell, rows) for _, rows in side for cell in self._cells]
        tokens = packed_size(shape.target)
        return programs + [(self._softmax, min(LOGITS_CHUNK, tokens - at)) for at in range(0, tokens, LOGITS_CHUNK)]

    def step(self, shape: BatchShape, parts: list[Batch], rate: float, count: int) -> None:
        """Train on one batch.  Compiled once for each shape; losses are summed on the device until they are read.

        Args:
            shape: shape of every part.
            parts: the batch in `training.micro_batches` parts.
            rate: learning rate.
            count: number of the step, from 0; it seeds dropout.
        """
        tokens = sum(int((part.labels != PAD).sum()) for part in parts)
        numbers = tf.constant(rate), tf.constant(count, tf.int64), tf.constant(float(tokens))
        if len(parts) == 1:
            self._step(shape, *parts[0], *numbers)
        else:
            numbered = [(*part, np.int64(number)) for number, part in enumerate(parts)]
            self._step_in_parts(shape, self.devices.distribute(numbered), *numbers)

    def _whole_step(
        self, shape: BatchShape, source: Tensor, target: Tensor, labels: Tensor, rate: Tensor, count: Tensor,
        tokens: Tensor,
    ) -> None:  # fmt: skip
        part = tf.constant(0, tf.int64)
        gradients, plain = self._compute_gradients(shape, source, target, labels, part, count, tokens)
        self._apply(gradients, plain, rate, count, tokens)

    def _distributed_step(
        self, shape: BatchShape, rounds: list[Any], rate: Tensor, count: Tensor, tokens: Tensor
    ) -> None:
        """Every device sums the gradients of its parts, the devices sum theirs, then each updates its weights."""

        def replica(*rounds: Any) -> tuple[list[Tensor], Tensor, Tensor]:
            sums: list[Tensor] = []
            for part in rounds:
                # One part after the other: parts are there to save memory.
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
            update(weight, partial(adamw, self.config), args=(*others, gradient, norm, self.scale, rate, count))
        loss_sum, *counters = self.counters.variables()
        update(loss_sum, count_step, args=(*counters, plain, tokens, norm, self.scale, rate, count))
        update(self.scale, partial(update_scale, self.config), args=(self.good_steps, norm))

    def _compute_gradients(
        self, shape: BatchShape, source: Tensor, target: Tensor, labels: Tensor, part: Tensor, count: Tensor,
        tokens: Tensor,
    ) -> tuple[list[Tensor], Tensor]:  # fmt: skip
        """Gradients of one part's share of the loss (times `scale`), and the sum of its plain cross-entropy."""
        seed = fold(fold(tf.constant(self.seed, tf.int64), count), part)
        decoder, smoothing = self.model.decoder, self.config.label_smoothing
        with tf.GradientTape() as tape:
            features = self.model(source, target, shape=shape, seed=seed)
            bias = tf.convert_to_tensor(decoder.output_bias)
            loss, plain = cross_entropy(features, decoder.output_weights, bias, labels, smoothing, self.scale / tokens)
        # The embeddings' gradients come as slices; the tied output layer needs dense ones anyway.
        return [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, self.weights)], plain

    def _apply_gradients(
        self, gradients: list[Tensor], plain: Tensor, rate: Tensor, count: Tensor, tokens: Tensor
    ) -> None:
        norm, scale = tf.linalg.global_norm(gradients), tf.convert_to_tensor(self.scale)
        for variables, gradient in zip(self._per_weight(), gradients, strict=True):
            adamw(self.config, *variables, gradient, norm, scale, rate, count)
        count_step(*self.counters.variables(), plain, tokens, norm, scale, rate, count)
        update_scale(self.config, self.scale, self.good_steps, norm)

    def _per_weight(self) -> list[tuple[Any, Any, Any, Any]]:
        """(weight, m, v, average) of every weight that is trained."""
        return list(zip(self.weights, self.ms, self.vs, self.averages, strict=True))

    def _compute_loss(self, shape: BatchShape, source: Tensor, target: Tensor, labels: Tensor) -> Tensor:
        decoder = self.model.decoder
        features, bias = self.model(source, target, shape=shape), tf.convert_to_tensor(decoder.output_bias)
        return cross_entropy(features, decoder.output_weights, bias, labels, 0.0, tf.constant(1.0))[1]

    def evaluate(self, batches: Iterable[tuple[BatchShape, Batch]]) -> float:
        """Cross-entropy per target token (nats, without padding) of the averaged weights."""
        total, tokens = 0.0, 0
        self._swap_averages()
        try:
            for shape, batch in batches:
                total += float(self._loss(shape, *batch))
                tokens += int((batch.labels != PAD).sum())
        finally:
            self._swap_averages()
        return total / tokens

    def read_counters(self) -> Counters:
        """What was counted since the last call.  The host waits for the device: call it at logging intervals."""
        return self.counters.read()

    def has_skipped(self) -> bool:
        """Whether a step was skipped since the counters were read; the host waits for the device."""
        return bool(self.counters.skipped.numpy())

    def averaged_weights(self) -> Arrays:
        """The moving average of the weights, by name: what translates."""
        averages = dict(zip(self.names, self.averages, strict=True)) | self.frozen
        return {name: average.numpy() for name, average in averages.items()}

    def start_with(self, weights: Arrays) -> None:
        """Set the weights and their averages, by name, as `averaged_weights` returns them."""
        for name, weight, average in zip(self.names, self.weights, self.averages, strict=True):
            weight.assign(weights[name])
            average.assign(weights[name])
        for name, weight in self.frozen.items():
            weight.assign(weights[name])

    def arrays(self) -> Arrays:
        """Everything that changes while training, by name; `restore` reads it back."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, arrays: Arrays) -> None:
        """Set the variables to what `arrays` returned; raises ValueError when a name, shape or type is not this model's."""
        variables = self._variables()
        for name in sorted(arrays.keys() | variables.keys()):
            actual = f"{arrays[name].dtype} {list(arrays[name].shape)}" if name in arrays else "missing"
            right = f"float32 {list(variables[name].shape)}" if name in variables else "part of this model"
            if actual != right:
                raise ValueError(f"{name} is {actual}, not {right}")
        for name, variable in variables.items():
            variable.assign(arrays[name])

    def _variables(self) -> dict[str, Any]:
        """The variables by the names under which checkpoints store them."""
        kinds = ("weight", "first", "second", "average")
        stored = {
            f"{kind}/{name}": variable
            for name, variables in zip(self.names, self._per_weight(), strict=True)
            for kind, variable in zip(kinds, variables, strict=True)
        } | {f"weight/{name}": weight for name, weight in self.frozen.items()}
        counters = ("loss_sum", "tokens", "norm", "skipped", "fault")
        stored |= dict(zip(counters, self.counters.variables(), strict=True))
        return stored | {"scale": self.scale, "good_steps": self.good_steps}

    def _swap_averages(self) -> None:
        """Exchange the weights and their averages."""
        for average, weight in zip(self.averages, self.weights, strict=True):
            kept = average.numpy()
            average.assign(weight)
            weight.assign(kept)


def is_frozen(name: str, parts: tuple[Part, ...]) -> bool:
    """Whether a weight stays as it is.

    Args:
        name: its name, such as encoder/stack/lstm_0/kernel.
        parts: `training.freeze`.
    """
    return name.split("/", maxsplit=1)[0] in parts or ("embeddings" in parts and name.endswith("/embedding"))
