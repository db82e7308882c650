#!/usr/bin/env python3
"""Generate the sample corpus from a grammar and a lexicon.

    python scripts/sample_corpus/make.py                # writes to data/sample
    python scripts/sample_corpus/make.py DIRECTORY

Writes train.tsv, dev.tsv, test.tsv and long.tsv, each line `spanish<TAB>english`.  The seed is fixed, so every call
writes the same bytes.  No sentence is in two of the files, on either side.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import complex_patterns
import copula_patterns
import number_patterns
import verb_patterns
from grammar import Pair
from phrases import sentence

SEED = 20240

PAIRS, HELD_OUT, LONG = 14_000, 500, 200
"""Pairs of train, dev and test together; pairs of dev, and of test; pairs of long.tsv."""

PATTERNS: tuple[tuple[int, Callable[[Random], Pair]], ...] = (
    (24, verb_patterns.transitive),
    (7, verb_patterns.transitive_question),
    (4, verb_patterns.what_question),
    (7, verb_patterns.personal_object),
    (13, verb_patterns.intransitive),
    (4, verb_patterns.adverb_question),
    (4, verb_patterns.subject_question),
    (8, verb_patterns.clitic),
    (5, verb_patterns.ditransitive),
    (8, verb_patterns.modal),
    (5, verb_patterns.command),
    (6, copula_patterns.description),
    (6, copula_patterns.thing_description),
    (3, copula_patterns.profession),
    (3, copula_patterns.origin),
    (5, copula_patterns.location),
    (4, copula_patterns.person_location),
    (3, copula_patterns.existence),
    (5, copula_patterns.gustar),
    (4, copula_patterns.comparison),
    (4, copula_patterns.possession),
    (4, number_patterns.clock),
    (4, number_patterns.date),
    (6, number_patterns.quantity),
    (6, complex_patterns.that_clause),
    (6, complex_patterns.subjunctive_clause),
    (4, complex_patterns.causal_clause),
    (5, complex_patterns.subordinate_clause),
    (5, complex_patterns.relative_clause),
    (3, complex_patterns.coordination),
)
"""(weight, pattern): each pattern is a function that generates a random pair; it is chosen in proportion to its weight."""


def generate(random: Random, count: int) -> list[Pair]:
    """Generate `count` distinct pairs."""
    weights, patterns = zip(*PATTERNS, strict=True)
    pairs: dict[Pair, None] = {}
    while len(pairs) < count:
        pairs[sentence(random.choices(patterns, weights)[0](random))] = None
    return list(pairs)


def components(pairs: list[Pair]) -> list[list[Pair]]:
    """The connected components of pairs, where two pairs are connected if they share a sentence on either side."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    for pair in pairs:
        parent[root(f"es {pair.es}")] = root(f"en {pair.en}")
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(root(f"es {pair.es}"), []).append(pair)
    return list(groups.values())


def corpus() -> dict[str, list[Pair]]:
    """The pairs of each file, by the file's name without .tsv."""
    random = Random(SEED)
    groups = components(generate(random, PAIRS))
    random.shuffle(groups)
    splits: dict[str, list[Pair]] = {"test": [], "dev": [], "train": []}
    for group in groups:
        # Only components of one pair are held out: every dev and test sentence has exactly one reference.
        name = next((n for n in ("test", "dev") if len(splits[n]) < HELD_OUT and len(group) == 1), "train")
        splits[name] += group
    longest = max(len(pair.es.split()) for pair in splits["train"])
    long: dict[Pair, None] = {}
    while len(long) < LONG:
        pair = sentence(complex_patterns.long_sentence(random))
        if len(pair.es.split()) > longest:
            long[pair] = None
    return splits | {"long": list(long)}


def main() -> None:
    """Parse the arguments and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "data" / "sample"
    parser.add_argument(
        "directory", type=Path, nargs="?", default=default, help="directory to write to (default: data/sample)"
    )
    directory: Path = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    for name, pairs in corpus().items():
        path = directory / f"{name}.tsv"
        path.write_text("".join(f"{pair.es}\t{pair.en}\n" for pair in pairs), encoding="utf-8")
        print(f"{path}: {len(pairs)} pairs", file=sys.stderr)


if __name__ == "__main__":
    main()
