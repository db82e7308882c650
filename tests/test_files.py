"""Files and directories appear whole or not at all."""

import os
import zipfile

import numpy as np
import pytest

from s2s.errors import InputError
from s2s.files import (
    atomic_directory,
    atomic_file,
    load_arrays,
    make_directory,
    read_small,
    remove_leftovers,
    save_arrays,
)
from s2s.outputs import require_writable


def test_a_file_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    with atomic_file(path) as temporary:
        temporary.write_text("first")
    with pytest.raises(RuntimeError), atomic_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "d"
    for content in ("first", "second"):
        with atomic_directory(path) as temporary:
            (temporary / "x").write_text(content)
    with pytest.raises(RuntimeError), atomic_directory(path) as temporary:
        (temporary / "x").write_text("half")
        raise RuntimeError
    assert (path / "x").read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_without_permission_is_named_with_its_option(tmp_path, monkeypatch):
    # Tests may run as root, who may write anywhere, so the answer of the system is replaced.
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(InputError, match=r"--output: .* is not writable"):
        require_writable(tmp_path / "out.txt", "--output")
    with pytest.raises(InputError, match=r"run: .* is not writable"):
        make_directory(tmp_path / "runs", "run")


def test_a_directory_that_must_be_new_leaves_another_one(tmp_path):
    (tmp_path / "d").mkdir()
    with atomic_directory(tmp_path / "d", replace=False) as temporary:  # an empty one may be replaced
        (temporary / "x").write_text("mine")
    with pytest.raises(FileExistsError), atomic_directory(tmp_path / "d", replace=False) as temporary:
        (temporary / "x").write_text("other")
    assert (tmp_path / "d" / "x").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [tmp_path / "d"]


def test_leftovers_are_removed_and_directories_in_use_stay(tmp_path):
    one, two, three, other = (f"{number:016x}" for number in range(4))
    for name in (f".d.{one}.tmp", f".d.{two}.old", f".e.{three}.tmp", ".d.mine.tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / f".d.{other}.tmp").write_text("half")
    (tmp_path / "d").write_text("whole")
    with atomic_directory(tmp_path / "d2") as in_use:
        remove_leftovers(tmp_path, "d")
        assert {path.name for path in tmp_path.iterdir()} == {f".e.{three}.tmp", ".d.mine.tmp", "d", in_use.name}
        remove_leftovers(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {".d.mine.tmp", "d", in_use.name}
    assert {path.name for path in tmp_path.iterdir()} == {".d.mine.tmp", "d", "d2"}


def test_files_and_directories_of_long_names(tmp_path):
    for name in ("n" * 250, "ñ" * 125):
        with atomic_file(tmp_path / name) as temporary:
            temporary.write_text("x")
        (tmp_path / name).unlink()
        for _ in range(2):
            with atomic_directory(tmp_path / name) as temporary:
                (temporary / "x").touch()
        (tmp_path / f".{name[:60]}").mkdir()
        remove_leftovers(tmp_path, name)
    assert len(list(tmp_path.iterdir())) == 4


def test_only_the_arrays_of_some_names_are_loaded(tmp_path):
    save_arrays(tmp_path / "x.npz", {"a": np.arange(3), "b": np.zeros(2)})
    assert list(load_arrays(tmp_path / "x.npz", ["b", "c"])) == ["b"]
    assert sorted(load_arrays(tmp_path / "x.npz")) == ["a", "b"]


def test_other_files_than_arrays_are_refused(tmp_path):
    np.savez_compressed(tmp_path / "compressed.npz", a=np.zeros(9))
    with pytest.raises(InputError, match="are compressed"):
        load_arrays(tmp_path / "compressed.npz")
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("a", "no array")
    with pytest.raises(InputError, match="a member is no array"):
        load_arrays(tmp_path / "text.npz")
    with pytest.raises(InputError, match=r"damaged file of weights \(No such file"):
        load_arrays(tmp_path / "none.npz")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        for read in (load_arrays, read_small):
            with pytest.raises(InputError, match=f"{name}: not a regular file"):
                read(tmp_path / name)
