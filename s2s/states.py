"""`s2s inspect-state`: the encoder's final state of every line, as .npy and as a map."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from s2s.errors import InputError
from s2s.files import whole_file
from s2s.translator import Translator

CHUNK = 4096
"""Lines encoded between writes to the file."""


def write_states(translator: Translator, lines: list[str], output: Path, all_layers: bool) -> npt.NDArray[np.float32]:
    """Write the states of `lines` to `output` (.npy, float32) and return them, mapped from the file.

    Row i is the state the decoder starts from for line i: h of the top layer, [lines, units]; with
    `all_layers` everything it starts from, [lines, layers, 2, units] (h, then c).
    """
    shape: tuple[int, ...] = (len(lines), translator.config.units)
    if all_layers:
        shape = (len(lines), translator.config.layers, 2, translator.config.units)
    with whole_file(output) as path:
        if not lines:  # nothing cannot be mapped
            with path.open("wb") as empty:
                np.save(empty, np.zeros(shape, np.float32))
            return np.zeros(shape, np.float32)
        file = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)  # type: ignore[no-untyped-call, unused-ignore]
        for start in range(0, len(lines), CHUNK):
            states = translator.draw(lines[start : start + CHUNK])
            file[start : start + CHUNK] = states if all_layers else states[:, -1, 0]
        file.flush()
        del file
    return np.load(output, mmap_mode="r", allow_pickle=False)


def require_plot() -> None:
    """Raise InputError unless matplotlib, the `plot` extra, is installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InputError("--plot needs matplotlib: pip install 's2s-nmt[plot]'") from None


def project(vectors: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The first two principal components of vectors [n, units]: [n, 2], and the share of variance of each."""
    centred = np.asarray(vectors, np.float64) - vectors.mean(0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(vectors), 2))
    count = min(2, len(singular))
    points[:, :count] = left[:, :count] * singular[:count]
    shares = np.zeros(2)
    shares[:count] = (singular**2)[:count] / max(float((singular**2).sum()), 1e-12)
    return points, shares


def plot_map(vectors: npt.NDArray[np.float32], lines: list[str], path: Path) -> None:
    """Draw the sentences' vectors in two dimensions (PCA, as Sutskever et al. 2014, figure 2).

    The picture's format goes by the name's ending (png, svg, pdf); up to 40 sentences are labelled.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points, shares = project(vectors)
    figure = Figure(figsize=(11, 8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    labelled = len(lines) <= 40
    axes.scatter(points[:, 0], points[:, 1], s=24 if labelled else 6, alpha=0.8 if labelled else 0.4)
    axes.margins(0.12 if labelled else 0.05, 0.06)
    axes.set_xlabel(f"first principal component ({shares[0]:.0%} of the variance)")
    axes.set_ylabel(f"second principal component ({shares[1]:.0%})")
    axes.set_title(f"Hidden states of {len(lines)} sentences")
    if labelled:
        _label(axes, points, lines)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip("."))


def _label(axes: Any, points: npt.NDArray[np.float64], lines: list[str]) -> None:
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
