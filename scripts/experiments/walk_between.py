#!/usr/bin/env python3
"""Interpolate between the states of two sentences in ten steps, and decode each step.

    python scripts/experiments/walk_between.py runs/tatoeba 'El gato duerme.' 'Mi hermana vive en Madrid.'

h and c of all layers are interpolated linearly.
"""

import argparse
from pathlib import Path

import numpy as np

from s2s.run import Run
from s2s.translation.search import SearchOptions
from s2s.translation.translator import Translator


def main() -> None:
    """Parse the arguments, interpolate, decode, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, help="directory that s2s train wrote")
    parser.add_argument("start", help="Spanish sentence to start from")
    parser.add_argument("end", help="Spanish sentence to come to")
    parser.add_argument("--beam", type=int, default=5)
    flags = parser.parse_args()
    translator = Translator(Run(flags.run))
    start, end = translator.encode([flags.start, flags.end])
    shares = np.linspace(0.0, 1.0, 11, dtype=np.float32)
    mixtures = np.stack([(1 - share) * start + share * end for share in shares])
    decoded = translator.decode(mixtures, SearchOptions(flags.beam))
    for share, translations in zip(shares, decoded, strict=True):
        print(f"{share:4.0%}  {translations[0].text}")


if __name__ == "__main__":
    main()
