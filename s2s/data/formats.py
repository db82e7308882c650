"""Readers of the formats of sentence pairs: TSV, CSV, JSON lines, TMX, two aligned files.

Every reader takes an open text and yields rows: the number of a line, and its cells.  corpus.py makes pairs of rows.
To add a format, write a reader, add it to READERS, recognize it in `detect_format`, and name it in config.py.
"""

import csv
import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from s2s.data.compression import OpenText, explain_read_errors
from s2s.errors import InputError

LONGEST_LINE = 1 << 24
"""Most bytes of a line; a longer one is an error, so that it cannot fill the memory."""

Cells = dict[Any, str]
"""Text of each column of a row; columns are numbers from 1, or names."""

Rows = Iterator[tuple[int, Cells]]

_READ_BYTES = 1 << 18

_INLINE_TEXT = ("hi", "mrk", "sub")
"""TMX's inline elements that hold words; the others hold codes of the text's original format."""

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def detect_format(text: OpenText) -> str:
    """The format of a text, by its first bytes, and its ending in the case of .csv: tsv, csv, jsonl or tmx."""
    with explain_read_errors(text.name):
        start = text.stream.peek(1 << 12)  # type: ignore[attr-defined]
    # It may begin with a byte order mark, and be UTF-16, as some translation memories are.
    plain = start.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")
    if plain.startswith((b"<?xml", b"<tmx", b"<!DOCTYPE tmx")):
        return "tmx"
    if plain.startswith(b"{"):
        return "jsonl"
    stem = text.name.lower()
    for packing in (".gz", ".bz2", ".xz", ".zst"):
        stem = stem.removesuffix(packing)
    return "csv" if stem.endswith(".csv") else "tsv"


def read_lines(text: OpenText) -> Iterator[str]:
    """The lines of a text in order; raises InputError for invalid UTF-8 and a line longer than LONGEST_LINE."""
    number, rest = 0, b""
    while True:
        with explain_read_errors(text.name):
            block = text.stream.read(_READ_BYTES)
        if not block:
            break
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            number += 1
            yield decode_line(line, text.name, number)
        check_length(rest, text.name, number + 1)
    if rest:
        yield decode_line(rest, text.name, number + 1)


def decode_line(line: bytes, name: str, number: int, errors: str = "strict") -> str:
    """The text of a line, without its line end and, in line 1, without the byte order mark.

    Raises InputError for invalid UTF-8.

    Args:
        line: the line's bytes.
        name: the file's name, for the message.
        number: the line's number, from 1.
        errors: `strict`, or `replace`: invalid bytes become U+FFFD.
    """
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}:{number}: invalid UTF-8 at byte {error.start + 1} of the line; convert the file (e.g. with iconv)"
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def check_length(line: bytes, name: str, number: int) -> None:
    """Raise InputError for a line longer than LONGEST_LINE."""
    if len(line) > LONGEST_LINE:
        raise InputError(f"{name}:{number}: a line of more than {LONGEST_LINE:,} bytes; is this a text?")


def read_tsv(text: OpenText) -> Rows:
    """The cells of every line that is not blank, by column number."""
    for number, line in enumerate(read_lines(text), 1):
        if line and not line.isspace():
            yield number, dict(enumerate(line.split("\t"), 1))


def read_csv(text: OpenText) -> Rows:
    """The cells of every record, by column number; quoted cells may hold commas and line ends.  InputError for bad quotes."""
    lines = (f"{line}\n" for line in read_lines(text))
    rows = csv.reader(lines, strict=True)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{text.name}:{rows.line_num}: not CSV: {error}; check its quotes") from None
        if any(cell and not cell.isspace() for cell in row):
            yield rows.line_num, dict(enumerate(row, 1))


def read_jsonl(text: OpenText) -> Rows:
    """The texts of every line's object, or of its object `translation`, by key."""
    for number, line in enumerate(read_lines(text), 1):
        if not line or line.isspace():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{text.name}:{number}: not JSON: {error}; one object a line is expected") from None
        if isinstance(row, dict) and isinstance(row.get("translation"), dict):
            row = row["translation"]
        if not isinstance(row, dict):
            raise InputError(f"{text.name}:{number}: each line must be an object with the two sentences")
        yield number, {name: value if isinstance(value, str) else "" for name, value in row.items()}


def read_tmx(text: OpenText) -> Rows:
    """The segments of every translation unit, by language (`es`, also for `es-MX`), in flat memory.

    Entities are not expanded, and nothing outside the file is read.  Raises InputError for a file that is not TMX.
    """
    from lxml import etree  # here, because it takes time and other formats do not need it

    units = etree.iterparse(text.stream, events=("end",), tag="tu", resolve_entities=False, no_network=True)
    empty = True
    try:
        for _, unit in units:
            empty = False
            cells = {_language(tuv): _segment(tuv.find("seg")) for tuv in unit.iter("tuv")}
            yield unit.sourceline, {"es": "", "en": ""} | cells
            unit.clear()
            while unit.getprevious() is not None:  # otherwise the empty elements of earlier units would stay
                del unit.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise InputError(f"{text.name}: not well-formed TMX: {error.msg}") from None
    if empty:
        raise InputError(f"{text.name}: no translation unit (<tu>) in it; is it TMX?")


READERS = {"tsv": read_tsv, "csv": read_csv, "jsonl": read_jsonl, "tmx": read_tmx}
"""The reader of each value of `data.format`."""


def read_aligned(source: OpenText, target: OpenText) -> Rows:
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
        yield number, {1: spanish, 2: english}


def _language(tuv: Any) -> str:
    name = tuv.get(_XML_LANG) or tuv.get("lang") or ""
    return name.lower().replace("_", "-").split("-")[0]


def _segment(seg: Any) -> str:
    if seg is None:
        return ""
    inner = [(_segment(child) if child.tag in _INLINE_TEXT else "") + (child.tail or "") for child in seg]
    return (seg.text or "") + "".join(inner)
