"""States on disk: .npy and .npz files, written block by block, and checked when they are read back."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from s2s.config import ModelConfig
from s2s.errors import InputError
from s2s.files import write_lines
from s2s.translation.state import Floats, sentence_vectors, state_shape

BLOCK = 4096
"""States read from a file at a time."""


def write_npy(file: BinaryIO, blocks: Iterable[Floats], row_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Write blocks of rows as one float32 array, in flat memory; returns its shape.

    Args:
        file: open for writing and seekable; the number of rows is written last.
        blocks: arrays [rows, *row_shape].
        row_shape: shape of one row.
    """
    _write_header(file, (0, *row_shape))
    start, rows = file.tell(), 0
    for block in blocks:
        file.write(np.ascontiguousarray(block, "<f4").tobytes())
        rows += len(block)
    file.seek(0)
    _write_header(file, (rows, *row_shape))
    # NumPy pads the header, so that any number of rows fits in.
    assert file.tell() == start
    return (rows, *row_shape)


def write_npz(path: Path, states: Path, lines: list[str]) -> None:
    """Write an .npz of states and sentences.

    Args:
        path: the file to write.
        states: an .npy file, whose content becomes `states`.
        lines: the sentences, which become `sentences`, an array of text.
    """
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(states, "states.npy")
        with archive.open("sentences.npy", "w", force_zip64=True) as member:
            # Even an array of no sentences has a width.
            np.save(member, np.array(lines, f"<U{max(map(len, lines), default=1) or 1}"))


def read_states(path: Path, config: ModelConfig) -> Iterator[Floats]:
    """Blocks of states, [n, layers, 2, units], of an .npy file, in flat memory; never runs code from it.

    Raises InputError for a file that is not an .npy of numbers, for another shape or type, and for numbers that are not
    finite.
    """
    try:
        states = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(states, np.ndarray):
            raise ValueError("an archive of several arrays")
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or f"not an .npy file of numbers ({error})"
        raise InputError(f"{path}: {reason}; inspect-state --layers all writes one") from None
    if states.dtype not in (np.float16, np.float32, np.float64):
        raise InputError(f"{path}: numbers of type {states.dtype}; states are float32")
    shape = state_shape(config)
    if states.ndim != 4 or states.shape[1:] != shape:
        raise InputError(
            f"{path}: shape {list(states.shape)}; the decoder of this run starts from "
            f"[lines, {', '.join(map(str, shape))}], as inspect-state --layers all writes them"
        )
    for start in range(0, len(states), BLOCK):
        block = np.asarray(states[start : start + BLOCK], np.float32)
        if not (finite := np.isfinite(block).all((1, 2, 3))).all():
            row = start + int(finite.argmin())
            raise InputError(f"{path}: row {row} (from 0) has numbers that are not finite")
        yield block


def read_npz(path: Path, config: ModelConfig) -> tuple[list[str], Floats]:
    """Sentences and their vectors, [n, units], of an .npz that `write_npz` wrote; never runs code from it.

    Raises InputError for another file, and for vectors of another size than this run's.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            sentences, states = file["sentences"].tolist(), file["states"]
    except Exception as error:  # A damaged archive can raise nearly anything.
        raise InputError(f"{path}: not an .npz that inspect-state wrote ({error!r})") from None
    vectors = sentence_vectors(states) if states.ndim == 4 else states
    if vectors.shape != (len(sentences), config.units) or vectors.dtype != np.float32:
        raise InputError(f"{path}: {vectors.dtype} {list(vectors.shape)} are not states of this run's sentences")
    return sentences, vectors


def write_traces(path: Path, traces: list[tuple[Floats, list[str]]]) -> None:
    """Write an .npz of each line's states after every subword, and the subwords, in reading order.

    Line N, from 1, has `states_N`, float32 [subwords, units], and `subwords_N`, an array of text.
    """
    arrays = {}
    for number, (states, subwords) in enumerate(traces, 1):
        arrays[f"states_{number}"], arrays[f"subwords_{number}"] = states, np.array(subwords)
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def write_projector(directory: Path, vectors: Floats, columns: dict[str, list[str]]) -> None:
    """Write the files of TensorBoard's Embedding Projector: `tensorboard --logdir DIRECTORY` shows the vectors.

    Args:
        directory: an existing directory.
        vectors: [n, units].
        columns: metadata of each vector, by the column's name.
    """
    # The projector wants no heading over a single column.
    table = [*([list(columns)] if len(columns) > 1 else []), *zip(*columns.values(), strict=True)]
    names = {"tensor_name": "states", "tensor_path": "states.tsv", "metadata_path": "metadata.tsv"}
    write_lines(directory / "states.tsv", ("\t".join(f"{x:.6g}" for x in vector.tolist()) for vector in vectors))
    # A tab or line end in a text would break the table.
    write_lines(directory / "metadata.tsv", ("\t".join(" ".join(t.split()) or "(blank)" for t in row) for row in table))
    fields = [f"  {name}: {json.dumps(value)}" for name, value in names.items()]
    write_lines(directory / "projector_config.pbtxt", ["embeddings {", *fields, "}"])


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})  # type: ignore[no-untyped-call, unused-ignore]
