"""States as files and as maps."""

import numpy as np
import pytest

from s2s.states import plot_map, project, write_states


def test_projection_is_principal_components():
    random = np.random.default_rng(0)
    # Three directions of very different variance, turned by a random rotation.
    rotation = np.linalg.qr(random.normal(size=(3, 3)))[0]
    vectors = (random.normal(size=(500, 3)) * [5.0, 2.0, 0.1] @ rotation.T).astype(np.float32)
    points, shares = project(vectors)
    expected = np.linalg.eigvalsh(np.cov(vectors.T))[::-1]
    np.testing.assert_allclose(points.var(0, ddof=1), expected[:2], rtol=1e-4)
    np.testing.assert_allclose(shares, expected[:2] / expected.sum(), rtol=1e-4)


@pytest.mark.parametrize("count", [1, 30, 60])
@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_maps_are_drawn_whatever_the_sentences(tmp_path, count, ending, start):
    # Points that coincide, and text that a formula reader would choke on.
    vectors = np.repeat(np.random.default_rng(1).normal(size=(3, 8)), 20, 0)[:count].astype(np.float32)
    lines = ["Cuesta $5 y $6^{.", "", "¿Qué? " * 30] * 20
    plot_map(vectors, lines[:count], tmp_path / f"map.{ending}")
    assert (tmp_path / f"map.{ending}").read_bytes().startswith(start)


@pytest.mark.parametrize("all_layers", [False, True])
def test_no_lines_are_an_empty_array(translator, tmp_path, all_layers):
    write_states(translator, [], tmp_path / "x.npy", all_layers)
    array = np.load(tmp_path / "x.npy")
    assert array.shape == ((0, 2, 2, 48) if all_layers else (0, 48)) and array.dtype == np.float32
