#!/usr/bin/env python3
"""Which part of the state is the better sentence vector: precision at 1 on paraphrases.

    python scripts/experiments/paraphrases.py runs/tatoeba-quick data/tatoeba/train.tsv.gz

Paraphrases are Spanish sentences with the same English translation.  Of each that has one, the nearest sentence by cosine
among --sentences such sentences should be a paraphrase of it.  Printed for h and c of every layer.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from s2s.data.corpus import Layout, read_pairs
from s2s.data_config import PairFile
from s2s.run import Run
from s2s.states.neighbours import nearest
from s2s.translation.state import C, H
from s2s.translation.translator import Translator


def main() -> None:
    """Parse the arguments, encode, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory")
    parser.add_argument("pairs", help="Spanish and English in columns 1 and 2")
    parser.add_argument("--sentences", type=int, default=10_000, help="sentences to search (default: %(default)s)")
    flags = parser.parse_args()
    by_english = defaultdict(list)
    for pair in read_pairs([PairFile(flags.pairs)], Layout("tsv", (1, 2))):
        by_english[pair.target].append(pair.source)
    groups = [texts for texts in by_english.values() if len(texts) > 1]
    labels = np.array([number for number, texts in enumerate(groups) for _ in texts])[: flags.sentences]
    sentences = [text for texts in groups for text in texts][: flags.sentences]
    states = Translator(Run(flags.run)).encode(sentences)
    print(f"{len(sentences):,} sentences of {labels[-1] + 1:,} meanings")
    for layer in range(states.shape[1]):
        for name, part in (("h", H), ("c", C)):
            vectors = np.ascontiguousarray(states[:, layer, part])
            # The nearest of all is the sentence itself.
            places, _ = nearest(vectors, vectors, 2)
            rows = np.arange(len(vectors))
            found = np.where(places[:, 0] == rows, places[:, 1], places[:, 0])
            print(f"layer {layer} {name}  {np.mean(labels[found] == labels):.3f}")


if __name__ == "__main__":
    main()
