#!/usr/bin/env python3
"""Fit and plot what a network's size and the steps of its training do to perplexity, from the results of ablation.py.

    python scripts/experiments/plot_sizes.py data/ablation.jsonl -o data/pictures/sizes.png

It takes the results whose `set` has no other keys than `model.units` and `training.steps`, and fits the law that `s2s train
--dry-run` chooses a size by (`s2s.training.size_law.SizeLaw`), by least squares.

The last line of stdout is a JSON object: the law's four constants; `points`, the number of results; `residual`, the largest
difference of a result's ln perplexity from the law.  Beyond the sizes and steps of the results the law is a guess.
Results of earlier defaults have to name these in their `set`, so that they are left out.
"""

import argparse
import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from s2s.config import ModelConfig
from s2s.files import atomic_file
from s2s.training.size_law import SizeLaw

POWERS = np.arange(0.02, 4.0, 0.02)
"""Exponents that are tried, for size and for steps."""

Point = tuple[int, int, float]
"""Cells of a layer, steps, natural logarithm of the perplexity on dev."""


def main() -> None:
    """Parse the arguments, fit, plot, print the constants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="results file of ablation.py")
    parser.add_argument("-o", "--output", type=Path, default=Path("sizes.png"), help="plot (default: %(default)s)")
    flags = parser.parse_args()
    results = [json.loads(line) for line in flags.results.read_text(encoding="utf-8").splitlines()]
    points = [
        (one["set"].get("model.units", ModelConfig().units), one["steps"], math.log(one["dev_perplexity"]))
        for one in results
        if one["set"].keys() <= {"model.units", "training.steps"}
    ]
    sizes, steps = len({size for size, *_ in points}), len({step for _, step, _ in points})
    if len(points) < 6 or sizes < 3 or steps < 3:
        parser.error(
            f"{flags.results}: {len(points)} results, of {sizes} sizes and {steps} numbers of steps, differ in these only; six, three and "
            "three are needed"
        )
    law, residual = fit(points)
    if not math.isfinite(residual):
        parser.error(f"{flags.results}: no law with constants of at least 0 fits")
    plot(points, law, flags.output)
    print(json.dumps(law._asdict() | {"points": len(points), "residual": residual}))


def fit(points: list[Point]) -> tuple[SizeLaw, float]:
    """The law, and the largest residual.

    For given powers the law is linear in the other two constants, so only the powers are searched for.
    """
    units, steps, losses = (np.array(values, np.float64) for values in zip(*points, strict=True))
    best, law, residual = math.inf, SizeLaw(0.0, 0.0, 0.0, 0.0), math.inf
    for size_power in POWERS:
        for steps_power in POWERS:
            columns = units[:, None] ** -size_power * np.stack([np.ones_like(steps), steps**-steps_power], 1)
            scale = columns.max(0)
            constants = np.linalg.lstsq(columns / scale, losses, rcond=None)[0] / scale
            differences = columns @ constants - losses
            error = float(differences @ differences)
            if error < best and (constants >= 0).all():
                limit, steps_factor = map(float, constants)
                law = SizeLaw(limit, steps_factor, float(steps_power), float(size_power))
                best, residual = error, float(np.abs(differences).max())
    return law, residual


def plot(points: Iterable[Point], law: SizeLaw, path: Path) -> None:
    """Plot perplexity over the steps, measured and by the law, a line for each size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), dpi=120, layout="constrained")
    axes = figure.subplots()
    steps = np.geomspace(500, 30_000, 100)
    for number, size in enumerate(sorted({units for units, *_ in points})):
        measured = [(step, math.exp(loss)) for units, step, loss in points if units == size]
        axes.plot(*zip(*measured, strict=True), f"C{number}o")
        curve = [math.exp(law.loss(size, step)) for step in steps]
        axes.plot(steps, curve, f"C{number}-", label=f"{size} cells")
    axes.set(xscale="log", yscale="log", xlabel="steps of the training", ylabel="perplexity on dev")
    for axis, ticks in ((axes.xaxis, (600, 1_200, 3_200, 10_000, 30_000)), (axes.yaxis, (3, 4, 5, 6, 8, 10))):
        axis.set_ticks(ticks, [f"{tick:,}" for tick in ticks])
        axis.set_ticks([], minor=True)
    axes.grid(alpha=0.3)
    axes.legend()
    with atomic_file(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".") or "png")


if __name__ == "__main__":
    main()
