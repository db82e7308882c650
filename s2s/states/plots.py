"""Pictures of states, by matplotlib (the extra `plot`): maps of many sentences, one sentence as it is read."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from s2s.errors import InputError
from s2s.files import atomic_file
from s2s.translation.state import Floats

SPELLED = 40
"""EncodedSentences on a map up to which each is written beside its point."""

DENSE = 3000
"""EncodedSentences on a map from which a density is drawn."""

TRACED = 6
"""EncodedSentences whose reading is drawn in one picture."""


def require_plot(path: Path) -> None:
    """Raise InputError unless `path` can be drawn: by its ending, and if matplotlib, the `plot` extra, is installed."""
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise InputError(f"--plot {path}: name a .png, .svg or .pdf file")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InputError("--plot needs matplotlib: pip install 's2s-nmt[plot]'") from None


def project(vectors: Floats) -> tuple[Floats, npt.NDArray[np.float64]]:
    """The first two principal components of vectors [n, units]: [n, 2], and the share of variance of each."""
    centred = vectors - vectors.mean(0)
    spread = np.zeros((centred.shape[1], centred.shape[1]))
    for start in range(0, len(centred), 4096):  # in double precision, but not all of it at once
        part = centred[start : start + 4096].astype(np.float64)
        spread += part.T @ part
    variances, directions = np.linalg.eigh(spread)
    top = directions[:, : -3 if len(variances) > 1 else None : -1]
    # A direction has no sign of its own: its largest component is made positive, so that a picture stays as it is.
    top = top * np.sign(top[np.abs(top).argmax(0), np.arange(top.shape[1])])
    points = np.zeros((len(vectors), 2), np.float32)
    points[:, : top.shape[1]] = centred @ top.astype(np.float32)
    shares = np.zeros(2)
    shares[: top.shape[1]] = variances[: -3 if len(variances) > 1 else None : -1] / max(variances.sum(), 1e-12)
    return points, shares


def plot_map(vectors: Floats, lines: list[str], path: Path, labels: list[str] | None = None) -> None:
    """Draw the sentences' vectors in two dimensions (PCA, as Sutskever et al. 2014, figure 2).

    The picture's format goes by the name's ending (png, svg, pdf); up to SPELLED sentences are spelled out, more than
    DENSE are drawn as a density.  Colour tells the number of words, or each line's label where there are labels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points, shares = project(vectors)
    figure = Figure(figsize=(11, 8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    spelled = len(lines) <= SPELLED
    axes.margins(0.12 if spelled else 0.05, 0.06)
    axes.set_xlabel(f"first principal component ({shares[0]:.0%} of the variance)")
    axes.set_ylabel(f"second principal component ({shares[1]:.0%})")
    axes.set_title(f"Hidden states of {len(lines):,} sentences")
    if labels:
        _dots_by_label(axes, points, labels)
    else:
        _dots_by_length(axes, points, lines)
    if spelled:
        _label(axes, points, lines)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip("."))


def _dots_by_length(axes: Any, points: Floats, lines: list[str]) -> None:
    from matplotlib.ticker import MaxNLocator

    if len(lines) > DENSE:
        dots = axes.hexbin(*points.T, gridsize=90, mincnt=1, bins="log", linewidths=0.0, cmap="viridis")
        axes.figure.colorbar(dots, label="sentences at the place", shrink=0.6, pad=0.02)
    else:
        words = [len(line.split()) for line in lines]
        dots = axes.scatter(*points.T, c=words, s=24 if len(lines) <= SPELLED else 6, cmap="viridis")
        axes.figure.colorbar(dots, label="words", ticks=MaxNLocator(integer=True), shrink=0.6, pad=0.02)


def _dots_by_label(axes: Any, points: Floats, labels: list[str]) -> None:
    names = sorted(set(labels))
    size, alpha = (24, 0.9) if len(labels) <= SPELLED else (6, 0.6 if len(labels) <= DENSE else 0.15)
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
    """Draw sentences as they are read: for each a heat map of h of the top layer, units by subwords, as many as TRACED."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = traces[:TRACED]
    longest = max(len(subwords) for _, subwords in shown)
    figure = Figure(figsize=(max(6.0, 1.5 + 0.45 * longest), 3.6 * len(shown)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (states, subwords) in zip(figure.subplots(len(shown), squeeze=False)[:, 0], shown, strict=True):
        # Units that end alike stand together, so that one sees them being set.
        order = np.argsort(states[-1])
        image = axes.imshow(states[:, order].T, aspect="auto", cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
        axes.set_xticks(
            range(len(subwords)), subwords, rotation=45, ha="right", rotation_mode="anchor", parse_math=False
        )
        axes.set_ylabel("unit, by its last value")
        axes.set_xlim(-0.5, longest - 0.5)
    figure.colorbar(image, ax=figure.axes, label="h of the top layer", shrink=0.6 if len(shown) > 1 else 1.0)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip("."))


def _label(axes: Any, points: Floats, lines: list[str]) -> None:
    """Write each sentence beside its point, or as near above or below as no other sentence and no point stands."""
    from matplotlib.transforms import Bbox

    axes.figure.draw_without_rendering()  # fixes the axes' place, so that pixels can be counted
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
