"""Rows: what the readers of all formats yield, and what corpus.py makes pairs of."""

from collections.abc import Iterator
from typing import Any, NamedTuple

Cells = dict[Any, str]
"""Text of each column of a row; columns are numbers from 1, or names."""

NOTES = ("columns", "inline_codes", "half_characters")
"""What `prepare` counts of rows: another number of columns than in the first row; a space put between two words that only
a TMX code separated; half of a surrogate pair, which became U+FFFD."""


class Row(NamedTuple):
    """A row of a file."""

    line: int
    """Number of its line, from 1."""
    cells: Cells
    notes: tuple[str, ...] = ()
    """Those of NOTES that apply."""


def note_columns(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows of a table; those that have another number of columns than the first one are noted."""
    width = None
    for row in rows:
        size = len(row[1])
        width = width or size
        yield row if size == width else row._replace(notes=(*row.notes, "columns"))
