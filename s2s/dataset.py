"""The prepared corpus on disk: memory-mapped subword ids, the subword models, a report.

prepared/
  source.model, target.model       sentencepiece models of the two languages
  dev.tsv                          the dev pairs as text, to be translated while training
  train.source.ids.npy             int32, all sentences' ids one after the other, EOS included
  train.source.ends.npy            int64, where each sentence ends in them
  train.target..., dev....         likewise
  report.json                      counts, and the fingerprint of what it was made from
"""

import json
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.corpus import read_pairs
from s2s.errors import InputError

FORMAT = 2
"""Number of the directory's layout; raised when a reader of the old one would go wrong."""


class Sentences:
    """Encoded sentences of one language: an array of arrays of ids on disk."""

    def __init__(self, directory: Path, name: str):
        """Open `<name>.ids.npy` and `<name>.ends.npy`; raises InputError when they are missing or damaged."""
        try:
            self._ids = np.load(directory / f"{name}.ids.npy", mmap_mode="r", allow_pickle=False)
            ends = np.load(directory / f"{name}.ends.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{directory}: damaged prepared corpus ({error}); run s2s prepare again") from None
        self._starts = np.concatenate([[0], ends])

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Subwords of every sentence, EOS included, [sentences]."""
        return np.diff(self._starts)

    def __getitem__(self, index: int) -> npt.NDArray[np.int32]:
        """The ids of one sentence, EOS included, [length]."""
        return self._ids[self._starts[index] : self._starts[index + 1]]


class Pairs(NamedTuple):
    """The two sides of a split, in the same order."""

    source: Sentences
    target: Sentences


def write_sentences(directory: Path, name: str, sentences: Iterable[list[int]]) -> None:
    """Write encoded sentences as `<name>.ids.npy` and `<name>.ends.npy`."""
    ids, ends = array("i"), array("q")
    for sentence in sentences:
        ids.extend(sentence)
        ends.append(len(ids))
    np.save(directory / f"{name}.ids.npy", np.frombuffer(ids, np.int32) if ids else np.zeros(0, np.int32))
    np.save(directory / f"{name}.ends.npy", np.frombuffer(ends, np.int64) if ends else np.zeros(0, np.int64))


def open_pairs(directory: Path, split: str) -> Pairs:
    """Open a split (`train` or `dev`) of a prepared corpus."""
    return Pairs(Sentences(directory, f"{split}.source"), Sentences(directory, f"{split}.target"))


def write_texts(directory: Path, split: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Write the text of a split's pairs as `<split>.tsv`."""
    lines = [f"{source}\t{target}\n" for source, target in pairs]
    (directory / f"{split}.tsv").write_text("".join(lines), encoding="utf-8", newline="\n")


def read_texts(directory: Path, split: str) -> list[tuple[str, str]]:
    """The pairs that `write_texts` wrote; raises InputError when they cannot be read."""
    return [(pair.source, pair.target) for pair in read_pairs((str(directory / f"{split}.tsv"),), 1, 2)]


def read_report(directory: Path) -> dict[str, Any] | None:
    """The report of a prepared corpus, or None where there is none; InputError when it cannot be read."""
    path = directory / "report.json"
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot read the report ({error}); run s2s prepare again") from None
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise InputError(f"{directory}: prepared by another version of s2s; name a new data.prepared and prepare again")
    return report
