"""From states to sentences: beam search, and forced decoding, which scores given sentences.

Beam search keeps the `beam` best hypotheses of each sentence.  Each step extends them by every subword and keeps the
best again.  A hypothesis that ends with EOS leaves the beam, which is then narrower by one; the search of a sentence
is over when all its hypotheses have left.  `SearchOptions.score` is the one score by which hypotheses are pruned and
ranked.  On Tatoeba's dev sentences it gave 47.5 BLEU, other exponents of the length from 0.4 to 1.5 gave 47.5 to 47.9,
and no normalization 47.2.

A beam of 1 is greedy search; a beam as wide as there are hypotheses is exhaustive search.  PAD, UNK and BOS are never
generated.  At the length limit only EOS is.  Each slot of the sentence is generated once: other slots never are, and where
EOS would be while a slot is missing, the most probable missing slot is.  An n-gram of one to four subwords may repeat at
most MAX_REPEATS - 1 times in a row, so that a weak model does not loop.

As in network.py, the number of rows is fixed and rows are refilled.  The result for a sentence does not depend on
the other sentences, as far as the matrix product computes all rows alike: OpenBLAS 0.3.31 does on processors with AVX-512;
with AVX2 it rounds some rows differently, in the last bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.data.dataset import Indices
from s2s.data.tokenizer import BOS, EOS, PAD, SLOT, UNK
from s2s.translation.network import ROWS, Network, WorkQueue, feed_rows
from s2s.translation.requests import Requests
from s2s.translation.sampling import Sampling
from s2s.translation.state import Floats, RowStates

BEAM_ROWS = 256
"""Rows of beam search, at least a beam's width.  On two cores 128 were 20 % slower."""

MAX_REPEATS = 4
"""An n-gram of one to four subwords is not generated this many times in a row."""


@dataclass(frozen=True)
class SearchOptions:
    """How translations are searched for."""

    beam: int = 1
    """Hypotheses kept for each sentence; 1 is greedy search."""
    sampling: Sampling | None = None
    """Subwords are sampled instead, with a beam of 1; None = the most probable ones are kept."""

    def score(self, log_prob: Any, length: Any) -> Any:
        """Score by which hypotheses are pruned and ranked: log-probability per subword, EOS included.

        This is the length normalization of Wu et al. 2016 with alpha = 1 and no offset; without it, short hypotheses
        would win.

        Args:
            log_prob: a number or an array.
            length: subwords, EOS included; an empty translation has 0.
        """
        return log_prob / np.maximum(length, 1)


GREEDY = SearchOptions()


class Hypothesis(NamedTuple):
    """A finished hypothesis."""

    log_prob: float
    """Natural logarithm of its probability, EOS included."""
    ids: list[int]
    """Its subwords, EOS included."""


def search(
    network: Network, requests: Requests, queue: WorkQueue, options: SearchOptions, finished: list[list[Hypothesis]]
) -> None:
    """Decode states: for each, at most `options.beam` hypotheses, in no order.

    Args:
        network: the network.
        requests: the states.
        queue: numbers of the states to decode; threads may share a queue.
        options: how to search.
        finished: [n], the lists that the hypotheses are added to.
    """
    rows = max(ROWS if options.beam == 1 else BEAM_ROWS, options.beam)
    beams = _BeamState(network, requests, rows, options)
    logits, powers = np.empty((2, rows, network.vocab_size), np.float32)
    while beams.fill(queue):
        queue.check()
        network.decoder_step(beams.last, beams.state, logits)
        normalizer = _log_normalizer(logits, powers)
        beams.mask(logits)
        best, ids = (
            beams.sample(logits) if options.sampling else _largest(logits, min(options.beam, network.vocab_size))
        )
        beams.advance(best - normalizer, ids, finished)


def score(
    network: Network, states: Floats, targets: Sequence[Sequence[int]], queue: WorkQueue, log_probs: Floats
) -> None:
    """Forced decoding: add the log-probability of each target, given its state, to `log_probs`.

    Args:
        network: the network.
        states: [n, layers, 2, units].
        targets: [n], ids with EOS at the end.
        queue: numbers of the pairs to score; threads may share a queue.
        log_probs: [n], zeros before.
    """
    state = RowStates(network.config, ROWS)
    last = np.full(ROWS, BOS, np.int64)
    logits, powers = np.empty((2, ROWS, network.vocab_size), np.float32)

    def refill(row: int, finished: int | None, new: int | None) -> None:
        last[row] = BOS
        if new is not None:
            state.load(row, states[new])

    for ids, numbers in feed_rows(targets, queue, refill):
        network.decoder_step(last, state, logits)
        row_log_probs = logits[np.arange(ROWS), ids] - _log_normalizer(logits, powers)[:, 0]
        for row, number in enumerate(numbers):
            if number is not None:
                log_probs[number] += row_log_probs[row]
        last[:] = ids


def _log_normalizer(logits: Floats, powers: Floats) -> Floats:
    """log(sum(exp(logits))) of each row, [rows, 1]; powers: scratch space of the size of logits."""
    largest = logits.max(1, keepdims=True)
    np.exp(np.subtract(logits, largest, out=powers), out=powers)
    normalizer: Floats = largest + np.log(powers.sum(1, keepdims=True))
    return normalizer


class _BeamState:
    """The unfinished hypotheses of many sentences, in the first `count` rows of the decoder, in no order."""

    def __init__(self, network: Network, requests: Requests, rows: int, options: SearchOptions):
        self.states, self.limits, slots, self.keys = requests
        self.slots, self.options, self.beam = slots, options, options.beam
        self.open_slots = np.zeros((rows, slots.allowed.shape[1]), bool)  # those that a hypothesis does not have yet
        self.rows, self.count = rows, 0
        self.state = RowStates(network.config, rows)
        self.last = np.full(rows, BOS, np.int64)  # the subword to feed next
        self.sentence, self.length = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self.log_prob = np.zeros(rows, np.float64)
        self.prefix = np.full((rows, int(self.limits.max(initial=1))), PAD, np.int32)
        self.widths = np.zeros(len(self.states), np.int64)  # width of each sentence's beam
        self.reserved = 0  # sum of the widths: the rows that may be needed

    def fill(self, queue: WorkQueue) -> bool:
        """Take sentences from the queue while there is room for a whole beam; returns whether there are hypotheses."""
        while self.reserved + self.beam <= self.rows and (number := queue.take()) is not None:
            row = self.count
            self.state.load(row, self.states[number])
            self.sentence[row], self.last[row], self.length[row], self.log_prob[row] = number, BOS, 0, 0.0
            self.open_slots[row], self.widths[number] = self.slots.allowed[number], self.beam
            self.count, self.reserved = row + 1, self.reserved + self.beam
        return self.count > 0

    def mask(self, logits: Floats) -> None:
        """Set the logits of what may not be generated to -inf: special subwords, repeats, all but EOS at the limit."""
        logits[:, [PAD, UNK, BOS]] = -np.inf
        count, length = self.count, self.length[: self.count]
        for size in range(1, 5):
            needed = MAX_REPEATS * size - 1
            rows = np.flatnonzero(length >= needed)
            if len(rows):
                tail = self.prefix[rows[:, None], length[rows, None] - needed + np.arange(needed)]
                repeats = (tail[:, size:] == tail[:, :-size]).all(1)
                logits[rows[repeats], tail[repeats, -size]] = -np.inf
        missing = self._mask_slots(logits) if self.open_slots.shape[1] else np.zeros(count, np.int64)
        for row in np.flatnonzero((length + 1 >= self.limits[self.sentence[:count]]) & (missing == 0)):
            logits[row, :EOS] = logits[row, EOS + 1 :] = -np.inf

    def _mask_slots(self, logits: Floats) -> Indices:
        """Mask slots that a hypothesis has or may not have, and EOS where slots are missing; returns how many are, [count].

        Where the best next subword is EOS, or the limit is near, a missing slot is next.
        """
        open_slots = self.open_slots[: self.count]
        part = logits[: self.count, SLOT : SLOT + open_slots.shape[1]]
        part[~open_slots] = -np.inf
        missing: Indices = open_slots.sum(1) * int(self.slots.required)
        for row in np.flatnonzero(missing):
            at_end = self.length[row] + missing[row] + 1 >= self.limits[self.sentence[row]]
            if at_end or logits[row].argmax() == EOS:
                slots = part[row].copy()
                logits[row] = -np.inf
                part[row] = slots
            logits[row, EOS] = -np.inf
        return missing

    def sample(self, logits: Floats) -> tuple[Floats, Indices]:
        """Sample a subword for each hypothesis; its logit and the subword, both [rows, 1]."""
        assert self.options.sampling
        count, ids = self.count, np.zeros((self.rows, 1), np.int64)
        ids[:count, 0] = self.options.sampling.sample(
            logits[:count], self.keys[self.sentence[:count]], self.length[:count]
        )
        return np.take_along_axis(logits, ids, 1), ids

    def advance(self, log_probs: Floats, ids: Indices, finished: list[list[Hypothesis]]) -> None:
        """Extend each sentence's hypotheses and keep the best; move those that end with EOS to `finished`.

        Args:
            log_probs: [rows, choices], log-probability of each row's best next subwords.
            ids: [rows, choices], the subwords.
            finished: for each sentence, its finished hypotheses.
        """
        count, choices = self.count, ids.shape[1]
        totals = (self.log_prob[:count, None] + log_probs[:count]).ravel()
        kept = self._top_k(
            totals, np.repeat(self.sentence[:count], choices), np.repeat(self.length[:count], choices) + 1
        )
        parents, ids, totals = kept // choices, ids[:count].ravel()[kept], totals[kept]
        sentence, length, prefix = self.sentence[parents], self.length[parents] + 1, self.prefix[parents]
        prefix[np.arange(len(kept)), length - 1] = ids
        for index in np.flatnonzero(ids == EOS):
            tokens = prefix[index, : length[index]].tolist()
            finished[sentence[index]].append(Hypothesis(float(totals[index]), tokens))
            self.widths[sentence[index]] -= 1
        open_ = np.flatnonzero(ids != EOS)
        self._gather(parents[open_], sentence[open_], length[open_], totals[open_], ids[open_], prefix[open_])
        # A beam may be wider than there are hypotheses: it ends with its last one.
        self.reserved = int(self.widths[np.unique(self.sentence[: self.count])].sum())

    def _gather(
        self, parents: Indices, sentence: Indices, length: Indices, log_prob: npt.NDArray[np.float64], last: Indices,
        prefix: npt.NDArray[np.int32],
    ) -> None:  # fmt: skip
        """Move the unfinished hypotheses to the first rows, each with the decoder's state of its parent's row."""
        count = self.count = len(parents)
        self.open_slots[:count] = self.open_slots[parents]
        for row in np.flatnonzero((last >= SLOT) & (last < SLOT + self.open_slots.shape[1])):
            self.open_slots[row, last[row] - SLOT] = False
        self.sentence[:count], self.length[:count], self.log_prob[:count] = sentence, length, log_prob
        self.last[:count], self.prefix[:count] = last, prefix
        self.state.gather(parents)

    def _top_k(self, log_prob: npt.NDArray[np.float64], sentence: Indices, length: Indices) -> Indices:
        """The best candidates of each sentence, as many as its beam is wide; places in the three arrays."""
        order = np.lexsort((-self.options.score(log_prob, length), sentence))
        sentence = sentence[order]
        rank = np.arange(len(order)) - np.searchsorted(sentence, sentence)
        return order[(rank < self.widths[sentence]) & (log_prob[order] > -np.inf)]


def _largest(logits: Floats, count: int) -> tuple[Floats, Indices]:
    """Values and places of the `count` largest logits of each row, largest first, [rows, count].  Overwrites `logits`."""
    every = np.arange(len(logits))
    values, places = np.empty((len(logits), count), np.float32), np.empty((len(logits), count), np.int64)
    for choice in range(count):  # faster than sorting for the few that a beam needs
        places[:, choice] = logits.argmax(1)
        values[:, choice] = logits[every, places[:, choice]]
        logits[every, places[:, choice]] = -np.inf
    return values, places
