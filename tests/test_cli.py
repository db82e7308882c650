"""The commands end to end, as a person runs them, and what they say about wrong usage and files."""

import gzip
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from s2s import __version__
from s2s.translation.search import SearchOptions
from tests.conftest import python, s2s, s2s_process, write_config
from tests.rounding import assert_same_numbers, assert_same_scored_lines


def test_prepare_prints_counts_and_does_nothing_the_second_time(tmp_path):
    config = write_config(tmp_path)
    first = s2s("prepare", config, check=0)
    assert b"300" in first.stdout and b"vocabulary: " in first.stdout
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "prepared").iterdir()}
    second = s2s("prepare", config, check=0)
    assert b"nothing to do" in second.stderr and second.stdout == first.stdout
    assert before == {path.name: path.stat().st_mtime_ns for path in (tmp_path / "prepared").iterdir()}
    third = s2s("prepare", config, "--set", "data.max_length=8", check=0)
    assert third.stdout != first.stdout
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_translate_line_for_line(untrained, sentences, untrained_translator):
    lines = [sentences[0], "", sentences[1], "   ", sentences[2]]
    process = s2s("translate", untrained / "run", stdin="\n".join(lines).encode(), check=0)
    out = process.stdout.decode().split("\n")
    expected = [hypotheses[0].text for hypotheses in untrained_translator.translate(sentences[:3], SearchOptions(5))]
    assert out == [expected[0], "", expected[1], "", expected[2], ""]
    assert process.stderr == b""
    assert all(expected) and len(set(expected)) == 3


def test_translate_files_scores_and_n_best(untrained, sentences, tmp_path):
    source = tmp_path / "in.txt.gz"
    source.write_bytes(gzip.compress("\r\n".join(sentences[:3]).encode()))
    s2s("translate", untrained / "run", source, "-o", tmp_path / "out.txt", "--beam", 3, "--n-best", 2, check=0)
    rows = [line.split("\t") for line in (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "2", "2", "3", "3"]
    scores = [float(row[1]) for row in rows]
    assert all(a >= b for a, b in zip(scores[::2], scores[1::2], strict=True))
    best = s2s("translate", untrained / "run", source, "--beam", 3, "--scores", check=0).stdout.decode()
    assert_same_scored_lines(best.splitlines(), [f"{row[1]}\t{row[2]}" for row in rows[::2]])


def test_no_input_is_no_output(untrained):
    assert s2s("translate", untrained / "run", check=0).stdout == b""


def test_a_pipe_is_answered_before_it_ends(untrained, sentences):
    with s2s_process("translate", untrained / "run", stdin=subprocess.PIPE) as process:
        for sentence in sentences[:2]:
            process.stdin.write(f"{sentence}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().strip()
        process.stdin.close()
        assert process.wait(timeout=60) == 0


SHELL = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1], shell=True).returncode)"


def test_a_reader_that_leaves_early_is_no_error(untrained, sentences):
    text = "\n".join(sentences * 100)
    command = f"{sys.executable} -m s2s translate {untrained}/run | head -1"
    process = python("-c", SHELL, command, stdin=text.encode())
    assert process.stderr == b""
    assert len(process.stdout.splitlines()) == 1


def test_a_full_disk_is_an_error_at_run_time(untrained, sentences):
    command = f"{sys.executable} -m s2s translate {untrained}/run > /dev/full"
    process = python("-c", SHELL, command, stdin=sentences[0].encode(), check=1)
    assert b"No space left" in process.stderr and b"Traceback" not in process.stderr


def test_evaluate(trained):
    text = s2s("evaluate", trained / "run", trained / "train.tsv", check=0).stdout.decode()
    last = s2s("evaluate", trained / "run", trained / "train.tsv", "--json", check=0).stdout.decode().splitlines()[-1]
    scores = json.loads(last)
    assert f"BLEU {scores['bleu']:.2f}" in text and scores["bleu_signature"] in text
    assert "tok:13a" in scores["bleu_signature"]
    assert scores["bleu"] > 50  # it has learnt its 300 sentences
    assert f"exact match {scores['exact_match']:.1%}" in text
    assert scores["sentences"] == 300


def test_inspect_state_gives_the_state_of_every_line(trained, sentences, tmp_path, translator):
    lines = [*sentences[:5], ""]
    stdin = "\n".join(lines).encode() + b"\n"
    top, every = ["-o", tmp_path / "top.npy", "--plot", tmp_path / "map.svg"], ["-o", tmp_path / "all.npy"]
    s2s("inspect-state", trained / "run", *top, stdin=stdin, check=0)
    s2s("inspect-state", trained / "run", *every, "--layers", "all", stdin=stdin, check=0)
    top, states = np.load(tmp_path / "top.npy"), np.load(tmp_path / "all.npy")
    assert top.dtype == states.dtype == np.float32
    assert top.shape == (6, 48) and states.shape == (6, 2, 2, 48)
    assert_same_numbers(states[:, -1, 0], top)
    # What was saved is what the decoder starts from: it gives the same translations.
    decoded = [hypotheses[0].text for hypotheses in translator.decode(states[:5])]
    assert decoded == s2s("translate", trained / "run", stdin=stdin, check=0).stdout.decode().splitlines()[:5]
    assert "Hidden states of 6 sentences" in (tmp_path / "map.svg").read_text(encoding="utf-8")


def test_a_copied_run_translates_the_same_alone(tmp_path, untrained, sentences):
    stdin = "\n".join(sentences[:20]).encode()
    here = s2s("translate", untrained / "run", stdin=stdin, check=0)
    shutil.copytree(untrained / "run", tmp_path / "elsewhere")
    # The run must not need anything of the directory that it was trained in.
    hidden = untrained.rename(untrained.with_name("hidden"))
    try:
        there = s2s("translate", tmp_path / "elsewhere", stdin=stdin, cwd=tmp_path, check=0)
    finally:
        hidden.rename(untrained)
    assert there.stdout == here.stdout != b""


@pytest.mark.parametrize("arguments", [[], ["help"], ["-h"], ["--help"], ["translate", "-h"]])
def test_help(arguments):
    process = s2s(*arguments, check=0)
    assert process.stdout.startswith(b"Usage: s2s") and process.stderr == b""
    if arguments != ["translate", "-h"]:
        assert process.stdout == s2s("--help", check=0).stdout


def test_a_sentence_instead_of_a_file_is_explained(untrained):
    for sentence in ("hola", "¿Dónde está la biblioteca? " * 30):
        assert f"pipe it: echo ... | s2s translate {untrained / 'run'}" in error_of(
            "translate", untrained / "run", sentence
        )


def test_scores_of_pairs_come_alone(untrained, tmp_path):
    arguments = ["evaluate", untrained / "run", untrained / "test.tsv", "--pair-scores", tmp_path / "x.tsv"]
    for other in (["--json"], ["-o", tmp_path / "y.txt"], ["--beam", 2], ["--cut", 3]):
        assert "leave out --beam, --cut and the options of other outputs" in error_of(*arguments, *other)
    assert not list(tmp_path.iterdir())


def test_a_run_is_opened_by_its_name(untrained):
    from s2s.run import Run

    assert Run(str(untrained / "run")).path == untrained / "run"


def test_version():
    assert s2s("--version", check=0).stdout.decode() == f"s2s {__version__}\n"


def error_of(*arguments, stdin=b"", status=2):
    """The error message of a command that must fail soon: one or two lines, no traceback, nothing on stdout."""
    process = s2s(*arguments, stdin=stdin, check=status, timeout=60)
    errors = process.stderr.decode()
    assert errors.startswith("s2s: error: ") and len(errors.splitlines()) <= 2, errors
    assert process.stdout == b""
    return errors


def test_wrong_usage_is_explained_in_one_line(untrained, tmp_path):
    run = untrained / "run"
    assert "'RUN'" in error_of("translate")
    assert "frobnicate" in error_of("frobnicate")
    assert "--beam" in error_of("translate", run, "--beam", 0)
    assert "at most 100" in error_of("translate", run, "--n-best", 101)
    assert "--beam 2 or more" in error_of("translate", run, "--n-best", 2, "--beam", 1)
    for option, value, choices in (("--layers", "some", "top"), ("--format", "hdf5", "npz")):
        error = error_of("inspect-state", run, "-o", tmp_path / "x.npy", option, value)
        assert option in error and repr(value) in error and choices in error
    error = error_of("translate", run, "--errors", "ignore")
    assert "--errors" in error and "'ignore'" in error and "replace" in error


@pytest.mark.slow
def test_missing_and_wrong_files_are_named(untrained, tmp_path):
    config, run = write_config(tmp_path), untrained / "run"
    assert "none.yaml" in error_of("train", tmp_path / "none.yaml")
    assert "none.tsv" in error_of("prepare", config, "--set", f"data.train={tmp_path}/none.tsv")
    (tmp_path / "empty.tsv").touch()
    assert "empty.tsv" in error_of("prepare", config, "--set", f"data.train={tmp_path}/empty.tsv")
    (tmp_path / "bad.tsv").write_text("uno\tone\nno tab\n")
    assert "bad.tsv:2:" in error_of("prepare", config, "--set", f"data.dev={tmp_path}/bad.tsv")
    (tmp_path / "latin.tsv").write_bytes("sí\tyes\nseñor\tsir\n".encode("latin-1"))
    assert "latin.tsv:1:" in error_of("prepare", config, "--set", f"data.test={tmp_path}/latin.tsv")
    assert not (tmp_path / "prepared").exists()
    assert "did you mean training.epochs" in error_of("prepare", config, "--set", "training.epoch=1")
    assert "in.txt" in error_of("translate", run, tmp_path / "in.txt")
    cut = tmp_path / "cut.txt.gz"
    cut.write_bytes(gzip.compress(b"Hola.\n" * 1000)[:-10])
    assert "cut.txt.gz: damaged" in error_of("translate", run, cut, "-o", tmp_path / "o")
    assert "cut.txt.gz: damaged" in error_of("inspect-state", run, cut, "-o", tmp_path / "o")
    assert not (tmp_path / "o").exists()
    assert "none.tsv" in error_of("evaluate", run, tmp_path / "none.tsv")
    assert "empty.tsv" in error_of("evaluate", run, tmp_path / "empty.tsv")


@pytest.mark.slow
def test_a_directory_that_is_no_run_is_named(untrained, tmp_path):
    assert "no run directory" in error_of("translate", tmp_path)
    assert "no run directory" in error_of("translate", tmp_path / "none")
    assert "no run directory" in error_of("evaluate", tmp_path, untrained / "test.tsv")
    assert "no run directory" in error_of("inspect-state", tmp_path, "-o", tmp_path / "x.npy")
    shutil.copytree(untrained / "run", tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text('{"format": 99, "version": "9.9"}')
    assert "format 99" in error_of("translate", tmp_path / "run")
    shutil.copyfile(untrained / "run" / "run.json", tmp_path / "run" / "run.json")
    (tmp_path / "run" / "best.npz").write_bytes(b"PK\x03\x04 cut short")
    assert "best.npz" in error_of("translate", tmp_path / "run")
    (tmp_path / "run" / "best.npz").unlink()
    assert "nothing trained yet" in error_of("translate", tmp_path / "run")


def test_an_output_that_cannot_be_written_is_refused_before_the_work(untrained, tmp_path):
    # No input is given: a command that waited for it would run into the timeout.
    for arguments, message in (
        (["translate", untrained / "run", "-o", tmp_path / "none" / "out.txt"], b"no directory"),
        (["inspect-state", untrained / "run", "-o", tmp_path], b"is a directory"),
    ):
        with s2s_process(*arguments, stdin=subprocess.PIPE) as process:
            assert process.wait(timeout=60) == 2 and message in process.stderr.read()
    config = write_config(tmp_path)
    assert "data.prepared" in error_of("prepare", config, "--set", f"data.prepared={tmp_path}/train.tsv/x")
    assert "data.prepared" in error_of("prepare", config, "--set", f"data.prepared={tmp_path}")


def test_a_bad_line_in_the_input_is_named_after_the_good_ones(untrained, sentences, tmp_path):
    stdin = f"{sentences[0]}\n{sentences[1]}\n".encode() + b"\xff\xfe\nmore\n"
    process = s2s("translate", untrained / "run", stdin=stdin, check=2)
    assert process.stderr.startswith(b"s2s: error: stdin:3: invalid UTF-8")
    assert len(process.stdout.splitlines()) == 2
    # A file appears whole or not at all.
    (tmp_path / "out.txt").write_text("mine")
    s2s("translate", untrained / "run", "-o", tmp_path / "out.txt", stdin=stdin, check=2)
    assert (tmp_path / "out.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
