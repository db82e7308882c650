"""States as files, as pictures, as neighbours; and said again from a file."""

import io
import itertools
import json
import os
import zipfile

import numpy as np
import pytest

from s2s.errors import InputError
from s2s.run import Run
from s2s.states import storage as states
from s2s.states.inspect_state import Wanted, inspect
from s2s.states.plots import plot_map, plot_traces, project
from s2s.translation import search as decoding
from s2s.translation import streams
from s2s.translation.streams import Source
from tests.conftest import s2s


@pytest.fixture(autouse=True)
def _few_rows(monkeypatch):
    # The tests draw a few lines at a time.
    monkeypatch.setattr(decoding, "ROWS", 4)


def inspect_lines(trained, lines, **wanted):
    content = "".join(f"{line}\n" for line in lines).encode()
    chosen = Wanted(**wanted)
    chosen.check()
    inspect(Run(trained / "run"), Source("text", io.BytesIO(content), 0), chosen)


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


KINDS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


# Thousands of points in one format are enough.
@pytest.mark.parametrize(("count", "ending"), [*itertools.product([1, 30, 60], KINDS), (3100, "png")])
@pytest.mark.parametrize("labelled", [False, True])
def test_maps_are_drawn_whatever_the_sentences(tmp_path, count, ending, labelled):
    # Points that coincide, and text that a formula reader would choke on.
    vectors = np.repeat(np.random.default_rng(1).normal(size=(count // 20 + 1, 8)), 20, 0)[:count].astype(np.float32)
    lines = (["Cuesta $5 y $6^{.", "", "¿Qué? " * 30] * count)[:count]
    labels = [f"$k_{row % 13}" for row in range(count)] if labelled else None
    plot_map(vectors, lines, tmp_path / f"map.{ending}", labels)
    assert (tmp_path / f"map.{ending}").read_bytes().startswith(KINDS[ending])


@pytest.mark.parametrize("all_layers", [False, True])
@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_no_lines_are_an_empty_array(trained, tmp_path, all_layers, name):
    inspect_lines(trained, [], output=tmp_path / name, all_layers=all_layers, npz=name.endswith("z"))
    array = np.load(tmp_path / name)
    array = array if name == "x.npy" else array["states"]
    assert array.shape == ((0, 2, 2, 48) if all_layers else (0, 48)) and array.dtype == np.float32


def test_states_are_those_of_the_lines_however_they_are_written(trained, translator, sentences, tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "LINES", 3)
    lines = [*sentences[:7], "", "ñandú 🙂"]
    want = translator.encode(lines)
    inspect_lines(trained, lines, output=tmp_path / "top.npy")
    inspect_lines(trained, lines, output=tmp_path / "all.npz", all_layers=True, npz=True)
    top = np.load(tmp_path / "top.npy", allow_pickle=False)
    np.testing.assert_allclose(top, want[:, -1, 0], atol=1e-6)
    with np.load(tmp_path / "all.npz", allow_pickle=False) as file:
        np.testing.assert_allclose(file["states"], want, atol=1e-6)
        assert file["sentences"].tolist() == lines
    stdin = "".join(f"{line}\n" for line in lines).encode()
    piped = s2s("inspect-state", trained / "run", "-o", "-", stdin=stdin, check=0).stdout
    np.testing.assert_allclose(np.load(io.BytesIO(piped), allow_pickle=False), top, atol=1e-6)


def test_states_from_a_file_say_what_their_sentences_say(trained, sentences, tmp_path):
    stdin = "".join(f"{line}\n" for line in sentences[:60]).encode()
    s2s("inspect-state", trained / "run", "-o", tmp_path / "all.npy", "--layers", "all", stdin=stdin, check=0)
    for more in ([], ["--beam", "3", "--n-best", "2"]):
        said = s2s("translate", trained / "run", "--from-states", tmp_path / "all.npy", *more, check=0).stdout
        assert said == s2s("translate", trained / "run", *more, stdin=stdin, check=0).stdout
    arithmetic = np.load(tmp_path / "all.npy").astype(np.float64).mean(0, keepdims=True)
    np.save(tmp_path / "mean.npy", arithmetic)
    said = s2s("translate", trained / "run", "--from-states", tmp_path / "mean.npy", check=0).stdout
    assert said.count(b"\n") == 1


class Trap:
    def __reduce__(self):
        return os.mkdir, ("sprung",)


GOOD = np.zeros((3, 2, 2, 48), np.float32)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (GOOD[:, -1, 0], r"shape \[3, 48\]; .* \[lines, 2, 2, 48\]"),
        (GOOD[:, :1], r"shape \[3, 1, 2, 48\]"),
        (GOOD[0], r"shape \[2, 2, 48\]"),
        (GOOD.astype(np.int64), "numbers of type int64"),
        (GOOD.astype(np.complex64), "numbers of type complex64"),
        (np.array([["a"]]), "numbers of type <U1"),
        (np.array([Trap()]), "no .npy file of numbers"),
        (np.where(np.arange(3)[:, None, None, None] == 1, np.nan, GOOD), "row 1 .* not finite"),
        (np.where(np.arange(3)[:, None, None, None] == 2, 1e300, GOOD.astype(np.float64)), "row 2 .* not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_states_that_are_none_are_refused(tmp_path, array, message):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputError, match=message):
        list(states.read_states(tmp_path / "x.npy", 2, 48))
    assert not os.path.exists("sprung")


def test_files_of_states_that_are_damaged_are_refused(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, GOOD)
    content = path.read_bytes()
    for damage in (b"", content[:50], content[:200], b"hola\n", b"\x80\x04N."):
        path.write_bytes(damage)
        with pytest.raises(InputError, match=r"x.npy: "):
            list(states.read_states(path, 2, 48))
    with pytest.raises(InputError, match="No such file"):
        list(states.read_states(tmp_path / "none.npy", 2, 48))
    np.savez(tmp_path / "x.npz", GOOD)
    with pytest.raises(InputError, match="archive"):
        list(states.read_states(tmp_path / "x.npz", 2, 48))


def test_traces_end_in_the_states(trained, translator, sentences, tmp_path):
    lines = [*sentences[:6], ""]
    inspect_lines(trained, lines, trace=True, output=tmp_path / "trace.npz", plot=tmp_path / "trace.png")
    with np.load(tmp_path / "trace.npz", allow_pickle=False) as file:
        for number, (line, state) in enumerate(zip(lines, translator.encode(lines), strict=True), 1):
            trace, subwords = file[f"states_{number}"], file[f"subwords_{number}"].tolist()
            assert trace.shape == (len(subwords), 48)
            assert (trace[-1] == state[-1, 0]).all()
            # Read from its end: the end mark comes first.
            assert subwords[0] == "</s>" and "".join(subwords[:0:-1]).replace("▁", " ").strip() == line
    assert (tmp_path / "trace.png").read_bytes().startswith(b"\x89PNG")


def test_a_trace_of_one_subword_can_be_drawn(tmp_path):
    plot_traces([(np.zeros((1, 5), np.float32), ["</s>"])], tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_bytes().startswith(KINDS["svg"])


@pytest.mark.parametrize("count", [1, 3, 50])
def test_neighbours_are_those_of_all_cosines(monkeypatch, count):
    monkeypatch.setattr(states, "BLOCK", 7)
    monkeypatch.setattr(states, "_QUERIES", 4)
    random = np.random.default_rng(2)
    queries, corpus = (random.normal(size=(rows, 6)).astype(np.float32) for rows in (9, 40))
    corpus[11] = corpus[3]  # of equals the first comes first
    corpus[5] = 0.0
    norms = [np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (queries, corpus)]
    cosines = (queries / norms[0]) @ (corpus / norms[1]).T
    places, found = states.neighbours(queries, corpus, count)
    want = np.argsort(-cosines, 1, kind="stable")[:, :count]
    assert (places == want).all()
    np.testing.assert_allclose(found, np.take_along_axis(cosines, want, 1), atol=1e-6)


def test_neighbours_by_the_command_line(trained, sentences, tmp_path):
    corpus = list(dict.fromkeys(sentences))[:50]
    (tmp_path / "corpus.txt").write_text("\n".join(corpus) + "\n", encoding="utf-8")
    s2s("inspect-state", trained / "run", tmp_path / "corpus.txt", "-o", tmp_path / "corpus.npz", check=0)
    outputs = [
        s2s("inspect-state", trained / "run", "--neighbours", 3, "--corpus", tmp_path / name,
            stdin="\n".join(corpus[4:6]).encode(), check=0).stdout
        for name in ("corpus.txt", "corpus.npz")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    rows = [line.split("\t") for line in outputs[0].decode().splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "1", "2", "2", "2"]
    assert (rows[0][1:], rows[3][1:]) == (["1.0000", corpus[4]], ["1.0000", corpus[5]])


def test_the_projector_reads_what_is_written(trained, translator, sentences, tmp_path):
    lines = [sentences[0], "", "con\ttabulador"]
    inspect_lines(trained, lines, projector=tmp_path / "cloud")
    config = (tmp_path / "cloud" / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "states.tsv"' in config and 'metadata_path: "metadata.tsv"' in config
    vectors = np.loadtxt(tmp_path / "cloud" / "states.tsv", delimiter="\t", dtype=np.float32)
    np.testing.assert_allclose(vectors, translator.encode(lines)[:, -1, 0], rtol=1e-5)
    metadata = (tmp_path / "cloud" / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert metadata == [
        "sentence\twords",
        f"{sentences[0]}\t{len(sentences[0].split())}",
        "(blank)\t0",
        "con tabulador\t2",
    ]


def test_what_does_not_go_together_is_told(trained, tmp_path):
    (tmp_path / "labels.txt").write_text("one\n")
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "other.npz", states=np.zeros((1, 9), np.float32), sentences=np.array(["a"]))
    (tmp_path / "none.txt").write_text("")
    png = ["--plot", tmp_path / "x.png"]
    for arguments, message in (
        ([], b"say what to make"),
        (["--neighbours", "2"], b"--neighbours and --corpus go together"),
        (["--trace", "--projector", tmp_path / "p"], b"--trace goes with"),
        (["-o", "-", "--trace"], b"only an .npy goes to stdout"),
        (["-o", "-", "--neighbours", "2", "--corpus", tmp_path / "none.txt"], b"only an .npy goes to stdout"),
        (["--labels", tmp_path / "labels.txt", "-o", tmp_path / "x.npy"], b"--labels colours a map"),
        ([*png, "--labels", tmp_path / "labels.txt"], b"1 labels for 2 sentences"),
        (["--plot", tmp_path / "x.jpg"], b"name a .png, .svg or .pdf file"),
        (["-o", tmp_path / "x", "--format", "hdf5"], b"--format hdf5"),
        (["--neighbours", "2", "--corpus", tmp_path / "bad.npz"], b"bad.npz: no .npz of inspect-state"),
        (["--neighbours", "2", "--corpus", tmp_path / "other.npz"], b"no states of this run"),
        (["--neighbours", "2", "--corpus", tmp_path / "none.txt"], b"no sentence in the corpus"),
    ):
        assert message in s2s("inspect-state", trained / "run", *arguments, stdin=b"Hola.\nHola.\n", check=2).stderr
    refused = s2s("translate", trained / "run", "x.txt", "--from-states", tmp_path / "x.npy", check=2)
    assert b"give no INPUT" in refused.stderr


def test_the_npz_is_one_that_others_read(trained, tmp_path):
    inspect_lines(trained, ["Hola."], output=tmp_path / "x.npz", npz=True)
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        assert archive.testzip() is None and sorted(archive.namelist()) == ["sentences.npy", "states.npy"]
    assert json.dumps(np.load(tmp_path / "x.npz")["sentences"].tolist()) == '["Hola."]'
