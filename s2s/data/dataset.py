"""The prepared corpus on disk: encoded pairs sorted by their lengths, the subword models, a report.

prepared/
  source.model, target.model       sentencepiece models of the two languages
  known_words.txt                  the words of the Spanish training text, by which unknown ones are recognized
  train.source.ids.npy             uint16 or int32, the framed ids of all Spanish sentences, concatenated
  train.target.ids.npy             the same of the English sentences
  train.cells.npy                  int64 [cells, 3]: Spanish length, English length, number of pairs with these lengths
  dev....                          the same of the dev pairs
  dev.tsv, test.tsv                the dev pairs as text, for validation; test pairs that were held out of train
  report.json                      counts, examples, and the fingerprint of the files and the config
  SHA256SUMS                       checksums of all these files

Pairs are sorted by their lengths, so the cells are the whole index: a few thousand numbers, however many pairs there
are.  A sentence is read from its place in the file when a batch needs it, and the system caches the file, so the
memory of training does not grow with the corpus.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.data.corpus import Layout, read_pairs
from s2s.data_config import PairFile
from s2s.errors import InputError
from s2s.files import checksums, read_small, require_readable

FORMAT = 5
"""Number of the directory's layout; raised when a reader of the old one would go wrong."""

Indices = npt.NDArray[np.int64]
"""Indices, numbers or ids, as NumPy takes them."""

OWN_TEXTS = Layout("tsv", (1, 2))
"""Layout of dev.tsv and test.tsv."""

_SORT_BLOCK = 1 << 18
"""Most sentences gathered at a time."""


class EncodedSentences:
    """Encoded sentences of one language on disk."""

    def __init__(self, path: Path, lengths: Indices, counts: Indices):
        """Open a file of ids; raises InputError unless its length fits the index.

        Args:
            path: the file.
            lengths: [cells], length of each cell's sentences.
            counts: [cells], number of each cell's sentences.
        """
        try:
            stored = np.load(path, mmap_mode="r", allow_pickle=False)
            self._file = open(path, "rb")  # noqa: SIM115 - until `close`
        except (OSError, ValueError, EOFError) as error:
            require_readable(path, error)
            raise InputError(f"{path}: damaged prepared corpus ({error}); run s2s prepare again") from None
        if stored.ndim != 1 or len(stored) != (lengths * counts).sum():
            raise InputError(
                f"{path}: damaged prepared corpus (its length differs from its index); run s2s prepare again"
            )
        self._type, self._start = stored.dtype, stored.offset
        self._lengths = lengths
        self._first_indices = exclusive_cumsum(counts)
        self._offsets = exclusive_cumsum(lengths * counts)

    def read(self, indices: Indices) -> list[npt.NDArray[Any]]:
        """The framed ids of each sentence; empty for an index of -1."""
        cells = np.searchsorted(self._first_indices, indices, side="right") - 1
        lengths = np.where(indices < 0, 0, self._lengths[cells])
        offsets = (
            self._offsets[cells] + (indices - self._first_indices[cells]) * lengths
        ) * self._type.itemsize + self._start
        descriptor, size = self._file.fileno(), self._type.itemsize
        return [
            np.frombuffer(os.pread(descriptor, length * size, offset), self._type)
            for length, offset in zip(lengths.tolist(), offsets.tolist(), strict=True)
        ]

    def close(self) -> None:
        """Close the file; nothing can be read after that."""
        self._file.close()


class Pairs:
    """A split of a prepared corpus."""

    def __init__(self, directory: Path, split: str):
        """Open a split, `train` or `dev`; raises InputError when it is missing or damaged."""
        try:
            self.cells: Indices = np.load(directory / f"{split}.cells.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            require_readable(directory, error)
            raise InputError(f"{directory}: damaged prepared corpus ({error}); run s2s prepare again") from None
        source, target, counts = self.cells.T
        self.source = EncodedSentences(directory / f"{split}.source.ids.npy", source, counts)
        self.target = EncodedSentences(directory / f"{split}.target.ids.npy", target, counts)

    def __len__(self) -> int:
        """Number of pairs."""
        return int(self.cells[:, 2].sum())

    def close(self) -> None:
        """Close the files; the cells and the number of pairs stay."""
        self.source.close()
        self.target.close()


class PreparedCorpus(NamedTuple):
    """All that a training reads of a prepared corpus, opened once: another `prepare` that ends meanwhile changes nothing."""

    train: Pairs
    dev: Pairs
    dev_texts: list[tuple[str, str]]
    report: dict[str, Any]
    content: str
    """Its `content_hash`."""

    @classmethod
    def open(cls, directory: Path, content: str) -> "PreparedCorpus":
        """Open all and compare the checksums; raises InputError for a damaged corpus and for another than the expected one.

        Args:
            directory: the prepared corpus.
            content: its expected `content_hash`.
        """
        with ExitStack() as opened:
            try:
                train, dev = (opened.enter_context(closing(Pairs(directory, split))) for split in ("train", "dev"))
                corpus = cls(train, dev, read_texts(directory / "dev.tsv"), require_report(directory), content)
                verify(directory)
            finally:
                require_content(directory, content)  # first of all: a half of each of two corpora is no damage
            opened.pop_all()
            return corpus

    def close(self) -> None:
        """Close the files."""
        self.train.close()
        self.dev.close()


class PairWriter:
    """Writes a split: takes encoded pairs in any order and sorts them by their lengths."""

    def __init__(self, directory: Path, split: str, vocab_size: int):
        """Create the split's files; vocab_size: size of the larger vocabulary."""
        self._type = np.dtype(np.uint16 if vocab_size <= 1 << 16 else np.int32)
        self._paths = [directory / f"{split}.{side}.ids.npy" for side in ("source", "target")]
        self._cells = directory / f"{split}.cells.npy"
        self._unsorted = [open(path.with_suffix(".unsorted"), "wb+") for path in self._paths]  # noqa: SIM115
        self._lengths: list[Indices] = []

    def add(self, ids: list[npt.NDArray[Any]], lengths: npt.NDArray[Any]) -> None:
        """Add pairs.

        Args:
            ids: framed ids of the Spanish sentences, concatenated; the same of the English sentences.
            lengths: [2, pairs], length of each sentence.
        """
        for file, side in zip(self._unsorted, ids, strict=True):
            file.write(side.astype(self._type).data)
        self._lengths.append(lengths)

    def close(self) -> None:
        """Sort the pairs by length and write the split's files."""
        lengths = np.concatenate([np.zeros((2, 0), np.int32), *self._lengths], axis=1)
        # Both lengths in one number, 32 bits each: sorted by the Spanish length, then by the English one.
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
        offsets = exclusive_cumsum(lengths)
        for cell in np.split(order, np.cumsum(counts)[:-1]):
            for at in range(0, len(cell), _SORT_BLOCK):
                part = cell[at : at + _SORT_BLOCK]
                output.write(ids[offsets[part][:, None] + np.arange(lengths[part[0]])].data)


def exclusive_cumsum(sizes: npt.NDArray[Any]) -> Indices:
    """Exclusive cumulative sum: the offset of each part when parts of these sizes are concatenated."""
    return np.cumsum(sizes, dtype=np.int64) - sizes


def write_texts(path: Path, pairs: Iterable[tuple[str, str]]) -> None:
    """Write pairs as TSV."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for pair in pairs:
            # One line for each pair, even if the config leaves line ends inside sentences.
            file.write("\t".join(" ".join(text.split()) for text in pair) + "\n")


def read_texts(path: Path) -> list[tuple[str, str]]:
    """The pairs that `write_texts` wrote; raises InputError when they cannot be read."""
    return [(pair.source, pair.target) for pair in read_pairs([PairFile(str(path))], OWN_TEXTS)]


def layout_of_test(file: PairFile) -> Layout:
    """The layout of a test file for what the file itself leaves open: prepared files have their own, others are detected."""
    path = Path(file.path)
    prepared = path.name in ("dev.tsv", "test.tsv") and (path.parent / "train.cells.npy").exists()
    return OWN_TEXTS if prepared else Layout()


def read_report(directory: Path) -> dict[str, Any] | None:
    """The report of a prepared corpus, or None where there is none; InputError when it cannot be read."""
    path = directory / "report.json"
    try:
        report = json.loads(read_small(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        require_readable(path, error)
        raise InputError(f"{path}: cannot read the report ({error}); run s2s prepare again") from None
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise InputError(f"{directory}: prepared by another version of s2s; name a new data.prepared and prepare again")
    return report


def require_report(directory: Path) -> dict[str, Any]:
    """As `read_report`, but raises InputError where there is none."""
    report = read_report(directory)
    if report is None:
        raise InputError(f"data.prepared: {directory} is no prepared corpus; run s2s prepare first")
    return report


def write_checksums(directory: Path) -> None:
    """Write SHA256SUMS of all files of a prepared corpus."""
    (directory / "SHA256SUMS").write_text(checksums(directory, _file_names(directory)), encoding="utf-8")


def verify(directory: Path) -> None:
    """Raise InputError unless every file is as `prepare` wrote it.  Takes a second for a gigabyte."""
    try:
        whole = read_small(directory / "SHA256SUMS").decode() == checksums(directory, _file_names(directory))
    except (OSError, UnicodeDecodeError) as error:
        require_readable(directory, error)
        whole = False
    if not whole:
        raise InputError(
            f"{directory}: damaged prepared corpus (checksums differ); delete it and run s2s prepare again"
        )


def content_hash(directory: Path) -> str:
    """A hash of what training takes from a prepared corpus: tokenizers, train and dev pairs.  By SHA256SUMS.

    Raises InputError where there is none.
    """
    require_report(directory)
    try:
        lines = read_small(directory / "SHA256SUMS").decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        require_readable(directory, error)
        raise InputError(f"{directory}: damaged prepared corpus ({error}); run s2s prepare again") from None
    used = [line for line in lines if line.split()[-1] not in ("report.json", "test.tsv")]
    return hashlib.sha256("\n".join(sorted(used)).encode()).hexdigest()


def require_content(directory: Path, content: str) -> None:
    """Raise InputError unless a prepared corpus has this `content_hash`."""
    if content_hash(directory) != content:
        raise InputError(
            f"data.prepared: {directory} holds another corpus than the run was begun with (other train or dev pairs, or "
            "subwords); prepare the former one again, name another run, or start over with --fresh"
        )


def _file_names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name != "SHA256SUMS")
