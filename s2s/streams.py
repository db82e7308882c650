"""`s2s translate` on files and pipes of any size: lines in, as many lines out, in order, in flat memory."""

import sys
from collections.abc import Iterable, Iterator
from select import PIPE_BUF
from typing import Any, BinaryIO, NamedTuple

from tqdm import tqdm

from s2s.corpus import decode_line, reading
from s2s.errors import InputError
from s2s.translator import Hypothesis, Translator

BLOCK = 1 << 20
"""Bytes read ahead, at most."""

LINES = 4096
"""Lines translated at once, at most: enough to fill the rows, and bounded memory for their states."""

LONGEST_LINE = 1 << 24
"""Bytes that a line may have; a longer one is an error, not all of the memory."""

_TOLD = 10
"""Lines cut into pieces that are named, before they are only counted."""


class Source(NamedTuple):
    """An open input and what messages call it."""

    name: str
    stream: BinaryIO
    size: int
    """Bytes of the file as it lies on the disk; 0 where that is not known."""


def read_windows(source: Source, errors: str = "strict") -> Iterator[list[str]]:
    """Lines as they come: each list is what one read gave, at most LINES, so a pipe's line is not kept waiting.

    errors: what to do with bytes that are not UTF-8, `strict` or `replace`.  Raises InputError at such a line when
    strict, after the lines before it, and at one longer than LONGEST_LINE.
    """
    number, rest = 0, b""
    while True:
        with reading(source.name):
            block = source.stream.read1(BLOCK)  # type: ignore[attr-defined]
        *lines, rest = (rest + block).split(b"\n")
        if not block and rest:
            lines, rest = [rest], b""
        if len(rest) > LONGEST_LINE:
            raise InputError(
                f"{source.name}:{number + len(lines) + 1}: a line of more than {LONGEST_LINE:,} bytes; is this a text?"
            )
        for start in range(0, len(lines), LINES):
            window, fault = [], None
            for line in lines[start : start + LINES]:
                number += 1
                try:
                    window.append(decode_line(line, source.name, number, errors))
                except InputError as error:
                    fault = error
                    break
            if window:
                yield window
            if fault:
                raise fault
        if not block:
            return


def translate_streams(
    translator: Translator, sources: Iterable[Source], output: BinaryIO, beam: int, n_best: int, scores: bool,
    errors: str = "strict",
) -> None:  # fmt: skip
    """Translate all lines of the sources, one after the other, and write them in order, each window as it is done.

    One line in, one line out: the text, after its score and a tab when `scores`; with n_best > 0 instead
    a TSV row for each of the n best: line number from 1, over all sources, score, text.
    """
    number = cut = 0
    for source in sources:
        # A bar for files, on a terminal.
        bar = tqdm(total=source.size, unit="B", unit_scale=True, desc=source.name, file=sys.stderr,
                   disable=None if source.size else True)  # fmt: skip
        first = number
        with bar:
            for window in read_windows(source, errors):
                rows: list[str] = []
                for hypotheses in translator.translate(window, beam):
                    number += 1
                    rows += _rows(number, hypotheses, n_best, scores)
                    if hypotheses[0].pieces > 1:
                        cut += 1
                        _tell_cut(bar, f"{source.name}:{number - first}", hypotheses[0].pieces, translator.longest, cut)
                _write(output, rows)
                bar.set_postfix_str(
                    f"{number} lines, {number / max(bar.format_dict['elapsed'], 1e-9):.0f} lines/s", refresh=False
                )
                bar.update(_position(source.stream) - bar.n if source.size else 0)
    if cut > _TOLD:
        print(f"warning: {cut - _TOLD} more lines were translated in pieces", file=sys.stderr)


def _rows(number: int, hypotheses: list[Hypothesis], n_best: int, scores: bool) -> Iterator[str]:
    for hypothesis in hypotheses[: max(n_best, 1)]:
        columns = [str(number)] * bool(n_best) + [f"{hypothesis.score:.4f}"] * bool(n_best or scores)
        yield "\t".join([*columns, hypothesis.text]) + "\n"


def _write(output: BinaryIO, rows: list[str]) -> None:
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


def _tell_cut(bar: Any, place: str, pieces: int, longest: int, cut: int) -> None:
    if cut <= _TOLD:
        warning = (
            f"warning: {place}: longer than the {longest} subwords of training sentences; translated in {pieces} pieces"
        )
        bar.write(warning, file=sys.stderr)


def _position(stream: BinaryIO) -> int:
    """Bytes of the file on the disk that are read, also where it is compressed."""
    return getattr(stream, "fileobj", stream).tell()
