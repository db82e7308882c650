"""From sentence to state and from state to sentence, many at a time: encoder, beam search, forced decoding.

All work on a fixed number of rows.  A row whose sentence (or hypothesis) has come to its end takes the next one of the
queue, so nothing is computed for padding, and what a row computes depends on nothing in the other rows.  The number of
rows never changes: for another one, a matrix product may add in another order, and the last bits of a state would
depend on how many sentences there are.  (OpenBLAS 0.3.31 for AVX2 does not round all rows of a product alike, that for
AVX-512 does: with the former the last bits of a state depend on the row it came to stand in.)

Beam search: of all continuations of a sentence's hypotheses, the best by log-probability go on, as many as the beam is
wide.  One that ends with EOS leaves the beam, which is then narrower by one; the search is over when all have left.  They
are ranked by log-probability per subword, EOS included (length normalisation: Wu et al. 2016, with alpha = 1 and
without their offset), so that short ones have no advantage; on Tatoeba's dev sentences, alphas from 0.4 to 1.5 with or
without it all gave 47.5 to 47.9 BLEU, no normalisation 47.2.  Greedy search is a beam of 1; a beam as wide as there are
hypotheses is exhaustive search.  PAD, UNK and BOS are never said.  At the length limit only EOS is, and a hypothesis
that would say the same one to four subwords LOOPS times running says something else: a weak model cannot run on.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.inference import Floats, Network
from s2s.tokenizer import BOS, EOS, PAD, UNK

ROWS = 128
"""Rows of the encoder and of greedy search.  On two cores 64 were 10 % slower, 256 no faster."""

BEAM_ROWS = 256
"""Rows of beam search, at least a beam's width.  On two cores 128 were 20 % slower."""

LOOPS = 4
"""So often running nothing is said."""

Ids = npt.NDArray[np.int64]


class Ended(NamedTuple):
    """A hypothesis that has come to its end."""

    log_prob: float
    """Natural logarithm of its probability, EOS included."""
    ids: list[int]
    """Its subwords, EOS included."""


def encode(network: Network, sentences: Sequence[Sequence[int]], queue: Iterator[int], states: Floats) -> None:
    """Read the sentences whose numbers come from `queue` into `states` [sentences, layers, 2, units] (h, then c).

    sentences: ids in the order of reading, none empty.  Several threads may share a queue.
    """
    h, c = network.encoder.start(ROWS)

    def turn(row: int, old: int | None, new: int | None) -> None:
        if old is not None:
            states[old, :, 0], states[old, :, 1] = h[:, row], c[:, row]
        h[:, row] = c[:, row] = 0.0

    for ids, _ in _steps(sentences, queue, turn):
        network.encoder.step(ids, h, c)


def _steps(
    sentences: Sequence[Sequence[int]], queue: Iterator[int], turn: Callable[[int, int | None, int | None], None]
) -> Iterator[tuple[Ids, list[int | None]]]:
    """Step by step, the next subword of each row's sentence and its number; a row without one has PAD and None.

    When a row's sentence has ended it takes the next one of the queue: `turn` is called with the row and both numbers.
    """
    numbers: list[int | None] = [None] * ROWS
    readers: list[Iterator[int]] = [iter(())] * ROWS
    ids = np.zeros(ROWS, np.int64)
    while True:
        for row in range(ROWS):
            token = next(readers[row], None)
            if token is None:
                old, new = numbers[row], next(queue, None)
                turn(row, old, new)
                numbers[row], readers[row] = new, iter(() if new is None else sentences[new])
                token = next(readers[row], PAD)
            ids[row] = token
        if all(number is None for number in numbers):
            return
        yield ids, numbers


def trace(network: Network, sentences: Sequence[Sequence[int]]) -> list[Floats]:
    """H of the encoder's top layer after every subword of each sentence, [subwords, units].

    sentences: as for `encode`, whose states are the last rows.
    """
    found = []
    for start in range(0, len(sentences), ROWS):
        part = sentences[start : start + ROWS]
        ids = np.full((max(map(len, part)), ROWS), PAD, np.int64)
        for row, sentence in enumerate(part):
            ids[: len(sentence), row] = sentence
        h, c = network.encoder.start(ROWS)
        tops = np.empty((*ids.shape, h.shape[-1]), np.float32)
        for step, top in zip(ids, tops, strict=True):
            network.encoder.step(step, h, c)
            top[:] = h[-1]
        found += [tops[: len(sentence), row].copy() for row, sentence in enumerate(part)]
    return found


def search(
    network: Network, states: Floats, limits: Ids, queue: Iterator[int], beam: int, ended: list[list[Ended]]
) -> None:
    """Say the states [n, layers, 2, units] whose numbers come from `queue`: `beam` hypotheses into each list of `ended`.

    limits: [n], most subwords said, EOS included.  Several threads may share a queue.
    """
    rows = max(ROWS if beam == 1 else BEAM_ROWS, beam)
    pool = _Pool(network, states, limits, rows, beam)
    logits, powers = np.empty((2, rows, network.vocab_size), np.float32)
    while pool.admit(queue):
        network.say(pool.last, pool.h, pool.c, logits)
        normalizer = _normalizer(logits, powers)
        pool.forbid(logits)
        best, ids = _best(logits, min(beam, network.vocab_size))
        pool.go_on(best - normalizer, ids, ended)


def force(
    network: Network, states: Floats, targets: Sequence[Sequence[int]], queue: Iterator[int], log_probs: Floats
) -> None:
    """Have the sentences `targets` said of the states whose numbers come from `queue`: forced decoding.

    targets: ids, EOS included.  Adds up each one's log-probability in `log_probs` [n].  Otherwise as `search`.
    """
    h, c = network.decoder.start(ROWS)
    last = np.full(ROWS, BOS, np.int64)
    logits, powers = np.empty((2, ROWS, network.vocab_size), np.float32)

    def turn(row: int, old: int | None, new: int | None) -> None:
        last[row] = BOS
        if new is not None:
            h[:, row], c[:, row] = states[new, :, 0], states[new, :, 1]

    for ids, numbers in _steps(targets, queue, turn):
        network.say(last, h, c, logits)
        found = logits[np.arange(ROWS), ids] - _normalizer(logits, powers)[:, 0]
        for row, number in enumerate(numbers):
            if number is not None:
                log_probs[number] += found[row]
        last[:] = ids


def _normalizer(logits: Floats, powers: Floats) -> Floats:
    """log(sum(exp(logits))) of each row, [rows, 1]; powers: room for it, of the size of logits."""
    largest = logits.max(1, keepdims=True)
    np.exp(np.subtract(logits, largest, out=powers), out=powers)
    total: Floats = largest + np.log(powers.sum(1, keepdims=True))
    return total


class _Pool:
    """Hypotheses in the rows of the decoder: the first `count` rows, sentences in no order."""

    def __init__(self, network: Network, states: Floats, limits: Ids, rows: int, beam: int):
        self.states, self.limits, self.beam = states, limits, beam
        self.rows, self.count = rows, 0
        self.h, self.c = network.decoder.start(rows)
        self.last = np.full(rows, BOS, np.int64)
        self.sentence, self.length = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self.log_prob = np.zeros(rows, np.float64)
        self.said = np.full((rows, int(limits.max(initial=1))), PAD, np.int32)
        self.widths = np.zeros(len(states), np.int64)  # of each sentence's beam
        self.reserved = 0  # their sum: rows that may be needed

    def admit(self, queue: Iterator[int]) -> bool:
        """Take sentences from the queue as long as there is room for a whole beam; whether there is anything to do."""
        while self.reserved + self.beam <= self.rows and (number := next(queue, None)) is not None:
            row = self.count
            self.h[:, row], self.c[:, row] = self.states[number, :, 0], self.states[number, :, 1]
            self.sentence[row], self.last[row], self.length[row], self.log_prob[row] = number, BOS, 0, 0.0
            self.widths[number] = self.beam
            self.count, self.reserved = row + 1, self.reserved + self.beam
        return self.count > 0

    def forbid(self, logits: Floats) -> None:
        """Make impossible what is never said, what would be said LOOPS times running, and at the limit all but EOS."""
        logits[:, [PAD, UNK, BOS]] = -np.inf
        count, length = self.count, self.length[: self.count]
        for size in range(1, 5):
            needed = LOOPS * size - 1
            rows = np.flatnonzero(length >= needed)
            if len(rows):
                tail = self.said[rows[:, None], length[rows, None] - needed + np.arange(needed)]
                rows, tail = (part[(tail[:, size:] == tail[:, :-size]).all(1)] for part in (rows, tail))
                logits[rows, tail[:, -size]] = -np.inf
        for row in np.flatnonzero(length + 1 >= self.limits[self.sentence[:count]]):
            logits[row, :EOS] = logits[row, EOS + 1 :] = -np.inf

    def go_on(self, log_probs: Floats, ids: Ids, ended: list[list[Ended]]) -> None:
        """Continue each sentence's hypotheses by the best of these subwords, [rows, choices]; collect those that end."""
        count, choices = self.count, ids.shape[1]
        totals = (self.log_prob[:count, None] + log_probs[:count]).ravel()
        kept = self._kept(totals, np.repeat(self.sentence[:count], choices))
        parents, ids, totals = kept // choices, ids[:count].ravel()[kept], totals[kept]
        sentence, length, said = self.sentence[parents], self.length[parents] + 1, self.said[parents]
        said[np.arange(len(kept)), length - 1] = ids
        for index in np.flatnonzero(ids == EOS):
            ended[sentence[index]].append(Ended(float(totals[index]), said[index, : length[index]].tolist()))
            self.widths[sentence[index]] -= 1
        going = np.flatnonzero(ids != EOS)
        self._place(parents[going], sentence[going], length[going], totals[going], ids[going], said[going])
        # A beam can be wider than there are continuations: it ends with its last hypothesis.
        self.reserved = int(self.widths[np.unique(self.sentence[: self.count])].sum())

    def _place(
        self, parents: Ids, sentence: Ids, length: Ids, log_prob: npt.NDArray[np.float64], last: Ids,
        said: npt.NDArray[np.int32],
    ) -> None:  # fmt: skip
        """Put the hypotheses that go on into the first rows, each with the decoder's state of its parent's row."""
        count = self.count = len(parents)
        self.sentence[:count], self.length[:count], self.log_prob[:count] = sentence, length, log_prob
        self.last[:count], self.said[:count] = last, said
        self.h[:, :count], self.c[:, :count] = self.h[:, parents], self.c[:, parents]

    def _kept(self, totals: npt.NDArray[np.float64], sentence: Ids) -> Ids:
        """Of the continuations of each sentence, the best ones, as many as its beam is wide."""
        order = np.lexsort((-totals, sentence))
        sentence = sentence[order]
        rank = np.arange(len(order)) - np.searchsorted(sentence, sentence)
        return order[(rank < self.widths[sentence]) & (totals[order] > -np.inf)]


def _best(logits: Floats, count: int) -> tuple[Floats, Ids]:
    """The `count` largest of each row, best first: values and places, [rows, count].  Takes them out of `logits`."""
    every = np.arange(len(logits))
    values, places = np.empty((len(logits), count), np.float32), np.empty((len(logits), count), np.int64)
    for choice in range(count):  # for the few that a beam needs, faster than any sorting
        places[:, choice] = logits.argmax(1)
        values[:, choice] = logits[every, places[:, choice]]
        logits[every, places[:, choice]] = -np.inf
    return values, places
