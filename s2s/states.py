"""States on disk: .npy and .npz files, written block by block, and read back with suspicion."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from s2s.decoding import Ids
from s2s.errors import InputError
from s2s.files import write_lines
from s2s.inference import Floats
from s2s.translator import Translator

BLOCK = 4096
"""States taken from a file or a corpus at once."""

_QUERIES = 1024
"""States whose neighbours are searched at once."""


def draw_all(translator: Translator, windows: Iterable[list[str]], all_layers: bool) -> Iterator[Floats]:
    """The states of windows of lines: h of the top layer, [lines, units]; all of them, [lines, layers, 2, units]."""
    for window in windows:
        states = translator.draw(window)
        yield states if all_layers else states[:, -1, 0]


def write_npy(file: BinaryIO, blocks: Iterable[Floats], row_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Write blocks of rows as one float32 array, in flat memory; returns its shape.

    file: open for writing, and able to seek: the number of rows is written last.
    """
    _write_header(file, (0, *row_shape))
    start, rows = file.tell(), 0
    for block in blocks:
        file.write(np.ascontiguousarray(block, "<f4").tobytes())
        rows += len(block)
    file.seek(0)
    _write_header(file, (rows, *row_shape))
    # NumPy leaves room in the header for any number of rows.
    assert file.tell() == start
    return (rows, *row_shape)


def write_npz(path: Path, states: Path, lines: list[str]) -> None:
    """Write an .npz of `states`, the content of that .npy file, and `sentences`, an array of text."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(states, "states.npy")
        with archive.open("sentences.npy", "w", force_zip64=True) as member:
            # An array of no sentences has a width too.
            np.save(member, np.array(lines, f"<U{max(map(len, lines), default=1) or 1}"))


def read_states(path: Path, layers: int, units: int) -> Iterator[Floats]:
    """Blocks of states [n, layers, 2, units] of an .npy file, in flat memory; never runs code from it.

    Raises InputError for a file that is none, for another shape or type, and for a number that is not finite.
    """
    try:
        states = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(states, np.ndarray):
            raise ValueError("an archive of several arrays")
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or f"no .npy file of numbers ({error})"
        raise InputError(f"{path}: {reason}; inspect-state --layers all writes one") from None
    if states.dtype not in (np.float16, np.float32, np.float64):
        raise InputError(f"{path}: numbers of type {states.dtype}; states are float32")
    if states.ndim != 4 or states.shape[1:] != (layers, 2, units):
        raise InputError(
            f"{path}: shape {list(states.shape)}; the decoder of this run starts from [lines, {layers}, 2, {units}], "
            "as inspect-state --layers all writes them"
        )
    for start in range(0, len(states), BLOCK):
        block = np.asarray(states[start : start + BLOCK], np.float32)
        if not (finite := np.isfinite(block).all((1, 2, 3))).all():
            row = start + int(finite.argmin())
            raise InputError(f"{path}: row {row} (from 0) holds numbers that are not finite")
        yield block


def write_traces(path: Path, traces: list[tuple[Floats, list[str]]]) -> None:
    """Write an .npz of each line's states after every subword, and the subwords, in the order of reading.

    For line N, from 1: `states_N`, float32 [subwords, units], and `subwords_N`, an array of text.
    """
    arrays = {}
    for number, (states, subwords) in enumerate(traces, 1):
        arrays[f"states_{number}"], arrays[f"subwords_{number}"] = states, np.array(subwords)
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def write_projector(directory: Path, vectors: Floats, columns: dict[str, list[str]]) -> None:
    """Write what TensorBoard's Embedding Projector reads: `tensorboard --logdir DIRECTORY` shows the cloud.

    directory: one that exists.  columns: texts for each vector, by the column's name.
    """
    # One column stands without a heading: so the projector wants it.
    table = [*([list(columns)] if len(columns) > 1 else []), *zip(*columns.values(), strict=True)]
    names = {"tensor_name": "states", "tensor_path": "states.tsv", "metadata_path": "metadata.tsv"}
    write_lines(directory / "states.tsv", ("\t".join(f"{x:.6g}" for x in vector.tolist()) for vector in vectors))
    # A tab or line end in a text would break the table.
    write_lines(directory / "metadata.tsv", ("\t".join(" ".join(t.split()) or "(blank)" for t in row) for row in table))
    fields = [f"  {name}: {json.dumps(value)}" for name, value in names.items()]
    write_lines(directory / "projector_config.pbtxt", ["embeddings {", *fields, "}"])


def neighbours(queries: Floats, corpus: Floats, count: int) -> tuple[Ids, Floats]:
    """Numbers and cosines of the `count` rows of `corpus` [n, units] nearest to each of `queries` [m, units].

    [m, count], nearest first, of equals the first one first.  Exact: matrix products, block by block.
    """
    count = min(count, len(corpus))
    places, cosines = np.empty((len(queries), count), np.int64), np.empty((len(queries), count), np.float32)
    for start in range(0, len(queries), _QUERIES):
        part = slice(start, start + _QUERIES)
        places[part], cosines[part] = _nearest(_unit(queries[part]), corpus, count)
    return places, cosines


def _nearest(queries: Floats, corpus: Floats, count: int) -> tuple[Ids, Floats]:
    places, best = np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
    for start in range(0, len(corpus), BLOCK):
        cosines = queries @ _unit(corpus[start : start + BLOCK]).T
        width = min(count, cosines.shape[1])
        near = np.argpartition(-cosines, width - 1, 1)[:, :width]
        places = np.concatenate([places, near + start], 1)
        best = np.concatenate([best, np.take_along_axis(cosines, near, 1)], 1)
        order = np.lexsort((places, -best))[:, :count]
        places, best = np.take_along_axis(places, order, 1), np.take_along_axis(best, order, 1)
    return places, best


def _unit(vectors: Floats) -> Floats:
    """Each vector over its length; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, np.float32(1e-12))
    return unit


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})  # type: ignore[no-untyped-call, unused-ignore]
