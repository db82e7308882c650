"""Which columns of a file are Spanish and English, what is noted of its rows, and what is refused with file and line."""

from collections import Counter

import pytest

from s2s.data.corpus import Layout, read_pairs
from s2s.data_config import PairFile
from tests.pair_files import BOTH, ENGLISH, SPANISH, pairs, refused, write

SHORT = [("Hola.", "Hello."), ("Gato rojo.", "Red cat."), ("Ven.", "Come."), ("Bueno.", "Good."), ("Vale.", "Okay.")]
GIVE = "give data.source_column and data.target_column (evaluate: --source-column, --target-column)"
LICENCE = "CC-BY 2.0 (France) Attribution: tatoeba.org #1 (CK) & #2 (CM)"


def table(path, *rows):
    """Write rows of cells as TSV."""
    return write(path, "".join("\t".join(map(str, row)) + "\n" for row in rows))


def test_columns_blank_lines_line_ends_and_mark(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes("\ufeffHola.\tHi.\r\n\n  \nSí. \t Yes.\tattribution".encode())
    assert pairs(path) == [("Hola.", "Hi."), ("Sí.", "Yes.")]
    assert pairs(path, (2, 1)) == [("Hi.", "Hola."), ("Yes.", "Sí.")]


def test_columns_are_detected_by_their_text(tmp_path, capsys):
    # As in Anki's files: English, Spanish, attribution.
    anki = table(tmp_path / "spa.txt", *((en, es, LICENCE) for es, en in BOTH))
    assert pairs(anki) == BOTH
    assert "spa.txt: Spanish is in column 2, English in column 1" in capsys.readouterr().err
    # As tatoeba.org exports pairs: number, Spanish, number, English.
    export = table(tmp_path / "pairs.tsv", *((n, es, n + 7, en) for n, (es, en) in enumerate(BOTH)))
    assert pairs(export) == BOTH
    # The first two, if there is no evidence for others.
    assert pairs(table(tmp_path / "b.tsv", ("Uno", "One"), ("Dos", "Two"))) == [("Uno", "One"), ("Dos", "Two")]


@pytest.mark.parametrize("other", ["17", "2024-05-01", "12:30", "3,5 %", "+++", "#1 & #2", "½"])
def test_a_column_without_letters_is_no_language(tmp_path, other):
    for place in range(3):
        rows = [[*row[:place], other, *row[place:]] for row in SHORT]
        assert pairs(table(tmp_path / "a.tsv", *rows)) == SHORT
    assert pairs(table(tmp_path / "a.tsv", *((other, es, other, en, other) for es, en in SHORT))) == SHORT
    for row in ((other, "Hola."), ("Hola.", other), (other, other), (other, "Hola.", other)):
        refused(table(tmp_path / "a.tsv", row), "a.tsv: letters are in", GIVE)
    assert pairs(table(tmp_path / "a.tsv", ("Hola.", other)), (1, 2)) == [("Hola.", other)]
    # Most cells decide.
    rows = [*SHORT, ("3.", other), (other, "10")]
    assert pairs(table(tmp_path / "a.tsv", *rows)) == rows


def test_a_column_with_one_text_in_all_rows_is_no_language(tmp_path):
    assert pairs(table(tmp_path / "a.tsv", *(("spa", es, "eng", en) for es, en in SHORT))) == SHORT
    assert (
        pairs(table(tmp_path / "a.tsv", *((n, "spa", es, "eng", en, LICENCE) for n, (es, en) in enumerate(SHORT))))
        == SHORT
    )
    assert pairs(table(tmp_path / "a.tsv", *[("Sí.", "Yes.")] * 9)) == [("Sí.", "Yes.")] * 9


def test_columns_that_are_empty_are_no_language(tmp_path):
    assert pairs(table(tmp_path / "a.tsv", *(("", es, "", en, "") for es, en in SHORT))) == SHORT
    assert pairs(table(tmp_path / "a.tsv", ("Hola.", ""), ("Sí.", ""))) == [("Hola.", ""), ("Sí.", "")]


@pytest.mark.parametrize(
    "rows",
    [
        [(es, f"saludo {es}", en) for es, en in SHORT],
        [("uno", "Hola.", "one", "Hello.")],
        [(es, es, en) for es, en in BOTH],
        [(es, en, f"{en} It is what they have.") for es, en in BOTH],
        [(es, LICENCE, "...Okay") for es in SPANISH],
        [(LICENCE, "Bueno", en) for en in ENGLISH],
    ],
)
def test_of_three_columns_of_text_the_two_must_be_clear(tmp_path, rows):
    path = table(tmp_path / "a.tsv", *rows)
    refused(path, f"a.tsv: {len(rows[0])} columns of text, and no clear sign", GIVE)
    assert pairs(path, (2, 1)) == [(row[1], row[0]) for row in rows]


def test_rows_with_another_number_of_columns_are_noted(tmp_path):
    rows = [("Hola.", "Hi."), ("Sí.", "Yes.", "nota"), ("No.", "No."), ("Ya.", "Now.", "", "")]
    for columns in (None, (1, 2)):
        notes = Counter()
        pairs(table(tmp_path / "a.tsv", *rows), columns, notes=notes)
        assert notes == {"columns": 2}
    # A sentence with a comma that is not quoted: a half of it would be the other side.
    text = "es,en\nHola.,Hello.\nHola, Ana.,Hello, Ana.\n"
    for columns in (None, (1, 2), ("es", "en")):
        notes = Counter()
        assert pairs(write(tmp_path / "a.csv", text), columns, notes=notes)[-1] == ("Hola", "Ana.")
        assert notes == {"columns": 1}
    notes = Counter()
    assert len(pairs(write(tmp_path / "a.jsonl", '{"es": "a", "en": "b"}\n{"es": "a", "en": "b", "n": 1}'))) == 2
    assert not notes


def test_a_noted_pair_is_passed_on(tmp_path):
    path, noted = table(tmp_path / "a.tsv", ("Hola.", "Hi."), ("Sí.", "Yes.", "nota")), []
    found = list(read_pairs([PairFile(str(path))], Layout(), lambda rule, pair: noted.append((rule, pair))))
    assert noted == [("columns", found[1])] and found[1].place == f"{path}:2"


@pytest.mark.parametrize("columns", [None, (1, 2)])
@pytest.mark.parametrize("names", [("Spanish", "English"), ("es", "en"), ("source", "target"), ("ESPAÑOL", " inglés ")])
def test_a_header_is_reported_and_left_out(tmp_path, capsys, names, columns):
    path = table(tmp_path / "a.tsv", names, *BOTH)
    assert pairs(path, columns) == BOTH
    assert "a.tsv: line 1 is a header and left out" in capsys.readouterr().err
    assert pairs(write(tmp_path / "a.csv", "\n".join(map(",".join, (names, *SHORT)))), columns) == SHORT
    assert pairs(table(tmp_path / "b.tsv", ("id", names[1], "note", names[0]), ("1", "Hi.", "x", "Hola.")), (4, 2)) == [
        ("Hola.", "Hi.")
    ]


def test_names_in_a_header_tell_the_columns(tmp_path):
    rows = [(n, en, "greeting", es) for n, (es, en) in enumerate(SHORT)]
    assert pairs(table(tmp_path / "a.tsv", ("id", "English", "note", "Spanish"), *rows)) == SHORT


def test_swapped_sides_are_warned_of(tmp_path, capsys):
    path = table(tmp_path / "a.tsv", *((en, es) for es, en in BOTH))
    assert pairs(path, (1, 2)) == [(en, es) for es, en in BOTH]
    assert "a.tsv: looks swapped" in capsys.readouterr().err
    pairs((write(tmp_path / "a.es", "\n".join(ENGLISH)), write(tmp_path / "a.en", "\n".join(SPANISH))))
    assert "a.es: looks swapped" in capsys.readouterr().err


def test_aligned_files(tmp_path):
    source, target = write(tmp_path / "a.es", "\n".join(SPANISH) + "\n"), write(tmp_path / "a.en", "\n".join(ENGLISH))
    assert pairs((source, target), (2, 1), "csv") == BOTH  # the layout is of other files
    write(source, "\n".join([*SPANISH, "Uno más.\n"]))
    refused((source, target), "a.es has 6 lines and", "a.en 5;")
    refused((target, source), "a.en has 5 lines and", "a.es 6;")


def test_files_of_different_layouts(tmp_path):
    swapped = table(tmp_path / "swapped.tsv", *((en, es) for es, en in SHORT))
    named = write(tmp_path / "named.txt", "de|a\n".replace("|", ",") + "Sí.,Yes.\n")
    files = [
        PairFile(str(swapped)),
        PairFile(str(named), format="csv", source_column="de", target_column="a"),
        PairFile(str(table(tmp_path / "own.tsv", *SHORT)), source_column=1, target_column=2),
    ]
    found = [(pair.source, pair.target) for pair in read_pairs(files, Layout("tsv", (2, 1)))]
    assert found == [*SHORT, ("Sí.", "Yes."), *SHORT]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", [":", "empty"]),
        (b"\n \n", [":", "empty"]),
        (b"a\tb\nno tab here\n", [":2:", "no tab", "'no tab here'"]),
        (b"12345\n", [":1:", "no tab"]),
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
