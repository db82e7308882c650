"""The trained network in NumPy: encoder and decoder, one step of many sentences at a time.

It computes what model/seq2seq.py computes, without what only training needs; tests/test_search.py compares the two.
TensorFlow takes seconds to import and more to compile.  NumPy is ready in a tenth of a second, and its matrix products
are as fast.

The number of rows is fixed.  A row whose sentence has ended takes the next sentence of a queue, so nothing is computed
for padding, and a row's result does not depend on the other rows.  Another number of rows could make the matrix product
add in another order, which would change the last bits of a state.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from s2s.config import ModelConfig
from s2s.data.dataset import Indices
from s2s.data.tokenizer import PAD
from s2s.files import Arrays
from s2s.translation.state import Floats, RowStates

ROWS = 128
"""Rows of the encoder, of greedy search and of forced decoding.  On two cores 64 were 10 % slower, 256 no faster."""

_NEW_ROWS = 16
"""Rows of the product for subwords that are read for the first time: 0.2 ms on one core (384 cells, vectors
of 256), where 128 rows take 1 ms."""


class Cancelled(Exception):
    """Raised in the threads that work on a queue when the caller cancels it."""


class WorkQueue:
    """Numbers of sentences to work on, shared by threads."""

    def __init__(self, numbers: Iterable[int]):
        self._numbers = iter(numbers)
        self._cancelled = False

    def take(self) -> int | None:
        """The next number; None at the end."""
        return next(self._numbers, None)

    def cancel(self) -> None:
        """Have `check` raise Cancelled in all threads."""
        self._cancelled = True

    def check(self) -> None:
        """Raise Cancelled if the queue was cancelled; called between steps, since a long search takes minutes."""
        if self._cancelled:
            raise Cancelled


class LSTMStack:
    """The embedding and the stacked LSTM layers of the encoder or the decoder."""

    def __init__(self, config: ModelConfig, weights: Arrays, side: str):
        """Prepare the weights.

        Args:
            config: sizes of the network.
            weights: the run's weights by name.
            side: `encoder` or `decoder`.
        """
        self.units, self.residual = config.units, config.residual
        # model/seq2seq.py scales the vectors of every batch; here the table is scaled once.
        self.embedding: Floats = weights[f"{side}/embedding"] * np.float32(config.embedding_size**0.5)
        names = [f"{side}/stack/lstm_{index}" for index in range(config.layers)]
        # The kernels of input and state, one above the other: one product a layer, but for the first.
        self.kernels = [
            self._halve_sigmoid_gates(np.concatenate([weights[f"{name}/kernel"], weights[f"{name}/recurrent"]]))
            for name in names
        ]
        self.biases = [self._halve_sigmoid_gates(weights[f"{name}/bias"]) for name in names]
        self._input_kernel, self._state_kernel = np.split(self.kernels[0], [config.embedding_size])
        # Zeros take no memory until they are written.
        self._inputs: Floats = np.zeros((len(self.embedding), 4 * self.units), np.float32)
        self._prepared = np.zeros(len(self.embedding), bool)

    def _halve_sigmoid_gates(self, weight: Floats) -> Floats:
        # sigmoid(z) = (1 + tanh(z / 2)) / 2.  With the half in the weights of i, f and o, one tanh serves all four gates.
        weight = weight.copy()
        weight[..., : 2 * self.units] *= np.float32(0.5)
        weight[..., 3 * self.units :] *= np.float32(0.5)
        return weight

    def step(self, ids: Indices, state: RowStates) -> Floats:
        """Read one subword in each row; returns the top layer's output, [rows, units].  Equations: model/lstm.py.

        Args:
            ids: [rows], the subwords.
            state: changed in place.
        """
        gates = state.h[0] @ self._state_kernel
        gates += self._input(ids)
        x = self._cell(gates, state.h[0], state.c[0])
        for kernel, bias, h, c in zip(self.kernels[1:], self.biases[1:], state.h[1:], state.c[1:], strict=True):
            gates = np.concatenate([x, h], 1) @ kernel
            gates += bias
            output = self._cell(gates, h, c)
            x = output + x if self.residual else output
        return x

    def _input(self, ids: Indices) -> Floats:
        """What subwords add to the gates of the first layer, bias included, [rows, 4 * units].

        It depends on the subword alone, so it is computed when a subword is first read, and kept: 16 * units bytes for each.
        Computed at every step it took a tenth of greedy search's time and a fifth of the encoder's.

        Args:
            ids: [rows], the subwords.
        """
        new = np.unique(ids[~self._prepared[ids]])
        for start in range(0, len(new), _NEW_ROWS):
            some = new[start : start + _NEW_ROWS]
            # Always as many rows, so that the product adds in the same order.
            products = self.embedding[np.resize(some, _NEW_ROWS)] @ self._input_kernel
            self._inputs[some] = products[: len(some)] + self.biases[0]
        self._prepared[new] = True  # last, since threads share them
        return self._inputs[ids]

    def _cell(self, gates: Floats, h: Floats, c: Floats) -> Floats:
        """One layer's step, h and c changed in place; returns h.

        Args:
            gates: [rows, 4 * units], what i, f, g, o are functions of; overwritten.
            h: [rows, units].
            c: [rows, units].
        """
        units = self.units
        np.tanh(gates, out=gates)
        for sigmoid in (gates[:, : 2 * units], gates[:, 3 * units :]):
            sigmoid *= np.float32(0.5)
            sigmoid += np.float32(0.5)
        i, f, g, o = (gates[:, gate * units : (gate + 1) * units] for gate in range(4))
        i *= g
        c *= f
        c += i
        np.tanh(c, out=h)
        h *= o
        return h


class Network:
    """Encoder and decoder of a run."""

    def __init__(self, config: ModelConfig, source_vocab: int, target_vocab: int, weights: Arrays):
        """Prepare the weights; raises ValueError when a name or shape is not that of the config.

        Args:
            config: sizes of the network.
            source_vocab: number of Spanish subwords.
            target_vocab: number of English subwords.
            weights: the run's weights by name.
        """
        expected = weight_shapes(config, source_vocab, target_vocab)
        for name, shape in expected.items():
            actual = weights[name].shape if name in weights else "missing"
            if actual != shape:
                raise ValueError(f"{name} is {actual}, not {shape}")
            if weights[name].dtype.kind != "f" or not np.isfinite(weights[name]).all():
                raise ValueError(f"{name} holds numbers that are not finite floats")
        self.config, self.vocab_size = config, target_vocab
        weights = {name: np.asarray(weights[name], np.float32) for name in expected}
        self.encoder, self.decoder = LSTMStack(config, weights, "encoder"), LSTMStack(config, weights, "decoder")
        self._projection = weights.get("decoder/narrow")
        output = weights["decoder/embedding" if config.tie_output else "decoder/output_table"]
        # [features + 1, vocabulary]: the bias is the weight of a feature that is 1.  Added on its own it took 84 microseconds
        # beside the product's 1,900 (64 rows, 6,000 subwords).
        self._output = np.concatenate([output.T, weights["decoder/output_bias"][None]])

    def encoder_fingerprint(self) -> str:
        """A hash of the encoder's weights: states of encoders with other weights are not comparable."""
        digest = hashlib.sha256(self.encoder.embedding.tobytes())
        for weight in (*self.encoder.kernels, *self.encoder.biases):
            digest.update(weight.tobytes())
        return digest.hexdigest()

    def decoder_step(self, ids: Indices, state: RowStates, out: Floats) -> Floats:
        """Feed one subword to each row; returns the logits of the next one, [rows, vocabulary].

        Args:
            ids: [rows], the subwords to feed.
            state: changed in place.
            out: where the logits are written, [rows, vocabulary].
        """
        outputs = self.decoder.step(ids, state)
        features = np.ones((len(outputs), len(self._output)), np.float32)
        features[:, :-1] = outputs if self._projection is None else outputs @ self._projection
        return np.matmul(features, self._output, out=out)


def weight_shapes(config: ModelConfig, source_vocab: int, target_vocab: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all weights of a network, as best.npz holds them."""
    units, size = config.units, config.embedding_size
    shapes: dict[str, tuple[int, ...]] = {}
    for side, vocab in (("encoder", source_vocab), ("decoder", target_vocab)):
        shapes[f"{side}/embedding"] = (vocab, size)
        for index in range(config.layers):
            name, inputs = f"{side}/stack/lstm_{index}", units if index else size
            shapes |= {f"{name}/kernel": (inputs, 4 * units), f"{name}/recurrent": (units, 4 * units)}
            shapes[f"{name}/bias"] = (4 * units,)
    if config.tie_output:
        shapes["decoder/narrow"] = (units, size)  # the output projection, by the name it is stored under
    else:
        shapes["decoder/output_table"] = (target_vocab, units)
    return shapes | {"decoder/output_bias": (target_vocab,)}


def encode(network: Network, sentences: Sequence[Sequence[int]], queue: WorkQueue, states: Floats) -> None:
    """Write the encoder's final state of sentences into `states`.

    Args:
        network: the network.
        sentences: ids in reading order, none empty.
        queue: numbers of the sentences to encode; threads may share a queue.
        states: [sentences, layers, 2, units], written at the numbers of the queue.
    """
    state = RowStates(network.config, ROWS)

    def refill(row: int, finished: int | None, new: int | None) -> None:
        if finished is not None:
            state.store(row, states[finished])
        state.clear(row)

    for ids, _ in feed_rows(sentences, queue, refill):
        network.encoder.step(ids, state)


def trace(network: Network, sentences: Sequence[Sequence[int]]) -> list[Floats]:
    """H of the encoder's top layer after every subword of each sentence, [subwords, units].

    Args:
        network: the network.
        sentences: as for `encode`; its states are the last rows of the traces.
    """
    traces = []
    for start in range(0, len(sentences), ROWS):
        part = sentences[start : start + ROWS]
        ids = np.full((max(map(len, part)), ROWS), PAD, np.int64)
        for row, sentence in enumerate(part):
            ids[: len(sentence), row] = sentence
        state = RowStates(network.config, ROWS)
        tops = np.empty((*ids.shape, network.config.units), np.float32)
        for step, top in zip(ids, tops, strict=True):
            network.encoder.step(step, state)
            top[:] = state.h[-1]
        traces += [tops[: len(sentence), row].copy() for row, sentence in enumerate(part)]
    return traces


def feed_rows(
    sentences: Sequence[Sequence[int]], queue: WorkQueue, refill: Callable[[int, int | None, int | None], None]
) -> Iterator[tuple[Indices, list[int | None]]]:
    """For each step, the next subword of every row, [rows], and the number of every row's sentence.

    A row without a sentence has PAD and None.

    Args:
        sentences: ids of each sentence, none empty.
        queue: numbers of the sentences to feed.
        refill: called with the row, the number of its finished sentence and the number of its new one whenever a row
            takes its next sentence; a number is None where there is none.
    """
    numbers: list[int | None] = [None] * ROWS
    readers: list[Iterator[int]] = [iter(())] * ROWS
    ids = np.zeros(ROWS, np.int64)
    while True:
        queue.check()
        for row in range(ROWS):
            token = next(readers[row], None)
            if token is None:
                finished, new = numbers[row], queue.take()
                refill(row, finished, new)
                numbers[row], readers[row] = new, iter(() if new is None else sentences[new])
                token = next(readers[row], PAD)
            ids[row] = token
        if all(number is None for number in numbers):
            return
        yield ids, numbers
