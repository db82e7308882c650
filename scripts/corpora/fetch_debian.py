#!/usr/bin/env python3
"""Extract a Spanish-English corpus from the documentation and messages of Debian packages.

    python scripts/corpora/fetch_debian.py                # writes to data/debian
    python scripts/corpora/fetch_debian.py DIRECTORY

Downloads the packages with `apt-get download` (330 MB; nothing is installed).  Needs Debian or a derivative of Debian.
Help pages are aligned by the ids of their paragraphs, or by their structure if both pages have the same one.  Message
catalogues are aligned by message.  A paragraph with the same number of sentences on both sides is split into sentences.

Writes debian.tsv.gz (columns: Spanish, English, package, document) and copyright/, the licences of the packages: MPL-2.0
(LibreOffice), GPL-2+ (Wesnoth), CC BY-SA 3.0 (GNOME), GPL-2+ and CC BY-SA (handbook).  And a small corpus to adapt a model
to, of LibreOffice's help: help-train.tsv.gz (2,000 pairs), help-dev.tsv.gz (500) and help-test.tsv.gz (1,000), each of other
documents.
"""

import argparse
import gzip
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from lxml import etree, html

from s2s.files import atomic_file

PACKAGES = ("libreoffice-help-es", "libreoffice-help-en-us", "gnome-user-docs", "debian-handbook")
CAMPAIGNS = "data did dm dw ei httt l low nr sof sota sotbe thot trow tsg ttb utbs"
"""Campaigns of Wesnoth: its package names are wesnoth-VERSION-CAMPAIGN."""

WORDS = range(3, 61)
"""English words of the texts that are kept: shorter texts are labels, longer ones too long for one state."""

HELP_PAIRS = {"test": 1000, "dev": 500, "train": 2000}
"""Pairs of the small corpus of help texts."""

Pair = tuple[str, str]
Origin = tuple[str, str]
"""Package and document."""
Row = tuple[str, str, str, str]
"""Spanish, English, package, document."""

_BLOCKS = ("p", "title", "desc", "h1", "h2", "h3", "h4", "h5", "h6")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[¿¡\"“«]?[A-ZÁÉÍÓÚÑ])")
_MARKUP = re.compile(r"<[^<>]*>")


def main() -> None:
    """Parse the arguments, download the packages, write the pairs and the licences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "data" / "debian"
    parser.add_argument(
        "directory", type=Path, nargs="?", default=default, help="directory to write to (default: data/debian)"
    )
    target: Path = parser.parse_args().directory
    (target / "copyright").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        packages = download(Path(directory))
        origin_of: dict[Pair, Origin] = {}
        for origin, pair in pairs(packages):
            origin_of.setdefault(pair, origin)
        for name, root in packages.items():
            licence = (root / "usr" / "share" / "doc" / name / "copyright").read_bytes()
            (target / "copyright" / name).write_bytes(licence)
    rows = [(*pair, *origin) for pair, origin in origin_of.items()]
    write_rows(target / "debian.tsv.gz", rows)
    for name, split in help_splits(rows).items():
        write_rows(target / f"help-{name}.tsv.gz", split)
    print(f"{target}: {len(rows):,} pairs; licences in {target / 'copyright'}", file=sys.stderr)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as compressed TSV."""
    with atomic_file(path) as temporary, gzip.open(temporary, "wt", encoding="utf-8", newline="\n") as file:
        file.writelines("\t".join(row) + "\n" for row in rows)


def help_splits(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The pairs of LibreOffice's help in splits of HELP_PAIRS, by the hashes of documents and sentences.

    A document, and so all of its sentences, is in one split only; sentences that several documents have are in the first's.
    """
    by_hash = sorted(
        (row for row in rows if row[2] == "libreoffice-help-es"), key=lambda row: (_hash(row[3]), _hash(row[0]))
    )
    splits, used = {}, set()
    for name, count in HELP_PAIRS.items():
        splits[name] = [row for row in by_hash if row[3] not in used][:count]
        used |= {row[3] for row in splits[name]}
    return splits


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def download(directory: Path) -> dict[str, Path]:
    """Download and unpack the packages; returns the root directory of each package by name.  Raises SystemExit on failure."""
    known = _run(directory, "apt-cache", "pkgnames", "wesnoth-").split()
    if not known:
        subprocess.run(["apt-get", "update"], check=False, stdout=subprocess.DEVNULL)
        known = _run(directory, "apt-cache", "pkgnames", "wesnoth-").split()
    versions = [match[0] for name in known if (match := re.fullmatch(r"wesnoth-[0-9.]+-data", name))]
    if not versions:
        raise SystemExit("apt lists no packages of Wesnoth: run `apt-get update` as root, on Debian")
    series = max(versions).removesuffix("data")
    names = [*PACKAGES, *(f"{series}{campaign}" for campaign in CAMPAIGNS.split() if f"{series}{campaign}" in known)]
    print(f"downloading {len(names)} packages", file=sys.stderr)
    _run(directory, "apt-get", "download", "--quiet", *names)
    roots = {}
    for archive in sorted(directory.glob("*.deb")):
        root = roots[archive.name.partition("_")[0]] = directory / archive.stem
        _run(directory, "dpkg-deb", "--extract", str(archive), str(root))
    return roots


def pairs(packages: dict[str, Path]) -> Iterator[tuple[Origin, Pair]]:
    """Origin and pair of every pair in the unpacked packages; packages: root directory of each by name."""
    share = {name: root / "usr" / "share" for name, root in packages.items()}
    office = "libreoffice/help"
    trees = [
        (
            "libreoffice-help-es",
            share["libreoffice-help-es"] / office / "es",
            share["libreoffice-help-en-us"] / office / "en-US",
        ),
        ("gnome-user-docs", share["gnome-user-docs"] / "help" / "es", share["gnome-user-docs"] / "help" / "C"),
    ]
    book = share["debian-handbook"] / "doc" / "debian-handbook" / "html"
    trees.append(("debian-handbook", book / "es-ES", book / "en-US"))
    for name, spanish, english in trees:
        for path in sorted([*spanish.rglob("*.html"), *spanish.rglob("*.page")]):
            document = path.relative_to(spanish)
            if (translation := english / document).exists():
                yield from (((name, str(document)), pair) for pair in written(pairs_of_pages(path, translation)))
    for name, root in packages.items():
        for catalogue in sorted(root.rglob("es/LC_MESSAGES/*.mo")):
            yield from (((name, catalogue.name), pair) for pair in written(messages(catalogue.read_bytes())))


def pairs_of_pages(spanish: Path, english: Path) -> Iterator[Pair]:
    """Aligned blocks of a page in both languages: all of them if the pages have the same tags, else those with the same id.

    Args:
        spanish: file of the Spanish page.
        english: file of the English page.
    """
    spanish_blocks, english_blocks = blocks(spanish), blocks(english)
    if [tag for tag, *_ in spanish_blocks] == [tag for tag, *_ in english_blocks]:
        yield from ((es, en) for (_, _, es), (_, _, en) in zip(spanish_blocks, english_blocks, strict=True))
        return
    english_by_id = {block_id: text for _, block_id, text in english_blocks if block_id}
    yield from ((text, english_by_id[block_id]) for _, block_id, text in spanish_blocks if block_id in english_by_id)


def blocks(path: Path) -> list[tuple[str, str | None, str]]:
    """(tag, id, text) of every paragraph and heading of an HTML or Mallard page; the id is None if there is none."""
    tree: Any = (
        html.parse(str(path), html.HTMLParser(encoding="utf-8")) if path.suffix == ".html" else etree.parse(str(path))
    )
    texts = []
    for element in tree.iter():
        if isinstance(element.tag, str) and (tag := etree.QName(element).localname) in _BLOCKS:
            # The text of an empty link is filled in by the viewer, so the sentence is incomplete here.
            complete = all("".join(link.itertext()).strip() for link in element.iter("{*}link"))
            text = " ".join("".join(element.itertext()).split()) if complete else ""
            texts.append((tag, element.get("id"), text))
    return texts


def messages(data: bytes) -> Iterator[Pair]:
    """(Spanish, English) of each message of a catalogue in gettext's .mo format, without markup.

    The format: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html
    """
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    count, originals, translations = struct.unpack(f"{order}3I", data[8:20])
    for number in range(count):
        english, spanish = (_text(data, order, table + 8 * number) for table in (originals, translations))
        # \x04 and ^ separate the context of a message from its text, and \x00 separates plural forms.
        english = english.rpartition("\x04")[2]
        english = english.partition("^")[2] if "^" in english else english
        for es, en in zip(spanish.split("\x00"), english.split("\x00"), strict=False):
            yield _MARKUP.sub("", es), _MARKUP.sub("", en)


def written(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Sentence pairs of written text.

    Pairs with the same number of sentences on both sides are split into sentences.  Labels, texts with variables, and
    pairs of identical sides are left out.
    """
    for pair in pairs:
        sides = [_SENTENCE_END.split(" ".join(text.split())) for text in pair]
        sentence_pairs = (
            zip(*sides, strict=True) if len(sides[0]) == len(sides[1]) else [[" ".join(side) for side in sides]]
        )
        for es, en in sentence_pairs:
            if len(en.split()) in WORDS and es != en and es and not re.search(r"[$%{}_]|\\n", es + en):
                yield es, en


def _text(data: bytes, order: str, position: int) -> str:
    """The text that a descriptor (length and offset) at `position` of a .mo file describes; order: struct's byte order."""
    length, start = struct.unpack(f"{order}2I", data[position : position + 8])
    return data[start : start + length].decode("utf-8")


def _run(directory: Path, *command: str) -> str:
    """The output of a command that runs in `directory`; raises SystemExit if the command fails, unless it is apt-cache."""
    try:
        process = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit(f"{command[0]} is missing: this script needs Debian or a derivative of Debian") from None
    if process.returncode and command[0] != "apt-cache":
        raise SystemExit(f"{' '.join(command[:2])} failed: {(process.stderr.strip().splitlines() or [''])[-1]}")
    return process.stdout


if __name__ == "__main__":
    main()
