"""Text in, text out: a run's encoder and decoder behind plain strings."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from s2s.batches import reading_order
from s2s.checkpoints import Arrays
from s2s.cutting import cut
from s2s.decoding import Ended, Ids, encode, force, search, trace
from s2s.errors import InputError
from s2s.inference import Floats, Network
from s2s.run import Run
from s2s.tokenizer import EOS


class Hypothesis(NamedTuple):
    """A translation and what the network makes of it."""

    text: str
    log_prob: float
    """Natural logarithm of its probability, end mark included."""
    subwords: int
    """Its length, end mark included."""
    pieces: int = 1
    """Parts that the sentence was cut into because it was too long to be drawn at once."""

    @property
    def score(self) -> float:
        """Log-probability per subword, by which hypotheses are ranked."""
        return self.log_prob / max(self.subwords, 1)


class Translator:
    """A trained run, ready to draw sentences and to say drawings."""

    def __init__(self, run: Run, weights: Arrays | None = None):
        """weights: those to translate with, by name; None = the run's best.

        Raises InputError when there are none or they do not fit.
        """
        self.source_tokenizer, self.target_tokenizer = run.tokenizers()
        self.config, self.longest = run.config.model, run.config.data.max_length
        sizes = len(self.source_tokenizer), len(self.target_tokenizer)
        try:
            self.network = Network(self.config, *sizes, run.load_best() if weights is None else weights)
        except ValueError as error:
            raise InputError(f"{run.path}: best.npz does not fit config.yaml and the subwords: {error}") from None

    def draw(self, sentences: list[str]) -> Floats:
        """The encoder's state for each sentence, [sentences, layers, 2, units] (h, then c).

        The empty sentence has a state too: that of the end mark alone.
        """
        return self._draw(self._encode(sentences))

    def trace(self, sentences: list[str]) -> list[tuple[Floats, list[str]]]:
        """For each sentence h of the top layer after every subword, [subwords, units], and these, in the order of reading."""
        encoded = self._encode(sentences)
        with _libraries().limit(limits=1, user_api="blas"):  # as when it is drawn
            traces = trace(self.network, encoded)
        return [(states, self.source_tokenizer.pieces(ids)) for states, ids in zip(traces, encoded, strict=True)]

    def say(self, states: Floats, beam: int = 1, limit: int = 100) -> list[list[Hypothesis]]:
        """The `beam` best sentences for each state [n, layers, 2, units], best first; at most `limit` subwords."""
        return self._say(np.asarray(states, np.float32), np.full(len(states), limit), beam)

    def translate(self, sentences: list[str], beam: int = 1) -> list[list[Hypothesis]]:
        """The `beam` best translations of each sentence, best first; one without a subword, a blank one, stays blank.

        A sentence longer than any the network learnt from is translated in pieces.
        """
        cut_up = [self._cut(text, ids) for text, ids in zip(sentences, self._encode(sentences), strict=True)]
        encoded = [ids for pieces in cut_up for ids in pieces]
        # Twice the source and some more is longer than any translation: an end for a weak model.
        limits = np.array([2 * len(ids) + 8 for ids in encoded], np.int64)
        said = iter(self._say(self._draw(encoded), limits, beam))
        return [_join([next(said) for _ in pieces]) for pieces in cut_up]

    def log_probs(self, sentences: list[str], translations: list[str]) -> tuple[Floats, Ids]:
        """Log-probability (nats, end mark included) and number of subwords of each translation, given its sentence."""
        targets = [[*ids, EOS] for ids in self.target_tokenizer.encode(translations)]
        states, found = self.draw(sentences), np.zeros(len(sentences), np.float32)
        order = sorted(range(len(targets)), key=lambda row: -len(targets[row]))
        _in_threads(order, lambda queue: force(self.network, states, targets, queue, found))
        return found, np.array([len(ids) for ids in targets], np.int64)

    def _encode(self, sentences: list[str]) -> list[list[int]]:
        return [
            reading_order([*ids, EOS], self.config.reverse_source) for ids in self.source_tokenizer.encode(sentences)
        ]

    def _cut(self, text: str, ids: list[int]) -> list[list[int]]:
        """The ids of a sentence, or of its pieces when it is too long; of nothing where there is nothing to say."""
        if len(ids) <= self.longest:
            return [ids] if len(ids) > 1 else []
        pieces = cut(text, lambda piece: len(self.source_tokenizer.encode([piece])[0]) < self.longest)
        return [ids for ids in self._encode(pieces) if len(ids) > 1]

    def _draw(self, sentences: list[list[int]]) -> Floats:
        states = np.zeros((len(sentences), self.config.layers, 2, self.config.units), np.float32)
        # The longest first, so that the threads end together.
        order = sorted(range(len(sentences)), key=lambda row: -len(sentences[row]))
        _in_threads(order, lambda queue: encode(self.network, sentences, queue, states))
        return states

    def _say(self, states: Floats, limits: Ids, beam: int) -> list[list[Hypothesis]]:
        ended: list[list[Ended]] = [[] for _ in states]
        order = np.argsort(-limits, kind="stable").tolist()
        _in_threads(order, lambda queue: search(self.network, states, limits, queue, beam, ended))
        texts = iter(self.target_tokenizer.decode([end.ids[:-1] for some in ended for end in some]))
        said = [[Hypothesis(next(texts), end.log_prob, len(end.ids)) for end in some] for some in ended]
        return [sorted(some, key=lambda hypothesis: hypothesis.score, reverse=True) for some in said]


def _join(pieces: list[list[Hypothesis]]) -> list[Hypothesis]:
    """The hypotheses of a whole sentence: the best of each piece, the second best of each, and so on."""
    if not pieces:
        return [Hypothesis("", 0.0, 0)]
    if len(pieces) == 1:
        return pieces[0]
    ranks = zip(*(some[: min(map(len, pieces))] for some in pieces), strict=True)
    return [
        Hypothesis(
            " ".join(part.text for part in parts if part.text),
            sum(part.log_prob for part in parts),
            sum(part.subwords for part in parts),
            len(parts),
        )
        for parts in ranks
    ]


@cache
def _libraries() -> ThreadpoolController:
    # Looking for them takes milliseconds.
    return ThreadpoolController()


def _in_threads(order: list[int], work: Callable[[Iterator[int]], None]) -> None:
    """Do `work` in one thread for each processor; they share a queue of numbers in this order.

    Each does its matrix products alone: two on halves of the rows are faster than two on one product.
    """
    queue, threads = iter(order), max(1, min(len(os.sched_getaffinity(0)), len(order)))
    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, queue) for _ in range(threads)]:
            done.result()
