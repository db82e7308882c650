"""Sentence pairs from files: which format a file has, and which of its columns are Spanish and English."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from s2s.data import formats, lines
from s2s.data.compression import OpenText, open_text, open_texts
from s2s.data.language import language_votes
from s2s.data.rows import Cells, Row, note_columns
from s2s.data_config import DataConfig, PairFile
from s2s.errors import InputError
from s2s.process import report

Column = int | str
"""A column by number, from 1, or by name."""

HEAD = 1000
"""Rows by which the languages of columns are guessed."""

_HEAD_SIZE = 1 << 20  # characters, at most

_MARGIN = 3
"""Votes by which other columns must beat the first two to be chosen."""

_NAMES = (("es", "spa", "spanish", "español", "source", "src"), ("en", "eng", "english", "inglés", "target", "tgt"))
"""Known names of Spanish and of English columns, in lower case."""

_GIVE_COLUMNS = "give data.source_column and data.target_column (evaluate: --source-column, --target-column)"


class Pair(NamedTuple):
    """A Spanish sentence and its English translation."""

    source: str
    target: str
    place: str
    """"file:line", for messages."""
    weight: int = 1
    """How often it comes in an epoch, if it is a training pair."""


class Layout(NamedTuple):
    """Where the pairs are in a file."""

    format: str | None = "auto"
    """tsv, csv, jsonl, tmx, or auto: detected."""
    columns: tuple[Column, Column] | None = None
    """Columns of the Spanish and of the English sentence; None = detected."""


def layout_of(data: DataConfig | PairFile) -> Layout:
    """The layout that the section `data`, or an entry of it, gives."""
    if data.source_column is None or data.target_column is None:
        return Layout(data.format)
    return Layout(data.format, (data.source_column, data.target_column))


def read_pairs(
    files: Iterable[PairFile], layout: Layout, note: Callable[[str, Pair], None] = lambda rule, pair: None
) -> Iterator[Pair]:
    """The pairs of files, without blank lines and outer spaces.

    A side may be empty; the caller decides what to do with such pairs.  Prints on stderr which columns were detected
    if they are not the first two, and warns of sides that look swapped.  Raises InputError for a file that cannot be
    read or is empty, for a line without the two columns, and where the columns cannot be detected.

    Args:
        files: the files.
        layout: of files that do not have their own.
        note: called for each of rows.NOTES that applies to a pair.
    """
    for file in files:
        with ExitStack() as stack:
            texts = open_texts(Path(file.path)) if file.target is None else [*map(open_text, map(Path, file.paths))]
            for text in texts:
                stack.enter_context(text.stream)
            own = layout_of(file)
            yield from _read_texts(
                texts,
                Layout(layout.format if own.format in (None, "auto") else own.format, own.columns or layout.columns),
                note,
                file.weight,
            )


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, compressed or not; raises InputError for unreadable files and invalid UTF-8."""
    text = open_text(path)
    with text.stream:
        yield from lines.read_lines(text)


def _read_texts(
    texts: list[OpenText], layout: Layout, note: Callable[[str, Pair], None], weight: int
) -> Iterator[Pair]:
    name = texts[0].name
    rows = _rows(texts, layout)
    head = _take_head(rows)
    if not head:
        raise InputError(f"{name}: the file is empty; put one pair a line in it")
    columns, has_header = _find_columns(head, layout, len(texts) == 2, name)
    head = head[int(has_header) :]
    _warn_if_swapped(head, columns, name)
    source, target = columns
    for line, cells, notes in chain(head, rows):
        place = f"{name}:{line}"
        try:
            pair = Pair(cells[source].strip(), cells[target].strip(), place, weight)
        except KeyError:
            raise _missing_columns(cells, columns, place) from None
        for rule in notes:
            note(rule, pair)
        yield pair


def _take_head(rows: Iterator[Row]) -> list[Row]:
    """The first rows, HEAD or _HEAD_SIZE at most."""
    head, size = [], 0
    for row in rows:
        head.append(row)
        size += sum(map(len, row.cells.values()))
        if len(head) == HEAD or size > _HEAD_SIZE:
            break
    return head


def _rows(texts: list[OpenText], layout: Layout) -> Iterator[Row]:
    if len(texts) == 2:
        return formats.read_aligned(*texts)
    kind = formats.detect_format(texts[0]) if layout.format in (None, "auto") else layout.format
    rows = formats.READERS[kind](texts[0])
    if kind not in ("tsv", "csv"):
        return rows
    # Columns given by number mean that there is no header, or one that `_find_columns` knows.
    has_header = isinstance(layout.columns[0], str) if layout.columns else kind == "csv"
    return _named(note_columns(rows)) if has_header else note_columns(rows)


def _named(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows by the names in the first row."""
    header = next(rows, Row(0, {}))
    names = {number: name.strip() for number, name in header.cells.items()}
    for line, cells, notes in rows:
        yield Row(line, {names.get(column, column): text for column, text in cells.items()}, notes)


def _find_columns(head: list[Row], layout: Layout, aligned: bool, name: str) -> tuple[tuple[Column, Column], bool]:
    """The Spanish and the English column, and whether the first row is a header."""
    first = head[0].cells
    if aligned:  # two texts have these two columns and no header
        return (1, 2), False
    if not all(isinstance(column, int) for column in first):
        return layout.columns or _named_columns(first, name), False
    named = _known_names({cell: column for column, cell in first.items()})
    # A column of language codes has the same in every row.
    if named is None or any(row.cells.get(named[0]) == first[named[0]] for row in head[1:]):
        return layout.columns or _detect_columns([row.cells for row in head], name), False
    report(f"{name}: line {head[0].line} is a header and left out")
    return layout.columns or named, True


def _known_names(columns: dict[str, Column]) -> tuple[Column, Column] | None:
    """The columns with known names of Spanish and English, out of columns by name."""
    by_name = {name.strip().lower(): column for name, column in columns.items()}
    source, target = (next((by_name[known] for known in names if known in by_name), None) for names in _NAMES)
    return None if source is None or target is None else (source, target)


def _named_columns(cells: Cells, name: str) -> tuple[Column, Column]:
    """The columns with known names; raises InputError where there are none."""
    named = _known_names({str(column): column for column in cells})
    if named is None:
        raise InputError(
            f"{name}: which of its columns ({', '.join(map(str, cells))}) are Spanish and English is unknown; "
            f"{_GIVE_COLUMNS}"
        )
    return named


def _detect_columns(head: list[Cells], name: str) -> tuple[int, int]:
    """The Spanish and the English column by their text.

    A column without letters, such as numbers or dates, has no language, nor has a third one with the same text in all
    rows.  Two columns are Spanish and English in this order unless their text clearly shows otherwise; of more columns,
    the text must clearly show which: no other one may have half of the votes.
    """
    texts = {column: [cells[column] for cells in head if column in cells] for column in head[0]}
    columns = [column for column, cells in texts.items() if _has_letters(cells)]
    if len(columns) < 2:
        others = [cell for column, cells in texts.items() if column not in columns for cell in cells]
        if len(texts) > 1 and any(map(str.strip, others)):
            raise InputError(f"{name}: letters are in {len(columns)} of its {len(texts)} columns only; {_GIVE_COLUMNS}")
        return 1, 2  # a column is empty or missing, which is reported row by row
    if len(columns) > 2:
        varied = [column for column in columns if len(set(texts[column])) > 1]
        columns = varied if len(varied) > 1 else columns
    votes = {column: language_votes(texts[column]) for column in columns}
    if len(columns) == 2:
        first, second = columns
        swapped = 2 * (votes[second] - votes[first]) > _MARGIN
        source, target = (second, first) if swapped else (first, second)
    else:
        source, *others, target = sorted(columns, key=votes.__getitem__, reverse=True)
        clear = all(votes[target] < 2 * votes[column] < votes[source] for column in others)
        if votes[source] - votes[target] <= _MARGIN or not clear:
            raise InputError(
                f"{name}: {len(columns)} columns of text, and no clear sign which are Spanish and English; {_GIVE_COLUMNS}"
            )
    if (source, target) != (1, 2):
        report(f"{name}: Spanish is in column {source}, English in column {target}")
    return source, target


def _has_letters(cells: list[str]) -> bool:
    """Whether at least half of the cells that are not blank have a letter."""
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and 2 * sum(any(map(str.isalpha, cell)) for cell in filled) >= len(filled)


def _warn_if_swapped(head: list[Row], columns: tuple[Column, Column], name: str) -> None:
    source, target = (language_votes(row.cells.get(column, "") for row in head) for column in columns)
    if source < -_MARGIN and target > _MARGIN:
        report(
            f"warning: {name}: looks swapped: the column read as Spanish ({columns[0]}) looks English, and the other one Spanish"
        )


def _missing_columns(cells: Cells, columns: tuple[Column, Column], place: str) -> InputError:
    if isinstance(columns[0], str) or not cells or not all(isinstance(column, int) for column in cells):
        known = ", ".join(map(str, cells)) or "none"
        return InputError(f"{place}: no text in {columns[0]!r} and {columns[1]!r}; this row has {known}")
    shortage = "no tab" if len(cells) == 1 else f"only {len(cells)} columns"
    line = "\t".join(cells.values())
    return InputError(
        f"{place}: {shortage} in {line if len(line) <= 40 else f'{line[:37]}...'!r}; a pair file has Spanish in column "
        f"{columns[0]} and English in column {columns[1]}, separated by tabs"
    )
