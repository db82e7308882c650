"""Pair files: what is read, and what is refused with file and line."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.corpus import read_lines, read_pairs
from s2s.errors import InputError


def pairs(path, *columns):
    return [(pair.source, pair.target) for pair in read_pairs((str(path),), *(columns or (1, 2)))]


def test_columns_blank_lines_line_ends_and_mark(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes("\ufeffHola.\tHi.\r\n\n  \nSí. \t Yes.\tattribution".encode())
    assert pairs(path) == [("Hola.", "Hi."), ("Sí.", "Yes.")]
    assert pairs(path, 2, 1) == [("Hi.", "Hola."), ("Yes.", "Sí.")]


def test_gzip_by_name(tmp_path):
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress("Qué\tWhat\n".encode()))
    assert pairs(path) == [("Qué", "What")]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", [":", "empty"]),
        (b"a\tb\nno tab here\n", [":2:", "no tab", "'no tab here'"]),
        (b"a\tb\nc\td\n\xff\xfe\te\n", [":3:", "UTF-8", "byte 1"]),
    ],
)
def test_refused_with_file_and_line(tmp_path, content, parts):
    path = tmp_path / "bad.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        pairs(path)
    assert all(part in str(error.value) for part in ["bad.tsv", *parts]), str(error.value)


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"a\tb\n" * 1000)[:-20], b""])
def test_damaged_gzip_is_refused(tmp_path, content):
    path = tmp_path / "bad.tsv.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.tsv\.gz"):
        pairs(path)


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    for path in (tmp_path / "none.tsv", tmp_path):
        with pytest.raises(InputError, match="cannot read"):
            pairs(path)


def test_too_few_columns_are_counted(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("a\tb\n")
    with pytest.raises(InputError, match=r"a.tsv:1: only 2 columns"):
        pairs(path, 1, 3)


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\ufeff", exclude_categories=["Cs"]))))
def test_lines_come_as_they_stand(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    assert list(read_lines(path)) == lines
