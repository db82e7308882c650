"""Text through a trained run: every line in is a line out, whatever is in it."""

import io
import os
import re
import signal
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s2s.data import formats
from s2s.errors import InputError
from s2s.translation import search as decoding
from s2s.translation import streams
from s2s.translation.long_lines import cut
from s2s.translation.streams import Source, Style, read_chunks, translate_streams
from tests.conftest import ROOT, s2s


def windows(content, errors="strict"):
    return [line for window in read_chunks(Source("text", io.BytesIO(content), 0), errors) for line in window]


def through(translator, content, **options):
    """The bytes that come out of `s2s translate` for the bytes `content`."""
    output = io.BytesIO()
    translate_streams(translator, [Source("text", io.BytesIO(content), 0)], output, Style(**options), "replace")
    return output.getvalue()


@pytest.fixture(autouse=True)
def _few_rows(monkeypatch):
    # The tests translate a line or two at a time.
    monkeypatch.setattr(decoding, "ROWS", 4)
    monkeypatch.setattr(decoding, "BEAM_ROWS", 8)


odd = st.sampled_from(
    ["\r", "\0", "\t", "\x1b[31m", "\ufeff", "\u2028", "\x85", "\u200b", "\u202e", "e\u0301", "n\u0303", "🙂👍🏽", "中文", "العربية",
     "¿", "¡", "«", "&amp;", "<s>", "▁", "⁇", "\ud7ff", "\uffff", "\U0010ffff", " ", "a" * 300]
)  # fmt: skip
words = st.sampled_from(["El", "gato", "duerme.", "¿Dónde", "está", "ANA", "manana", "1.234,5", "...", "casa,", "y"])
line_texts = st.lists(odd | words | st.text(max_size=8), max_size=12).map(" ".join)
contents = st.lists(line_texts.map(str.encode) | st.binary(max_size=30), max_size=3).map(b"\n".join)


@settings(max_examples=2000, deadline=None)
@given(contents, st.sampled_from([{}, {"scores": True}, {"beam": 2}]))
@example(b"", {})
@example(b"\n", {})
@example(b"\xef\xbb\xbfHola.\r\n\r\nAdi\xc3\xb3s.", {})
@example(b"Hola. " * 20_000, {})
@example(b"hola" * 25_000, {})
def test_as_many_lines_out_as_in_whatever_they_are(translator, content, options):
    out = through(translator, content, **options)
    lines = content.split(b"\n")[: -1 if content.endswith(b"\n") or not content else None]
    assert out.count(b"\n") == len(lines) and (not out or out.endswith(b"\n"))
    for line, translated in zip(lines, out.split(b"\n"), strict=False):
        text = translated.decode("utf-8")
        assert not re.search(r"[\r\x00\u2028\x85]", text)
        if not line.strip() and not options:
            assert text == ""


def test_how_people_type_a_sentence(translator, sentences):
    """Line ends, byte order mark and decomposed accents change nothing."""
    line = next(line for line in sentences if "ó" in line or "á" in line or "é" in line)
    import unicodedata

    plain = through(translator, line.encode())
    for other in (f"\ufeff{line}", f"{line}\r\n", f"  {line} ", unicodedata.normalize("NFD", line)):
        assert through(translator, other.encode()) == plain


@pytest.mark.parametrize("lines", [1, 3, 7])
def test_windows_do_not_change_what_comes_out(translator, sentences, monkeypatch, lines):
    content = "\n".join([*sentences[:20], "", *sentences[20:23]]).encode()
    whole = through(translator, content)
    monkeypatch.setattr(streams, "LINES", lines)
    monkeypatch.setattr(streams, "BLOCK", 50)
    assert through(translator, content) == whole


def test_a_line_too_long_is_translated_in_pieces_and_told(translator, sentences, capfd):
    parts = sentences[:30]
    content = " ".join(parts).encode() + b"\n" + sentences[0].encode() + b"\n"
    first, second = through(translator, content).decode().splitlines()
    alone = [translator.translate([part])[0][0].text for part in parts]
    assert first == " ".join(alone)
    assert second == alone[0]
    assert re.search(r"warning: text:1: longer than the 60 subwords .* in 30 pieces", capfd.readouterr().err)


def test_only_some_lines_in_pieces_are_named(translator, sentences, capfd):
    through(translator, b"".join([" ".join(sentences[:30]).encode() + b"\n"] * 12))
    errors = capfd.readouterr().err
    assert errors.count("in 30 pieces") == 10 and "2 more lines" in errors


@given(st.text(alphabet="ab ,.;¿", max_size=60), st.integers(1, 12))
def test_pieces_fit_and_lose_nothing(text, longest):
    pieces = cut(text, lambda piece: len(piece) <= longest)
    assert all(len(piece) <= longest for piece in pieces) or pieces == [text]
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_pieces_are_sentences_then_clauses_then_words():
    def pieces(text, longest):
        return cut(text, lambda piece: len(piece.split()) <= longest)

    text = "Vino Ana, que es alta, y se fue. ¿Quién? «Nadie.» Y así, sin más, acabó todo."
    assert pieces(text, 99) == [text]
    assert pieces(text, 7) == [
        "Vino Ana, que es alta,",
        "y se fue.",
        "¿Quién?",
        "«Nadie.»",
        "Y así, sin más, acabó todo.",
    ]
    assert pieces("uno dos tres cuatro cinco", 2) == ["uno dos", "tres cuatro", "cinco"]
    assert cut("abcdefg", lambda piece: len(piece) <= 2) == ["a", "bc", "de", "fg"]


def test_bytes_that_are_no_utf8_are_named_or_replaced(translator, trained):
    with pytest.raises(InputError, match=r"text:2: not valid UTF-8 at byte 3"):
        windows(b"uno\nab\xff\n")
    assert windows(b"uno\nab\xff\n", "replace") == ["uno", "ab\ufffd"]
    refused = s2s("translate", trained / "run", stdin=b"uno\nab\xff\ntres\n", check=2)
    assert refused.stdout.count(b"\n") == 1 and b"stdin:2: not valid UTF-8" in refused.stderr
    replaced = s2s("translate", trained / "run", "--errors", "replace", stdin=b"uno\nab\xff\ntres\n", check=0)
    assert replaced.stdout.count(b"\n") == 3


def test_an_endless_line_is_refused(monkeypatch):
    monkeypatch.setattr(formats, "LONGEST_LINE", 1000)
    monkeypatch.setattr(streams, "BLOCK", 100)
    with pytest.raises(InputError, match=r"text:2: a line of more than 1,000 bytes"):
        windows(b"uno\n" + b"a" * 5000)


def test_several_files_gz_in_and_out(trained, tmp_path, sentences):
    import gzip

    (tmp_path / "a.txt").write_text(sentences[0] + "\n", encoding="utf-8")
    (tmp_path / "b.gz").write_bytes(gzip.compress((sentences[1] + "\n\n" + sentences[2]).encode()))
    s2s("translate", trained / "run", tmp_path / "a.txt", tmp_path / "b.gz", "-o", tmp_path / "out.gz", check=0)
    both = s2s("translate", trained / "run", stdin="\n".join([*sentences[:2], "", sentences[2]]).encode(), check=0)
    assert gzip.decompress((tmp_path / "out.gz").read_bytes()) == both.stdout


def test_killed_it_leaves_whole_lines_in_a_pipe_and_no_file(trained, tmp_path, sentences):
    long = tmp_path / "long.txt"
    long.write_text("\n".join(sentences * 400), encoding="utf-8")
    command = [sys.executable, "-m", "s2s", "translate", str(trained / "run"), str(long)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    seen = process.stdout.read(30_000)
    process.kill()
    seen += process.stdout.read()
    assert process.wait() == -signal.SIGKILL
    assert seen.endswith(b"\n") and seen.count(b"\n") < len(sentences) * 400
    process = subprocess.Popen([*command, "-o", str(tmp_path / "out.txt")], env=environment)
    while not list(tmp_path.glob(".out.txt.*")) and process.poll() is None:
        pass
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "out.txt").exists()
