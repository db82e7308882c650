"""Sentence pairs out of files: which format a file has, which of its columns is Spanish, which English."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from s2s import formats
from s2s.config import DataConfig, PairFile
from s2s.errors import InputError
from s2s.formats import Cells, Rows
from s2s.language import balance
from s2s.unpacking import Opened, open_packed, open_texts

Column = int | str
"""A column by number, from 1, or by name."""

HEAD = 1000
"""Rows looked at to tell which column is in which language."""

_HEAD_SIZE = 1 << 20  # characters of them at most

_CLEAR = 3
"""More sentences than this must speak for other columns than the first two."""

_NAMES = (("es", "spa", "spanish", "español", "source", "src"), ("en", "eng", "english", "inglés", "target", "tgt"))
"""How columns with a name are called, lower case, Spanish and English."""


class Pair(NamedTuple):
    """A Spanish sentence and its English translation, and where they stand."""

    source: str
    target: str
    place: str  # "file:line", for messages


class Layout(NamedTuple):
    """How the pairs stand in a file."""

    format: str = "auto"
    """tsv, csv, jsonl, tmx, or auto: told by looking."""
    columns: tuple[Column, Column] | None = None
    """Of the Spanish and of the English sentence; None: told by looking."""


def layout_of(config: DataConfig) -> Layout:
    """What a config says of its files."""
    if config.source_column is None or config.target_column is None:
        return Layout(config.format)
    return Layout(config.format, (config.source_column, config.target_column))


def read_pairs(files: Iterable[PairFile], layout: Layout) -> Iterator[Pair]:
    """The pairs of files, blank lines passed over, outer spaces removed.

    A side may come out empty: what to do with such pairs is the caller's to decide.  Which columns were found is
    told on stderr where they are not the first two, and so are sides that look swapped.  Raises InputError for a file
    that cannot be read or holds no line, and for a line without the two columns.
    """
    for file in files:
        with ExitStack() as stack:
            texts = list(map(open_packed, map(Path, file))) if isinstance(file, tuple) else open_texts(Path(file))
            for text in texts:
                stack.enter_context(text.stream)
            yield from _read_texts(texts, layout)


def read_references(path: Path, layout: Layout) -> dict[str, list[str]]:
    """The Spanish sentences of a test file, each with its English references: one per line it stands on.

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
    """The lines of a text file in order, packed or not; raises InputError for unreadable files and invalid UTF-8."""
    text = open_packed(path)
    with text.stream:
        yield from formats.read_lines(text)


def _read_texts(texts: list[Opened], layout: Layout) -> Iterator[Pair]:
    name = texts[0].name
    head, rows = _look_ahead(_rows(texts, layout))
    if not head:
        raise InputError(f"{name}: the file is empty; put one pair a line in it")
    # What `read_aligned` gives has no other columns.
    columns = (1, 2) if len(texts) == 2 else layout.columns or _find_columns(head, name)
    _tell_swapped(head, columns, name)
    for number, cells in rows:
        place = f"{name}:{number}"
        try:
            yield Pair(cells[columns[0]].strip(), cells[columns[1]].strip(), place)
        except KeyError:
            raise _lacking(cells, columns, place) from None


def _rows(texts: list[Opened], layout: Layout) -> Rows:
    if len(texts) == 2:
        return formats.read_aligned(*texts)
    kind = formats.look(texts[0]) if layout.format == "auto" else layout.format
    rows = formats.READERS[kind](texts[0])
    # Columns by number mean that there is no header.
    wants_names = isinstance(layout.columns[0], str) if layout.columns else kind == "csv"
    return _named(rows) if wants_names and kind in ("tsv", "csv") else rows


def _named(rows: Rows) -> Rows:
    """Rows by the names in the first one."""
    _, header = next(rows, (0, {}))
    names = {number: name.strip() for number, name in header.items()}
    for number, cells in rows:
        yield number, {names.get(column, column): text for column, text in cells.items()}


def _look_ahead(rows: Rows) -> tuple[list[Cells], Rows]:
    """The cells of the first rows, and all rows still to come."""
    head, size = [], 0
    for row in rows:
        head.append(row)
        size += sum(map(len, row[1].values()))
        if len(head) == HEAD or size > _HEAD_SIZE:
            break
    return [cells for _, cells in head], chain(head, rows)


def _find_columns(head: list[Cells], name: str) -> tuple[Column, Column]:
    """Which column is Spanish and which English: by their names, or by what stands in them."""
    source: Column | None
    target: Column | None
    if not all(isinstance(column, int) for column in head[0]):
        by_name = {str(column).lower(): column for column in head[0]}
        source, target = (next((by_name[known] for known in names if known in by_name), None) for names in _NAMES)
        if source is None or target is None:
            raise InputError(
                f"{name}: which of its columns ({', '.join(map(str, head[0]))}) are Spanish and English is not known; "
                "name them: data.source_column, data.target_column"
            )
        return source, target
    columns = [column for column in head[0] if all(column in cells for cells in head)]
    if len(columns) < 2:
        return 1, 2
    speaks = {column: balance(cells[column] for cells in head) for column in columns}
    source, target = max(columns, key=lambda c: speaks[c]), min(columns, key=lambda c: speaks[c])
    if speaks[source] - speaks[target] <= speaks[1] - speaks[2] + _CLEAR or source == target:
        return 1, 2
    print(f"{name}: Spanish is in column {source}, English in column {target}", file=sys.stderr)
    return source, target


def _tell_swapped(head: list[Cells], columns: tuple[Column, Column], name: str) -> None:
    source, target = (balance(cells.get(column, "") for cells in head) for column in columns)
    if source < -_CLEAR and target > _CLEAR:
        print(
            f"warning: {name}: looks swapped: what is read as Spanish ({columns[0]}) looks English, and the reverse",
            file=sys.stderr,
        )


def _lacking(cells: Cells, columns: tuple[Column, Column], place: str) -> InputError:
    if isinstance(columns[0], str) or not all(isinstance(column, int) for column in cells):
        known = ", ".join(map(str, cells)) or "none"
        return InputError(f"{place}: no text in {columns[0]!r} and {columns[1]!r}; this row has {known}")
    found = "no tab" if len(cells) == 1 else f"only {len(cells)} columns"
    line = "\t".join(cells.values())
    return InputError(
        f"{place}: {found} in {line if len(line) <= 40 else f'{line[:37]}...'!r}; a pair file has Spanish in column "
        f"{columns[0]} and English in column {columns[1]}, separated by tabs"
    )
