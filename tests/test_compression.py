"""Compressed files and files that are no text: what is opened, and what is refused without filling memory or waiting."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
from contextlib import ExitStack

import pytest
from backports import zstd

from s2s.data import compression
from s2s.errors import InputError
from tests.conftest import s2s, write_config
from tests.pair_files import BOTH, ENGLISH, SPANISH, pairs, refused, write

LINES = "".join(f"{es}\t{en}\n" for es, en in BOTH)
PACKERS = [gzip.compress, bz2.compress, lzma.compress, zstd.compress]


def write_zip(path, **members):
    """Write an archive; in the names, __ stands for the dot."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return path


@pytest.mark.parametrize("pack", PACKERS)
def test_compressed_files_are_recognized_by_their_content(tmp_path, pack):
    path = tmp_path / "a.tsv"
    path.write_bytes(pack(LINES.encode()))
    assert pairs(path) == BOTH
    path.write_bytes(pack("Qué\tWhat\n".encode() * 1000)[:-9])
    refused(path, "a.tsv: damaged compressed file")
    path.write_bytes(pack(b""))
    refused(path, "a.tsv", "empty")


def test_a_zip_of_one_text_or_of_two_aligned_ones(tmp_path):
    swapped = "".join(f"{en}\t{es}\n" for es, en in BOTH)
    path = write_zip(tmp_path / "spa-eng.zip", _about__txt="about", spa__txt=swapped)
    assert pairs(path) == BOTH
    moses = tmp_path / "Books.zip"
    write_zip(
        moses, README="", Books__en="\n".join(ENGLISH), Books__es="\n".join(SPANISH), Books__xml="",
    )  # fmt: skip
    assert pairs(moses) == BOTH
    refused((moses, moses), "holds two texts")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.txt", "x")
    refused(path, "spa.txt, other.txt")


@pytest.mark.slow
def test_decompression_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(compression, "ALWAYS_ALLOWED_BYTES", 1 << 20)
    bomb = b"a\tb\n" * (1 << 20)
    for pack in PACKERS:
        (tmp_path / "a.tsv").write_bytes(pack(bomb))
        refused(tmp_path / "a.tsv", "a.tsv", "decompresses to over 100 times its size")
    refused(write_zip(tmp_path / "a.zip", a__tsv=bomb), "a.zip:a.tsv", "decompresses to over 100 times its size")


def test_a_zip_is_not_believed_about_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(compression, "ALWAYS_ALLOWED_BYTES", 1 << 20)
    path = write_zip(tmp_path / "a.zip", a__tsv=(b"a" * 1000 + b"\tb\n") * (1 << 16))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("README", bytes(1 << 18))  # without bytes behind it, the lie would end at the end of the file
    content = bytearray(path.read_bytes())
    # The compressed size is in both headers of the file.
    for header, offset in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
        struct.pack_into("<I", content, content.index(header) + offset, 1 << 30)
    path.write_bytes(content)
    refused(path, "a.zip")


@pytest.mark.parametrize("name", ["../a.tsv", "/a.tsv", "x/../../a.tsv", "..\\a.tsv"])
def test_archives_with_paths_outside_of_them_are_refused(tmp_path, name):
    refused(write_zip(tmp_path / "a.zip", **{name: "a\tb\n"}), "a.zip", "outside of the archive")


def test_damaged_and_locked_archives_are_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", a__tsv="".join(f"a{n}\tb\n" for n in range(10_000)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    refused(path, "a.zip: damaged")
    path.write_bytes(whole[:2000] + bytes(100) + whole[2100:])
    refused(path, "a.zip", "damaged")
    locked = bytearray(whole)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + offset] |= 1
    path.write_bytes(locked)
    refused(path, "a.zip", "password")


SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\nHola.\r\n"
STRANGERS = [
    ("a.pdf", b"%PDF-1.7\n", "a PDF"),
    ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Word or Excel file"),
    ("a.rtf", rb"{\rtf1\ansi Hola}", "formatted text"),
    ("a.parquet", b"PAR1\x15\x04", "a Parquet table; save it as JSON lines"),
    ("a.7z", b"7z\xbc\xaf\x27\x1c\x00", "an archive that s2s cannot read"),
    ("a.html", b"\n<!DOCTYPE html><html>", "a web page"),
    ("a.xhtml", b'<?xml version="1.0"?>\n<html>', "a web page"),
    ("a.vtt", b"\xef\xbb\xbfWEBVTT\n\n", "subtitles (WebVTT)"),
    ("a.srt", SRT.encode(), "subtitles (SRT)"),
    ("a.srt.gz", gzip.compress(SRT.encode()), "subtitles (SRT)"),
]


@pytest.mark.parametrize(("name", "content", "advice"), STRANGERS, ids=[name for name, *_ in STRANGERS])
def test_a_file_that_is_no_text_is_refused_by_name(tmp_path, name, content, advice):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, f"{name}: {advice}")
    write(tmp_path / "a.es", "Hola.\n")
    refused((tmp_path / "a.es", tmp_path / name), f"{name}: {advice}")


@pytest.mark.parametrize(
    ("name", "member", "advice"),
    [
        ("a.xlsx", "xl/workbook.xml", "an Excel workbook; save it as CSV"),
        ("a.docx", "word/document.xml", "a Word document"),
        ("a.odt", "content.xml", "an OpenDocument file"),
        ("a.epub", "META-INF/container.xml", "an e-book"),
        ("a.apkg", "collection.anki2", "an Anki deck; export its notes"),
    ],
)
def test_a_document_is_refused_by_name(tmp_path, name, member, advice):
    refused(write_zip(tmp_path / name, **{"mimetype": "", member: "<xml/>"}), f"{name}: {advice}")


@pytest.mark.parametrize("compressed", ["", "gz", "bz2", "xz"])
def test_a_tar_archive_is_refused_by_name(tmp_path, compressed):
    path = tmp_path / "a.tar"
    with tarfile.open(path, f"w:{compressed}") as archive:
        info = tarfile.TarInfo("a.tsv")
        info.size = len(LINES.encode())
        archive.addfile(info, io.BytesIO(LINES.encode()))
    refused(path, "a.tar: a tar archive; unpack it and name the files in it")


def test_translate_refuses_what_is_no_text(untrained, tmp_path):
    write(tmp_path / "film.srt", SRT)
    process = s2s("translate", untrained / "run", tmp_path / "film.srt", check=2)
    assert b"film.srt: subtitles (SRT); keep the lines of text only" in process.stderr and process.stdout == b""


@pytest.mark.parametrize("key", ["train", "dev", "test"])
def test_a_corpus_must_be_a_file(tmp_path, key):
    config = write_config(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    kinds = {tmp_path / "pipe": b"a pipe", "/dev/zero": b"a device", tmp_path: b"a directory"}
    path, kind = list(kinds.items())[("train", "dev", "test").index(key)]
    error = s2s("prepare", config, "--set", f"data.{key}={path}", timeout=30, check=2).stderr
    assert str(path).encode() + b": " + kind in error and len(error.splitlines()) == 1


def test_a_window_that_takes_too_much_memory_is_no_damage(tmp_path):
    text = LINES.encode()[:100]
    for exponent, words in ((17, None), (18, "window of more than 128 MB"), (21, "window of more than 128 MB")):
        # A frame of one raw block, with a window of 2 ** (10 + exponent) bytes: RFC 8878.
        size = (len(text) << 3 | 1).to_bytes(3, "little")
        (tmp_path / "wide.zst").write_bytes(b"\x28\xb5\x2f\xfd\x00" + bytes([exponent << 3]) + size + text)
        with ExitStack() as expected:
            if words:
                expected.enter_context(pytest.raises(InputError, match=words))
            with compression.open_text(tmp_path / "wide.zst").stream as stream:
                assert stream.read() == text
