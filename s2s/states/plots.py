"""Pictures of states, by matplotlib (the extra `plot`): a map of many sentences, a heat map of a sentence being read."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from s2s.errors import InputError
from s2s.outputs import output_file
from s2s.translation.state import Floats

LABELLED = 40
"""Up to this many sentences on a map, each is written beside its point."""

DENSE = 3000
"""Above this many sentences, a map shows their density instead of points."""

TRACED = 6
"""Most sentences in a picture of traces."""


def require_plot(path: Path) -> None:
    """Raise InputError unless `path` has a known ending and matplotlib, the extra `plot`, is installed."""
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise InputError(f"--plot {path}: name a .png, .svg or .pdf file")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InputError("--plot needs matplotlib: pip install 's2s-nmt[plot]'") from None


def project(vectors: Floats) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Coordinates of vectors [n, units] on their first two principal components, [n, 2], and each component's share of variance."""
    centred = vectors - vectors.mean(0)
    spread = np.zeros((centred.shape[1], centred.shape[1]))
    for start in range(0, len(centred), 4096):  # in double precision, block by block to save memory
        part = centred[start : start + 4096].astype(np.float64)
        spread += part.T @ part
    variances, directions = np.linalg.eigh(spread)
    top = directions[:, : -3 if len(variances) > 1 else None : -1]
    # The sign of a direction is arbitrary.  Its largest component is made positive, so that pictures are reproducible.
    top = top * np.sign(top[np.abs(top).argmax(0), np.arange(top.shape[1])])
    points = np.zeros((len(vectors), 2), np.float32)
    points[:, : top.shape[1]] = centred @ top.astype(np.float32)
    shares = np.zeros(2)
    shares[: top.shape[1]] = variances[: -3 if len(variances) > 1 else None : -1] / max(variances.sum(), 1e-12)
    return points, shares


def plot_map(vectors: Floats, lines: list[str], path: Path, labels: list[str] | None = None) -> None:
    """Plot sentence vectors in two dimensions (PCA, as in Sutskever et al. 2014, figure 2).

    Up to LABELLED sentences are written beside their points; above DENSE, the map shows a density.  The colour is the
    number of words, or the sentence's label.

    Args:
        vectors: [n, units].
        lines: the sentences.
        path: the picture to write; its ending is its format (png, svg, pdf).
        labels: a label for each sentence, or None.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points, shares = project(vectors)
    figure = Figure(figsize=(11, 8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    labelled = len(lines) <= LABELLED
    axes.margins(0.12 if labelled else 0.05, 0.06)
    axes.set_xlabel(f"first principal component ({shares[0]:.0%} of the variance)")
    axes.set_ylabel(f"second principal component ({shares[1]:.0%})")
    axes.set_title(f"Hidden states of {len(lines):,} sentences")
    if labels:
        _scatter_by_label(axes, points, labels)
    else:
        _scatter_by_length(axes, points, lines)
    if labelled:
        _write_sentences(axes, points, lines)
    with output_file(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lower().lstrip("."))


def _scatter_by_length(axes: Any, points: Floats, lines: list[str]) -> None:
    from matplotlib.ticker import MaxNLocator

    if len(lines) > DENSE:
        dots = axes.hexbin(*points.T, gridsize=90, mincnt=1, bins="log", linewidths=0.0, cmap="viridis")
        axes.figure.colorbar(dots, label="sentences", shrink=0.6, pad=0.02)
    else:
        words = [len(line.split()) for line in lines]
        dots = axes.scatter(*points.T, c=words, s=24 if len(lines) <= LABELLED else 6, cmap="viridis")
        axes.figure.colorbar(dots, label="words", ticks=MaxNLocator(integer=True), shrink=0.6, pad=0.02)


def _scatter_by_label(axes: Any, points: Floats, labels: list[str]) -> None:
    names = sorted(set(labels))
    size, alpha = (24, 0.9) if len(labels) <= LABELLED else (6, 0.6 if len(labels) <= DENSE else 0.15)
    for number, name in enumerate(names):
        chosen = points[np.array([label == name for label in labels])]
        colour = f"C{number}" if len(names) <= 10 else _shade(number, len(names))
        axes.scatter(*chosen.T, color=colour, s=size, alpha=alpha, label=name, linewidths=0)
    legend = axes.legend(markerscale=2.0 if size < 10 else 1.0, fontsize=8, ncols=1 + len(names) // 25)
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)


def _shade(number: int, count: int) -> Any:
    from matplotlib import colormaps

    return colormaps["turbo"](number / (count - 1))


def plot_traces(traces: list[tuple[Floats, list[str]]], path: Path) -> None:
    """Plot how the state changes while a sentence is read: a heat map of h of the top layer, units by subwords.

    Args:
        traces: for each sentence h after every subword, [subwords, units], and the subwords; the first TRACED are plotted.
        path: the picture to write; its ending is its format (png, svg, pdf).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = traces[:TRACED]
    longest = max(len(subwords) for _, subwords in shown)
    figure = Figure(figsize=(max(6.0, 1.5 + 0.45 * longest), 3.6 * len(shown)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (states, subwords) in zip(figure.subplots(len(shown), squeeze=False)[:, 0], shown, strict=True):
        # Sorted by their last values, so that the picture shows when units take them.
        order = np.argsort(states[-1])
        image = axes.imshow(states[:, order].T, aspect="auto", cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
        axes.set_xticks(
            range(len(subwords)), subwords, rotation=45, ha="right", rotation_mode="anchor", parse_math=False
        )
        axes.set_ylabel("unit, sorted by its last value")
        axes.set_xlim(-0.5, longest - 0.5)
    figure.colorbar(image, ax=figure.axes, label="h of the top layer", shrink=0.6 if len(shown) > 1 else 1.0)
    with output_file(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lower().lstrip("."))


def _write_sentences(axes: Any, points: Floats, lines: list[str]) -> None:
    """Write each sentence beside its point, shifted up or down as little as needed to avoid other sentences and points."""
    from matplotlib.transforms import Bbox

    axes.figure.draw_without_rendering()  # fixes the layout, so that positions in pixels are known
    axes.figure.set_layout_engine("none")
    to_pixels, frame = axes.transData, axes.get_window_extent()
    dots = to_pixels.transform(points)
    taken = [Bbox.from_extents(x - 4, y - 4, x + 4, y + 4) for x, y in dots]
    for row in np.argsort(-points[:, 1]):
        text = lines[row] if len(lines[row]) <= 45 else f"{lines[row][:42]}..."
        label = axes.text(*points[row], text, fontsize=8, va="center", parse_math=False)
        width = label.get_window_extent().width
        x, y = dots[row]
        x += -width - 8 if x + 8 + width > frame.x1 else 8
        for shift in sorted(range(-300, 301, 3), key=abs):
            label.set_position(to_pixels.inverted().transform((x, y + shift)))
            box = label.get_window_extent()
            if not any(box.overlaps(other) for other in taken) and frame.y0 < box.y0 and box.y1 < frame.y1:
                break
        taken.append(box)
        if abs(shift) > 6:
            end = to_pixels.inverted().transform((min(max(dots[row][0], box.x0), box.x1), y + shift))
            axes.plot(*zip(points[row], end, strict=True), color="gray", linewidth=0.4, zorder=0)
