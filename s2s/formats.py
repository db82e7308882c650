"""Reading the formats that sentence pairs come in: TSV, CSV, JSON lines, TMX, two aligned files.

Every reader takes an open text and gives rows: the number of a line, and its cells.  `corpus.py` makes pairs of them.
"""

import csv
import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from s2s.errors import InputError
from s2s.unpacking import Opened, reading

LONGEST_LINE = 1 << 24
"""Bytes that a line may have; a longer one is an error, not all of the memory."""

Cells = dict[Any, str]
"""A row's texts by column: by number from 1, or by name."""

Rows = Iterator[tuple[int, Cells]]

_BLOCK = 1 << 18

_INLINE_TEXT = ("hi", "mrk", "sub")
"""TMX's inline elements that hold words; the others hold codes of the format that the text came from."""

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def look(text: Opened) -> str:
    """The format of a text, by its beginning (and a name in .csv): tsv, csv, jsonl or tmx."""
    with reading(text.name):
        start = text.stream.peek(1 << 12)  # type: ignore[attr-defined]
    # A byte order mark in front, or UTF-16 as some translation memories are.
    plain = start.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")
    if plain.startswith((b"<?xml", b"<tmx", b"<!DOCTYPE tmx")):
        return "tmx"
    if plain.startswith(b"{"):
        return "jsonl"
    stem = text.name.lower()
    for packing in (".gz", ".bz2", ".xz", ".zst"):
        stem = stem.removesuffix(packing)
    return "csv" if stem.endswith(".csv") else "tsv"


def read_lines(text: Opened) -> Iterator[str]:
    """The lines of a text in order; raises InputError for invalid UTF-8 and a line longer than LONGEST_LINE."""
    number, rest = 0, b""
    while True:
        with reading(text.name):
            block = text.stream.read(_BLOCK)
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


def check_length(line: bytes, name: str, number: int) -> None:
    """Raise InputError for a line longer than LONGEST_LINE."""
    if len(line) > LONGEST_LINE:
        raise InputError(f"{name}:{number}: a line of more than {LONGEST_LINE:,} bytes; is this a text?")


def read_tsv(text: Opened) -> Rows:
    """The cells of every line that is not blank, by number."""
    for number, line in enumerate(read_lines(text), 1):
        if line and not line.isspace():
            yield number, dict(enumerate(line.split("\t"), 1))


def read_csv(text: Opened) -> Rows:
    """The cells of every record, by number; quoted cells may hold commas and line ends.  InputError for bad quotes."""
    lines = (f"{line}\n" for line in read_lines(text))
    rows = csv.reader(lines, strict=True)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{text.name}:{rows.line_num}: not CSV: {error}; see to its quotes") from None
        if any(cell and not cell.isspace() for cell in row):
            yield rows.line_num, dict(enumerate(row, 1))


def read_jsonl(text: Opened) -> Rows:
    """The texts of every line's object, or of the object `translation` in it, by name."""
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
            raise InputError(f"{text.name}:{number}: an object with the two sentences is expected in each line")
        yield number, {name: value if isinstance(value, str) else "" for name, value in row.items()}


def read_tmx(text: Opened) -> Rows:
    """The segments of every translation unit, by language (`es`, also where the file says `es-MX`); streamed.

    Entities are not expanded and nothing outside the file is read.  Raises InputError for what is no TMX.
    """
    from lxml import etree  # here, since whoever only reads lines need not wait for it

    units = etree.iterparse(text.stream, events=("end",), tag="tu", resolve_entities=False, no_network=True)
    found = False
    try:
        for _, unit in units:
            found = True
            cells = {_language(tuv): _segment(tuv.find("seg")) for tuv in unit.iter("tuv")}
            yield unit.sourceline, {"es": "", "en": ""} | cells
            unit.clear()
            while unit.getprevious() is not None:  # or the empty shells of all units before it stay
                del unit.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise InputError(f"{text.name}: not well-formed TMX: {error.msg}") from None
    if not found:
        raise InputError(f"{text.name}: no translation unit (<tu>) in it; is it TMX?")


READERS = {"tsv": read_tsv, "csv": read_csv, "jsonl": read_jsonl, "tmx": read_tmx}
"""The formats of a single file, as `data.format` has them."""


def read_aligned(source: Opened, target: Opened) -> Rows:
    """Line n of the one file with line n of the other, as cells 1 and 2; InputError unless they have as many lines."""
    lines = read_lines(source), read_lines(target)
    for number, (one, other) in enumerate(zip_longest(*lines), 1):
        if one is None or other is None:
            counts = [
                number - 1 if side is None else number + sum(1 for _ in rest)
                for side, rest in zip((one, other), lines, strict=True)
            ]
            raise InputError(
                f"{source.name} has {counts[0]:,} lines and {target.name} {counts[1]:,}; "
                "in aligned files, line n of the one is the translation of line n of the other"
            )
        yield number, {1: one, 2: other}


def _language(tuv: Any) -> str:
    name = tuv.get(_XML_LANG) or tuv.get("lang") or ""
    return name.lower().replace("_", "-").split("-")[0]


def _segment(seg: Any) -> str:
    if seg is None:
        return ""
    inner = [(_segment(child) if child.tag in _INLINE_TEXT else "") + (child.tail or "") for child in seg]
    return (seg.text or "") + "".join(inner)
