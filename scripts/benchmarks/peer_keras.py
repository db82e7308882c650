#!/usr/bin/env python3
"""Training speed of the plain Keras peer: keras.layers.LSTM and `fit`, as a tutorial would write it.

    python scripts/benchmarks/peer_keras.py data/tatoeba/train.tsv.gz --seconds 60

The same pairs, subwords, network, loss and tokens a batch as benchmark_training.py at its defaults.  A packed batch
would be mostly padding to Keras, so its batches are cut from length-sorted pools (about 1 % padding).  Prints one
JSON line.
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
    """Parse the flags, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add_flags(parser)
    parser.add_argument("--jit", action="store_true", help="compile with XLA, one program for each shape")
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
    """Counts tokens from the sixth step on; ends the training after `seconds`."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds, self.real, self.padded, self.batches = seconds, 0, 0, []  # type: ignore[var-annotated]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 4:
            self.start = time.perf_counter()
        elif batch > 4:
            self.real += self.batches[batch][0]
            self.padded += self.batches[batch][1]
            self.model.stop_training = time.perf_counter() - self.start > self.seconds
            self.elapsed = time.perf_counter() - self.start

    def rates(self) -> dict[str, float]:
        return {
            "target_tokens_per_s": round(self.real / self.elapsed, 1),
            "padding_share": round(1 - self.real / self.padded, 4),
        }


def _model(flags: argparse.Namespace) -> Any:
    layers = keras.layers
    source, target = layers.Input((None,), dtype="int32"), layers.Input((None,), dtype="int32")
    x = layers.Embedding(flags.vocab, flags.embed, mask_zero=True)(source)
    y = layers.Embedding(flags.vocab, flags.embed)(target)
    states = []
    for _ in range(flags.layers):
        x, *state = layers.LSTM(flags.units, return_sequences=True, return_state=True)(layers.Dropout(0.2)(x))
        states.append(state)
    for state in states:
        y = layers.LSTM(flags.units, return_sequences=True)(layers.Dropout(0.2)(y), initial_state=state)
    logits = layers.Dense(flags.vocab)(layers.Dropout(0.2)(y))
    model = keras.Model([source, target], logits)
    model.compile(keras.optimizers.Adam(1e-3, global_clipnorm=1.0), _loss, jit_compile=flags.jit)
    return model


def _loss(labels: Any, logits: Any) -> Any:
    """Cross-entropy with label smoothing 0.1 over real tokens."""
    labels = tf.cast(labels, tf.int32)
    picked = tf.gather(logits, labels, batch_dims=2)
    losses = tf.reduce_logsumexp(logits, -1) - 0.9 * picked - 0.1 * tf.reduce_mean(logits, -1)
    real = tf.cast(labels != 0, tf.float32)
    return tf.reduce_sum(losses * real) / tf.reduce_sum(real)


def _batches(pairs: Pairs, tokens: int, clock: _Clock) -> Any:
    random = np.random.default_rng(0)
    source_lengths, target_lengths, counts = pairs.cells.T
    lengths = np.repeat(source_lengths, counts), np.repeat(target_lengths - 1, counts)
    while True:
        for pool in np.array_split(random.permutation(len(lengths[0])), 6):
            ordered = pool[np.lexsort([lengths[0][pool], lengths[1][pool]])]
            cuts = np.flatnonzero(np.diff(np.cumsum(lengths[1][ordered]) // tokens)) + 1
            groups = np.split(ordered, cuts)
            for group in (groups[index] for index in random.permutation(len(groups))):
                source = np.zeros((len(group), lengths[0][group].max()), np.int32)
                target, labels = np.zeros((2, len(group), lengths[1][group].max()), np.int32)
                for row, (es, en) in enumerate(zip(pairs.source.read(group), pairs.target.read(group), strict=True)):
                    source[row, -len(es) :] = es[::-1]
                    target[row, : len(en) - 1] = en[:-1]
                    labels[row, : len(en) - 1] = en[1:]
                clock.batches.append((int((labels != 0).sum()), labels.size))
                yield (source, target), labels


if __name__ == "__main__":
    main()
