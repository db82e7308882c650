"""Text to state to text: a run's encoder and decoder behind plain strings.

translate = encode (text -> states), then decode (states -> text)
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from s2s.data.dataset import Indices
from s2s.data.tokenizer import decoder_labels, frame_source, frame_target, reading_order
from s2s.errors import InputError
from s2s.files import Arrays
from s2s.run import Run
from s2s.translation import network, search
from s2s.translation.long_lines import Part, join_translations, split_line
from s2s.translation.network import Network, WorkQueue
from s2s.translation.requests import Requests, Slots
from s2s.translation.search import GREEDY, Hypothesis, SearchOptions
from s2s.translation.sentences import is_one_sentence
from s2s.translation.source import Reader, Source
from s2s.translation.state import Floats, state_shape

_NO_KEYS = np.zeros(0, np.uint64)


class Translation(NamedTuple):
    """A translation and its probability under the model."""

    text: str
    log_prob: float
    """Natural logarithm of its probability, EOS included."""
    subwords: int
    """Its length, EOS included."""
    score: float
    """`SearchOptions.score` of these two, by which translations are ranked."""
    too_long: bool = False
    """Whether a sentence of the line is longer than the training sentences."""


class Translator:
    """A trained run: text to states, states to text."""

    def __init__(self, run: Run, weights: Arrays | None = None, cut: int | None = None):
        """Load a run; raises InputError when there are no weights or they do not fit the config.

        Args:
            run: the run.
            weights: the weights by name; None = the run's best.
            cut: sentences of more subwords are translated in parts, at most `data.max_length`; None = the run's long_lines.json.
        """
        self.source_tokenizer, self.target_tokenizer = run.tokenizers()
        self.config, self.max_length = run.config.model, run.config.data.max_length
        self.reader = Reader(run.config.cleaning, run.known_words(), self.source_tokenizer.slots)
        self.cut = min(cut or run.cut() or self.max_length, self.max_length)
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
        return self._encode_ids(self._source_ids(self._read(sentences)))

    def decode(self, states: Floats, options: SearchOptions = GREEDY, first: int = 0) -> list[list[Translation]]:
        """The `options.beam` best translations of each state, best first, or its samples in order; slots stay in them.

        Args:
            states: [n, layers, 2, units], for example those of `encode`.
            options: how to search.
            first: number of the first state, on which samples depend.
        """
        limits = np.full(len(states), _length_limit(self.max_length))
        places = [(first + number, 0) for number in range(len(states))]
        return self._decode(np.asarray(states, np.float32), limits, None, options, places)

    def translate(
        self, sentences: list[str], options: SearchOptions = GREEDY, first: int = 0
    ) -> list[list[Translation]]:
        """The `options.beam` best translations of each sentence, best first, or its samples in order.

        A blank sentence stays blank.  Each sentence of a line is translated by itself, and one of more than `cut` subwords in
        parts.

        Args:
            sentences: the lines.
            options: how to search.
            first: number of the first line, on which samples depend.
        """
        whole = self._read(sentences)
        split = [self._split(*line) for line in zip(whole, self._source_ids(whole), strict=True)]
        sources = [source for _, sources_of_line, _ in split for source in sources_of_line]
        places = [(line, part) for line, (parts, *_) in enumerate(split, first) for part in range(len(parts))]
        ids_of_parts = [ids for *_, ids_of_line in split for ids in ids_of_line]
        translated = iter(self._translate(sources, ids_of_parts, options, places))
        translations = []
        for line, (parts, sources_of_line, ids_of_line) in zip(whole, split, strict=True):
            if not parts:
                translations.append([Translation(line.finish(""), 0.0, 0, 0.0)])
                continue
            joined = _join(parts, [next(translated) for _ in parts], options, self._name_test(sources_of_line))
            too_long = _longest_sentence(parts, ids_of_line) > self.max_length
            translations.append([best._replace(too_long=too_long) for best in joined])
        return translations

    def source_lengths(self, sentences: list[str]) -> list[int]:
        """Subwords of each sentence, EOS included."""
        return [len(ids) for ids in self._source_ids(self._read(sentences))]

    def trace(self, sentences: list[str]) -> list[tuple[Floats, list[str]]]:
        """H of the top layer after every subword of each sentence, [subwords, units], and the subwords, in reading order."""
        encoded = self._source_ids(self._read(sentences))
        with _blas().limit(limits=1, user_api="blas"):  # as in `encode`, so that the last states are the same
            traces = network.trace(self.network, encoded)
        return [(states, self.source_tokenizer.subwords(ids)) for states, ids in zip(traces, encoded, strict=True)]

    def score(self, sentences: list[str], translations: list[str]) -> tuple[Floats, Indices]:
        """Forced decoding: log-probability (nats, EOS included) of each translation given its sentence, and its subwords.

        What stands in a slot of the sentence is a slot of the translation too, where it has it.
        """
        sources = self._read(sentences)
        masked = [source.mask(self.reader.normalize(text)) for source, text in zip(sources, translations, strict=True)]
        targets = [decoder_labels(frame_target(ids)) for ids in self.target_tokenizer.encode(masked)]
        states, log_probs = self._encode_ids(self._source_ids(sources)), np.zeros(len(sources), np.float32)
        order = sorted(range(len(targets)), key=lambda row: -len(targets[row]))
        _in_threads(order, lambda queue: search.score(self.network, states, targets, queue, log_probs))
        return log_probs, np.array([len(ids) for ids in targets], np.int64)

    def _read(self, sentences: list[str]) -> list[Source]:
        return [self.reader.source(sentence) for sentence in sentences]

    def _source_ids(self, sources: list[Source]) -> list[list[int]]:
        """What the encoder reads of each source."""
        reverse = self.config.reverse_source
        encoded = self.source_tokenizer.encode([source.text for source in sources])
        return [reading_order(frame_source(ids), reverse) for ids in encoded]

    def _split(self, line: Source, ids: list[int]) -> tuple[list[Part], list[Source], list[list[int]]]:
        """The parts of a line, what is read of each, and their ids; none of a line that has no subword but EOS.

        Args:
            line: what would be read of the whole line.
            ids: its ids.
        """
        if len(ids) <= self.cut and is_one_sentence(line.normalized):
            count = int(len(ids) > 1)
            return [Part(line.normalized, True)] * count, [line] * count, [ids] * count

        @cache
        def length(text: str) -> int:
            return self.source_tokenizer.count(self.reader.source(text, line).text)

        parts = split_line(line.normalized, length, self.cut - 1, self.max_length - 1)  # without EOS
        sources = [self.reader.source(part.text, line) for part in parts]
        # What is around the line is around its first and last part.
        sources[0] = sources[0]._replace(before=line.before + sources[0].before)
        sources[-1] = sources[-1]._replace(after=sources[-1].after + line.after)
        return parts, sources, self._source_ids(sources)

    def _name_test(self, sources: list[Source]) -> Callable[[str], bool]:
        """What tells whether an English word is a name: a known one, or one that the slots of a line hold."""
        held = {text.split(" ")[0] for source in sources for text in source.fillers.values()}
        return lambda word: word in held or self.reader.is_name(word)

    def _translate(
        self, sources: list[Source], encoded: list[list[int]], options: SearchOptions, places: list[tuple[int, int]]
    ) -> list[list[Translation]]:
        limits = np.array([_length_limit(len(ids)) for ids in encoded], np.int64)
        fillers = [source.fillers for source in sources]
        decoded = self._decode(self._encode_ids(encoded), limits, fillers, options, places)
        return [
            [translation._replace(text=source.finish(translation.text)) for translation in beam]
            for source, beam in zip(sources, decoded, strict=True)
        ]

    def _encode_ids(self, sentences: list[list[int]]) -> Floats:
        states = np.zeros((len(sentences), *state_shape(self.config)), np.float32)
        # The longest first, so that the threads end together.
        order = sorted(range(len(sentences)), key=lambda row: -len(sentences[row]))
        _in_threads(order, lambda queue: network.encode(self.network, sentences, queue, states))
        return states

    def _decode(
        self, states: Floats, limits: Indices, fillers: list[dict[str, str]] | None, options: SearchOptions,
        places: list[tuple[int, int]],
    ) -> list[list[Translation]]:  # fmt: skip
        """Translations of states.

        Args:
            states: [n, layers, 2, units].
            limits: [n], most subwords of each.
            fillers: of each state, what its slots stand for; None = its sentence is not known.
            options: how to search.
            places: [n], line and part of the line that each state is of.
        """
        copies = options.sampling.samples if options.sampling else 1
        finished: list[list[Hypothesis]] = [[] for _ in range(len(states) * copies)]
        slots = Slots.any_of(len(states), len(self.target_tokenizer.slots))
        if fillers is not None:
            slots = Slots.each_of([len(slots_of_text) for slots_of_text in fillers], len(self.target_tokenizer.slots))
        keys = options.sampling.keys(*np.array(places, np.int64).reshape(-1, 2).T) if options.sampling else _NO_KEYS
        requests = Requests(states, limits, slots, keys).repeat(copies)
        order = np.argsort(-requests.limits, kind="stable").tolist()
        _in_threads(order, lambda queue: search.search(self.network, requests, queue, options, finished))
        finished = [list(chain(*finished[start : start + copies])) for start in range(0, len(finished), copies)]
        texts = iter(self.target_tokenizer.decode([hypothesis.ids[:-1] for beam in finished for hypothesis in beam]))
        translations = [
            [
                Translation(next(texts), log_prob, len(ids), float(options.score(log_prob, len(ids))))
                for log_prob, ids in beam
            ]
            for beam in finished
        ]
        if options.sampling:
            return translations
        return [sorted(beam, key=lambda translation: translation.score, reverse=True) for beam in translations]


def _length_limit(source_length: int) -> int:
    """Most subwords of a translation: more than any real translation has, an end for a weak model."""
    return 2 * source_length + 8


def _longest_sentence(parts: list[Part], encoded: list[list[int]]) -> int:
    """Subwords of the longest sentence of a line, EOS included, of which these are the parts."""
    longest = length = 0
    for part, ids in zip(parts, encoded, strict=True):
        length += len(ids) - 1
        longest = max(longest, length)
        length *= not part.ends_sentence
    return longest + 1


def _join(
    parts: list[Part], translations: list[list[Translation]], options: SearchOptions, is_name: Callable[[str], bool]
) -> list[Translation]:
    """The translations of a line from those of its parts: the best of each part, the second best of each, and so on."""
    if len(parts) == 1:
        return translations[0]
    joined, ranks = [], min(map(len, translations))
    for rank in zip(*(beam[:ranks] for beam in translations), strict=True):
        text = join_translations(parts, [part.text for part in rank], is_name)
        log_prob, subwords = sum(part.log_prob for part in rank), sum(part.subwords for part in rank)
        joined.append(Translation(text, log_prob, subwords, float(options.score(log_prob, subwords))))
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
