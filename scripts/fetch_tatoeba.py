#!/usr/bin/env python3
"""Download the Spanish-English sentence pairs of Tatoeba, CC BY 2.0 FR.

    python scripts/fetch_tatoeba.py            # as made for Anki: data/tatoeba/spa-eng.zip
    python scripts/fetch_tatoeba.py --exports  # tatoeba.org's own, of this week: data/tatoeba/tatoeba.tsv.gz

Either goes into `s2s prepare` as it is, as data.train.
"""

import argparse
import bz2
import gzip
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fetching import FetchError, check_zip, fetch, write_about
from s2s.files import whole_file

ANKI = "https://www.manythings.org/anki/"
EXPORTS = "https://downloads.tatoeba.org/exports/per_language/"

LICENCE = """Sentences of the Tatoeba project, https://tatoeba.org, licence CC BY 2.0 FR,
https://creativecommons.org/licenses/by/2.0/fr/.  Name Tatoeba wherever you show them, and
www.manythings.org/anki where you took them from there."""


def main() -> None:
    """Parse the flags, download, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    default = Path(__file__).parent.parent / "data" / "tatoeba"
    parser.add_argument("directory", type=Path, nargs="?", default=default)
    parser.add_argument("--exports", action="store_true", help="tatoeba.org's weekly exports instead of Anki's file")
    parser.add_argument("--mirror", help="address that the files are below, instead of the original one")
    flags = parser.parse_args()
    flags.directory.mkdir(parents=True, exist_ok=True)
    if flags.exports:
        fetch_exports(flags.directory, flags.mirror or EXPORTS)
    else:
        url = f"{flags.mirror or ANKI}spa-eng.zip"
        path = fetch(url, flags.directory / "spa-eng.zip")
        check_zip(path)
        write_about(path, url, LICENCE)


def fetch_exports(directory: Path, base: str) -> None:
    """Join the exported sentences of both languages by the exported links: Spanish, English, both numbers."""
    path = directory / "tatoeba.tsv.gz"
    with tempfile.TemporaryDirectory() as temporary:
        names = ("spa/spa_sentences.tsv.bz2", "eng/eng_sentences.tsv.bz2", "spa/spa-eng_links.tsv.bz2")
        files = [fetch(f"{base}{name}", Path(temporary) / Path(name).name) for name in names]
        links = [(source, target) for source, target, *_ in _rows(files[2])]
        sides = []
        for side, file in enumerate(files[:2]):
            wanted = {link[side] for link in links}
            sides.append({number: text for number, _, text, *_ in _rows(file) if number in wanted})
    pairs = [(sides[0][s], sides[1][t], s, t) for s, t in links if s in sides[0] and t in sides[1]]
    if not pairs:
        raise FetchError(f"{base}: no pair in the exports")
    with whole_file(path) as unfinished, gzip.open(unfinished, "wt", encoding="utf-8", newline="\n") as output:
        output.writelines("\t".join(pair) + "\n" for pair in pairs)
    print(f"{path}: {len(pairs):,} pairs", file=sys.stderr)
    write_about(path, base, LICENCE)


def _rows(path: Path) -> Iterator[list[str]]:
    with bz2.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


if __name__ == "__main__":
    main()
