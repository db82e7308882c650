#!/usr/bin/env python3
"""Download the Spanish-English sentence pairs of Tatoeba, CC BY 2.0 FR.

    python scripts/corpora/fetch_tatoeba.py            # writes data/tatoeba/spa-eng.zip, the edition for Anki
    python scripts/corpora/fetch_tatoeba.py --exports  # writes data/tatoeba/tatoeba.tsv.gz, this week's exports

Also writes train.tsv.gz, dev.tsv.gz and test.tsv.gz to the same directory: a fixed split of the pairs.  The configs for
Tatoeba use these three files, so their scores are comparable.
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
from s2s.data.cleaning import clean
from s2s.data.corpus import Layout, read_pairs
from s2s.data.splitting import SPLITS, hold_out
from s2s.data_config import CleaningConfig, PairFile
from s2s.files import atomic_file

ANKI = "https://www.manythings.org/anki/"
EXPORTS = "https://downloads.tatoeba.org/exports/per_language/"

DEV_SIZE, TEST_SIZE, SEED = 2000, 3000, 1
"""Pairs held out for dev and for test, and the seed that selects them."""

LICENCE = """Sentences of the Tatoeba project, https://tatoeba.org, licence CC BY 2.0 FR,
https://creativecommons.org/licenses/by/2.0/fr/.  Name Tatoeba wherever you show them, and
www.manythings.org/anki where you took them from there."""


def main() -> None:
    """Parse the arguments, download the pairs, split them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "data" / "tatoeba"
    parser.add_argument(
        "directory", type=Path, nargs="?", default=default, help="directory to write to (default: data/tatoeba)"
    )
    parser.add_argument("--exports", action="store_true", help="download the weekly exports of tatoeba.org instead")
    parser.add_argument("--mirror", help="URL of a directory with the same files, instead of the original server")
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
    """Download the exported sentences and links, and join them to pairs; raises FetchError if there is no pair.

    Args:
        directory: directory to write to.
        base: start of the exports' URLs.

    Returns:
        The file of the pairs; its columns are Spanish, English, and the Tatoeba ids of both sentences.
    """
    path = directory / "tatoeba.tsv.gz"
    with tempfile.TemporaryDirectory() as temporary:
        names = ("spa/spa_sentences.tsv.bz2", "eng/eng_sentences.tsv.bz2", "spa/spa-eng_links.tsv.bz2")
        files = [fetch(f"{base}{name}", Path(temporary) / Path(name).name) for name in names]
        links = [(source, target) for source, target, *_ in _rows(files[2])]
        spanish, english = (
            _read_sentences(file, {link[side] for link in links}) for side, file in enumerate(files[:2])
        )
    pairs = [(spanish[s], english[t], s, t) for s, t in links if s in spanish and t in english]
    if not pairs:
        raise FetchError(f"{base}: no pair in the exports")
    _write(path, pairs)
    write_about(path, base, LICENCE)
    return path


def split(path: Path) -> None:
    """Write the train, dev and test split of a pair file beside it; no sentence is in two splits, on either side.

    An existing split is kept, because scores are comparable only on the same split.
    """
    split_paths = [path.with_name(f"{name}.tsv.gz") for name in SPLITS]
    for split_path in split_paths:
        if split_path.exists():
            print(
                f"{split_path} exists: nothing was split anew; delete train, dev and test.tsv.gz to split again",
                file=sys.stderr,
            )
            return
    # As for held-out pairs, `clean` only mends sentences and removes pairs with an empty side.  `prepare` applies the
    # other rules.
    mends = CleaningConfig(typography=False, opening_marks=False)  # the files are split, not rewritten
    cleaned = clean(list(read_pairs([PairFile(str(path))], Layout())), mends, held_out=True)
    splits = hold_out(cleaned.keys, DEV_SIZE, TEST_SIZE, SEED)
    for number, split_path in enumerate(split_paths):
        _write(split_path, (cleaned.pairs[index][:2] for index in np.flatnonzero(splits == number)))


def _write(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    with atomic_file(path) as unfinished, gzip.open(unfinished, "wt", encoding="utf-8", newline="\n") as output:
        count = sum(bool(output.write("\t".join(row) + "\n")) for row in rows)
    print(f"{path}: {count:,} pairs", file=sys.stderr)


def _read_sentences(path: Path, ids: set[str]) -> dict[str, str]:
    """The exported sentences with these ids, by id."""
    return {number: text for number, _, text, *_ in _rows(path) if number in ids}


def _rows(path: Path) -> Iterator[list[str]]:
    with bz2.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


if __name__ == "__main__":
    main()
