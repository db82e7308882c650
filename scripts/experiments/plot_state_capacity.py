#!/usr/bin/env python3
"""How much does a state hold?  BLEU and exact matches by sentence length, and by noise added to the state.

    python scripts/experiments/plot_state_capacity.py runs/tatoeba data/tatoeba/test.tsv.gz -o capacity.png

Noise is normal, its standard deviation a share of that of each number in the states (over all sentences).  Also scored:
the decoder given h alone (c zeroed) and c alone.  Greedy search.  The last line is a JSON object of all points.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from s2s.data.corpus import layout_of, read_references
from s2s.run import Run
from s2s.translation.evaluation import score
from s2s.translation.state import Floats
from s2s.translation.translator import Translator

NOISES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 21, 1000)
"""Spanish words at which the length groups end, the last one without end."""


def main() -> None:
    """Parse the flags, measure, plot, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path, help="directory that s2s train wrote")
    parser.add_argument("test", type=Path, help="pair file, .gz allowed")
    parser.add_argument("-o", "--output", type=Path, default=Path("capacity.png"), help="picture to write")
    flags = parser.parse_args()
    run = Run(flags.run)
    references = read_references(flags.test, layout_of(run.config.data))
    points = measure(Translator(run), list(references), list(references.values()))
    plot(points, flags.output)
    print(json.dumps(points))


def measure(translator: Translator, sources: list[str], targets: list[list[str]]) -> dict[str, Any]:
    """BLEU and share of exact matches in all the ways described above."""
    states = translator.encode(sources)

    def decode(states: Floats) -> list[str]:
        return [best[0].text for best in translator.decode(states)]

    plain, alone = decode(states), {}
    for part, kept in enumerate(("h", "c")):
        halved = np.zeros_like(states)
        halved[:, :, part] = states[:, :, part]
        alone[f"{kept}_alone"] = _scores(decode(halved), targets)
    random, spread = np.random.default_rng(1), states.std(0)
    noises = []
    for noise in NOISES:
        noisy = states + random.normal(size=states.shape).astype(np.float32) * spread * np.float32(noise)
        noises.append({"noise": noise, **_scores(decode(noisy), targets)})
    words = np.array([len(source.split()) for source in sources])
    lengths = []
    for low, high in zip((0, *LENGTHS), LENGTHS, strict=False):
        rows = np.flatnonzero((words > low) & (words <= high))
        if len(rows):
            scores = _scores([plain[row] for row in rows], [targets[row] for row in rows])
            lengths.append({"words": round(float(words[rows].mean()), 1), "sentences": len(rows), **scores})
    return {"whole": _scores(plain, targets), **alone, "noise": noises, "length": lengths}


def _scores(translations: list[str], targets: list[list[str]]) -> dict[str, float]:
    scores = score(translations, targets)
    return {"bleu": scores["bleu"], "exact_match": scores["exact_match"]}


def plot(points: dict[str, Any], path: Path) -> None:
    """Two panels: by length, by noise; BLEU on the left axis of each, exact matches in percent on the same scale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, name, key in ((left, "length", "words"), (right, "noise", "noise")):
        x = [point[key] for point in points[name]]
        axes.plot(x, [point["bleu"] for point in points[name]], "o-", label="BLEU")
        axes.plot(x, [100 * point["exact_match"] for point in points[name]], "s--", label="exact match, %")
        axes.grid(alpha=0.3)
        axes.set_ylim(bottom=0)
    left.set_xlabel("words of the Spanish sentence")
    right.set_xlabel("noise added to the state, in standard deviations of each number")
    right.legend()
    figure.savefig(path)


if __name__ == "__main__":
    main()
