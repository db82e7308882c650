"""Pair files in every supported format: what is read, and what is refused with file and line."""

import bz2
import gzip
import json
import lzma
import tracemalloc
import zipfile
from itertools import pairwise

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from s2s.data import compression, formats
from s2s.data.corpus import Layout, read_lines, read_pairs
from s2s.errors import InputError

SPANISH = [
    "El gato está en la casa.",
    "¿Dónde está el perro?",
    "Los niños son muy pequeños.",
    "No sé qué es eso.",
    "Él también.",
]
ENGLISH = [
    "The cat is in the house.",
    "Where is the dog?",
    "The children are very small.",
    "I don't know what that is.",
    "Him too.",
]
BOTH = list(zip(SPANISH, ENGLISH, strict=True))


def pairs(file, columns=None, form="auto"):
    return [
        (pair.source, pair.target)
        for pair in read_pairs([file if isinstance(file, tuple) else str(file)], Layout(form, columns))
    ]


def refused(file, *parts, columns=None, form="auto"):
    with pytest.raises(InputError) as error:
        pairs(file, columns, form)
    message = str(error.value)
    assert all(part in message for part in parts) and len(message.splitlines()) <= 2, message


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_blank_lines_line_ends_and_mark(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes("\ufeffHola.\tHi.\r\n\n  \nSí. \t Yes.\tattribution".encode())
    assert pairs(path) == [("Hola.", "Hi."), ("Sí.", "Yes.")]
    assert pairs(path, (2, 1)) == [("Hi.", "Hola."), ("Yes.", "Sí.")]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_compressed_files_are_recognized_by_their_content(tmp_path, pack):
    path = tmp_path / "a.tsv"
    path.write_bytes(pack("".join(f"{es}\t{en}\n" for es, en in BOTH).encode()))
    assert pairs(path) == BOTH
    path.write_bytes(pack("Qué\tWhat\n".encode() * 1000)[:-9])
    refused(path, "a.tsv: damaged compressed file")
    path.write_bytes(pack(b""))
    refused(path, "a.tsv", "empty")


def test_columns_are_detected_by_their_text(tmp_path, capsys):
    # As in Anki's files: English, Spanish, attribution.
    licence = "CC-BY 2.0 (France) Attribution: tatoeba.org #1 (CK) & #2 (CM)"
    anki = write(tmp_path / "spa.txt", "".join(f"{en}\t{es}\t{licence}\n" for es, en in BOTH))
    assert pairs(anki) == BOTH
    assert "spa.txt: Spanish is in column 2, English in column 1" in capsys.readouterr().err
    # As tatoeba.org exports pairs: number, Spanish, number, English.
    export = write(tmp_path / "pairs.tsv", "".join(f"{n}\t{es}\t{n + 7}\t{en}\n" for n, (es, en) in enumerate(BOTH)))
    assert pairs(export) == BOTH
    # The first two, if there is no evidence for others.
    assert pairs(write(tmp_path / "b.tsv", "Uno\tOne\nDos\tTwo\n")) == [("Uno", "One"), ("Dos", "Two")]


def test_swapped_sides_are_warned_of(tmp_path, capsys):
    path = write(tmp_path / "a.tsv", "".join(f"{en}\t{es}\n" for es, en in BOTH))
    assert pairs(path, (1, 2)) == [(en, es) for es, en in BOTH]
    assert "a.tsv: looks swapped" in capsys.readouterr().err
    source, target = write(tmp_path / "a.es", "\n".join(ENGLISH)), write(tmp_path / "a.en", "\n".join(SPANISH))
    pairs((str(source), str(target)))
    assert "a.es: looks swapped" in capsys.readouterr().err


def test_aligned_files(tmp_path):
    source, target = write(tmp_path / "a.es", "\n".join(SPANISH) + "\n"), tmp_path / "a.en.gz"
    target.write_bytes(gzip.compress("\n".join(ENGLISH).encode()))
    assert pairs((str(source), str(target))) == BOTH
    write(source, "\n".join([*SPANISH, "Uno más.\n"]))
    refused((str(source), str(target)), "a.es has 6 lines and", "a.en.gz 5;")
    refused((str(target), str(source)), "a.en.gz has 5 lines and", "a.es 6;")


def test_a_zip_of_one_text_or_of_two_aligned_ones(tmp_path):
    path = tmp_path / "spa-eng.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_about.txt", "about")
        archive.writestr("spa.txt", "".join(f"{en}\t{es}\n" for es, en in BOTH))
    assert pairs(path) == BOTH
    moses = tmp_path / "Books.zip"
    with zipfile.ZipFile(moses, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in (
            ("README", []),
            ("Books.en-es.en", ENGLISH),
            ("Books.en-es.es", SPANISH),
            ("Books.en-es.xml", []),
        ):
            archive.writestr(name, "\n".join(lines))
    assert pairs(moses) == BOTH
    refused((str(moses), str(moses)), "holds two texts")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.txt", "x")
    refused(path, "spa.txt, other.txt")


def test_csv_with_named_columns(tmp_path):
    rows = "".join(f'{n},"{en}","{es}"\r\n' for n, (es, en) in enumerate(BOTH))
    path = write(tmp_path / "a.csv", "id,English,Spanish\r\n" + rows + '5,"Yes, ""sir"".","Sí,\r\n«señor»."\r\n')
    assert pairs(path) == [*BOTH, ("Sí,\n«señor».", 'Yes, "sir".')]
    assert pairs(path, ("Spanish", "English"))[:5] == BOTH
    refused(write(tmp_path / "b.csv", "a,b\nx,y\n"), "b.csv: which of its columns (a, b)", "data.source_column")
    assert pairs(tmp_path / "b.csv", ("b", "a")) == [("y", "x")]
    assert pairs(tmp_path / "b.csv", (1, 2)) == [("a", "b"), ("x", "y")]
    refused(tmp_path / "b.csv", "b.csv:2: no text in 'es'", columns=("es", "en"))
    refused(write(tmp_path / "c.csv", 'es,en\n"never closed,x\n' + "y" * 200_000), "c.csv:", "not CSV")
    assert pairs(write(tmp_path / "named.tsv", "en\tes\nYes\tSí\n"), ("es", "en")) == [("Sí", "Yes")]


def test_json_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    write(path, "".join(json.dumps({"id": n, "es": es, "en": en}) + "\n" for n, (es, en) in enumerate(BOTH)))
    assert pairs(path) == BOTH
    nested = "".join(json.dumps({"translation": {"en": en, "es": es}}, ensure_ascii=False) + "\n" for es, en in BOTH)
    assert pairs(write(path, nested)) == BOTH
    assert pairs(write(path, '{"es": null, "en": "Yes"}\n')) == [("", "Yes")]
    refused(write(path, '{"es": "Sí", "en": "Yes"}\n{"es": "No"}\n'), "a.jsonl:2: no text in 'es' and 'en'", "has es")
    refused(write(path, '{"es": "Sí", "en": "Yes"}\n{"es": \n'), "a.jsonl:2: not JSON")
    refused(write(path, "{" + "[" * 100_000), "a.jsonl:1: not JSON")


TMX = """<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en" segtype="sentence" datatype="plaintext"/><body>
<tu tuid="1"><tuv xml:lang="en-GB"><seg>The <bpt i="1">&lt;b></bpt>cat<ept i="1">&lt;/b></ept> is <hi>in</hi> it.</seg></tuv>
<tuv xml:lang="ES"><seg>El gato está &#233;l &amp; yo.</seg></tuv></tu>
<tu><tuv lang="es_MX"><seg>Sí.</seg></tuv><tuv lang="en"><seg>Yes.</seg></tuv><tuv lang="fr"><seg>Oui.</seg></tuv></tu>
<tu><tuv xml:lang="es"><seg>Solo.</seg></tuv></tu>
</body></tmx>
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_tmx(tmp_path, encoding):
    path = tmp_path / "memory.tmx"
    path.write_bytes(TMX.format(encoding=encoding).encode(encoding))
    assert pairs(path) == [("El gato está él & yo.", "The cat is in it."), ("Sí.", "Yes."), ("Solo.", "")]
    path.write_bytes(path.read_bytes()[:-60])
    refused(path, "memory.tmx", "not well-formed TMX")
    refused(write(path, "<tmx><body/></tmx>"), "memory.tmx", "no translation unit")


def test_a_long_tmx_takes_no_more_memory_than_a_short_one(tmp_path):
    unit = '<tu><tuv xml:lang="es"><seg>Sí.</seg></tuv><tuv xml:lang="en"><seg>Yes.</seg></tuv></tu>\n'
    peaks = []
    for count in (100, 20_000):
        path = write(tmp_path / f"{count}.tmx", f"<tmx><body>{unit * count}</body></tmx>")
        tracemalloc.start()
        assert sum(1 for _ in read_pairs([str(path)], Layout())) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000


def test_entity_bombs_and_outside_files_are_not_expanded(tmp_path):
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghi")
    )
    bomb = f'<?xml version="1.0"?><!DOCTYPE tmx [{entities}]><tmx><body><tu><tuv xml:lang="es"><seg>&i;</seg></tuv></tu></body></tmx>'
    refused(write(tmp_path / "bomb.tmx", bomb), "bomb.tmx", "not well-formed TMX")
    write(tmp_path / "secret", "secret")
    outside = (
        f'<?xml version="1.0"?><!DOCTYPE tmx [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><tmx><body>'
        '<tu><tuv xml:lang="es"><seg>Sí &x;</seg></tuv><tuv xml:lang="en"><seg>Yes</seg></tuv></tu></body></tmx>'
    )
    assert pairs(write(tmp_path / "out.tmx", outside)) == [("Sí", "Yes")]
    refused(write(tmp_path / "long.tmx", f"<tmx><body><tu><tuv><seg>{'a' * 11_000_000}"), "long.tmx", "not well-formed")


def test_decompression_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(compression, "ALWAYS_ALLOWED_BYTES", 1 << 20)
    bomb = b"a\tb\n" * (1 << 20)
    for name, data in (("a.gz", gzip.compress(bomb)), ("a.xz", lzma.compress(bomb)), ("a.zst", zstd.compress(bomb))):
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, name, "decompresses to over 100 times its size")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.tsv", bomb)
    refused(tmp_path / "a.zip", "a.zip:a.tsv", "decompresses to over 100 times its size")


@pytest.mark.parametrize("name", ["../a.tsv", "/a.tsv", "x/../../a.tsv", "..\\a.tsv"])
def test_archives_with_paths_outside_of_them_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, "a\tb\n")
    refused(tmp_path / "a.zip", "a.zip", "outside of the archive")


def test_damaged_and_locked_archives_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.tsv", "".join(f"{n}\tb\n" for n in range(10_000)))
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


def test_endless_lines_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "LONGEST_LINE", 1000)
    refused(write(tmp_path / "a.tsv", "a\tb\n" + "x" * 600_000), "a.tsv:2: a line of more than 1,000 bytes")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", [":", "empty"]),
        (b"\n \n", [":", "empty"]),
        (b"a\tb\nno tab here\n", [":2:", "no tab", "'no tab here'"]),
        (b"a\tb\nc\td\n\xff\xfe\te\n", [":3:", "UTF-8", "byte 1"]),
    ],
)
def test_refused_with_file_and_line(tmp_path, content, parts):
    (tmp_path / "bad.tsv").write_bytes(content)
    refused(tmp_path / "bad.tsv", "bad.tsv", *parts)


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    for path in (tmp_path / "none.tsv", tmp_path):
        refused(path, "cannot read")


def test_too_few_columns_are_counted(tmp_path):
    refused(write(tmp_path / "a.tsv", "a\tb\n"), "a.tsv:1: only 2 columns", columns=(1, 3))


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\ufeff", exclude_categories=["Cs"]))))
def test_lines_are_read_unchanged(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    assert list(read_lines(path)) == lines
