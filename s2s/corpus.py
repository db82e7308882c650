"""Text files: lines one at a time, strictly UTF-8, and the pair files made of them."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from s2s.errors import InputError


class Pair(NamedTuple):
    """A Spanish sentence and its English translation, and where they stand."""

    source: str
    target: str
    place: str  # "file:line", for messages


def open_text(path: Path) -> BinaryIO:
    """Open a file for reading bytes, through gzip when its name ends in `.gz`.

    Raises InputError for a file that cannot be opened.
    """
    try:
        return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")  # type: ignore[return-value]
    except OSError as error:
        raise InputError(f"{path}: cannot read: {error.strerror}") from None


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what goes wrong while the block reads the file `name` into an InputError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: damaged gzip file: {error}") from None
    except OSError as error:
        raise InputError(f"{name}: cannot read: {error.strerror}") from None


def decode_line(line: bytes, name: str, number: int, errors: str = "strict") -> str:
    """One line's text without its line end, nor the byte order mark of line 1.

    name, number: the file's name and the line's number from 1, for the InputError that bytes other than
    UTF-8 raise.  errors: `strict`, or `replace`: they become U+FFFD.
    """
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}:{number}: not valid UTF-8 at byte {error.start + 1} of the line; convert the file (e.g. with iconv)"
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a file in order; raises InputError for unreadable files and invalid UTF-8."""
    with open_text(path) as file, reading(str(path)):
        for number, line in enumerate(file, 1):
            yield decode_line(line, str(path), number)


def read_pairs(paths: tuple[str, ...], source_column: int, target_column: int) -> Iterator[Pair]:
    """The pairs of TSV files, blank lines passed over, columns counted from 1, outer spaces removed.

    A side may come out empty: what to do with such pairs is the caller's to decide.  Raises InputError
    for a file that cannot be read or holds no line, and for a line without the two columns.
    """
    needed = max(source_column, target_column)
    for path in paths:
        line_count = 0
        for line_count, line in enumerate(read_lines(Path(path)), 1):
            if not line.strip():
                continue
            columns = line.split("\t")
            if len(columns) < needed:
                found = "no tab" if len(columns) == 1 else f"only {len(columns)} columns"
                raise InputError(
                    f"{path}:{line_count}: {found} in {_shorten(line)!r}; a pair file has Spanish in column "
                    f"{source_column} and English in column {target_column}, separated by tabs"
                )
            yield Pair(columns[source_column - 1].strip(), columns[target_column - 1].strip(), f"{path}:{line_count}")
        if not line_count:
            raise InputError(f"{path}: the file is empty; put one pair a line in it")


def read_references(path: Path, source_column: int, target_column: int) -> dict[str, list[str]]:
    """The Spanish sentences of a test file, each with its English references: one per line it stands on.

    Raises InputError as `read_pairs` does, and for a pair with an empty side.
    """
    references: dict[str, list[str]] = {}
    for pair in read_pairs((str(path),), source_column, target_column):
        if not pair.source or not pair.target:
            raise InputError(f"{pair.place}: an empty side; a test pair needs both sentences")
        references.setdefault(pair.source, []).append(pair.target)
    if not references:
        raise InputError(f"{path}: no sentence pair in the file")
    return references


def _shorten(line: str) -> str:
    return line if len(line) <= 40 else f"{line[:37]}..."
