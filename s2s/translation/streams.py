"""`s2s translate` on files and pipes of any size: one line out for each line in, in order, in flat memory."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from select import PIPE_BUF, select
from typing import Any, BinaryIO, NamedTuple

from tqdm import tqdm

from s2s.data.compression import STANDARD, compressed, explain_read_errors, open_stdin, open_text, position
from s2s.data.lines import LineSplitter, check_length, decode_line, refuse_utf_16
from s2s.errors import InputError
from s2s.outputs import Descriptor, is_special, open_special, output_file
from s2s.process import printable, report
from s2s.translation.search import SearchOptions
from s2s.translation.state import Floats
from s2s.translation.translator import Translation, Translator

READ_BYTES = 1 << 17
"""Most bytes read at a time."""

CHUNK_LINES = 2048
"""Most lines translated at a time: enough to fill the network's rows, few enough to bound the memory of their states."""

_MAX_WARNINGS = 10
"""Lines with too long a sentence that are named; further ones are only counted."""


class TextInput(NamedTuple):
    """An open input."""

    name: str
    """Its name for messages."""
    stream: BinaryIO
    size: int
    """Bytes of the file on the disk; 0 where that is not known."""


@contextmanager
def open_input(path: Path | None) -> Iterator[TextInput]:
    """Open a text file, compressed or not, or stdin (None); raises InputError for a file that cannot be opened."""
    if path in (None, STANDARD):
        yield TextInput("stdin", open_stdin(), 0)
    else:
        assert path
        name, stream = open_text(path)
        with stream:
            yield TextInput(name, stream, path.stat().st_size)


def check_inputs(paths: Iterable[Path]) -> None:
    """Raise InputError for a file that cannot be opened, before the first is translated.  A pipe is not opened: it can be once."""
    for path in paths:
        if path != STANDARD and not is_special(path):
            with open_input(path):
                pass


@contextmanager
def open_output(path: Path | None) -> Iterator[BinaryIO | Descriptor]:
    """Open an output named by the user: None and `-` are stdout, other names may end in .gz, .bz2, .xz or .zst.

    A regular file appears whole or not at all.  A device or a pipe is written as the output comes.
    """
    if path is None or path == STANDARD:
        sys.stdout.flush()
        yield Descriptor(1, "stdout")
    elif is_special(path):
        with open_special(path) as special, compressed(special, path.name) as output:
            yield output
    else:
        with output_file(path) as temporary, open(temporary, "wb") as file, compressed(file, path.name) as output:
            yield output


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines of text to an output named by the user."""
    with open_output(path) as output:
        for line in lines:
            output.write(f"{line}\n".encode())


def read_chunks(source: TextInput, errors: str = "strict") -> Iterator[list[str]]:
    """The lines of an input in chunks of at most CHUNK_LINES.

    A line of a pipe does not wait for the next one.  Raises InputError for a line longer than `lines.LONGEST_LINE`
    and, if strict, for a line with invalid UTF-8, in either case after the lines before it; if strict, for UTF-16 too.

    Args:
        source: the input.
        errors: what to do with invalid UTF-8, `strict` or `replace`.
    """
    number, splitter = 0, LineSplitter()
    while data := _read_available(source):
        if errors == "strict" and not number and not splitter.rest:  # the first data
            refuse_utf_16(data, source.name)
        lines = splitter.split(data)
        check_length(splitter.rest, source.name, number + len(lines) + 1)
        for start in range(0, len(lines), CHUNK_LINES):
            yield from _decode_lines(lines[start : start + CHUNK_LINES], source.name, number + start, errors)
        number += len(lines)
    if splitter.rest:
        yield from _decode_lines([splitter.rest], source.name, number, errors)


def _read_available(source: TextInput) -> bytes:
    """What can be read without waiting, READ_BYTES at most; waits for the first byte.  Empty at the end."""
    read1: Callable[[int], bytes] = source.stream.read1  # type: ignore[attr-defined]
    with explain_read_errors(source.name):
        data = more = read1(READ_BYTES)
        while more and len(data) < READ_BYTES and _ready(source.stream):
            data += (more := read1(READ_BYTES - len(data)))
    return data


def _ready(stream: BinaryIO) -> bool:
    try:
        return bool(select([stream], [], [], 0)[0])
    except (OSError, ValueError):  # not a file of the system
        return True


def _decode_lines(lines: list[bytes], name: str, number: int, errors: str) -> Iterator[list[str]]:
    """The text of the lines after line `number`, as one chunk; before an InputError, the lines before the invalid one."""
    chunk = []
    try:
        for line in lines:
            number += 1
            chunk.append(decode_line(line, name, number, errors))
    except InputError:
        if chunk:
            yield chunk
        raise
    yield chunk


@dataclass(frozen=True)
class OutputFormat:
    """What is written of a line's translations."""

    n_best: int = 0
    """If above 0, a TSV row for each of the n best: line number from 1, score, text."""
    scores: bool = False
    """Whether the score and a tab precede the text."""

    def rows(self, number: int, translations: list[Translation]) -> Iterator[str]:
        """What is written for line `number`, line ends included."""
        for translation in translations[: max(self.n_best, 1)]:
            columns = [str(number)] * bool(self.n_best)
            columns += [f"{translation.score:.4f}"] * bool(self.n_best or self.scores)
            yield "\t".join([*columns, translation.text]) + "\n"


def translate_streams(
    translator: Translator,
    inputs: Iterable[AbstractContextManager[TextInput]],
    output: BinaryIO | Descriptor,
    options: SearchOptions,
    output_format: OutputFormat,
    errors: str = "strict",
) -> None:
    """Translate the lines of all inputs and write each chunk as soon as it is translated, in order.

    One line in, one line out.  In n-best lists, which have more lines, line numbers run on over all inputs.

    Args:
        translator: the trained run.
        inputs: of `open_input`; opened one after the other, so that there may be any number of them.
        output: open for writing.
        options: how to search.
        output_format: what to write of each line's translations.
        errors: what to do with invalid UTF-8, `strict` or `replace`.
    """
    number = warnings = 0
    for opened in inputs:
        first = number
        with opened as source, _progress_bar(source) as bar:
            for chunk in read_chunks(source, errors):
                translations = translator.translate(chunk, options, first=number)
                _write(output, chain.from_iterable(map(output_format.rows, count(number + 1), translations)))
                warnings = _warn_of_long_lines(translations, bar, source.name, number - first, translator, warnings)
                number += len(chunk)
                _advance(bar, source, number - first)
    if warnings > _MAX_WARNINGS:
        report(f"warning: {warnings - _MAX_WARNINGS} more lines have sentences of that length")


def decode_states(
    translator: Translator,
    blocks: Iterable[Floats],
    output: BinaryIO | Descriptor,
    options: SearchOptions,
    output_format: OutputFormat,
) -> None:
    """Decode blocks of states, each [n, layers, 2, units], and write what `translate_streams` writes for a line each."""
    number = 0
    for block in blocks:
        translations = translator.decode(block, options, first=number)
        _write(output, chain.from_iterable(map(output_format.rows, count(number + 1), translations)))
        number += len(block)


def _write(output: BinaryIO | Descriptor, rows: Iterable[str]) -> None:
    """Write rows in portions that a pipe takes whole or not at all, so that a reader never gets half a line."""
    portions = [b""]
    for row in rows:
        data = row.encode("utf-8")
        if len(portions[-1]) + len(data) > PIPE_BUF:
            portions.append(b"")
        portions[-1] += data
    for portion in portions:
        while portion:
            portion = portion[output.write(portion) :]


def _warn_of_long_lines(
    translations: list[list[Translation]], bar: Any, name: str, number: int, translator: Translator, warnings: int
) -> int:
    """Name the lines after line `number` with too long a sentence, up to _MAX_WARNINGS; returns the new count."""
    for line, hypotheses in enumerate(translations, number + 1):
        if hypotheses[0].too_long:
            warnings += 1
            if warnings <= _MAX_WARNINGS:
                message = (
                    f"warning: {name}:{line}: a sentence of more than {translator.max_length} subwords "
                    "(data.max_length); translated in parts"
                )
                bar.write(printable(message), file=sys.stderr)
    return warnings


def _progress_bar(source: TextInput) -> Any:
    """A progress bar, for a file, on a terminal."""
    hidden = None if source.size else True
    return tqdm(
        total=source.size, unit="B", unit_scale=True, desc=printable(source.name), file=sys.stderr, disable=hidden
    )


def _advance(bar: Any, source: TextInput, lines: int) -> None:
    if bar.disable:
        return
    bar.set_postfix_str(f"{lines:,} lines, {lines / max(bar.format_dict['elapsed'], 1e-9):,.0f} lines/s", refresh=False)
    # Bytes of the file on the disk, also of a compressed one.
    bar.update(position(source.stream) - bar.n)
