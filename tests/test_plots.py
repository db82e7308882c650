"""Pictures of states: that every sentence, label and subword is on them, in every format."""

import re
from collections import Counter
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.image import imread

from s2s.errors import InputError
from s2s.states import plots
from s2s.states.plots import plot_map, plot_traces, project, require_plot

ENDINGS = ("png", "svg", "pdf")


def texts(path):
    """The texts in an SVG picture, which matplotlib writes as comments beside their shapes."""
    return Counter(
        unescape(text) for text in re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8"), re.DOTALL)
    )


def group(tree, name):
    return tree.find(f".//{{*}}g[@id='{name}']")


def marks(path, kind):
    """How many shapes every collection of a kind has in the axes of an SVG picture, without those of the legend."""
    axes = group(ElementTree.parse(path), "axes_1")
    collections = [child for child in axes if child.get("id", "").startswith(kind)]
    return [len(child.findall(".//{*}use")) for child in collections]


def assert_picture(path, width, height):
    """The picture is of this size in inches, and something is on it."""
    if path.suffix == ".png":
        pixels = imread(path)[..., :3]
        assert pixels.shape[:2] == (height * 120, width * 120)
        coloured = pixels.max(2) - pixels.min(2) > 0.1
        assert (pixels.min(2) < 0.2).mean() > 0.001, "no black lines and texts"
        assert coloured.sum() > 10, "no coloured points"
    elif path.suffix == ".svg":
        root = ElementTree.parse(path).getroot()
        assert (root.get("width"), root.get("height")) == (f"{width * 72}pt", f"{height * 72}pt")
    else:
        content = path.read_bytes()
        assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
        assert re.findall(rb"/MediaBox \[ 0 0 (\d+) (\d+) \]", content) == [
            (b"%d" % (width * 72), b"%d" % (height * 72))
        ]
        assert b"/Count 1 " in content and b"/Font" in content


def map_of(count, labelled, path):
    """A map of `count` sentences; returns them and their labels."""
    # Some points coincide, and some texts would be errors if they were read as formulas.
    vectors = np.repeat(np.random.default_rng(1).normal(size=(count // 20 + 1, 8)), 20, 0)[:count].astype(np.float32)
    lines = (["Cuesta $5 y $6^{.", "", "¿Qué? " * 30] * count)[:count]
    labels = [f"$k_{row % 13}" for row in range(count)] if labelled else None
    plot_map(vectors, lines, path, labels)
    return lines, labels


def test_projection_is_principal_components():
    random = np.random.default_rng(0)
    # Three directions of very different variance, turned by a random rotation.
    rotation = np.linalg.qr(random.normal(size=(3, 3)))[0]
    vectors = (random.normal(size=(500, 3)) * [5.0, 2.0, 0.1] @ rotation.T).astype(np.float32)
    points, shares = project(vectors)
    expected = np.linalg.eigvalsh(np.cov(vectors.T))[::-1]
    np.testing.assert_allclose(points.var(0, ddof=1), expected[:2], rtol=1e-4)
    np.testing.assert_allclose(shares, expected[:2] / expected.sum(), rtol=1e-4)
    one_unit, _ = project(vectors[:, :1])
    np.testing.assert_allclose(np.abs(one_unit[:, 0]), np.abs(vectors[:, 0] - vectors[:, 0].mean()), atol=1e-5)


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("count", [1, 30, 60])
def test_a_map_has_a_point_for_every_sentence(tmp_path, count, labelled):
    path = tmp_path / "map.svg"
    lines, labels = map_of(count, labelled, path)
    counts = texts(path)
    assert counts[f"Hidden states of {count} sentences"] == 1
    assert sum(re.fullmatch(r"(first|second) principal component \(\d+%.*\)", text) is not None for text in counts) == 2
    points = marks(path, "PathCollection")
    if labelled:
        names = Counter(labels)
        assert points == [names[name] for name in sorted(names)]
        assert all(counts[name] == 1 for name in names) and "words" not in counts
    else:
        assert points == [count] and counts["words"] == 1
    # Few sentences are written beside their points, long ones shortened.
    written = Counter(line if len(line) <= 45 else f"{line[:42]}..." for line in lines if line)
    assert {line: counts[line] for line in written} == (written if count <= 40 else dict.fromkeys(written, 0))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("count", [1, 60])
def test_maps_in_every_format(tmp_path, count, ending):
    map_of(count, True, tmp_path / f"map.{ending}")
    assert_picture(tmp_path / f"map.{ending}", 11, 8)


def test_thousands_of_points_become_a_density(tmp_path):
    map_of(3100, False, tmp_path / "map.svg")
    counts = texts(tmp_path / "map.svg")
    assert counts["Hidden states of 3,100 sentences"] == 1 and "words" not in counts
    # 156 places; two of them may be in one cell.
    (cells,) = marks(tmp_path / "map.svg", "PolyCollection")
    assert 100 < cells <= 156
    map_of(3100, False, tmp_path / "map.png")
    assert_picture(tmp_path / "map.png", 11, 8)


def test_thousands_of_labelled_points_stay_points(tmp_path):
    map_of(3100, True, tmp_path / "map.svg")
    assert sum(marks(tmp_path / "map.svg", "PathCollection")) == 3100


def random_trace(*subwords):
    states = np.random.default_rng(len(subwords)).uniform(-1, 1, (len(subwords), 5))
    return states.astype(np.float32), [*subwords]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_trace_of_one_subword(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    plot_traces([(np.linspace(-1, 1, 5, dtype=np.float32)[None], ["</s>"])], path)
    if ending == "svg":
        assert texts(path)["</s>"] == 1
    if ending == "png":
        pixels = imread(path)[..., :3]
        assert pixels.shape == (432, 720, 3)
        # The colours of -1, 0 and 1: red is the end of the scale for high values.
        red, blue = pixels[..., 0] - pixels[..., 2] > 0.25, pixels[..., 2] - pixels[..., 0] > 0.25
        assert red.mean() > 0.1 and blue.mean() > 0.1


def test_traces_show_every_subword_of_the_first_sentences(tmp_path):
    traces = [random_trace("</s>", "▁El", "▁ga", "$to_{"), random_trace("</s>", "▁Ana")] * 4
    plot_traces(traces, tmp_path / "x.svg")
    counts = texts(tmp_path / "x.svg")
    assert (counts["</s>"], counts["▁El"], counts["▁ga"], counts["$to_{"], counts["▁Ana"]) == (6, 3, 3, 3, 3)
    assert sum(count for text, count in counts.items() if text.startswith("unit")) == plots.TRACED == 6
    assert counts["h of the top layer"] == 1
    images = list(ElementTree.parse(tmp_path / "x.svg").iter("{http://www.w3.org/2000/svg}image"))
    assert len(images) == 6 + 1  # and that of the colour bar


def test_a_heat_map_is_of_the_states(tmp_path):
    for value, channel in ((1.0, 0), (-1.0, 2)):
        plot_traces([(np.full((3, 5), value, np.float32), ["a", "b", "c"])], tmp_path / "x.png")
        middle = imread(tmp_path / "x.png")[100:300, 200:400, :3]
        assert middle[..., channel].mean() - middle[..., 2 - channel].mean() > 0.25


def test_other_formats_are_refused(tmp_path):
    for name in ("x.jpg", "x", "x.png.txt"):
        with pytest.raises(InputError, match=r"name a \.png, \.svg or \.pdf file"):
            require_plot(tmp_path / name)
    for ending in ENDINGS:
        require_plot(tmp_path / f"x.{ending}")
