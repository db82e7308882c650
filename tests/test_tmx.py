"""TMX: which texts of a translation memory are read, and that no file of a stranger fills the memory."""

import gzip
import tracemalloc
from collections import Counter
from itertools import pairwise

import pytest

from s2s.data.corpus import Layout, read_pairs
from s2s.data_config import PairFile
from tests.conftest import python
from tests.pair_files import pairs, refused, write

TMX = """<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en" segtype="sentence" datatype="plaintext"/><body>
<tu tuid="1"><tuv xml:lang="en-GB"><seg>The <bpt i="1">&lt;b></bpt>cat<ept i="1">&lt;/b></ept> is <hi>in</hi> it.</seg></tuv>
<tuv xml:lang="ES"><seg>El gato está &#233;l &amp; yo.</seg></tuv></tu>
<tu><tuv lang="es_MX"><seg>Sí.</seg></tuv><tuv lang="en"><seg>Yes.</seg></tuv><tuv lang="fr"><seg>Oui.</seg></tuv></tu>
<tu><tuv xml:lang="es"><seg>Solo.</seg></tuv></tu>
</body></tmx>
"""


def memory(tmp_path, *variants, start="<tmx>"):
    """A file of one translation unit, of (language, segment)."""
    variants = "".join(f'<tuv xml:lang="{code}">{segment}</tuv>' for code, segment in variants)
    return write(tmp_path / "memory.tmx", f"{start}<body><tu>{variants}</tu></body></tmx>")


def segments(tmp_path, spanish, english="Yes.", notes=None, start="<tmx>"):
    """What is read of one segment."""
    file = memory(tmp_path, ("es", f"<seg>{spanish}</seg>"), ("en", f"<seg>{english}</seg>"), start=start)
    return pairs(file, notes=notes)[0][0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_tmx(tmp_path, encoding):
    path = tmp_path / "memory.tmx"
    path.write_bytes(TMX.format(encoding=encoding).encode(encoding))
    assert pairs(path) == [("El gato está él & yo.", "The cat is in it."), ("Sí.", "Yes."), ("Solo.", "")]
    path.write_bytes(path.read_bytes()[:-60])
    refused(path, "memory.tmx", "not well-formed TMX")
    refused(write(path, "<tmx><body/></tmx>"), "memory.tmx", "no translation unit")
    path.write_bytes(TMX.format(encoding="utf-8").replace("\n", "\r").encode())
    assert pairs(path)[1:] == [("Sí.", "Yes."), ("Solo.", "")]


@pytest.mark.parametrize(
    ("segment", "text"),
    [
        ('<g id="1">Ana</g> es <x><y>al</y>ta</x>.', "Ana es alta."),
        ("<bpt>B</bpt>Ana<ept>B</ept> es <it>I</it>al<ut>U</ut> <ph>P</ph>", "Ana es al"),
        ("Ana <!-- no -->es <?no?>alta.", "Ana es alta."),
        ("Ana<!-- no --> es al<?no?>ta.", "Ana es alta."),
        ("<ph>P<sub>no</sub></ph>Ana es alta.", "Ana es alta."),
        ("Ana est&aacute; aqu&iacute;.&nbsp;", "Ana está aquí."),
    ],
)
def test_only_the_content_of_inline_codes_is_no_text(tmp_path, segment, text):
    notes = Counter()
    assert segments(tmp_path, segment, start='<!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx>', notes=notes) == text
    assert not notes


@pytest.mark.parametrize(
    ("segment", "text", "count"),
    [
        ("Pulse<ph>&lt;br/></ph>aquí.", "Pulse aquí.", 1),
        ("Pulse<ph/><ph/><it/>aquí<ph/>ya.", "Pulse aquí ya.", 1),
        ("Pulse<bpt/><ph/><ept/><g><bpt/>aquí</g>.", "Pulse aquí.", 1),
        ("Hola.<ph/>¿Qué?", "Hola. ¿Qué?", 1),
        ("Hola&unknown;amigo", "Hola amigo", 1),
        ("Habl<bpt/>o<ept/>", "Hablo", 0),
        ("Pulse<ph/> aquí<ph/>.", "Pulse aquí.", 0),
    ],
)
def test_words_that_only_a_code_separates_stay_apart_and_are_counted(tmp_path, segment, text, count):
    notes = Counter()
    assert segments(tmp_path, segment, start='<!DOCTYPE tmx SYSTEM "x"><tmx>', notes=notes) == text
    assert notes["inline_codes"] == count


def test_the_first_variant_with_text_counts(tmp_path):
    variants = [("es-ES", "<seg/>"), ("es-MX", ""), ("es-AR", "<seg>Sí.</seg>"), ("es", "<seg>No.</seg>")]
    assert pairs(memory(tmp_path, *variants, ("en", "<seg>Yes.</seg>"), ("en", "<seg> </seg>"))) == [("Sí.", "Yes.")]


@pytest.mark.parametrize(
    "codes",
    [("spa-ES", "eng-GB"), ("es_419", "EN_us"), ("Spanish", "English"), ("SPANISH (Mexico)", "english"), ("ES", "En")],
)
def test_codes_of_the_two_languages(tmp_path, codes):
    seg = [(code, f"<seg>{text}</seg>") for code, text in zip(codes, ("Sí.", "Yes."), strict=True)]
    assert pairs(memory(tmp_path, *seg)) == [("Sí.", "Yes.")]


def test_a_memory_without_spanish_or_english_names_its_languages(tmp_path):
    segs = {code: (code, "<seg>Oui.</seg>") for code in ("fr-FR", "es", "en", "est")}
    refused(memory(tmp_path, segs["fr-FR"], segs["en"]), "no Spanish", "fr-FR (1), en (1)")
    refused(memory(tmp_path, segs["es"], segs["est"]), "no English", "es (1), est (1)")
    refused(memory(tmp_path, ("", "<seg>Oui.</seg>")), "no Spanish", "none given (1)")


def test_a_memory_in_an_xml_namespace(tmp_path):
    assert segments(tmp_path, "Sí, <hi>ya</hi>.", start='<tmx xmlns="http://www.lisa.org/tmx14">') == "Sí, ya."


def test_a_long_tmx_takes_no_more_memory_than_a_short_one(tmp_path):
    unit = '<tu><tuv xml:lang="es"><seg>Sí.</seg></tuv><tuv xml:lang="en"><seg>Yes.</seg></tuv></tu>\n'
    peaks = []
    for count in (100, 20_000):
        path = write(tmp_path / f"{count}.tmx", f"<tmx><body>{unit * count}</body></tmx>")
        tracemalloc.start()
        assert sum(1 for _ in read_pairs([PairFile(str(path))], Layout())) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000


UNIT = '<tu><tuv xml:lang="es"><seg>Sí.</seg></tuv><tuv xml:lang="en"><seg>Yes.</seg></tuv></tu>'

# Reads a file in at most 400 MB; prints the number of its pairs, or the error.  (ru_maxrss is that of the parent too.)
READ = """
import re, sys
from pathlib import Path
from s2s.data_config import PairFile
from s2s.data.corpus import Layout, read_pairs
from s2s.errors import InputError
try:
    print(sum(1 for _ in read_pairs([PairFile(sys.argv[1])], Layout())))
except InputError as error:
    print(error)
peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]
assert int(peak) < 400_000, f"{peak} kB"
"""


@pytest.mark.parametrize(
    ("parts", "result"),
    [
        (["<x/>" * 6_000_000, UNIT], "without the end of a translation unit"),
        (["<!---->" * 6_000_000, UNIT], "without the end of a translation unit"),
        (["<tu>", "<x/>" * 6_000_000, "</tu>"], "without the end of a translation unit"),
        (["<tu><tuv><seg>", f"<x>{'a' * 1_000_000}</x>" * 50, "</seg></tuv></tu>"], "without the end"),
        (["<tu><tuv><seg>", "&x;" * 4_000_000, "</seg></tuv></tu>"], "without the end"),
        ([f"<a>{UNIT}{'<x/>' * 100_000}</a>"] * 40, "40"),
    ],
    ids=["between", "comments", "in a unit", "text", "entities", "after units"],
)
def test_packed_elements_do_not_fill_the_memory(tmp_path, parts, result):
    body = "".join(parts)
    path = tmp_path / "packed.tmx.gz"
    path.write_bytes(gzip.compress(f'<!DOCTYPE tmx SYSTEM "x"><tmx><body>{body}</body></tmx>'.encode(), 1))
    printed = python("-c", READ, path, check=0).stdout.decode()
    assert result in printed and (result == "40" or "packed.tmx.gz" in printed), printed


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
    refused(write(tmp_path / "deep.tmx", f"<tmx><body><tu>{'<x>' * 10_000}"), "deep.tmx", "not well-formed TMX")
