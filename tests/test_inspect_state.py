"""`s2s inspect-state`: states as files, pictures, neighbours and projector, and translated again from a file."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest

from s2s.files import save_arrays
from s2s.run import Run
from s2s.states.inspect_state import Outputs, inspect
from s2s.translation import network, search, streams
from s2s.translation.streams import TextInput
from tests.conftest import s2s
from tests.rounding import assert_same_scored_lines


@pytest.fixture(autouse=True)
def _few_rows(monkeypatch):
    # The tests encode a few lines at a time, and unused rows take time too.
    monkeypatch.setattr(network, "ROWS", 4)
    monkeypatch.setattr(search, "ROWS", 4)


def inspect_lines(experiment, lines, **outputs):
    content = "".join(f"{line}\n" for line in lines).encode()
    chosen = Outputs(**outputs)
    chosen.check()
    inspect(Run(experiment / "run"), TextInput("text", io.BytesIO(content), 0), chosen)


@pytest.mark.parametrize("all_layers", [False, True])
@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_no_lines_are_an_empty_array(untrained, tmp_path, all_layers, name):
    inspect_lines(untrained, [], output=tmp_path / name, all_layers=all_layers, npz=name.endswith("z"))
    array = np.load(tmp_path / name)
    array = array if name == "x.npy" else array["states"]
    assert array.shape == ((0, 2, 2, 48) if all_layers else (0, 48)) and array.dtype == np.float32


def test_states_are_those_of_the_lines_in_every_format(
    untrained, untrained_translator, sentences, tmp_path, monkeypatch
):
    monkeypatch.setattr(streams, "CHUNK_LINES", 3)
    lines = [*sentences[:7], "", "ñandú 🙂"]
    expected = untrained_translator.encode(lines)
    inspect_lines(untrained, lines, output=tmp_path / "top.npy")
    inspect_lines(untrained, lines, output=tmp_path / "all.npz", all_layers=True, npz=True)
    top = np.load(tmp_path / "top.npy", allow_pickle=False)
    np.testing.assert_allclose(top, expected[:, -1, 0], atol=1e-6)
    with np.load(tmp_path / "all.npz", allow_pickle=False) as file:
        np.testing.assert_allclose(file["states"], expected, atol=1e-6)
        assert file["sentences"].tolist() == lines
    stdin = "".join(f"{line}\n" for line in lines).encode()
    piped = s2s("inspect-state", untrained / "run", "-o", "-", stdin=stdin, check=0).stdout
    np.testing.assert_allclose(np.load(io.BytesIO(piped), allow_pickle=False), top, atol=1e-6)


def test_states_from_a_file_give_the_translations_of_their_sentences(trained, translator, sentences, tmp_path):
    plain = [line for line in sentences if not translator.reader.source(line).fillers]
    # From a state, a slot may come that the sentence does not have.
    decoded = translator.decode(translator.encode(plain))
    plain = [line for line, (best,) in zip(plain, decoded, strict=True) if "⟨" not in best.text]
    stdin = "".join(f"{line}\n" for line in plain[:60]).encode()
    s2s("inspect-state", trained / "run", "-o", tmp_path / "all.npy", "--layers", "all", stdin=stdin, check=0)
    translate = ["translate", trained / "run", "--from-states", tmp_path / "all.npy"]
    assert s2s(*translate, check=0).stdout == s2s(*translate[:2], stdin=stdin, check=0).stdout
    beam = ["--beam", "3", "--n-best", "2"]
    decoded, translated = s2s(*translate, *beam, check=0), s2s(*translate[:2], *beam, stdin=stdin, check=0)
    lines, expected = (process.stdout.decode().splitlines() for process in (decoded, translated))
    assert len(lines) == 120
    # The second best of a state may have a slot, which the sentence does not have.
    assert_same_scored_lines(lines[::2], expected[::2])
    arithmetic = np.load(tmp_path / "all.npy").astype(np.float64).mean(0, keepdims=True)
    np.save(tmp_path / "mean.npy", arithmetic)
    decoded = s2s("translate", trained / "run", "--from-states", tmp_path / "mean.npy", check=0).stdout
    assert decoded.count(b"\n") == 1


def test_traces_end_in_the_states(untrained, untrained_translator, sentences, tmp_path):
    lines = [*sentences[:6], ""]
    inspect_lines(untrained, lines, trace=True, output=tmp_path / "trace.npz", plot=tmp_path / "trace.svg")
    picture = (tmp_path / "trace.svg").read_text(encoding="utf-8")
    with np.load(tmp_path / "trace.npz", allow_pickle=False) as file:
        for number, (line, state) in enumerate(zip(lines, untrained_translator.encode(lines), strict=True), 1):
            trace, subwords = file[f"states_{number}"], file[f"subwords_{number}"].tolist()
            assert trace.shape == (len(subwords), 48)
            np.testing.assert_allclose(trace[-1], state[-1, 0], atol=1e-6)
            # Read from its end: EOS comes first.
            assert subwords[0] == "</s>"
            assert "".join(subwords[:0:-1]).replace("▁", " ").strip() == line.lower().replace("¿", "").replace("¡", "")
            assert all(f"<!-- {subword} -->" in picture for subword in subwords[1:])


def test_a_map_of_lines_with_labels(untrained, sentences, tmp_path):
    (tmp_path / "labels.txt").write_text("one\ntwo\none\n", encoding="utf-8")
    inspect_lines(untrained, sentences[:3], plot=tmp_path / "map.svg", labels=tmp_path / "labels.txt")
    picture = (tmp_path / "map.svg").read_text(encoding="utf-8")
    for text in ("Hidden states of 3 sentences", *sentences[:3], "one", "two"):
        assert f"<!-- {text} -->" in picture


def test_neighbours_by_the_command_line(untrained, sentences, tmp_path):
    corpus = list(dict.fromkeys(sentences))[:50]
    (tmp_path / "corpus.txt").write_text("\n".join(corpus) + "\n", encoding="utf-8")
    s2s("inspect-state", untrained / "run", tmp_path / "corpus.txt", "-o", tmp_path / "corpus.npz", check=0)
    outputs = [
        s2s("inspect-state", untrained / "run", "--neighbours", 3, "--corpus", tmp_path / name,
            stdin="\n".join(corpus[4:6]).encode(), check=0).stdout
        for name in ("corpus.txt", "corpus.npz")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    rows = [line.split("\t") for line in outputs[0].decode().splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "1", "2", "2", "2"]
    assert (rows[0][1:], rows[3][1:]) == (["1.0000", corpus[4]], ["1.0000", corpus[5]])
    assert all(float(row[1]) < 1 and row[2] in corpus for row in (*rows[1:3], *rows[4:]))


def test_the_projector_reads_what_is_written(untrained, untrained_translator, sentences, tmp_path):
    lines = [sentences[0], "", "con\ttabulador"]
    inspect_lines(untrained, lines, projector=tmp_path / "cloud")
    config = (tmp_path / "cloud" / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "states.tsv"' in config and 'metadata_path: "metadata.tsv"' in config
    vectors = np.loadtxt(tmp_path / "cloud" / "states.tsv", delimiter="\t", dtype=np.float32)
    np.testing.assert_allclose(vectors, untrained_translator.encode(lines)[:, -1, 0], rtol=1e-5, atol=1e-6)
    metadata = (tmp_path / "cloud" / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert metadata == [
        "sentence\twords",
        f"{sentences[0]}\t{len(sentences[0].split())}",
        "(blank)\t0",
        "con tabulador\t2",
    ]


@pytest.mark.slow
def test_states_of_another_run_are_refused(untrained, sentences, tmp_path):
    """Of one of the same shape: the numbers would fit and mean nothing."""
    other = tmp_path / "other"
    shutil.copytree(untrained / "run", other)
    weights = Run(other).load_best()
    weights["encoder/embedding"] = weights["encoder/embedding"][::-1]
    save_arrays(other / "best.npz", weights)
    stdin = "\n".join(sentences[:3]).encode()
    for name in ("x.npz", "x.npy"):
        s2s("inspect-state", other, "--layers", "all", "-o", tmp_path / name, stdin=stdin, check=0)
    commands = (
        ["translate", "--from-states", tmp_path / "x.npz"],
        ["inspect-state", "--neighbours", 1, "--corpus", tmp_path / "x.npz"],
    )
    for command, *options in commands:
        assert s2s(command, other, *options, stdin=stdin, check=0).stdout.count(b"\n") == 3
        refused = s2s(command, untrained / "run", *options, stdin=stdin, check=2)
        assert b"x.npz: states of another run's encoder" in refused.stderr and refused.stdout == b""
    # An .npy is plain numbers.
    plain = s2s("translate", untrained / "run", "--from-states", tmp_path / "x.npy", check=0)
    assert plain.stdout.count(b"\n") == 3


@pytest.mark.slow
def test_states_are_read_from_stdin(untrained, sentences, tmp_path):
    stdin = "\n".join(sentences[:3]).encode()
    (tmp_path / "scratch").mkdir()
    scratch = {"TMPDIR": str(tmp_path / "scratch")}
    states = s2s("inspect-state", untrained / "run", "--layers", "all", "-o", "-", stdin=stdin, check=0).stdout
    (tmp_path / "states.npy").write_bytes(states)
    from_file = s2s("translate", untrained / "run", "--from-states", tmp_path / "states.npy", check=0)
    translate = ["translate", untrained / "run", "--from-states", "-"]
    assert s2s(*translate, stdin=states, env=scratch, check=0).stdout == from_file.stdout
    for content, message in (
        (b"", b"stdin: not an .npy file of numbers"),
        (stdin, b"stdin: not an .npy file of numbers"),
        (states[:-1], b"stdin: not an .npy file of numbers"),
        (s2s("inspect-state", untrained / "run", "-o", "-", stdin=stdin, check=0).stdout, b"stdin: shape [3, 48]"),
    ):
        refused = s2s(*translate, stdin=content, env=scratch, check=2)
        assert message in refused.stderr and refused.stderr.count(b"\n") == 1 and refused.stdout == b""
    assert not list((tmp_path / "scratch").iterdir())


def test_what_is_written_is_reported(untrained, sentences, tmp_path):
    stdin = "\n".join(sentences[:3]).encode()
    outputs = ["-o", tmp_path / "x.NPZ", "--plot", tmp_path / "x.PNG", "--projector", tmp_path / "cloud"]
    errors = s2s("inspect-state", untrained / "run", *outputs, stdin=stdin, check=0).stderr.decode()
    for line in (f"{tmp_path}/x.PNG: map of 3 states\n", f"{tmp_path}/cloud: 3 states; ", "x.NPZ: float32 [3, 48]\n"):
        assert line in errors
    assert (tmp_path / "x.PNG").read_bytes().startswith(b"\x89PNG")
    assert np.load(tmp_path / "x.NPZ")["sentences"].tolist() == sentences[:3]


@pytest.mark.slow
def test_options_that_do_not_go_together_are_refused(untrained, tmp_path):
    (tmp_path / "labels.txt").write_text("one\n")
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "other.npz", states=np.zeros((1, 9), np.float32), sentences=np.array(["a"]))
    (tmp_path / "none.txt").write_text("")
    png = ["--plot", tmp_path / "x.png"]
    for arguments, message in (
        ([], b"inspect-state: name an output"),
        (["--neighbours", "2"], b"--neighbours and --corpus go together"),
        (["--trace", "--projector", tmp_path / "p"], b"--trace goes with"),
        (["-o", "-", "--trace"], b"stdout takes an .npy"),
        (["-o", "-", "--neighbours", "2", "--corpus", tmp_path / "none.txt"], b"stdout takes an .npy"),
        (["--labels", tmp_path / "labels.txt", "-o", tmp_path / "x.npy"], b"--labels colours a map"),
        ([*png, "--labels", tmp_path / "labels.txt"], b"1 labels for 2 sentences"),
        (["--plot", tmp_path / "x.jpg"], b"name a .png, .svg or .pdf file"),
        (["-o", tmp_path / "x", "--format", "hdf5"], b"'--format': 'hdf5' is not one of"),
        (["--neighbours", "2", "--corpus", tmp_path / "bad.npz"], b"bad.npz: damaged file of states"),
        (
            ["--neighbours", "2", "--corpus", tmp_path / "other.npz"],
            b"not an .npz of states and sentences that this version",
        ),
        (["--neighbours", "2", "--corpus", tmp_path / "none.txt"], b"no sentence in the corpus"),
    ):
        assert message in s2s("inspect-state", untrained / "run", *arguments, stdin=b"Hola.\nHola.\n", check=2).stderr
    for more in (["x.txt"], ["--cut", 3], ["--errors", "replace"]):
        refused = s2s("translate", untrained / "run", *more, "--from-states", tmp_path / "x.npy", check=2)
        assert b"give no INPUT, --cut or --errors" in refused.stderr


def test_the_npz_is_one_that_others_read(untrained, tmp_path):
    inspect_lines(untrained, ["Hola."], output=tmp_path / "x.npz", npz=True)
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        assert archive.testzip() is None and sorted(archive.namelist()) == [
            "encoder.npy",
            "sentences.npy",
            "states.npy",
        ]
    assert json.dumps(np.load(tmp_path / "x.npz")["sentences"].tolist()) == '["Hola."]'
