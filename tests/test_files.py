"""Files appear whole or not at all."""

import pytest

from s2s.files import whole_directory, whole_file


def test_a_file_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    with whole_file(path) as temporary:
        temporary.write_text("first")
    with pytest.raises(RuntimeError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "d"
    for content in ("first", "second"):
        with whole_directory(path) as temporary:
            (temporary / "x").write_text(content)
    with pytest.raises(RuntimeError), whole_directory(path) as temporary:
        (temporary / "x").write_text("half")
        raise RuntimeError
    assert (path / "x").read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]
