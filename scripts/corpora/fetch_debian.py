#!/usr/bin/env python3
"""A corpus out of Debian packages alone: longer, written sentences.  python scripts/corpora/fetch_debian.py [DIRECTORY]

Takes packages whose documents and messages exist in both languages with `apt-get download` (330 MB; nothing is
installed), and pairs them: pages of help by the ids of their paragraphs or, where they have none, by their structure;
message catalogues by message.  Paragraphs of as many sentences on both sides are cut into these.

Writes DIRECTORY/debian.tsv.gz (default data/debian; Spanish, English, package) and DIRECTORY/copyright/, the
packages' licences: MPL-2.0 (LibreOffice), GPL-2+ (Wesnoth), CC BY-SA 3.0 (GNOME), GPL-2+ and CC BY-SA (handbook).
"""

import gzip
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree, html

from s2s.files import atomic_file

PACKAGES = ("libreoffice-help-es", "libreoffice-help-en-us", "gnome-user-docs", "debian-handbook")
CAMPAIGNS = "data did dm dw ei httt l low nr sof sota sotbe thot trow tsg ttb utbs"
"""Of Wesnoth, whose packages have the version in their names."""

WORDS = range(3, 61)
"""English words of a sentence or paragraph that is taken: less is a label, more is not for one vector."""

Pair = tuple[str, str]

_BLOCKS = ("p", "title", "desc", "h1", "h2", "h3", "h4", "h5", "h6")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[¿¡\"“«]?[A-ZÁÉÍÓÚÑ])")
_MARKUP = re.compile(r"<[^<>]*>")


def main() -> None:
    """Download, pair, write."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "data" / "debian")
    (target / "copyright").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        packages = download(Path(directory))
        found: dict[Pair, str] = {}
        for name, pair in pairs(packages):
            found.setdefault(pair, name)
        for name, root in packages.items():
            licence = (root / "usr" / "share" / "doc" / name / "copyright").read_bytes()
            (target / "copyright" / name).write_bytes(licence)
    path = target / "debian.tsv.gz"
    with atomic_file(path) as temporary, gzip.open(temporary, "wt", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{es}\t{en}\t{name}\n" for (es, en), name in found.items())
    print(f"{path}: {len(found):,} pairs; licences in {target / 'copyright'}", file=sys.stderr)


def download(directory: Path) -> dict[str, Path]:
    """Fetch and unpack the packages below a directory; the root of each by name.  SystemExit where that fails."""
    known = _run(directory, "apt-cache", "pkgnames", "wesnoth-").split()
    if not known:
        subprocess.run(["apt-get", "update"], check=False, stdout=subprocess.DEVNULL)
        known = _run(directory, "apt-cache", "pkgnames", "wesnoth-").split()
    versions = [match[0] for name in known if (match := re.fullmatch(r"wesnoth-[0-9.]+-data", name))]
    if not versions:
        raise SystemExit("apt knows no packages of Wesnoth: run `apt-get update` as root, on Debian")
    series = max(versions).removesuffix("data")
    names = [*PACKAGES, *(f"{series}{campaign}" for campaign in CAMPAIGNS.split() if f"{series}{campaign}" in known)]
    print(f"downloading {len(names)} packages", file=sys.stderr)
    _run(directory, "apt-get", "download", "--quiet", *names)
    roots = {}
    for archive in sorted(directory.glob("*.deb")):
        root = roots[archive.name.partition("_")[0]] = directory / archive.stem
        _run(directory, "dpkg-deb", "--extract", str(archive), str(root))
    return roots


def pairs(packages: dict[str, Path]) -> Iterator[tuple[str, Pair]]:
    """The name of a package and a pair, for all pairs there are."""
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
            if (other := english / path.relative_to(spanish)).exists():
                yield from ((name, pair) for pair in written(pairs_of_pages(path, other)))
    for name, root in packages.items():
        for catalogue in sorted(root.rglob("es/LC_MESSAGES/*.mo")):
            yield from ((name, pair) for pair in written(messages(catalogue.read_bytes())))


def pairs_of_pages(spanish: Path, english: Path) -> Iterator[Pair]:
    """The blocks of text of a page in both languages that have the same id, or all if there are as many of each kind."""
    one, other = blocks(spanish), blocks(english)
    if [tag for tag, *_ in one] == [tag for tag, *_ in other]:
        yield from ((es, en) for (_, _, es), (_, _, en) in zip(one, other, strict=True))
        return
    by_id = {name: text for _, name, text in other if name}
    yield from ((text, by_id[name]) for _, name, text in one if name in by_id)


def blocks(path: Path) -> list[tuple[str, str | None, str]]:
    """(tag, id, text) of every paragraph and heading of an HTML or Mallard page."""
    tree: Any = (
        html.parse(str(path), html.HTMLParser(encoding="utf-8")) if path.suffix == ".html" else etree.parse(str(path))
    )
    found = []
    for element in tree.iter():
        if isinstance(element.tag, str) and (tag := etree.QName(element).localname) in _BLOCKS:
            # The words of an empty link are elsewhere: a hole in the sentence.
            whole = all("".join(link.itertext()).strip() for link in element.iter("{*}link"))
            found.append((tag, element.get("id"), " ".join("".join(element.itertext()).split()) if whole else ""))
    return found


def messages(data: bytes) -> Iterator[Pair]:
    """The messages of a catalogue in gettext's .mo format: Spanish, English.

    The format: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html
    """
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    count, originals, translations = struct.unpack(f"{order}3I", data[8:20])
    for number in range(count):
        english, spanish = (_text(data, order, table + 8 * number) for table in (originals, translations))
        # Before these marks stands the context of a message; the forms of a plural are parted by zeros.
        english = english.rpartition("\x04")[2]
        english = english.partition("^")[2] if "^" in english else english
        for es, en in zip(spanish.split("\x00"), english.split("\x00"), strict=False):
            yield _MARKUP.sub("", es), _MARKUP.sub("", en)


def written(found: Iterable[Pair]) -> Iterator[Pair]:
    """Pairs cut into sentences where both sides have as many, without labels, variables and what is the same in both."""
    for pair in found:
        sides = [_SENTENCE_END.split(" ".join(text.split())) for text in pair]
        cut = zip(*sides, strict=True) if len(sides[0]) == len(sides[1]) else [[" ".join(side) for side in sides]]
        for es, en in cut:
            if len(en.split()) in WORDS and es != en and es and not re.search(r"[$%{}_]|\\n", es + en):
                yield es, en


def _text(data: bytes, order: str, at: int) -> str:
    length, start = struct.unpack(f"{order}2I", data[at : at + 8])
    return data[start : start + length].decode("utf-8")


def _run(directory: Path, *command: str) -> str:
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit(f"{command[0]} is not here: this works on Debian and what derives from it") from None
    if done.returncode and command[0] != "apt-cache":
        raise SystemExit(f"{' '.join(command[:2])} failed: {(done.stderr.strip().splitlines() or [''])[-1]}")
    return done.stdout


if __name__ == "__main__":
    main()
