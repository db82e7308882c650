"""Readers of the formats of sentence pairs: TSV, CSV, two aligned files.  JSON and TMX have modules of their own.

Every reader takes an open text and yields rows.  corpus.py makes pairs of rows.  To add a format, write a reader, add it
to READERS, recognize it in `detect_format`, and name it in config.py.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, dropwhile, zip_longest

from s2s.data.compression import OpenText
from s2s.data.json_objects import read_jsonl
from s2s.data.lines import first_bytes, read_lines
from s2s.data.rows import Row
from s2s.data.tmx import read_tmx
from s2s.errors import InputError

_HEAD_LINES, _HEAD_SIZE = 200, 1 << 20
"""Lines, and characters, at most, by which quotes and separators are recognized."""

_MOST_COLUMNS = 1000
"""Most columns of a row; a row of millions would fill the memory."""

_ANKI = {"tab": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|", "colon": ":"}
"""Names of separators in Anki's exports."""

_ANKI_HEAD = re.compile("#(separator|html|tags|columns|notetype|deck|guid)[ a-z]*:", re.IGNORECASE)
"""How the head lines of these exports begin; notes may begin with "#" too."""

_JSON = re.compile(rb'\[?\s*\{\s*["}]')
"""How JSON begins.  A TSV file may begin with "[" or "{" too, as subtitles do."""

Numbered = Iterator[tuple[int, str]]
"""Lines with their numbers."""


def detect_format(text: OpenText) -> str:
    """The format of a text, by its first bytes, and its ending where these leave it open: tsv, csv, jsonl or tmx."""
    start = first_bytes(text)
    if start.startswith((b"<?xml", b"<tmx", b"<!DOCTYPE tmx")):
        return "tmx"
    stem = text.name.lower()
    for ending in (".gz", ".bz2", ".xz", ".zst"):
        stem = stem.removesuffix(ending)
    if _JSON.match(start) or (stem.endswith((".json", ".jsonl", ".ndjson")) and start.startswith((b"{", b"["))):
        return "jsonl"
    return "csv" if stem.endswith(".csv") or start.lower().startswith(b"sep=") else "tsv"


def read_tsv(text: OpenText) -> Iterator[Row]:
    """The cells of every line that is not blank, by column number.

    Quotes are undone where all cells of the first lines are quoted, as spreadsheets and Anki do.  The head lines of
    Anki's exports (`#separator:tab` ...) are skipped.
    """
    head, lines = _split_head(enumerate(read_lines(text), 1))
    if head and head[0][1].lower().startswith("#separator:"):
        separator = head[0][1].partition(":")[2].strip()
        notes = dropwhile(lambda numbered: _ANKI_HEAD.match(numbered[1]), head)
        yield from _quoted_rows(chain(notes, lines), text.name, _ANKI.get(separator.lower(), separator)[:1] or "\t")
        return
    cells = [cell for _, line in head if not line.isspace() for cell in line.split("\t") if line]
    if cells and all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells):
        yield from _quoted_rows(chain(head, lines), text.name, "\t")
        return
    for number, line in chain(head, lines):
        if line and not line.isspace():
            cells = line.split("\t")
            if len(cells) > _MOST_COLUMNS:
                raise _too_many(cells, text.name, number)
            yield Row(number, dict(enumerate(cells, 1)))


def read_csv(text: OpenText) -> Iterator[Row]:
    """The cells of every record, by column number.

    Quoted cells may hold separators and line ends.  The separator is a comma, a semicolon or a tab: the one that splits
    the first lines into equally many cells, or the one in a line `sep=;` before them.  Raises InputError for bad quotes.
    """
    head, lines = _split_head(enumerate(read_lines(text), 1))
    first = head[0][1] if head else ""
    if first.lower().startswith("sep=") and len(first) == 5:
        yield from _quoted_rows(chain(head[1:], lines), text.name, first[4])
    else:
        yield from _quoted_rows(chain(head, lines), text.name, _separator([line for _, line in head]))


def _split_head(lines: Numbered) -> tuple[list[tuple[int, str]], Numbered]:
    """The first lines, and an iterator of the others."""
    head, size = [], 0
    for numbered in lines:
        head.append(numbered)
        size += len(numbered[1])
        if len(head) == _HEAD_LINES or size > _HEAD_SIZE:
            break
    return head, lines


def _separator(head: list[str]) -> str:
    """The separator of CSV: by how many lines it splits as the first one, and by how often it is in that."""
    texts = [line for line in map(_without_cr, head) if line.strip()]

    def agreement(separator: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(texts, delimiter=separator)]
        except csv.Error:  # a cell that is too long
            return 0, 0
        return (widths.count(widths[0]) if widths[0] > 1 else 0), texts[0].count(separator)

    return max(",;\t", key=agreement) if texts else ","


def _quoted_rows(lines: Iterable[tuple[int, str]], name: str, separator: str) -> Iterator[Row]:
    """Records of numbered lines, whose cells may be quoted."""
    last = [0]  # number of the line that was read last

    def texts() -> Iterator[str]:
        for last[0], line in lines:
            yield f"{_without_cr(line)}\n"

    rows = csv.reader(texts(), delimiter=separator, strict=True)
    while True:
        start = last[0] + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(
                f"{name}:{start}: wrong quotes: {error}; a cell in quotes ends with its quote, and quotes in it are doubled"
            ) from None
        if any(cell and not cell.isspace() for cell in row):
            if len(row) > _MOST_COLUMNS:
                raise _too_many(row, name, last[0])
            yield Row(last[0], dict(enumerate(row, 1)))


def _too_many(cells: list[str], name: str, number: int) -> InputError:
    return InputError(f"{name}:{number}: {len(cells):,} columns; is this a file of pairs?")


def _without_cr(line: str) -> str:
    """A line of CSV with a space for stray CRs, which Python's reader refuses."""
    return line.replace("\r", " ") if "\r" in line else line


READERS = {"tsv": read_tsv, "csv": read_csv, "jsonl": read_jsonl, "tmx": read_tmx}
"""The reader of each value of `data.format`."""


def read_aligned(source: OpenText, target: OpenText) -> Iterator[Row]:
    """Line n of both files as cells 1 and 2; raises InputError unless the files have equally many lines."""
    lines = read_lines(source), read_lines(target)
    for number, (spanish, english) in enumerate(zip_longest(*lines), 1):
        if spanish is None or english is None:
            counts = [
                number - 1 if side is None else number + sum(1 for _ in rest)
                for side, rest in zip((spanish, english), lines, strict=True)
            ]
            raise InputError(
                f"{source.name} has {counts[0]:,} lines and {target.name} {counts[1]:,}; "
                "in aligned files, line n of one file is the translation of line n of the other"
            )
        yield Row(number, {1: spanish, 2: english})
