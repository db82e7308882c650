"""`s2s translate` on streams: one line out for each line in, whatever is in it."""

import gzip
import io
import re
import signal
import subprocess
import time
import unicodedata
from contextlib import nullcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s2s.data import lines as lines_module
from s2s.errors import InputError
from s2s.translation import network, search, streams
from s2s.translation.search import SearchOptions
from s2s.translation.streams import OutputFormat, TextInput, decode_states, read_chunks, translate_streams
from tests.conftest import examples, s2s, s2s_process


def lines_of(content, errors="strict"):
    return [line for chunk in read_chunks(TextInput("text", io.BytesIO(content), 0), errors) for line in chunk]


def translate(translator, content, beam=1, **output_format):
    """The bytes that `s2s translate` writes for the bytes `content`."""
    output, source = io.BytesIO(), TextInput("text", io.BytesIO(content), 0)
    translate_streams(
        translator, [nullcontext(source)], output, SearchOptions(beam), OutputFormat(**output_format), "replace"
    )
    return output.getvalue()


@pytest.fixture(autouse=True)
def _few_rows(monkeypatch):
    # The tests translate a line or two at a time, and unused rows take time too.
    monkeypatch.setattr(network, "ROWS", 4)
    monkeypatch.setattr(search, "ROWS", 4)
    monkeypatch.setattr(search, "BEAM_ROWS", 8)


odd = st.sampled_from(
    ["\r", "\0", "\t", "\x1b[31m", "\ufeff", "\u2028", "\x85", "\u200b", "\u202e", "e\u0301", "n\u0303", "🙂👍🏽", "中文", "العربية",
     "¿", "¡", "«", "&amp;", "<s>", "▁", "⁇", "\ud7ff", "\uffff", "\U0010ffff", " ", "a" * 300]
)  # fmt: skip
words = st.sampled_from(["El", "gato", "duerme.", "¿Dónde", "está", "ANA", "manana", "1.234,5", "...", "casa,", "y"])
line_texts = st.lists(odd | words | st.text(max_size=8), max_size=12).map(" ".join)
contents = st.lists(line_texts.map(str.encode) | st.binary(max_size=30), max_size=3).map(b"\n".join)
some_options = st.sampled_from([{}, {"scores": True}, {"beam": 2}])


def check_lines(translator, content, options):
    out = translate(translator, content, **options)
    # CR ends the lines of a text without LF.
    end = b"\n" if b"\n" in content or b"\r" not in content[:-1] else b"\r"
    lines = content.split(end)[: -1 if content.endswith(end) or not content else None]
    assert out.count(b"\n") == len(lines) and (not out or out.endswith(b"\n"))
    for line, translated in zip(lines, out.split(b"\n"), strict=False):
        text = translated.decode("utf-8")
        assert not re.search(r"[\r\x00\u2028\x85]", text)
        if not line.strip() and not options:
            assert text == ""


@pytest.mark.slow
@given(contents, some_options)
@example(b"", {})
@example(b"\n", {})
@example(b"Hola.\r\rAdi\xc3\xb3s.\r", {})
@example(b"\xef\xbb\xbfHola.\r\n\r\nAdi\xc3\xb3s.", {})
@example(b"Hola. " * 2_000, {})
@example(b"hola" * 2_500, {})
def test_as_many_lines_out_as_in_whatever_they_are(untrained_translator, content, options):
    check_lines(untrained_translator, content, options)


@examples(500)
@given(contents, some_options)
@example(b"Hola. " * 4_000, {})
@example(b"hola" * 25_000, {})
def test_a_trained_run_too_writes_as_many_lines_as_it_reads(translator, content, options):
    check_lines(translator, content, options)


def test_how_people_type_a_sentence(untrained_translator, sentences):
    """Line ends, byte order mark and decomposed accents change nothing."""
    line = next(line for line in sentences if "ó" in line or "á" in line or "é" in line)
    plain = translate(untrained_translator, line.encode())
    assert plain != translate(untrained_translator, sentences[0].encode())
    for other in (f"\ufeff{line}", f"{line}\r\n", f"  {line} ", unicodedata.normalize("NFD", line)):
        assert translate(untrained_translator, other.encode()) == plain


@pytest.mark.parametrize("lines", [1, 3, 7])
def test_the_size_of_chunks_does_not_change_the_output(untrained_translator, sentences, monkeypatch, lines):
    content = "\n".join([*sentences[:20], "", *sentences[20:23]]).encode()
    whole = translate(untrained_translator, content)
    monkeypatch.setattr(streams, "CHUNK_LINES", lines)
    monkeypatch.setattr(streams, "READ_BYTES", 50)
    sizes = [len(chunk) for chunk in read_chunks(TextInput("text", io.BytesIO(content), 0))]
    assert max(sizes) <= lines and sum(sizes) == 24
    assert translate(untrained_translator, content) == whole


def test_decoded_states_are_written_as_lines_are(untrained_translator, sentences):
    states, output = untrained_translator.encode(sentences[:10]), io.BytesIO()
    decode_states(untrained_translator, [states[:4], states[4:]], output, SearchOptions(2), OutputFormat(2))
    rows = [line.split("\t") for line in output.getvalue().decode().splitlines()]
    assert [row[0] for row in rows] == [str(n) for n in range(1, 11) for _ in range(2)]
    expected = untrained_translator.decode(states, SearchOptions(2))
    assert [row[1:] for row in rows] == [[f"{t.score:.4f}", t.text] for some in expected for t in some]


def test_a_sentence_too_long_is_translated_in_parts_with_a_warning(untrained_translator, sentences, capfd):
    parts = sentences[:30]
    content = " ".join(parts).encode() + b"\n" + sentences[0].encode() + b"\n"
    first, second = translate(untrained_translator, content).decode().splitlines()
    alone = [untrained_translator.translate([part])[0][0].text for part in parts]
    assert first == " ".join(alone)
    assert second == alone[0]
    assert "warning" not in capfd.readouterr().err  # there are many, but no long one
    translate(untrained_translator, f"{parts[0]}\nHola. {one_sentence(parts)}\n".encode())
    assert re.search(r"warning: text:2: a sentence of more than 60 subwords .* in parts", capfd.readouterr().err)


def one_sentence(parts):
    return ", ".join(part.strip("¿¡.?!…") for part in parts) + "."


def test_only_the_first_lines_in_parts_are_named(untrained_translator, sentences, capfd):
    translate(untrained_translator, b"".join([one_sentence(sentences[:30]).encode() + b"\n"] * 12))
    errors = capfd.readouterr().err
    assert errors.count("translated in parts") == 10 and "2 more lines" in errors


def test_invalid_utf8_is_named_or_replaced(untrained):
    with pytest.raises(InputError, match=r"text:2: invalid UTF-8 at byte 3"):
        lines_of(b"uno\nab\xff\n")
    assert lines_of(b"uno\nab\xff\n", "replace") == ["uno", "ab\ufffd"]
    refused = s2s("translate", untrained / "run", stdin=b"uno\nab\xff\ntres\n", check=2)
    assert refused.stdout.count(b"\n") == 1 and b"stdin:2: invalid UTF-8" in refused.stderr
    replaced = s2s("translate", untrained / "run", "--errors", "replace", stdin=b"uno\nab\xff\ntres\n", check=0)
    assert replaced.stdout.count(b"\n") == 3


@pytest.mark.parametrize("text", ["Sí\n", "¿Dónde está el perro?\n\nEl niño.\n"])
def test_utf_16_is_refused(text):
    for encoding in ("UTF-16LE", "UTF-16BE"):
        with pytest.raises(InputError, match=rf"text: looks like UTF-16 without .* iconv -f {encoding} -t UTF-8"):
            lines_of(text.encode(encoding))
    with pytest.raises(InputError, match=r"text:1: invalid UTF-8 .* iconv -f UTF-16 -t UTF-8"):
        lines_of(text.encode("utf-16"))


def test_zero_bytes_of_a_text_in_utf_8_are_kept():
    for line in (b"\0", b"a\0", b"\0a\0b\0 casa", b"\0\0\0\0", b"casa\0" * 100):
        assert lines_of(line + b"\n") == [line.decode()]


def test_an_endless_line_is_refused(monkeypatch):
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 1000)
    monkeypatch.setattr(streams, "READ_BYTES", 100)
    with pytest.raises(InputError, match=r"text:2: a line of more than 1,000 bytes"):
        lines_of(b"uno\n" + b"a" * 5000)


def test_several_files_gz_in_and_out(untrained, tmp_path, sentences):
    (tmp_path / "a.txt").write_text(sentences[0] + "\n", encoding="utf-8")
    (tmp_path / "b.gz").write_bytes(gzip.compress((sentences[1] + "\n\n" + sentences[2]).encode()))
    s2s("translate", untrained / "run", tmp_path / "a.txt", tmp_path / "b.gz", "-o", tmp_path / "out.gz", check=0)
    both = s2s("translate", untrained / "run", stdin="\n".join([*sentences[:2], "", sentences[2]]).encode(), check=0)
    assert gzip.decompress((tmp_path / "out.gz").read_bytes()) == both.stdout


@pytest.mark.slow
def test_killed_it_leaves_whole_lines_in_a_pipe_and_no_file(untrained, tmp_path, sentences):
    long = tmp_path / "long.txt"
    long.write_text("\n".join(sentences * 400), encoding="utf-8")
    with s2s_process("translate", untrained / "run", long) as process:
        seen = process.stdout.read(30_000)
        process.kill()
        seen += process.stdout.read()
        assert process.wait() == -signal.SIGKILL
    assert seen.endswith(b"\n") and seen.count(b"\n") < len(sentences) * 400
    with s2s_process(
        "translate", untrained / "run", long, "-o", tmp_path / "out.txt", stderr=subprocess.DEVNULL
    ) as process:
        while not list(tmp_path.glob(".out.txt.*")) and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "out.txt").exists()
