"""Text to state to text: a run's encoder and decoder behind plain strings.

translate = encode (text -> states), then decode (states -> text)
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from s2s.data.dataset import Indices
from s2s.data.tokenizer import decoder_labels, frame_source, frame_target, reading_order
from s2s.errors import InputError
from s2s.files import Arrays
from s2s.run import Run
from s2s.translation import network, search
from s2s.translation.long_lines import split_line
from s2s.translation.network import Network, WorkQueue
from s2s.translation.search import GREEDY, Hypothesis, SearchOptions
from s2s.translation.state import Floats, state_shape


class Translation(NamedTuple):
    """A translation and its probability under the model."""

    text: str
    log_prob: float
    """Natural logarithm of its probability, EOS included."""
    subwords: int
    """Its length, EOS included."""
    score: float
    """`SearchOptions.score` of these two, by which translations are ranked."""
    parts: int = 1
    """Number of parts that the line was split into because it was too long."""


class Translator:
    """A trained run: text to states, states to text."""

    def __init__(self, run: Run, weights: Arrays | None = None):
        """Load a run; raises InputError when there are no weights or they do not fit the config.

        Args:
            run: the run.
            weights: the weights by name; None = the run's best.
        """
        self.source_tokenizer, self.target_tokenizer = run.tokenizers()
        self.config, self.max_length = run.config.model, run.config.data.max_length
        sizes = len(self.source_tokenizer), len(self.target_tokenizer)
        if weights is None:
            weights = run.load_best(network.weight_shapes(self.config, *sizes))
        try:
            self.network = Network(self.config, *sizes, weights)
        except ValueError as error:
            raise InputError(f"{run.path}: best.npz does not fit config.yaml and the subwords: {error}") from None

    def encode(self, sentences: list[str]) -> Floats:
        """The encoder's final state of each sentence, [sentences, layers, 2, units] (h, then c).

        An empty sentence has a state too: that of EOS alone.
        """
        return self._encode_ids(self._source_ids(sentences))

    def decode(self, states: Floats, options: SearchOptions = GREEDY) -> list[list[Translation]]:
        """The `options.beam` best translations of each state, best first.

        Args:
            states: [n, layers, 2, units], for example those of `encode`.
            options: how to search.
        """
        limits = np.full(len(states), _length_limit(self.max_length))
        return self._decode(np.asarray(states, np.float32), limits, options)

    def translate(self, sentences: list[str], options: SearchOptions = GREEDY) -> list[list[Translation]]:
        """The `options.beam` best translations of each sentence, best first; a blank sentence stays blank.

        A sentence longer than those of the training is translated in parts.
        """
        parts = [self._split(text, ids) for text, ids in zip(sentences, self._source_ids(sentences), strict=True)]
        encoded = [ids for parts_of_line in parts for ids in parts_of_line]
        limits = np.array([_length_limit(len(ids)) for ids in encoded], np.int64)
        translations = iter(self._decode(self._encode_ids(encoded), limits, options))
        return [_join([next(translations) for _ in parts_of_line], options) for parts_of_line in parts]

    def trace(self, sentences: list[str]) -> list[tuple[Floats, list[str]]]:
        """H of the top layer after every subword of each sentence, [subwords, units], and the subwords, in reading order."""
        encoded = self._source_ids(sentences)
        with _blas().limit(limits=1, user_api="blas"):  # as in `encode`, so that the last states are the same
            traces = network.trace(self.network, encoded)
        return [(states, self.source_tokenizer.subwords(ids)) for states, ids in zip(traces, encoded, strict=True)]

    def score(self, sentences: list[str], translations: list[str]) -> tuple[Floats, Indices]:
        """Forced decoding: log-probability (nats, EOS included) of each translation given its sentence, and its subwords."""
        targets = [decoder_labels(frame_target(ids)) for ids in self.target_tokenizer.encode(translations)]
        states, log_probs = self.encode(sentences), np.zeros(len(sentences), np.float32)
        order = sorted(range(len(targets)), key=lambda row: -len(targets[row]))
        _in_threads(order, lambda queue: search.score(self.network, states, targets, queue, log_probs))
        return log_probs, np.array([len(ids) for ids in targets], np.int64)

    def _source_ids(self, sentences: list[str]) -> list[list[int]]:
        """What the encoder reads of each sentence."""
        reverse = self.config.reverse_source
        return [reading_order(frame_source(ids), reverse) for ids in self.source_tokenizer.encode(sentences)]

    def _split(self, text: str, ids: list[int]) -> list[list[int]]:
        """The ids of a line, or of its parts when it is too long; nothing where there is no subword but EOS."""
        if len(ids) <= self.max_length:
            return [ids] if len(ids) > 1 else []
        parts = split_line(text, lambda part: len(self.source_tokenizer.encode([part])[0]) < self.max_length)
        return [ids for ids in self._source_ids(parts) if len(ids) > 1]

    def _encode_ids(self, sentences: list[list[int]]) -> Floats:
        states = np.zeros((len(sentences), *state_shape(self.config)), np.float32)
        # The longest first, so that the threads end together.
        order = sorted(range(len(sentences)), key=lambda row: -len(sentences[row]))
        _in_threads(order, lambda queue: network.encode(self.network, sentences, queue, states))
        return states

    def _decode(self, states: Floats, limits: Indices, options: SearchOptions) -> list[list[Translation]]:
        finished: list[list[Hypothesis]] = [[] for _ in states]
        order = np.argsort(-limits, kind="stable").tolist()
        _in_threads(order, lambda queue: search.search(self.network, states, limits, queue, options, finished))
        texts = iter(self.target_tokenizer.decode([hypothesis.ids[:-1] for beam in finished for hypothesis in beam]))
        translations = [
            [
                Translation(next(texts), log_prob, len(ids), float(options.score(log_prob, len(ids))))
                for log_prob, ids in beam
            ]
            for beam in finished
        ]
        return [sorted(beam, key=lambda translation: translation.score, reverse=True) for beam in translations]


def _length_limit(source_length: int) -> int:
    """Most subwords of a translation: more than any real translation has, an end for a weak model."""
    return 2 * source_length + 8


def _join(parts: list[list[Translation]], options: SearchOptions) -> list[Translation]:
    """The translations of a line from those of its parts: the best of each part, the second best of each, and so on."""
    if not parts:
        return [Translation("", 0.0, 0, 0.0)]
    if len(parts) == 1:
        return parts[0]
    joined = []
    for rank in zip(*(translations[: min(map(len, parts))] for translations in parts), strict=True):
        text = " ".join(part.text for part in rank if part.text)
        log_prob, subwords = sum(part.log_prob for part in rank), sum(part.subwords for part in rank)
        joined.append(Translation(text, log_prob, subwords, float(options.score(log_prob, subwords)), len(parts)))
    return joined


@cache
def _blas() -> ThreadpoolController:
    # Finding the libraries takes milliseconds.
    return ThreadpoolController()


def _in_threads(order: list[int], work: Callable[[WorkQueue], None]) -> None:
    """Call `work` in one thread for each processor; the threads share a queue of numbers in this order.

    Every thread computes its matrix products alone: two products on half of the rows each are faster than one product
    on two threads.  An interruption ends the threads after their current step.
    """
    queue, threads = WorkQueue(order), max(1, min(len(os.sched_getaffinity(0)), len(order)))
    with _blas().limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        try:
            for done in [pool.submit(work, queue) for _ in range(threads)]:
                done.result()
        except BaseException:
            queue.cancel()
            raise
