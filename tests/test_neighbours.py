"""Nearest neighbours: those of all cosines, however they are divided into blocks."""

import numpy as np
import pytest

from s2s.states import neighbours
from s2s.states.neighbours import nearest


@pytest.mark.parametrize("count", [1, 3, 50])
def test_neighbours_are_those_of_all_cosines(monkeypatch, count):
    monkeypatch.setattr(neighbours, "CORPUS_BLOCK", 7)
    monkeypatch.setattr(neighbours, "QUERIES", 4)
    random = np.random.default_rng(2)
    queries, corpus = (random.normal(size=(rows, 6)).astype(np.float32) for rows in (9, 40))
    corpus[11] = corpus[3]  # of equal vectors, the first one comes first
    corpus[5] = 0.0
    norms = [np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (queries, corpus)]
    cosines = (queries / norms[0]) @ (corpus / norms[1]).T
    places, similarities = nearest(queries, corpus, count)
    expected = np.argsort(-cosines, 1, kind="stable")[:, :count]
    assert (places == expected).all()
    np.testing.assert_allclose(similarities, np.take_along_axis(cosines, expected, 1), atol=1e-6)
