"""TSV, CSV and JSON: line ends, encodings, quotes, separators, what is refused with file and line."""

import json
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data import lines
from s2s.data.corpus import Layout, read_lines, read_pairs
from s2s.data_config import PairFile
from tests.conftest import s2s
from tests.pair_files import BOTH, ENGLISH, SPANISH, pairs, refused, write

THREE = [("Ana es alta.", "Ana is tall."), ("Hoy es domingo.", "Today is Sunday."), ("Ve.", "Go.")]
TSV = "".join(f"{es}\t{en}\n" for es, en in THREE)
CSV = "es;en\n" + "".join(f"{es};{en}\n" for es, en in THREE)
OBJECTS = [{"es": es, "en": en} for es, en in THREE]
JSON_LINES = "".join(json.dumps(value) + "\n" for value in OBJECTS)
IN_EVERY_FORMAT = [("a.tsv", TSV), ("a.csv", CSV), ("a.jsonl", JSON_LINES), ("a.json", json.dumps(OBJECTS, indent=1))]


@pytest.mark.parametrize(("name", "text"), IN_EVERY_FORMAT)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_of_all_systems(tmp_path, name, text, end, mark, last):
    text = mark + (text if last else text.rstrip("\n")).replace("\n", end)
    assert pairs(write(tmp_path / name, text)) == THREE


def test_aligned_files_may_end_their_lines_differently(tmp_path):
    es, en = write(tmp_path / "a.es", "\r".join(SPANISH)), write(tmp_path / "a.en", "\r\n".join(ENGLISH) + "\r\n")
    assert pairs((es, en)) == BOTH


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16])
def test_line_ends_between_two_blocks(tmp_path, monkeypatch, size):
    monkeypatch.setattr(lines, "_READ_BYTES", size)
    for end in ("\n", "\r\n"):
        assert list(read_lines(write(tmp_path / "a", f"1{end}{end}22{end}333{end}4"))) == ["1", "", "22", "333", "4"]
        assert pairs(write(tmp_path / "a.json", json.dumps(OBJECTS, indent=1).replace("\n", end))) == THREE
    assert list(read_lines(write(tmp_path / "a", "1\r\r22\r333\r4"))) == ["1", "", "22", "333", "4"]
    assert list(read_lines(write(tmp_path / "a", "1\n2\n", "utf-16"))) == ["1", "2"]


def test_a_stray_cr_is_no_line_end(tmp_path):
    assert list(read_lines(write(tmp_path / "a", "one\rtwo\nthree\r\r\n"))) == ["one\rtwo", "three\r"]
    assert pairs(write(tmp_path / "a.tsv", "a\rb\tc\nd\te\rf\n")) == [("a\rb", "c"), ("d", "e\rf")]
    assert pairs(write(tmp_path / "a.csv", "es,en\na\rb,c\nd,e\rf\n")) == [("a b", "c"), ("d", "e f")]


def test_translate_reads_line_ends_of_all_systems(untrained, sentences):
    results = [
        s2s("translate", untrained / "run", stdin=end.join([*sentences[:3], ""]).encode(), check=0).stdout
        for end in ("\n", "\r\n", "\r")
    ]
    assert len(results[0].splitlines()) == 3 and len(set(results)) == 1


@pytest.mark.parametrize(("name", "text"), IN_EVERY_FORMAT)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_a_byte_order_mark(tmp_path, name, text, encoding):
    assert pairs(write(tmp_path / name, "\ufeff" + text.replace("Ve.", "Sí 😀."), encoding))[2] == ("Sí 😀.", "Go.")


@pytest.mark.parametrize(("name", "text"), IN_EVERY_FORMAT)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_byte_order_mark_is_refused(tmp_path, name, text, encoding):
    path = write(tmp_path / name, text.replace("Ve.", "Sí 😀."), encoding)
    command = f"iconv -f {encoding.upper().replace('16-', '16')} -t UTF-8"
    refused(path, f"{name}: looks like UTF-16 without a byte order mark; convert it, e.g. {command}")


def test_utf_16_that_is_damaged_is_refused(tmp_path):
    path = write(tmp_path / "a.tsv", "\ufeff" + TSV, "utf-16-le")
    path.write_bytes(path.read_bytes()[:-1])
    refused(path, "a.tsv", "invalid UTF-16")


def test_endless_lines_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
    refused(write(tmp_path / "a.tsv", "a\tb\n" + "x" * 600_000), "a.tsv:2: a line of more than 1,000 bytes")


def test_rows_of_endless_columns_are_refused(tmp_path):
    refused(write(tmp_path / "a.tsv", "a\tb\n" + "c\t" * 5000), "a.tsv:2: 5,001 columns")
    refused(write(tmp_path / "a.csv", "es,en\n" + "c," * 5000), "a.csv:2: 5,001 columns")


def test_quotes_are_undone_where_all_cells_are_quoted(tmp_path):
    quoted = '"Dijo ""sí""."\t"He said ""yes""."\n\n"Dos\nlíneas."\t"Two\tlines."\nSí "ya".\tYes.\n'
    path = write(tmp_path / "a.tsv", '"Uno."\t"One."\n' * 200 + quoted)
    undone = [('Dijo "sí".', 'He said "yes".'), ("Dos\nlíneas.", "Two\tlines."), ('Sí "ya".', "Yes.")]
    assert pairs(path)[200:] == undone
    plain = '"Sí", dijo.\t"Yes," he said.\n"No."\t"No."\n'
    assert pairs(write(path, plain)) == [('"Sí", dijo.', '"Yes," he said.'), ('"No."', '"No."')]
    assert pairs(write(path, '"Sí."\t"Yes."\n"No."\tNo.\n')) == [('"Sí."', '"Yes."'), ('"No."', "No.")]
    refused(write(path, '"Uno."\t"One."\n' * 200 + plain), "a.tsv:201: wrong quotes", "doubled")


@pytest.mark.parametrize(
    "text",
    [
        "spanish;english\nHola, amigo.;Hello, friend.\nSí.;Yes, sir.\n",
        "spanish,english\n\"Hola, amigo.\",\"Hello, friend.\"\nSí.,\"Yes, sir.\"\n",
        "spanish\tenglish\nHola, amigo.\tHello, friend.\nSí.\tYes, sir.\n",
        "sep=;\nes;en\nHola, amigo.;Hello, friend.\nSí.;Yes, sir.\n",
        "SEP=|\r\nes|en\r\nHola, amigo.|Hello, friend.\r\nSí.|Yes, sir.\r\n",
    ],
)  # fmt: skip
def test_the_separator_of_csv_is_detected(tmp_path, text):
    assert pairs(write(tmp_path / "a.csv", text)) == [("Hola, amigo.", "Hello, friend."), ("Sí.", "Yes, sir.")]
    with_mark = write(tmp_path / "a.csv", "\ufeff" + text, "utf-16-le")
    assert pairs(with_mark) == [("Hola, amigo.", "Hello, friend."), ("Sí.", "Yes, sir.")]


def test_the_separator_is_the_one_that_splits_all_lines_alike(tmp_path):
    path = write(tmp_path / "a.csv", "Sí, sí, sí.;Yes, yes.\nNo.;No.\nYa, ya.;Now.\n")
    assert pairs(path, (1, 2)) == [("Sí, sí, sí.", "Yes, yes."), ("No.", "No."), ("Ya, ya.", "Now.")]


def test_csv_with_named_columns(tmp_path):
    rows = "".join(f'{n},"{en}","{es}"\r\n' for n, (es, en) in enumerate(BOTH))
    path = write(tmp_path / "a.csv", "id,English,Spanish\r\n" + rows + '5,"Yes, ""sir"".","Sí,\r\n«señor»."\r\n')
    assert pairs(path) == [*BOTH, ("Sí,\n«señor».", 'Yes, "sir".')]
    assert pairs(path, ("Spanish", "English"))[:5] == BOTH
    refused(write(tmp_path / "b.csv", "a,b\nx,y\n"), "b.csv: which of its columns (a, b)", "data.source_column")
    assert pairs(tmp_path / "b.csv", ("b", "a")) == [("y", "x")]
    assert pairs(tmp_path / "b.csv", (1, 2)) == [("a", "b"), ("x", "y")]
    refused(tmp_path / "b.csv", "b.csv:2: no text in 'es'", columns=("es", "en"))
    refused(write(tmp_path / "c.csv", 'es,en\n"never closed,x\n' + "y" * 200_000), "c.csv:2: wrong quotes")
    assert pairs(write(tmp_path / "named.tsv", "en\tes\nYes\tSí\n"), ("es", "en")) == [("Sí", "Yes")]


ANKI = "#separator:{name}\n#html:true\n#tags column:3\n#hola{mark}#hi{mark}tag\n{rest}"


@pytest.mark.parametrize(
    ("name", "mark"), [("tab", "\t"), ("Semicolon", ";"), ("Comma", ","), ("Pipe", "|"), ("@", "@")]
)
def test_notes_that_anki_exported(tmp_path, name, mark):
    rest = f'"Dijo ""sí""."{mark}"He said:\n{mark}yes."{mark}x\n'
    path = write(tmp_path / "a.txt", ANKI.format(name=name, mark=mark, rest=rest))
    assert pairs(path, (1, 2)) == [("#hola", "#hi"), ('Dijo "sí".', f"He said:\n{mark}yes.")]


def test_json_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    write(path, "".join(json.dumps({"id": n, "es": es, "en": en}) + "\n" for n, (es, en) in enumerate(BOTH)))
    assert pairs(path) == BOTH
    nested = "".join(json.dumps({"translation": {"en": en, "es": es}}, ensure_ascii=False) + "\n" for es, en in BOTH)
    assert pairs(write(path, nested)) == BOTH
    assert pairs(write(path, '{"es": null, "en": "Yes"}\n')) == [("", "Yes")]
    refused(write(path, '{"es": "Sí", "en": "Yes"}\n{"es": "No"}\n'), "a.jsonl:2: no text in 'es' and 'en'", "has es")
    refused(write(path, '{"es": "Sí", "en": "Yes"}\n{"es": \n'), "a.jsonl:2: not JSON: Expecting value; one object")
    refused(write(path, '{"es": "Sí", "en": "Yes"}\n3\n'), "a.jsonl:2: an object with the two sentences")
    refused(write(path, "{}\n"), "a.jsonl:1: no text", "this row has none")


def test_deep_json_is_refused(tmp_path):
    good, deep = '{"es": "Sí", "en": "Yes"}', '{"es": ' + "[" * 100_000
    refused(write(tmp_path / "a.jsonl", f"{good}\n{deep}"), "a.jsonl:2: not JSON: nested too deeply")
    refused(write(tmp_path / "a.json", f"[{good},\n{deep}"), "a.json:2: not JSON: nested too deeply")


def test_halves_of_characters_are_replaced_and_counted(tmp_path):
    text = r'{"es": "Hola \ud83d amigo.", "en": "\ude00Hello."}' + "\n" + r'{"es": "Sí \ud83d\ude00.", "en": "Yes."}'
    notes = Counter()
    expected = [("Hola \ufffd amigo.", "\ufffdHello."), ("Sí 😀.", "Yes.")]
    assert pairs(write(tmp_path / "a.jsonl", text), notes=notes) == expected and notes == {"half_characters": 1}
    refused(write(tmp_path / "b.jsonl", r'{"\ud83d": "Sí.", "en": "Yes."}'), "b.jsonl: which of its columns")


@pytest.mark.parametrize("indent", [None, 0, 1, "\t"])
def test_an_array_of_objects(tmp_path, indent):
    objects = [{"id": n, "translation": {"en": en, "es": f"{es} ] [ {{"}} for n, (es, en) in enumerate(BOTH)]
    expected = [(f"{es} ] [ {{", en) for es, en in BOTH]
    text = json.dumps(objects, indent=indent, ensure_ascii=False)
    assert pairs(write(tmp_path / "a.json", text)) == expected
    assert pairs(write(tmp_path / "b.txt", f"\ufeff\n {text}\n\n")) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"es": "Sí", "en": "Yes"},\n{"es": "Sí"}]', ":2: no text in"),
        ('[{"es": "Sí", "en": "Yes"},\n{"es": "No", "e', ":2: not JSON: "),
        ('[{"es": "Sí", "en": "Yes"},\n', ":2: not JSON: "),
        ('[{"es": "Sí", "en": "Yes"}\n', ":2: not JSON: ',' is expected, but the file ends"),
        ('[{"es": "Sí", "en": "Yes"}\n{"es": "No", "en": "No"}]', ":2: not JSON: ',' is expected, not '{'"),
        ('[{"es": "Sí", "en": "Yes"}]\n[{"es": "No", "en": "No"}]', ":2: text after the end of the array"),
        ('[{"es": "Sí", "en": "Yes"},\n\n3]', ":3: an object with the two sentences"),
        ('[{"es": "Sí", "en": }]', ":1: not JSON"),
        ("[]", ": the file is empty"),
    ],
)
def test_an_array_that_is_not_whole_is_refused(tmp_path, text, message):
    refused(write(tmp_path / "a.json", text), f"a.json{message}")


def test_an_array_with_invalid_utf_8_is_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b'[{"es": "S\xed", "en": "Yes"}]')
    refused(tmp_path / "a.json", "a.json: invalid UTF-8")


@pytest.mark.slow
@pytest.mark.parametrize("indent", [None, 1])
def test_a_large_array_takes_no_more_memory_than_a_block(tmp_path, indent):
    objects = [{"es": f"El gato {n} está en la casa.", "en": "The cat is in the house." * 4} for n in range(130_000)]
    path = write(tmp_path / "a.json", json.dumps(objects, indent=indent))
    assert path.stat().st_size > lines.LONGEST_LINE
    tracemalloc.start()
    assert sum(1 for _ in read_pairs([PairFile(str(path))], Layout())) == len(objects)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("text", ["[ Risas ]\t[ Laughs ]\n", "{Sí.}\t{Yes.}\n", '["Sí."]\t["Yes."]\n'])
def test_tsv_may_begin_with_a_bracket(tmp_path, text):
    assert pairs(write(tmp_path / "a.tsv", text)) == [tuple(text.strip().split("\t"))]


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\ufeff", exclude_categories=["Cs"]))))
def test_lines_are_read_unchanged(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_bytes("".join(f"{text}\n" for text in texts).encode())
    assert list(read_lines(path)) == texts


@given(st.lists(st.fixed_dictionaries({"es": st.text(), "en": st.text()}), min_size=1), st.integers(1, 40))
def test_arrays_are_read_as_the_json_module_reads_them(tmp_path_factory, objects, size):
    path = write(tmp_path_factory.mktemp("array") / "a.json", json.dumps(objects, indent=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_READ_BYTES", size)
        found = pairs(path)
    whole = [{key: lines.replace_surrogates(text).strip() for key, text in value.items()} for value in objects]
    assert found == [(value["es"], value["en"]) for value in whole]
