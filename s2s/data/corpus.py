"""Sentence pairs from files: which format a file has, and which of its columns are Spanish and English."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from s2s.config import DataConfig, PairFile
from s2s.data import formats
from s2s.data.compression import OpenText, open_text, open_texts
from s2s.data.formats import Cells, Rows
from s2s.data.language import language_votes
from s2s.errors import InputError

Column = int | str
"""A column by number, from 1, or by name."""

HEAD = 1000
"""Rows by which the languages of columns are guessed."""

_HEAD_SIZE = 1 << 20  # characters, at most

_MARGIN = 3
"""Votes by which other columns must beat the first two to be chosen."""

_NAMES = (("es", "spa", "spanish", "español", "source", "src"), ("en", "eng", "english", "inglés", "target", "tgt"))
"""Known names of Spanish and of English columns, in lower case."""


class Pair(NamedTuple):
    """A Spanish sentence, its English translation, and their place."""

    source: str
    target: str
    place: str  # "file:line", for messages


class Layout(NamedTuple):
    """Where the pairs are in a file."""

    format: str = "auto"
    """tsv, csv, jsonl, tmx, or auto: detected."""
    columns: tuple[Column, Column] | None = None
    """Columns of the Spanish and of the English sentence; None = detected."""


def layout_of(config: DataConfig) -> Layout:
    """The layout that a config gives its files."""
    if config.source_column is None or config.target_column is None:
        return Layout(config.format)
    return Layout(config.format, (config.source_column, config.target_column))


def read_pairs(files: Iterable[PairFile], layout: Layout) -> Iterator[Pair]:
    """The pairs of files, without blank lines and outer spaces.

    A side may be empty; the caller decides what to do with such pairs.  Prints on stderr which columns were detected
    if they are not the first two, and warns of sides that look swapped.  Raises InputError for a file that cannot be
    read or is empty, and for a line without the two columns.

    Args:
        files: paths, or pairs of paths of aligned files.
        layout: of all files but aligned ones.
    """
    for file in files:
        with ExitStack() as stack:
            texts = list(map(open_text, map(Path, file))) if isinstance(file, tuple) else open_texts(Path(file))
            for text in texts:
                stack.enter_context(text.stream)
            yield from _read_texts(texts, layout)


def read_references(path: Path, layout: Layout) -> dict[str, list[str]]:
    """The Spanish sentences of a test file, each with its English references: one for each line that has the sentence.

    Raises InputError as `read_pairs` does, and for a pair with an empty side.
    """
    references: dict[str, list[str]] = {}
    for pair in read_pairs([str(path)], layout):
        if not pair.source or not pair.target:
            raise InputError(f"{pair.place}: an empty side; a test pair needs both sentences")
        references.setdefault(pair.source, []).append(pair.target)
    if not references:
        raise InputError(f"{path}: no sentence pair in the file")
    return references


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, compressed or not; raises InputError for unreadable files and invalid UTF-8."""
    text = open_text(path)
    with text.stream:
        yield from formats.read_lines(text)


def _read_texts(texts: list[OpenText], layout: Layout) -> Iterator[Pair]:
    name = texts[0].name
    head, rows = _look_ahead(_rows(texts, layout))
    if not head:
        raise InputError(f"{name}: the file is empty; put one pair a line in it")
    # Aligned files have these two columns and no others.
    columns = (1, 2) if len(texts) == 2 else layout.columns or _detect_columns(head, name)
    _warn_if_swapped(head, columns, name)
    for number, cells in rows:
        place = f"{name}:{number}"
        try:
            yield Pair(cells[columns[0]].strip(), cells[columns[1]].strip(), place)
        except KeyError:
            raise _missing_columns(cells, columns, place) from None


def _rows(texts: list[OpenText], layout: Layout) -> Rows:
    if len(texts) == 2:
        return formats.read_aligned(*texts)
    kind = formats.detect_format(texts[0]) if layout.format == "auto" else layout.format
    rows = formats.READERS[kind](texts[0])
    # Columns given by number mean that there is no header.
    has_header = isinstance(layout.columns[0], str) if layout.columns else kind == "csv"
    return _named(rows) if has_header and kind in ("tsv", "csv") else rows


def _named(rows: Rows) -> Rows:
    """Rows by the names in the first row."""
    _, header = next(rows, (0, {}))
    names = {number: name.strip() for number, name in header.items()}
    for number, cells in rows:
        yield number, {names.get(column, column): text for column, text in cells.items()}


def _look_ahead(rows: Rows) -> tuple[list[Cells], Rows]:
    """The cells of the first rows, and an iterator of all rows."""
    head, size = [], 0
    for row in rows:
        head.append(row)
        size += sum(map(len, row[1].values()))
        if len(head) == HEAD or size > _HEAD_SIZE:
            break
    return [cells for _, cells in head], chain(head, rows)


def _detect_columns(head: list[Cells], name: str) -> tuple[Column, Column]:
    """The Spanish and the English column: by their names, or by their text."""
    source: Column | None
    target: Column | None
    if not all(isinstance(column, int) for column in head[0]):
        by_name = {str(column).lower(): column for column in head[0]}
        source, target = (next((by_name[known] for known in names if known in by_name), None) for names in _NAMES)
        if source is None or target is None:
            raise InputError(
                f"{name}: which of its columns ({', '.join(map(str, head[0]))}) are Spanish and English is unknown; "
                "name them: data.source_column, data.target_column"
            )
        return source, target
    columns = [column for column in head[0] if all(column in cells for cells in head)]
    if len(columns) < 2:
        return 1, 2
    votes = {column: language_votes(cells[column] for cells in head) for column in columns}
    source, target = max(columns, key=lambda c: votes[c]), min(columns, key=lambda c: votes[c])
    if votes[source] - votes[target] <= votes[1] - votes[2] + _MARGIN or source == target:
        return 1, 2
    print(f"{name}: Spanish is in column {source}, English in column {target}", file=sys.stderr)
    return source, target


def _warn_if_swapped(head: list[Cells], columns: tuple[Column, Column], name: str) -> None:
    source, target = (language_votes(cells.get(column, "") for cells in head) for column in columns)
    if source < -_MARGIN and target > _MARGIN:
        print(
            f"warning: {name}: looks swapped: the column read as Spanish ({columns[0]}) looks English, and the other one Spanish",
            file=sys.stderr,
        )


def _missing_columns(cells: Cells, columns: tuple[Column, Column], place: str) -> InputError:
    if isinstance(columns[0], str) or not all(isinstance(column, int) for column in cells):
        known = ", ".join(map(str, cells)) or "none"
        return InputError(f"{place}: no text in {columns[0]!r} and {columns[1]!r}; this row has {known}")
    shortage = "no tab" if len(cells) == 1 else f"only {len(cells)} columns"
    line = "\t".join(cells.values())
    return InputError(
        f"{place}: {shortage} in {line if len(line) <= 40 else f'{line[:37]}...'!r}; a pair file has Spanish in column "
        f"{columns[0]} and English in column {columns[1]}, separated by tabs"
    )
