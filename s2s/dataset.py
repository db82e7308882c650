"""The prepared corpus on disk: encoded pairs in order of their lengths, the subword models, a report.

prepared/
  source.model, target.model       sentencepiece models of the two languages
  train.source.ids.npy             uint16 or int32, all sentences' ids one after the other, EOS included
  train.target.ids.npy             likewise, BOS included
  train.cells.npy                  int64 [cells, 3]: Spanish length, English length, how many pairs have them
  dev....                          likewise
  dev.tsv, test.tsv                the dev pairs as text, to be translated while training; test pairs held out of train
  report.json                      counts, examples, and the fingerprint of what it was made from
  SHA256SUMS                       checksums of all these

Pairs are sorted by their lengths, so the cells are the whole index: a few thousand numbers, however many pairs there
are.  Sentences are read from their place in the file when a batch wants them, and what was read of it the system
keeps in its cache, so the memory of training does not grow with the corpus.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from s2s.corpus import Layout, read_pairs
from s2s.errors import InputError
from s2s.files import checksums

FORMAT = 3
"""Number of the directory's layout; raised when a reader of the old one would go wrong."""

Indices = npt.NDArray[np.int64]

_AT_ONCE = 1 << 18
"""Sentences sorted at once, at most."""


class Sentences:
    """Encoded sentences of one language on disk."""

    def __init__(self, path: Path, lengths: Indices, counts: Indices):
        """lengths, counts: of the sentences of each cell.  Raises InputError unless the file holds as many ids."""
        try:
            stored = np.load(path, mmap_mode="r", allow_pickle=False)
            self._file = open(path, "rb")  # noqa: SIM115 - read from as long as we live
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{path}: damaged prepared corpus ({error}); run s2s prepare again") from None
        if stored.ndim != 1 or len(stored) != (lengths * counts).sum():
            raise InputError(f"{path}: damaged prepared corpus (not as long as its index says); run s2s prepare again")
        self._type, self._start = stored.dtype, stored.offset
        self._lengths = lengths
        self._firsts = starts(counts)
        self._offsets = starts(lengths * counts)

    def read(self, indices: Indices) -> list[npt.NDArray[Any]]:
        """The ids of some sentences, EOS included; nothing for an index of -1."""
        cells = np.searchsorted(self._firsts, indices, side="right") - 1
        lengths = np.where(indices < 0, 0, self._lengths[cells])
        places = (self._offsets[cells] + (indices - self._firsts[cells]) * lengths) * self._type.itemsize + self._start
        descriptor, size = self._file.fileno(), self._type.itemsize
        return [
            np.frombuffer(os.pread(descriptor, length * size, place), self._type)
            for length, place in zip(lengths.tolist(), places.tolist(), strict=True)
        ]


class Pairs:
    """A split of a prepared corpus."""

    def __init__(self, directory: Path, split: str):
        """Open a split, `train` or `dev`; raises InputError when it is missing or damaged."""
        try:
            self.cells: Indices = np.load(directory / f"{split}.cells.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{directory}: damaged prepared corpus ({error}); run s2s prepare again") from None
        source, target, counts = self.cells.T
        self.source = Sentences(directory / f"{split}.source.ids.npy", source, counts)
        self.target = Sentences(directory / f"{split}.target.ids.npy", target, counts)

    def __len__(self) -> int:
        """How many pairs there are."""
        return int(self.cells[:, 2].sum())


class PairWriter:
    """Writes a split: takes encoded pairs in any order, puts them on disk by their lengths."""

    def __init__(self, directory: Path, split: str, vocab_size: int):
        """Begin the split's files; vocab_size: of the larger vocabulary."""
        self._type = np.dtype(np.uint16 if vocab_size <= 1 << 16 else np.int32)
        self._paths = [directory / f"{split}.{side}.ids.npy" for side in ("source", "target")]
        self._cells = directory / f"{split}.cells.npy"
        self._unsorted = [open(path.with_suffix(".unsorted"), "wb+") for path in self._paths]  # noqa: SIM115
        self._lengths: list[Indices] = []

    def add(self, ids: list[npt.NDArray[Any]], lengths: npt.NDArray[Any]) -> None:
        """Add pairs: the ids of either side, one sentence after the other, EOS included, in English BOS too.

        lengths: [2, pairs].
        """
        for file, side in zip(self._unsorted, ids, strict=True):
            file.write(side.astype(self._type).data)
        self._lengths.append(lengths)

    def close(self) -> None:
        """Sort the pairs by length into the split's files."""
        lengths = np.concatenate([np.zeros((2, 0), np.int32), *self._lengths], axis=1)
        # Both lengths as one number, 32 bits of them each: sorting is by the first, then the second.
        key = lengths[0].astype(np.int64) << 32 | lengths[1]
        order = np.argsort(key, kind="stable")
        cells, counts = np.unique(key, return_counts=True)
        np.save(self._cells, np.stack([cells >> 32, cells & 0xFFFFFFFF, counts], axis=1))
        for path, file, side in zip(self._paths, self._unsorted, lengths, strict=True):
            with open(path, "wb") as sorted_file:
                self._sort(file, sorted_file, side, order, counts)
            file.close()
            path.with_suffix(".unsorted").unlink()

    def _sort(self, file: Any, output: Any, lengths: npt.NDArray[Any], order: Indices, counts: Indices) -> None:
        file.flush()
        total = int(lengths.sum(dtype=np.int64))
        ids = np.memmap(file, self._type, "r", shape=total) if total else np.zeros(0, self._type)
        np.lib.format.write_array_header_1_0(
            output, {"descr": self._type.str, "fortran_order": False, "shape": (total,)}
        )
        begins = starts(lengths)
        for cell in np.split(order, np.cumsum(counts)[:-1]):
            for at in range(0, len(cell), _AT_ONCE):
                part = cell[at : at + _AT_ONCE]
                output.write(ids[begins[part][:, None] + np.arange(lengths[part[0]])].data)


def starts(sizes: npt.NDArray[Any]) -> Indices:
    """Where each of some stretches begins when they stand one after the other."""
    return np.cumsum(sizes, dtype=np.int64) - sizes


def write_texts(path: Path, pairs: Iterable[tuple[str, str]]) -> None:
    """Write the text of pairs as TSV."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for pair in pairs:
            # One line a pair, whatever white space a config leaves inside sentences.
            file.write("\t".join(" ".join(text.split()) for text in pair) + "\n")


def read_texts(path: Path) -> list[tuple[str, str]]:
    """The pairs that `write_texts` wrote; raises InputError when they cannot be read."""
    return [(pair.source, pair.target) for pair in read_pairs([str(path)], Layout("tsv", (1, 2)))]


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


def seal(directory: Path) -> None:
    """Write SHA256SUMS over all files of a prepared corpus."""
    (directory / "SHA256SUMS").write_text(checksums(directory, _sealed(directory)), encoding="utf-8")


def verify(directory: Path) -> None:
    """Raise InputError unless every file is as `prepare` wrote it: a second for a gigabyte."""
    try:
        whole = (directory / "SHA256SUMS").read_text(encoding="utf-8") == checksums(directory, _sealed(directory))
    except (OSError, UnicodeDecodeError):
        whole = False
    if not whole:
        raise InputError(
            f"{directory}: damaged prepared corpus (checksums differ); delete it and run s2s prepare again"
        )


def _sealed(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name != "SHA256SUMS")
