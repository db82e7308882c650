#!/usr/bin/env python3
"""Walk from one sentence to another in ten steps, and read what the decoder sees on the way.

    python scripts/walk_between.py runs/tatoeba 'El gato duerme.' 'Mi hermana vive en Madrid.'

The states of the two sentences are mixed, h and c of all layers alike; each mixture is said in English.
"""

import argparse
from pathlib import Path

import numpy as np

from s2s.run import Run
from s2s.translator import Translator


def main() -> None:
    """Parse the arguments, mix, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, help="directory that s2s train wrote")
    parser.add_argument("start", help="Spanish sentence to start from")
    parser.add_argument("end", help="Spanish sentence to come to")
    parser.add_argument("--beam", type=int, default=5)
    flags = parser.parse_args()
    translator = Translator(Run(flags.run))
    start, end = translator.draw([flags.start, flags.end])
    shares = np.linspace(0.0, 1.0, 11, dtype=np.float32)
    mixtures = np.stack([(1 - share) * start + share * end for share in shares])
    for share, said in zip(shares, translator.say(mixtures, flags.beam), strict=True):
        print(f"{share:4.0%}  {said[0].text}")


if __name__ == "__main__":
    main()
