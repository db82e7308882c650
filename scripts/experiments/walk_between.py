#!/usr/bin/env python3
"""Interpolate between the hidden states of two sentences in ten steps, and decode each interpolated state.

    python scripts/experiments/walk_between.py runs/tatoeba 'El gato duerme.' 'Mi hermana vive en Madrid.'

h and c of all layers are interpolated linearly.  A line of the output is the share of the second sentence and the
translation.
"""

import argparse
from pathlib import Path

import numpy as np

from s2s.run import Run
from s2s.translation.search import SearchOptions
from s2s.translation.translator import Translator


def main() -> None:
    """Parse the arguments, interpolate, decode, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory of s2s train")
    parser.add_argument("start", help="first Spanish sentence")
    parser.add_argument("end", help="second Spanish sentence")
    parser.add_argument("--beam", type=int, default=5, help="hypotheses of the search (default: %(default)s)")
    flags = parser.parse_args()
    translator = Translator(Run(flags.run))
    start, end = translator.encode([flags.start, flags.end])
    shares = np.linspace(0.0, 1.0, 11, dtype=np.float32)
    interpolated = np.stack([(1 - share) * start + share * end for share in shares])
    decoded = translator.decode(interpolated, SearchOptions(flags.beam))
    for share, translations in zip(shares, decoded, strict=True):
        print(f"{share:4.0%}  {translations[0].text}")


if __name__ == "__main__":
    main()
