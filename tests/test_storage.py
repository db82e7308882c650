"""Files of states: what is written block by block is read back, and other files are refused without running code."""

import io
import os

import numpy as np
import pytest

from s2s.config import ModelConfig
from s2s.errors import InputError
from s2s.states import storage
from s2s.states.storage import read_npz, read_states, write_npy, write_npz

CONFIG = ModelConfig(units=48, layers=2, embedding_size=32)
GOOD = np.zeros((3, 2, 2, 48), np.float32)


class Trap:
    """An object that makes a directory when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (os.environ["S2S_TRAP"],)


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """The directory that a Trap makes."""
    monkeypatch.setenv("S2S_TRAP", str(tmp_path / "sprung"))
    return tmp_path / "sprung"


@pytest.mark.parametrize("sizes", [[], [3], [2, 5, 1], [1] * 150])
def test_blocks_become_one_array(sizes):
    random, file = np.random.default_rng(0), io.BytesIO()
    blocks = [random.normal(size=(size, 2, 4)).astype(np.float32) for size in sizes]
    assert write_npy(file, blocks, (2, 4)) == (sum(sizes), 2, 4)
    file.seek(0)
    array = np.load(file, allow_pickle=False)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, np.concatenate([np.zeros((0, 2, 4)), *blocks]))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_states_are_read_in_blocks(tmp_path, monkeypatch, dtype):
    monkeypatch.setattr(storage, "BLOCK", 4)
    states = np.random.default_rng(0).normal(size=(10, 2, 2, 48)).astype(dtype)
    np.save(tmp_path / "x.npy", states)
    blocks = list(read_states(tmp_path / "x.npy", CONFIG, "code"))
    assert [len(block) for block in blocks] == [4, 4, 2] and all(block.dtype == np.float32 for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks), states.astype(np.float32))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (GOOD[:, -1, 0], r"shape \[3, 48\]; .* \[lines, 2, 2, 48\]"),
        (GOOD[:, :1], r"shape \[3, 1, 2, 48\]"),
        (GOOD[0], r"shape \[2, 2, 48\]"),
        (GOOD.astype(np.int64), "numbers of type int64"),
        (GOOD.astype(np.complex64), "numbers of type complex64"),
        (np.array([["a"]]), "numbers of type <U1"),
        (np.array([Trap()]), "not an .npy file of numbers"),
        (np.where(np.arange(3)[:, None, None, None] == 1, np.nan, GOOD), "row 1 .* not finite"),
        (np.where(np.arange(3)[:, None, None, None] == 2, 1e300, GOOD.astype(np.float64)), "row 2 .* not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_other_arrays_are_refused(tmp_path, trap, array, message):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputError, match=message):
        list(read_states(tmp_path / "x.npy", CONFIG, "code"))
    assert not trap.exists()


def test_the_trap_works(tmp_path, trap):
    np.save(tmp_path / "x.npy", np.array([Trap()]))
    np.load(tmp_path / "x.npy", allow_pickle=True)
    assert trap.exists()


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, GOOD)
    content = path.read_bytes()
    for damage in (b"", content[:50], content[:200], b"hola\n", b"\x80\x04N."):
        path.write_bytes(damage)
        with pytest.raises(InputError, match=r"x.npy: "):
            list(read_states(path, CONFIG, "code"))
    with pytest.raises(InputError, match="No such file"):
        list(read_states(tmp_path / "none.npy", CONFIG, "code"))
    np.savez(tmp_path / "x.npz", GOOD)
    with pytest.raises(InputError, match=r"not an .npz of states and sentences"):
        list(read_states(tmp_path / "x.npz", CONFIG, "code"))
    (tmp_path / "x.npz").rename(path)
    with pytest.raises(InputError, match=r"not an .npy file of numbers"):
        list(read_states(path, CONFIG, "code"))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputError, match="not a regular file"):
        list(read_states(path, CONFIG, "code"))


@pytest.mark.parametrize("lines", [[], [""], ["Hola.", "", "ñandú 🙂"]])
def test_sentences_and_vectors_are_read_back(tmp_path, lines):
    states = np.random.default_rng(0).normal(size=(len(lines), 2, 2, 48)).astype(np.float32)
    for array in (states, states[:, -1, 0]):
        np.save(tmp_path / "x.npy", array)
        write_npz(tmp_path / "x.npz", tmp_path / "x.npy", lines, "code")
        sentences, vectors = read_npz(tmp_path / "x.npz", CONFIG, "code")
        assert sentences == lines
        np.testing.assert_array_equal(vectors, states[:, -1, 0])
    write_npz(tmp_path / "x.npz", tmp_path / "x.npy", lines, "code")
    with pytest.raises(InputError, match=r"x.npz: states of another run's encoder"):
        read_npz(tmp_path / "x.npz", CONFIG, "another code")


def test_states_of_an_npz_are_those_of_its_encoder(tmp_path):
    np.save(tmp_path / "x.npy", GOOD)
    write_npz(tmp_path / "x.npz", tmp_path / "x.npy", ["a", "b", "c"], "code")
    np.testing.assert_array_equal(np.concatenate([*read_states(tmp_path / "x.npz", CONFIG, "code")]), GOOD)
    with pytest.raises(InputError, match=r"x.npz: states of another run's encoder"):
        list(read_states(tmp_path / "x.npz", CONFIG, "another code"))
    # An .npy is plain numbers.
    assert len([*read_states(tmp_path / "x.npy", CONFIG, "another code")]) == 1


def test_other_archives_are_refused(tmp_path, trap):
    (tmp_path / "x.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=r"x.npz: damaged file of states"):
        read_npz(tmp_path / "x.npz", CONFIG, "code")
    for states, message in (
        (np.zeros((1, 9), np.float32), r"float32 \[1, 9\] are not states"),
        (np.zeros((2, 48), np.float32), r"float32 \[2, 48\] are not states"),
        (np.zeros((1, 48)), r"float64 \[1, 48\] are not states"),
        (np.zeros((1, 0, 2, 48), np.float32), r"float32 \[1, 0, 2, 48\] are not states"),
        (np.float32(0), r"float32 \[\] are not states"),
        (np.full((1, 48), np.nan, np.float32), "not finite"),
        (np.array([Trap()]), "damaged file of states"),
    ):
        np.savez(tmp_path / "x.npz", states=states, sentences=np.array(["a"]), encoder=np.array("code"))
        with pytest.raises(InputError, match=message):
            read_npz(tmp_path / "x.npz", CONFIG, "code")
    np.savez(tmp_path / "x.npz", states=GOOD[:1, -1, 0], sentences=np.array([3]), encoder=np.array("code"))
    with pytest.raises(InputError, match="are not states"):
        read_npz(tmp_path / "x.npz", CONFIG, "code")
    np.savez(tmp_path / "x.npz", states=GOOD, sentences=np.array(["a", "b", "c"]))  # as earlier versions wrote it
    with pytest.raises(InputError, match=r"not an .npz of states and sentences that this version"):
        read_npz(tmp_path / "x.npz", CONFIG, "code")
    assert not trap.exists()
