"""Generate the sample corpus: python scripts/sample_corpus/make.py [DIRECTORY]

Writes train.tsv, dev.tsv, test.tsv and long.tsv (`spanish<TAB>english`) to data/sample or DIRECTORY.  The same
seed gives the same bytes.  No sentence of one split stands in another, on either side: pairs
that share a sentence, directly or through others, stay together.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import being
import counting
import doing
import joining
from kinds import Both
from phrases import sentence

SEED = 20240
PAIRS, HELD_OUT, LONG = 14_000, 500, 200

PATTERNS: tuple[tuple[int, Callable[[Random], Both]], ...] = (
    (24, doing.transitive),
    (7, doing.transitive_question),
    (4, doing.what_question),
    (7, doing.with_somebody),
    (13, doing.intransitive),
    (4, doing.place_question),
    (4, doing.subject_question),
    (8, doing.clitic),
    (5, doing.giving),
    (8, doing.wishing),
    (5, doing.commanding),
    (6, being.describing),
    (6, being.describing_thing),
    (3, being.profession),
    (3, being.origin),
    (5, being.locating),
    (4, being.locating_person),
    (3, being.existing),
    (5, being.liking),
    (4, being.comparing),
    (4, being.belonging),
    (4, counting.clock),
    (4, counting.date),
    (6, counting.counting),
    (6, joining.thinking),
    (6, joining.wanting),
    (4, joining.because),
    (5, joining.whenever),
    (5, joining.relative),
    (3, joining.coordinated),
)
"""The patterns with their shares."""


def generate(random: Random, count: int) -> list[Both]:
    """`count` different pairs, patterns in their shares."""
    shares, patterns = zip(*PATTERNS, strict=True)
    pairs: dict[Both, None] = {}
    while len(pairs) < count:
        pairs[sentence(random.choices(patterns, shares)[0](random))] = None
    return list(pairs)


def components(pairs: list[Both]) -> list[list[Both]]:
    """Groups of pairs that share a Spanish or an English sentence, directly or through others."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    for pair in pairs:
        parent[root(f"es {pair.es}")] = root(f"en {pair.en}")
    groups: dict[str, list[Both]] = {}
    for pair in pairs:
        groups.setdefault(root(f"es {pair.es}"), []).append(pair)
    return list(groups.values())


def corpus() -> dict[str, list[Both]]:
    """The files' pairs by name, as listed at the top."""
    random = Random(SEED)
    groups = components(generate(random, PAIRS))
    random.shuffle(groups)
    splits: dict[str, list[Both]] = {"test": [], "dev": [], "train": []}
    for group in groups:
        # Held-out sentences have one translation, which the reference then is.
        name = next((n for n in ("test", "dev") if len(splits[n]) < HELD_OUT and len(group) == 1), "train")
        splits[name] += group
    longest = max(len(pair.es.split()) for pair in splits["train"])
    long: dict[Both, None] = {}
    while len(long) < LONG:
        pair = sentence(joining.long_sentence(random))
        if len(pair.es.split()) > longest:
            long[pair] = None
    return splits | {"long": list(long)}


def main() -> None:
    """Write the files."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "data" / "sample")
    directory.mkdir(parents=True, exist_ok=True)
    for name, pairs in corpus().items():
        path = directory / f"{name}.tsv"
        path.write_text("".join(f"{pair.es}\t{pair.en}\n" for pair in pairs), encoding="utf-8")
        print(f"{path}: {len(pairs)} pairs", file=sys.stderr)


if __name__ == "__main__":
    main()
