"""Subwords by sentencepiece: text <-> ids."""

import io
from collections.abc import Iterable
from pathlib import Path

import sentencepiece

from s2s.config import TokenizerConfig
from s2s.errors import InputError

PAD, UNK, BOS, EOS = 0, 1, 2, 3
"""Ids of the special subwords, the same in every model."""


def learn(sentences: Iterable[str], config: TokenizerConfig) -> bytes:
    """Learn at most `vocab_size` subwords; returns the model file's content.

    Raises InputError when the sentences hold fewer characters than the vocabulary must have, or more than it can.
    """
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            model_type=config.type,
            vocab_size=config.vocab_size,
            # A small corpus cannot fill a large vocabulary; then the limit is what it can.
            hard_vocab_limit=False,
            character_coverage=config.character_coverage,
            pad_id=PAD,
            unk_id=UNK,
            bos_id=BOS,
            eos_id=EOS,
            num_threads=2,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rsplit("] ", 1)[-1]
        raise InputError(
            f"tokenizer.vocab_size: sentencepiece cannot learn {config.vocab_size} subwords: {reason}"
        ) from None
    return model.getvalue()


class Tokenizer:
    """A learnt sentencepiece model."""

    def __init__(self, model: bytes):
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read a model file; raises InputError when it is missing or damaged."""
        try:
            return cls(path.read_bytes())
        except (OSError, RuntimeError) as error:
            raise InputError(f"{path}: cannot read the subword model: {error}") from None

    def __len__(self) -> int:
        """Subwords in the vocabulary, the four special ones included."""
        return int(self._processor.get_piece_size())

    def encode(self, sentences: list[str]) -> list[list[int]]:
        """Ids of each sentence's subwords, without BOS and EOS."""
        return self._processor.encode(sentences)

    def decode(self, ids: list[list[int]]) -> list[str]:
        """The texts that the ids stand for."""
        return self._processor.decode(ids)

    def pieces(self, ids: list[int]) -> list[str]:
        """The subwords that the ids stand for, with sentencepiece's mark for a space."""
        return self._processor.id_to_piece(ids)
