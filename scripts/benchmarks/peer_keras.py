#!/usr/bin/env python3
"""Measure the training speed of a plain Keras model: keras.layers.LSTM and `fit`, as in a tutorial.

    python scripts/benchmarks/peer_keras.py data/tatoeba/train.tsv.gz --seconds 60

Pairs, subwords, network, loss and tokens per batch are those of benchmark_training.py with its default flags.  The
batches are not packed as in s2s: they are consecutive sentences of length-sorted pools, with about 1 % padding.  The
last line of stdout is a JSON object: target_tokens_per_s and padding_share as in benchmark_training.py.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_training import add_flags, config_of, prepare
from s2s.data.dataset import Pairs
from s2s.model.backend import keras, tf


def main() -> None:
    """Parse the arguments, train, print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_flags(parser)
    parser.add_argument("--jit", action="store_true", help="compile with XLA, one program per batch shape")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        setup = config_of(flags, Path(directory))
        prepare(setup, Path(directory))
        pairs = Pairs(Path(setup.data.prepared), "train")
        model, clock = _model(flags), _Clock(flags.seconds)
        model.fit(_batches(pairs, flags.tokens, clock), steps_per_epoch=10**9, verbose=0, callbacks=[clock])
        print(
            json.dumps(
                {"system": f"keras {keras.__version__} fit", "parameters": model.count_params(), **clock.rates()}
            )
        )


class _Clock(keras.callbacks.Callback):
    """Counts target tokens from the sixth step on, and ends the training `seconds` after the fifth."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds, self.real, self.computed = seconds, 0, 0
        self.batches: list[tuple[int, int]] = []
        """(tokens, computed positions) of the target of every batch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 4:
            self.start = time.perf_counter()
        elif batch > 4:
            self.real += self.batches[batch][0]
            self.computed += self.batches[batch][1]
            self.model.stop_training = time.perf_counter() - self.start > self.seconds
            self.elapsed = time.perf_counter() - self.start

    def rates(self) -> dict[str, float]:
        return {
            "target_tokens_per_s": round(self.real / self.elapsed, 1),
            "padding_share": round(1 - self.real / self.computed, 4),
        }


def _model(flags: argparse.Namespace) -> Any:
    layers = keras.layers
    source, target = layers.Input((None,), dtype="int32"), layers.Input((None,), dtype="int32")
    encoded = layers.Embedding(flags.vocab, flags.embed, mask_zero=True)(source)
    decoded = layers.Embedding(flags.vocab, flags.embed)(target)
    states = []
    for _ in range(flags.layers):
        lstm = layers.LSTM(flags.units, return_sequences=True, return_state=True)
        encoded, *state = lstm(layers.Dropout(0.2)(encoded))
        states.append(state)
    for state in states:
        lstm = layers.LSTM(flags.units, return_sequences=True)
        decoded = lstm(layers.Dropout(0.2)(decoded), initial_state=state)
    logits = layers.Dense(flags.vocab)(layers.Dropout(0.2)(decoded))
    model = keras.Model([source, target], logits)
    model.compile(keras.optimizers.Adam(1e-3, global_clipnorm=1.0), _loss, jit_compile=flags.jit)
    return model


def _loss(labels: Any, logits: Any) -> Any:
    """Mean cross-entropy with label smoothing 0.1, padding excluded.

    Args:
        labels: [rows, steps], 0 = padding.
        logits: [rows, steps, vocabulary].
    """
    labels = tf.cast(labels, tf.int32)
    label_logits = tf.gather(logits, labels, batch_dims=2)
    losses = tf.reduce_logsumexp(logits, -1) - 0.9 * label_logits - 0.1 * tf.reduce_mean(logits, -1)
    real = tf.cast(labels != 0, tf.float32)
    return tf.reduce_sum(losses * real) / tf.reduce_sum(real)


def _batches(pairs: Pairs, tokens: int, clock: _Clock) -> Any:
    """The batches of endless epochs: ((source, decoder inputs), labels), each int32 [rows, steps].

    Args:
        pairs: the training pairs.
        tokens: target tokens per batch.
        clock: its `batches` get the sizes of every batch.
    """
    random = np.random.default_rng(0)
    cell_sources, cell_targets, counts = pairs.cells.T
    source_lengths, target_lengths = np.repeat(cell_sources, counts), np.repeat(cell_targets - 1, counts)
    while True:
        for pool in np.array_split(random.permutation(len(source_lengths)), 6):
            ordered = pool[np.lexsort([source_lengths[pool], target_lengths[pool]])]
            cuts = np.flatnonzero(np.diff(np.cumsum(target_lengths[ordered]) // tokens)) + 1
            groups = np.split(ordered, cuts)
            for index in random.permutation(len(groups)):
                group = groups[index]
                source = np.zeros((len(group), source_lengths[group].max()), np.int32)
                target, labels = np.zeros((2, len(group), target_lengths[group].max()), np.int32)
                for row, (es, en) in enumerate(zip(pairs.source.read(group), pairs.target.read(group), strict=True)):
                    source[row, -len(es) :] = es[::-1]
                    target[row, : len(en) - 1] = en[:-1]
                    labels[row, : len(en) - 1] = en[1:]
                clock.batches.append((int((labels != 0).sum()), labels.size))
                yield (source, target), labels


if __name__ == "__main__":
    main()
