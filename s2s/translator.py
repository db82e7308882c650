"""Text in, text out: a run's encoder and decoder behind plain strings, and `s2s translate` on streams."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple, TextIO

import numpy as np
import numpy.typing as npt

from s2s.batches import pack, reading_order
from s2s.corpus import decode_line, reading
from s2s.decoding import search
from s2s.engine import tf
from s2s.errors import InputError
from s2s.lstm import Tensor
from s2s.model import EncoderState, Seq2Seq
from s2s.run import Run
from s2s.tokenizer import EOS, PAD

BATCH = 64
"""Sentences encoded or decoded at once.  One size: a program is compiled per shape, and with the shape
fixed a sentence's result does not depend on how many others there are."""

WINDOW = 1 << 20
"""Bytes of input read ahead, at most."""


class Hypothesis(NamedTuple):
    """A translation and its log-probability per subword (nats, end mark included)."""

    text: str
    score: float


class Translator:
    """A trained run, ready to draw sentences and to say drawings."""

    def __init__(self, run: Run):
        """Load the run's best weights; raises InputError when there are none or they do not fit."""
        self.source_tokenizer, self.target_tokenizer = run.tokenizers()
        self.config = run.config.model
        self.model = Seq2Seq(self.config, len(self.source_tokenizer), len(self.target_tokenizer))
        arrays = run.load_best()
        try:
            for weight in self.model.trainable_variables:
                weight.assign(arrays.pop(weight.path))
        except (KeyError, ValueError) as error:
            raise InputError(f"{run.path}: best.npz does not fit config.yaml ({error})") from None

    def draw(self, sentences: list[str]) -> npt.NDArray[np.float32]:
        """The encoder's state for each sentence, [sentences, layers, 2, units] (h, then c).

        The empty sentence has a state too: that of the end mark alone.
        """
        states = np.zeros((len(sentences), self.config.layers, 2, self.config.units), np.float32)
        for rows, source, length in self._batches(sentences):
            states[rows] = self._draw(source, length).numpy()[: len(rows)]
        return states

    def say(self, states: npt.NDArray[np.float32], beam: int = 1, limit: int = 100) -> list[list[Hypothesis]]:
        """The `beam` best sentences for each state [n, layers, 2, units], best first; at most `limit` subwords."""
        said = []
        for start in range(0, len(states), BATCH):
            batch = states[start : start + BATCH]
            filled = np.zeros((BATCH, *states.shape[1:]), np.float32)
            filled[: len(batch)] = batch
            said += self._said(filled, len(batch), beam, limit)
        return said

    def translate(self, sentences: list[str], beam: int = 1) -> list[list[Hypothesis]]:
        """The `beam` best translations of each sentence, best first; a blank one stays blank."""
        said: list[list[Hypothesis]] = [[Hypothesis("", 0.0)] for _ in sentences]
        rows_said = [row for row, sentence in enumerate(sentences) if sentence.strip()]
        for rows, source, length in self._batches([sentences[row] for row in rows_said]):
            # Twice the source and some more is longer than any translation: an end for a weak model.
            limit, states = 2 * length + 8, self._draw(source, length)
            for row, hypotheses in zip(rows, self._said(states, len(rows), beam, limit), strict=True):
                said[rows_said[row]] = hypotheses
        return said

    def _batches(self, sentences: list[str]) -> Iterator[tuple[list[int], npt.NDArray[np.int32], int]]:
        """Rows of `sentences`, their packed ids [length * BATCH], and the length, by which they are grouped.

        Lengths are powers of two from 8, so that any sentence fits one of few shapes, its own length deciding which.
        """
        reverse = self.config.reverse_source
        encoded = [reading_order([*ids, EOS], reverse) for ids in self.source_tokenizer.encode(sentences)]
        shapes: dict[int, list[int]] = {}
        for row, ids in enumerate(encoded):
            shapes.setdefault(max(8, 1 << (len(ids) - 1).bit_length()), []).append(row)
        for length, rows in sorted(shapes.items()):
            for start in range(0, len(rows), BATCH):
                part = rows[start : start + BATCH]
                yield part, pack([encoded[row] for row in part], ((length, BATCH),)), length

    def _said(self, states: Tensor, count: int, beam: int, limit: int) -> list[list[Hypothesis]]:
        """The first `count` rows' hypotheses as text."""
        ids, scores = (tensor.numpy()[:count] for tensor in self._say(states, np.arange(BATCH) < count, limit, beam))
        rows = [[int(i) for i in row if i not in (PAD, EOS)] for row in ids.reshape(count * beam, limit)]
        flat = [
            Hypothesis(*pair) for pair in zip(self.target_tokenizer.decode(rows), scores.ravel().tolist(), strict=True)
        ]
        # A beam wider than there are sentences to say ends in impossible ones.
        return [[h for h in flat[i * beam : (i + 1) * beam] if h.score > -np.inf] for i in range(count)]

    @tf.function(jit_compile=True)
    def _draw(self, source: Tensor, length: int) -> Tensor:
        return self.model.encoder(source, segments=((length, BATCH),)).to_array()

    @tf.function(jit_compile=True)
    def _say(self, states: Tensor, live: Tensor, limit: int, beam: int) -> tuple[Tensor, Tensor]:
        return search(self.model.decoder, EncoderState.from_array(states), live, limit, beam)


def read_windows(stream: BinaryIO, name: str) -> Iterator[list[str]]:
    """Lines as they come: each list is all that one read gave, so a pipe's line is not kept waiting.

    name: the input's name for messages.  Raises InputError at a line that is not UTF-8, after the lines before it.
    """
    number, rest = 0, b""
    while True:
        with reading(name):
            block = stream.read1(WINDOW)  # type: ignore[attr-defined]
        if not block:
            break
        *lines, rest = (rest + block).split(b"\n")
        window, fault = [], None
        for line in lines:
            number += 1
            try:
                window.append(decode_line(line, name, number))
            except InputError as error:
                fault = error
                break
        if window:
            yield window
        if fault:
            raise fault
    if rest:
        yield [decode_line(rest, name, number + 1)]


def translate_stream(
    translator: Translator, windows: Iterable[list[str]], output: TextIO, beam: int, n_best: int, scores: bool
) -> None:
    """Translate windows of lines and write them in order, flushed after each window.

    One line in, one line out: the text, after its score and a tab when `scores`; with n_best > 0 instead
    a TSV row for each of the n best: line number from 1, score, text.
    """
    number = 0
    for window in windows:
        for hypotheses in translator.translate(window, beam):
            number += 1
            for text, score in hypotheses[: max(n_best, 1)]:
                columns = [str(number)] * bool(n_best) + [f"{score:.4f}"] * bool(n_best or scores) + [text]
                output.write("\t".join(columns) + "\n")
        output.flush()
