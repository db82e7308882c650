"""Subwords by sentencepiece: text <-> ids, and how a sentence is framed by BOS and EOS and read.

source    [subwords..., EOS]        what the encoder reads, from the end if model.reverse_source is true
target    [BOS, subwords..., EOS]   all but the last: the decoder's inputs; all but the first: its labels
"""

import io
import shutil
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sentencepiece

from s2s.data import known_words
from s2s.data.slots import symbols
from s2s.data_config import TokenizerConfig
from s2s.errors import InputError
from s2s.files import read_small, require_readable

_LONGEST = 4192
"""Bytes of the longest sentence that sentencepiece trains on, its default."""

PAD, UNK, BOS, EOS = 0, 1, 2, 3
"""Ids of the special subwords; the same in every model."""

SLOT = 4
"""Id of the first slot."""


def frame_source(ids: list[int]) -> list[int]:
    """The ids of a Spanish sentence as the corpus stores them: EOS at the end."""
    return [*ids, EOS]


def frame_target(ids: list[int]) -> list[int]:
    """The ids of an English sentence as the corpus stores them: between BOS and EOS."""
    return [BOS, *ids, EOS]


def reading_order(source: Any, reverse: bool) -> Any:
    """A framed source in the order in which the encoder reads it.

    Args:
        source: framed ids, a list or an array.
        reverse: `model.reverse_source`.
    """
    return source[::-1] if reverse else source


def decoder_inputs(target: Any) -> Any:
    """What the decoder is fed of a framed target, a list or an array: all but EOS."""
    return target[:-1]


def decoder_labels(target: Any) -> Any:
    """What the decoder is to predict of a framed target, a list or an array: all but BOS."""
    return target[1:]


def train_tokenizer(sentences: Iterable[str], config: TokenizerConfig) -> bytes:
    """Train a sentencepiece model of at most `vocab_size` subwords; returns the content of its file.

    Raises InputError when the sentences have more distinct characters than the vocabulary has room for, or too little text.
    """
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            model_type=config.type,
            vocab_size=config.vocab_size,
            # A small corpus cannot fill a large vocabulary: it gets the subwords that it can support.
            hard_vocab_limit=False,
            character_coverage=config.character_coverage,
            user_defined_symbols=symbols(config.slots),
            # normalization.py does what is to be done; the default would rewrite fractions and exponents.
            normalization_rule_name="identity",
            pad_id=PAD,
            unk_id=UNK,
            bos_id=BOS,
            eos_id=EOS,
            num_threads=2,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rsplit("] ", 1)[-1]
        if not reason:
            raise InputError(
                f"data.train: no sentence of at most {_LONGEST:,} bytes, and longer ones teach no subwords; "
                "give a sentence a line"
            ) from None
        raise InputError(
            f"tokenizer.vocab_size: sentencepiece cannot train {config.vocab_size} subwords: {reason}"
        ) from None
    return model.getvalue()


class Tokenizer:
    """A trained sentencepiece model."""

    def __init__(self, model: bytes):
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        self.slots = [slot for slot in symbols(9) if self._processor.piece_to_id(slot) != UNK]
        """The slots that it has as symbols; their ids are SLOT, SLOT + 1, ..."""

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a model file; raises InputError when it is missing or damaged."""
        try:
            return cls(read_small(path, 1 << 28))
        except (OSError, RuntimeError) as error:
            require_readable(path, error)
            raise InputError(f"{path}: cannot read the subword model: {error}") from None

    def __len__(self) -> int:
        """Size of the vocabulary, the four special subwords included."""
        return int(self._processor.get_piece_size())

    def encode(self, sentences: list[str]) -> list[list[int]]:
        """Ids of each sentence's subwords, without BOS and EOS."""
        return self._processor.encode(sentences)

    def count(self, sentence: str) -> int:
        """Number of a sentence's subwords, without BOS and EOS.  For one sentence, faster than `encode`."""
        return len(self._processor.encode(sentence))

    def decode(self, ids: list[list[int]]) -> list[str]:
        """The text of each list of ids."""
        return self._processor.decode(ids)

    def count_words(self, ids: npt.NDArray[np.int32]) -> tuple[int, int]:
        """How many words of two letters or more are in framed ids, and how many of them are cut into single characters."""
        if not len(ids):
            return 0, 0
        begins, letters = self._pieces
        starts = np.flatnonzero(np.append(True, begins[ids[1:]]))
        sizes, longest = (ufunc.reduceat(letters[ids], starts) for ufunc in (np.add, np.maximum))
        return int((sizes > 1).sum()), int(((sizes > 1) & (longest == 1)).sum())

    @cached_property
    def _pieces(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """[subwords]: whether each begins a word, and how many letters and digits it has; unknown ones have one."""
        pieces = self.subwords(list(range(len(self))))
        begins = [piece.startswith("▁") or number in (PAD, BOS, EOS) for number, piece in enumerate(pieces)]
        letters = [sum(map(str.isalnum, piece)) for piece in pieces]
        letters[PAD] = letters[BOS] = letters[EOS] = 0
        letters[UNK] = 1
        return np.array(begins), np.array(letters)

    def subwords(self, ids: list[int]) -> list[str]:
        """The subword of each id, with sentencepiece's mark for a space."""
        return self._processor.id_to_piece(ids)


def files_to_copy(run: Path) -> list[str]:
    """The files of a run that `tokenizer.from` takes: tokenizers and known words; raises InputError if there are none."""
    names = ("source.model", "target.model", known_words.FILE)
    if not run.exists():
        raise InputError(f"tokenizer.from: there is no run {run}; train it first, or name another")
    for name in names:
        if not (run / name).exists():
            raise InputError(f"tokenizer.from: {run} is no run of this version of s2s (it has no {name})")
    return [str(run / name) for name in names]


def copy_tokenizers(run: Path, directory: Path) -> dict[str, Tokenizer]:
    """Copy the tokenizers of a run; returns them by side."""
    for side in ("source", "target"):
        shutil.copyfile(run / f"{side}.model", directory / f"{side}.model")
    return {side: Tokenizer.load(directory / f"{side}.model") for side in ("source", "target")}
