"""Reading JSON: an object a line, or one array of objects, in flat memory."""

import codecs
import json
from collections.abc import Iterator
from typing import Any

from s2s.data.compression import OpenText
from s2s.data.lines import LONGEST_LINE, first_bytes, read_lines, replace_surrogates, utf8_blocks
from s2s.data.rows import Row
from s2s.errors import InputError

_LINES, _ARRAY = "one object a line is expected", "an array of objects is expected"


def read_jsonl(text: OpenText) -> Iterator[Row]:
    """The texts of every object, or of its object `translation`, by key.

    Raises InputError for text that is not JSON, and for a value that is no object.
    """
    values = _array_elements(text) if first_bytes(text).startswith(b"[") else _line_values(text)
    for number, value in values:
        if isinstance(value, dict) and isinstance(value.get("translation"), dict):
            value = value["translation"]
        if not isinstance(value, dict):
            raise InputError(f"{text.name}:{number}: an object with the two sentences is expected")
        cells = {key: replace_surrogates(cell) if isinstance(cell, str) else "" for key, cell in value.items()}
        halves = any(cells[key] != cell for key, cell in value.items() if isinstance(cell, str))
        yield Row(number, cells, ("half_characters",) * halves)


def _line_values(text: OpenText) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(read_lines(text), 1):
        if line and not line.isspace():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise _not_json(text.name, number, error, _LINES) from None


def _array_elements(text: OpenText) -> Iterator[tuple[int, Any]]:
    """The line and the value of each element."""
    reader = _ArrayReader(text)
    reader.take("[")
    if reader.peek() != "]":
        yield reader.line, reader.value()
        while reader.peek() != "]":
            reader.take(",")
            reader.peek()
            yield reader.line, reader.value()
    reader.take("]")
    if reader.peek():
        raise InputError(f"{text.name}:{reader.line}: text after the end of the array; {_ARRAY}")


class _ArrayReader:
    """Reads JSON piece by piece: no more than one element and the block after it are in memory."""

    def __init__(self, text: OpenText):
        self._name, self._blocks, self._decoder = text.name, utf8_blocks(text), json.JSONDecoder()
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._buffer, self._start = "", 0
        self.line = 1
        """Number of the line of the next character."""

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            rest = self._buffer[self._start : self._start + 1]
            if rest and not rest.isspace():
                return rest
            if rest:
                self._skip(self._start + 1)
            elif not self._read():
                return ""

    def take(self, expected: str) -> None:
        """Skip the next character, which is to be this one."""
        actual = self.peek()
        if actual != expected:
            shown = f"not {actual!r}" if actual else "but the file ends"
            raise InputError(f"{self._name}:{self.line}: not JSON: {expected!r} is expected, {shown}; {_ARRAY}")
        self._skip(self._start + 1)

    def value(self) -> Any:
        """The next value."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._start)
            except RecursionError as error:
                raise _not_json(self._name, self.line, error, _ARRAY) from None
            except ValueError as error:
                size = len(self._buffer) - self._start
                if size > LONGEST_LINE or not self._read(size):
                    raise _not_json(self._name, self.line, error, _ARRAY) from None
            else:
                self._skip(end)
                return value

    def _skip(self, end: int) -> None:
        self.line += self._buffer.count("\n", self._start, end)
        self._start = end

    def _read(self, size: int = 1) -> bool:
        """Read this many characters or more; returns whether there were any."""
        parts = [self._buffer[self._start :]]
        while size > 0 and (block := next(self._blocks, None)) is not None:
            try:
                parts.append(self._utf8.decode(block))
            except UnicodeDecodeError:
                raise InputError(f"{self._name}: invalid UTF-8 after line {self.line}; convert the file") from None
            size -= len(parts[-1])
        self._buffer, self._start = "".join(parts), 0
        return len(parts) > 1


def _not_json(name: str, number: int, error: Exception, expected: str) -> InputError:
    # Not str(error), whose line is that of the text that was parsed.
    reason = "nested too deeply" if isinstance(error, RecursionError) else getattr(error, "msg", str(error))
    return InputError(f"{name}:{number}: not JSON: {reason}; {expected}")
