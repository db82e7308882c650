"""Files and directories appear whole or not at all."""

import pytest

from s2s.errors import InputError
from s2s.files import atomic_directory, atomic_file, make_directory, remove_leftovers, require_writable


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
    for name in (".d.a1.tmp", ".d.a2.old", ".e.a3.tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / ".d.a4.tmp").write_text("half")
    (tmp_path / "d").write_text("whole")
    with atomic_directory(tmp_path / "d2") as in_use:
        remove_leftovers(tmp_path, "d")
        assert {path.name for path in tmp_path.iterdir()} == {".e.a3.tmp", "d", in_use.name}
        remove_leftovers(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {"d", in_use.name}
    assert {path.name for path in tmp_path.iterdir()} == {"d", "d2"}
