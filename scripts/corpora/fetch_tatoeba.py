#!/usr/bin/env python3
"""Download the Spanish-English sentence pairs of Tatoeba, CC BY 2.0 FR.

    python scripts/corpora/fetch_tatoeba.py            # as made for Anki: data/tatoeba/spa-eng.zip
    python scripts/corpora/fetch_tatoeba.py --exports  # tatoeba.org's own, of this week: data/tatoeba/tatoeba.tsv.gz

Either is then split into train.tsv.gz, dev.tsv.gz and test.tsv.gz beside it, which configs/tatoeba.yaml names: the
same for every recipe, so that their scores can be compared.
"""

import argparse
import bz2
import gzip
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from fetching import FetchError, check_zip, fetch, write_about
from s2s.config import CleaningConfig
from s2s.data.cleaning import clean
from s2s.data.corpus import Layout, read_pairs
from s2s.data.splitting import SPLITS, hold_out
from s2s.files import atomic_file

ANKI = "https://www.manythings.org/anki/"
EXPORTS = "https://downloads.tatoeba.org/exports/per_language/"

DEV_SIZE, TEST_SIZE, SEED = 2000, 3000, 1
"""Pairs held out, and what draws them."""

LICENCE = """EncodedSentences of the Tatoeba project, https://tatoeba.org, licence CC BY 2.0 FR,
https://creativecommons.org/licenses/by/2.0/fr/.  Name Tatoeba wherever you show them, and
www.manythings.org/anki where you took them from there."""


def main() -> None:
    """Parse the flags, download, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    default = Path(__file__).parents[2] / "data" / "tatoeba"
    parser.add_argument("directory", type=Path, nargs="?", default=default)
    parser.add_argument("--exports", action="store_true", help="tatoeba.org's weekly exports instead of Anki's file")
    parser.add_argument("--mirror", help="address that the files are below, instead of the original one")
    flags = parser.parse_args()
    flags.directory.mkdir(parents=True, exist_ok=True)
    if flags.exports:
        path = fetch_exports(flags.directory, flags.mirror or EXPORTS)
    else:
        url = f"{flags.mirror or ANKI}spa-eng.zip"
        path = fetch(url, flags.directory / "spa-eng.zip")
        check_zip(path)
        write_about(path, url, LICENCE)
    split(path)


def fetch_exports(directory: Path, base: str) -> Path:
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
    _write(path, pairs)
    write_about(path, base, LICENCE)
    return path


def split(path: Path) -> None:
    """Split downloaded pairs, Spanish first, so that no sentence stands in two files, on either side.

    A split that is there already stays: results are compared on it.
    """
    names = [path.with_name(f"{name}.tsv.gz") for name in SPLITS]
    for name in names:
        if name.exists():
            print(
                f"{name} is here already: nothing was split anew; delete train, dev and test.tsv.gz for that",
                file=sys.stderr,
            )
            return
    # Held-out pairs are mended, and lose those with an empty side only: the other rules are for `prepare`.
    found = clean(list(read_pairs([str(path)], Layout())), CleaningConfig(), held_out=True)
    splits = hold_out(found.keys, DEV_SIZE, TEST_SIZE, SEED)
    for number, name in enumerate(names):
        _write(name, (found.pairs[row][:2] for row in np.flatnonzero(splits == number)))


def _write(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    with atomic_file(path) as unfinished, gzip.open(unfinished, "wt", encoding="utf-8", newline="\n") as output:
        count = sum(bool(output.write("\t".join(row) + "\n")) for row in rows)
    print(f"{path}: {count:,} pairs", file=sys.stderr)


def _rows(path: Path) -> Iterator[list[str]]:
    with bz2.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


if __name__ == "__main__":
    main()
