"""Files appear whole or not at all."""

import pytest

from s2s.errors import InputError
from s2s.files import atomic_directory, atomic_file, make_directory, require_writable


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


def test_a_directory_without_permission_is_told_with_the_key(tmp_path, monkeypatch):
    # The superuser, as whom tests may run, may write anywhere: the system's answer is put in its mouth.
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(InputError, match=r"--output: .* is not writable"):
        require_writable(tmp_path / "out.txt", "--output")
    with pytest.raises(InputError, match=r"run: .* is not writable"):
        make_directory(tmp_path / "runs", "run")
