"""Lines of text out of bytes: line ends, encodings, limits."""

import codecs
import re
from collections.abc import Iterator

from s2s.data.compression import OpenText, explain_read_errors
from s2s.errors import InputError

LONGEST_LINE = 1 << 24
"""Most bytes of a line; a longer one is an error, so that it cannot fill the memory."""

_READ_BYTES = 1 << 18
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SURROGATES = re.compile("[\ud800-\udfff]")


class LineSplitter:
    """Splits blocks of bytes into lines.  Lines end with LF or CR LF; in a text without LF at its start, with CR.

    CR alone ends the lines of old spreadsheets.  Elsewhere a stray CR is no line end, as in `wc -l`.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._line_end: bytes | None = None  # None = no line has ended yet

    def split(self, block: bytes) -> list[bytes]:
        """The lines that end in this block, without LF."""
        self._rest += block
        if self._line_end is None:
            if b"\n" in self._rest:
                self._line_end = b"\n"
            elif b"\r" in self._rest[:-1]:  # the last byte could be the CR of CR LF
                self._line_end = b"\r"
            else:
                return []
        *lines, self._rest = self._rest.split(self._line_end)
        return lines

    @property
    def rest(self) -> bytes:
        """The line that has not ended yet; at the end of the text, its last line without a line end."""
        return self._rest


def read_lines(text: OpenText) -> Iterator[str]:
    """The lines of a text, in UTF-8 or in UTF-16 with a byte order mark.

    Raises InputError for another encoding and for a line longer than LONGEST_LINE.
    """
    number, splitter = 0, LineSplitter()
    for block in utf8_blocks(text):
        for line in splitter.split(block):
            number += 1
            yield decode_line(line, text.name, number)
        check_length(splitter.rest, text.name, number + 1)
    if splitter.rest:
        yield decode_line(splitter.rest, text.name, number + 1)


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
        encoding = "UTF-16" if number == 1 and line.startswith(_UTF_16) else "ENCODING"
        raise InputError(
            f"{name}:{number}: invalid UTF-8 at byte {error.start + 1} of the line; "
            f"convert the file, e.g. iconv -f {encoding} -t UTF-8"
        ) from None
    return text.removesuffix("\n").removesuffix("\r")


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def check_length(line: bytes, name: str, number: int) -> None:
    """Raise InputError for a line longer than LONGEST_LINE."""
    if len(line) > LONGEST_LINE:
        raise InputError(f"{name}:{number}: a line of more than {LONGEST_LINE:,} bytes; is this a text?")


def refuse_utf_16(start: bytes, name: str) -> None:
    """Raise InputError if a text that starts with these bytes looks like UTF-16 without a byte order mark.

    There every other byte is zero, but for the few characters beyond Latin-1.  It is valid UTF-8 too, with zero bytes.
    """
    even, odd = start[::2].count(0), start[1::2].count(0)
    few, many = sorted((even, odd))
    # One zero byte may be a stray one.
    if not start.startswith(_UTF_16) and many > 1 + len(start) / 4 and few < many / 8:
        raise InputError(
            f"{name}: looks like UTF-16 without a byte order mark; "
            f"convert it, e.g. iconv -f UTF-16{'BE' if even > odd else 'LE'} -t UTF-8"
        )


def first_bytes(text: OpenText) -> bytes:
    """The first bytes of an open text, without byte order mark, zero bytes (of UTF-16) and white space before them."""
    with explain_read_errors(text.name):
        start = text.stream.peek(1 << 12)[: 1 << 12]  # type: ignore[attr-defined]
    plain: bytes = start.removeprefix(codecs.BOM_UTF8).replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")
    return plain


def utf8_blocks(text: OpenText) -> Iterator[bytes]:
    """The bytes of a text in blocks, converted from UTF-16 if it begins with that byte order mark.

    Raises InputError for invalid UTF-16 and for UTF-16 without the mark.
    """
    with explain_read_errors(text.name):
        start = text.stream.peek(1 << 12)[: 1 << 12]  # type: ignore[attr-defined]
    refuse_utf_16(start, text.name)
    decoder = codecs.getincrementaldecoder("utf-16")() if start.startswith(_UTF_16) else None
    while True:
        with explain_read_errors(text.name):
            block = text.stream.read(_READ_BYTES)
        if decoder:
            try:
                yield decoder.decode(block, final=not block).encode("utf-8")
            except UnicodeError:
                raise InputError(f"{text.name}: invalid UTF-16; save the file as UTF-8") from None
        elif block:
            yield block
        if not block:
            return
