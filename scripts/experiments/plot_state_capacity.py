#!/usr/bin/env python3
"""Plot the capacity of the hidden state: BLEU and exact matches by sentence length, and by noise added to the state.

    python scripts/experiments/plot_state_capacity.py runs/tatoeba data/tatoeba/test.tsv.gz -o capacity.png

The noise is normal.  Its standard deviation is given in units of the standard deviation of each component of the states
over all sentences.  The decoder is also scored with c set to zero (h alone) and with h set to zero (c alone).  The search
is greedy.  The last line of stdout is a JSON object of all scores.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from s2s.data.dataset import layout_of_test
from s2s.data.test_set import read_test_set
from s2s.data_config import PairFile
from s2s.run import Run
from s2s.translation.evaluation import score
from s2s.translation.state import C, Floats, H
from s2s.translation.translator import Translator

NOISES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Standard deviations of the noise, in standard deviations of each component."""

LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 21, 1000)
"""Last Spanish word count of each length group."""


def main() -> None:
    """Parse the arguments, score, plot, print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run directory of s2s train")
    parser.add_argument("test", type=Path, help="pair file to score on, .gz allowed")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("capacity.png"), help="plot to write (default: %(default)s)"
    )
    flags = parser.parse_args()
    run = Run(flags.run)
    test = PairFile(str(flags.test))
    references = read_test_set([test], layout_of_test(test)).references
    points = measure(Translator(run), list(references), list(references.values()))
    plot(points, flags.output)
    print(json.dumps(points))


def measure(translator: Translator, sources: list[str], targets: list[list[str]]) -> dict[str, Any]:
    """BLEU and share of exact matches under each condition that the module's docstring lists.

    Args:
        translator: a trained run.
        sources: Spanish sentences.
        targets: references of each sentence.
    """
    states = translator.encode(sources)

    def decode(states: Floats) -> list[str]:
        return [best[0].text for best in translator.decode(states)]

    translations, ablated = decode(states), {}
    for component, name in ((H, "h_alone"), (C, "c_alone")):
        masked = np.zeros_like(states)
        masked[:, :, component] = states[:, :, component]
        ablated[name] = _scores(decode(masked), targets)
    random, deviations = np.random.default_rng(1), states.std(0)
    by_noise = []
    for noise in NOISES:
        noisy = states + random.normal(size=states.shape).astype(np.float32) * deviations * np.float32(noise)
        by_noise.append({"noise": noise, **_scores(decode(noisy), targets)})
    words = np.array([len(source.split()) for source in sources])
    by_length = []
    for low, high in zip((0, *LENGTHS), LENGTHS, strict=False):
        rows = np.flatnonzero((words > low) & (words <= high))
        if len(rows):
            scores = _scores([translations[row] for row in rows], [targets[row] for row in rows])
            by_length.append({"words": round(float(words[rows].mean()), 1), "sentences": len(rows), **scores})
    return {"whole": _scores(translations, targets), **ablated, "noise": by_noise, "length": by_length}


def _scores(translations: list[str], targets: list[list[str]]) -> dict[str, float]:
    scores = score(translations, targets)
    return {"bleu": scores["bleu"], "exact_match": scores["exact_match"]}


def plot(points: dict[str, Any], path: Path) -> None:
    """Plot the scores by length and by noise: BLEU, and exact matches in percent.

    Args:
        points: result of `measure`.
        path: plot to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), dpi=120, layout="constrained")
    length_axes, noise_axes = figure.subplots(1, 2, sharey=True)
    for axes, name, key in ((length_axes, "length", "words"), (noise_axes, "noise", "noise")):
        x = [point[key] for point in points[name]]
        axes.plot(x, [point["bleu"] for point in points[name]], "o-", label="BLEU")
        axes.plot(x, [100 * point["exact_match"] for point in points[name]], "s--", label="exact match, %")
        axes.grid(alpha=0.3)
        axes.set_ylim(bottom=0)
    length_axes.set_xlabel("words of the Spanish sentence")
    noise_axes.set_xlabel("noise added to the state, in standard deviations of each component")
    noise_axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    main()
