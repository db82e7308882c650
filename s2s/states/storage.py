"""States on disk: .npy and .npz files, written block by block, and checked when they are read back."""

import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from s2s.config import ModelConfig
from s2s.data.compression import STANDARD, open_stdin
from s2s.errors import InputError
from s2s.files import Arrays, load_arrays, open_regular
from s2s.outputs import scratch_directory
from s2s.translation.state import Floats, sentence_vectors, state_shape
from s2s.translation.streams import write_lines

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


def write_npz(path: Path, states: Path, lines: list[str], fingerprint: str) -> None:
    """Write an .npz of states and sentences.

    Args:
        path: the file to write.
        states: an .npy file, whose content becomes `states`.
        lines: the sentences, which become `sentences`, an array of text.
        fingerprint: of the encoder, which becomes `encoder`: states of two encoders have nothing in common.
    """
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(states, "states.npy")
        with archive.open("encoder.npy", "w") as member:
            np.save(member, np.array(fingerprint))
        with archive.open("sentences.npy", "w", force_zip64=True) as member:
            # Even an array of no sentences has a width.
            np.save(member, np.array(lines, f"<U{max(map(len, lines), default=1) or 1}"))


def read_states(path: Path, config: ModelConfig, fingerprint: str) -> Iterator[Floats]:
    """Blocks of states, [n, layers, 2, units], of an .npy file, in flat memory, or of an .npz; never runs code from it.

    An .npz names its encoder, which must be this run's.  An .npy is plain numbers, which a person may have computed, so it
    names none; stdin is one.  Raises InputError for a file that is not one of these, for another shape, type or encoder,
    and for numbers that are not finite.
    """
    is_archive = path.suffix.lower() == ".npz"
    name = "stdin" if path == STANDARD else str(path)
    states = _load_npz(path, fingerprint)["states"] if is_archive else _map_npy(path, name)
    if states.dtype not in (np.float16, np.float32, np.float64):
        raise InputError(f"{name}: numbers of type {states.dtype}; states are float32")
    shape = state_shape(config)
    if states.ndim != 4 or states.shape[1:] != shape:
        raise InputError(
            f"{name}: shape {list(states.shape)}; the decoder of this run starts from "
            f"[lines, {', '.join(map(str, shape))}], as inspect-state --layers all writes them"
        )
    for start in range(0, len(states), BLOCK):
        block = np.asarray(states[start : start + BLOCK], np.float32)
        if not (finite := np.isfinite(block).all((1, 2, 3))).all():
            row = start + int(finite.argmin())
            raise InputError(f"{name}: row {row} (from 0) has numbers that are not finite")
        yield block


def _map_npy(path: Path, name: str) -> npt.NDArray[Any]:
    """The array in an .npy file, read from the disk as it is needed; of stdin, from a copy there."""
    if path == STANDARD:
        with scratch_directory() as directory:
            copy = directory / "stdin"
            with open(copy, "wb") as file, open_stdin() as stdin:
                shutil.copyfileobj(stdin, file)
            return _map_npy(copy, name)  # the array outlives the copy's name
    try:
        with open_regular(path) as file:
            if file.read(6) != np.lib.format.MAGIC_PREFIX:
                raise ValueError("another kind of file")
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return array
    except InputError:
        raise
    except Exception as error:  # A changed byte in the header can raise nearly anything.
        reason = getattr(error, "strerror", None) or f"not an .npy file of numbers ({str(error).splitlines()[0]})"
        raise InputError(f"{name}: {reason}; inspect-state --layers all writes one") from None


def read_npz(path: Path, config: ModelConfig, fingerprint: str) -> tuple[list[str], Floats]:
    """Sentences and their vectors, [n, units], of an .npz that `write_npz` wrote; never runs code from it.

    Raises InputError for another file, and for states of another encoder than this run's.
    """
    arrays = _load_npz(path, fingerprint)
    sentences, states = arrays["sentences"], arrays["states"]
    vectors = sentence_vectors(states) if states.ndim == 4 and states.shape[1] else states
    if vectors.shape != (sentences.size, config.units) or vectors.dtype != np.float32 or sentences.dtype.kind != "U":
        raise InputError(f"{path}: {vectors.dtype} {list(vectors.shape)} are not states of this run's sentences")
    if not np.isfinite(vectors).all():
        raise InputError(f"{path}: states with numbers that are not finite")
    return sentences.ravel().tolist(), vectors


def _load_npz(path: Path, fingerprint: str) -> Arrays:
    """The arrays of an .npz that `write_npz` wrote for the encoder of this fingerprint."""
    arrays = load_arrays(path, ("sentences", "states", "encoder"), "states")
    if len(arrays) < 3:
        raise InputError(f"{path}: not an .npz of states and sentences that this version of inspect-state wrote")
    if arrays["encoder"].tolist() != fingerprint:
        raise InputError(f"{path}: states of another run's encoder, which mean nothing to this one; write them again")
    return arrays


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
