"""`s2s translate` on files and pipes of any size: lines in, as many lines out, in order, in flat memory."""

import gzip
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from select import PIPE_BUF, select
from typing import Any, BinaryIO, NamedTuple

from tqdm import tqdm

from s2s.errors import InputError
from s2s.files import whole_file
from s2s.formats import check_length, decode_line
from s2s.states import read_states
from s2s.translator import Hypothesis, Translator
from s2s.unpacking import open_packed, position, reading

BLOCK = 1 << 17
"""Bytes read ahead, at most."""

LINES = 2048
"""Lines translated at once, at most: enough to fill the rows, and bounded memory for their states."""

_TOLD = 10
"""Lines cut into pieces that are named, before they are only counted."""


class Source(NamedTuple):
    """An open input and what messages call it."""

    name: str
    stream: BinaryIO
    size: int
    """Bytes of the file as it lies on the disk; 0 where that is not known."""


@contextmanager
def open_source(path: Path | None) -> Iterator[Source]:
    """A text file, packed or not, or stdin; InputError for a file that cannot be opened."""
    if path is None:
        yield Source("stdin", sys.stdin.buffer, 0)
    else:
        name, stream = open_packed(path)
        with stream:
            yield Source(name, stream, path.stat().st_size)


@contextmanager
def open_sink(path: Path | None) -> Iterator[BinaryIO]:
    """A file that comes to be whole or not at all, compressed if its name ends in .gz, or stdout."""
    if path is None:
        # Unbuffered: each write is one of whole lines.
        with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as sink:
            yield sink
        return
    with whole_file(path) as temporary:
        opener: Any = gzip.open if path.suffix == ".gz" else open
        with opener(temporary, "wb") as file:
            yield file


def read_windows(source: Source, errors: str = "strict") -> Iterator[list[str]]:
    """Lines as they come, at most LINES at a time; a pipe's line is not kept waiting for the next one.

    errors: what to do with bytes that are not UTF-8, `strict` or `replace`.  Raises InputError at such a line when
    strict, after the lines before it, and at one longer than `formats.LONGEST_LINE`.
    """
    number, rest = 0, b""
    while block := _read(source):
        *lines, rest = (rest + block).split(b"\n")
        check_length(rest, source.name, number + len(lines) + 1)
        for start in range(0, len(lines), LINES):
            yield from _decoded(lines[start : start + LINES], source.name, number + start, errors)
        number += len(lines)
    if rest:
        yield from _decoded([rest], source.name, number, errors)


def _read(source: Source) -> bytes:
    """What there is to read at once, up to BLOCK; waits only for the first of it.  Nothing at the end."""
    read1: Callable[[int], bytes] = source.stream.read1  # type: ignore[attr-defined]
    with reading(source.name):
        block = more = read1(BLOCK)
        while more and len(block) < BLOCK and _more_waits(source.stream):
            block += (more := read1(BLOCK - len(block)))
    return block


def _more_waits(stream: BinaryIO) -> bool:
    try:
        return bool(select([stream], [], [], 0)[0])
    except (OSError, ValueError):  # not a file of the system's
        return True


def _decoded(lines: list[bytes], name: str, number: int, errors: str) -> Iterator[list[str]]:
    """The lines after line `number` as one window; before an InputError, those before the faulty one."""
    window = []
    try:
        for line in lines:
            number += 1
            window.append(decode_line(line, name, number, errors))
    except InputError:
        if window:
            yield window
        raise
    yield window


class Style(NamedTuple):
    """How many hypotheses are searched and what is written of them."""

    beam: int = 1
    n_best: int = 0
    """With more than 0, a TSV row for each of the n best: line number from 1, score, text."""
    scores: bool = False
    """The score and a tab before the text."""

    def rows(self, number: int, hypotheses: list[Hypothesis]) -> Iterator[str]:
        """What is written for line `number`, line ends included."""
        for hypothesis in hypotheses[: max(self.n_best, 1)]:
            columns = [str(number)] * bool(self.n_best)
            columns += [f"{hypothesis.score:.4f}"] * bool(self.n_best or self.scores)
            yield "\t".join([*columns, hypothesis.text]) + "\n"


def translate_streams(
    translator: Translator, sources: Iterable[Source], output: BinaryIO, style: Style, errors: str = "strict"
) -> None:
    """Translate all lines of the sources, one after the other, and write them in order, each window as it is done.

    One line in, one line out, but for n-best lists, where lines are numbered over all sources.
    """
    number = cuts = 0
    for source in sources:
        first = number
        with _bar(source) as bar:
            for window in read_windows(source, errors):
                said = translator.translate(window, style.beam)
                _write(output, chain.from_iterable(map(style.rows, count(number + 1), said)))
                cuts = _tell_cuts(said, bar, source.name, number - first, translator.longest, cuts)
                number += len(window)
                _advance(bar, source, number - first)
    if cuts > _TOLD:
        print(f"warning: {cuts - _TOLD} more lines were translated in pieces", file=sys.stderr)


def say_states(translator: Translator, path: Path, output: BinaryIO, style: Style) -> None:
    """Say the states of an .npy file [lines, layers, 2, units], a line for each."""
    number = 0
    for block in read_states(path, translator.config.layers, translator.config.units):
        # As long as the longest sentence that is translated at once may become.
        said = translator.say(block, style.beam, 2 * translator.longest + 8)
        _write(output, chain.from_iterable(map(style.rows, count(number + 1), said)))
        number += len(block)


def _write(output: BinaryIO, rows: Iterable[str]) -> None:
    """Write rows in portions that a pipe takes at once or not at all, so that a reader never has half a line."""
    portions = [b""]
    for row in rows:
        data = row.encode("utf-8")
        if len(portions[-1]) + len(data) > PIPE_BUF:
            portions.append(b"")
        portions[-1] += data
    for portion in portions:
        while portion:
            portion = portion[output.write(portion) :]


def _tell_cuts(said: list[list[Hypothesis]], bar: Any, name: str, number: int, longest: int, cuts: int) -> int:
    """Name the lines after line `number` that were translated in pieces, up to _TOLD; the new number of `cuts`."""
    for line, hypotheses in enumerate(said, number + 1):
        if (pieces := hypotheses[0].pieces) > 1:
            cuts += 1
            if cuts <= _TOLD:
                bar.write(
                    f"warning: {name}:{line}: longer than the {longest} subwords that sentences of the training have; "
                    f"translated in {pieces} pieces", file=sys.stderr
                )  # fmt: skip
    return cuts


def _bar(source: Source) -> Any:
    """A progress bar for files, on a terminal."""
    hidden = None if source.size else True
    return tqdm(total=source.size, unit="B", unit_scale=True, desc=source.name, file=sys.stderr, disable=hidden)


def _advance(bar: Any, source: Source, lines: int) -> None:
    if bar.disable:
        return
    bar.set_postfix_str(f"{lines:,} lines, {lines / max(bar.format_dict['elapsed'], 1e-9):,.0f} lines/s", refresh=False)
    # Bytes of the file on the disk, also where it is compressed.
    bar.update(position(source.stream) - bar.n)
