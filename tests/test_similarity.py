"""Similarity of pairs of sentences, and its agreement with people's scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.states.similarity import cosines, spearman
from tests.conftest import s2s


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=20))
def test_spearman_is_pearson_of_mean_ranks(pairs):
    columns = [np.array(column, float) for column in zip(*pairs, strict=True)]
    ranks = [[(column < x).sum() + ((column == x).sum() + 1) / 2 for x in column] for column in columns]
    if min(map(np.ptp, columns)) == 0:
        assert np.isnan(spearman(*columns))
    else:
        assert spearman(*columns) == pytest.approx(np.corrcoef(*ranks)[0, 1])


def test_cosines():
    vectors = np.array([[3, 4], [0, 0], [1, 0]], np.float32)
    assert cosines(vectors, vectors[[0, 1, 0]]).tolist() == pytest.approx([1.0, 0.0, 0.6])


def test_pairs_with_and_without_scores(untrained, untrained_translator, tmp_path):
    pairs = [("Hola.", "Hola.", "5"), ("Hola.", "Estamos listos.", "1.5"), ("Somos alemanes.", "Soy de Madrid.", "2e0")]
    for name, width in (("scored.tsv", 3), ("plain.tsv", 2)):
        (tmp_path / name).write_text("".join("\t".join(pair[:width]) + "\n" for pair in pairs), encoding="utf-8")
        done = s2s("inspect-state", untrained / "run", tmp_path / name, "--similarity", check=0)
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
        assert [tuple(row[1:]) for row in rows] == [pair[:2] for pair in pairs]
        states = [untrained_translator.encode([pair[side] for pair in pairs])[:, -1, 0] for side in (0, 1)]
        assert [float(row[0]) for row in rows] == pytest.approx(cosines(*states).tolist(), abs=1e-4)
        assert (b"Spearman's correlation with the scores:" in done.stderr) == (width == 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\na\n", "p.tsv:2: 1 columns; every line has two sentences"),
        ("a\tb\tx\n", "p.tsv:1: the score 'x' is no number"),
        ("a\tb\t1\na\tb\tnan\n", "p.tsv:2: the score 'nan' is no number"),
        ("", "p.tsv: the file is empty"),
    ],
)
def test_other_files_are_refused(untrained, tmp_path, text, message):
    (tmp_path / "p.tsv").write_text(text)
    error = s2s("inspect-state", untrained / "run", tmp_path / "p.tsv", "--similarity", check=2).stderr.decode()
    assert message in error
    refused = s2s("inspect-state", untrained / "run", tmp_path / "p.tsv", "--similarity", "-o", "x.npy", check=2).stderr
    assert b"--similarity only prints cosines" in refused
    assert b"name it" in s2s("inspect-state", untrained / "run", "--similarity", check=2).stderr
