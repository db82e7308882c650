"""The five commands end to end, as a person runs them, and what they say of bad input."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from s2s import __version__
from tests.conftest import ROOT, s2s, write_config


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


def test_translate_line_for_line(trained, sentences, translator):
    lines = [sentences[0], "", sentences[1], "   ", sentences[2]]
    process = s2s("translate", trained / "run", stdin="\n".join(lines).encode(), check=0)
    out = process.stdout.decode().split("\n")
    expected = [hypotheses[0].text for hypotheses in translator.translate(sentences[:3])]
    assert out == [expected[0], "", expected[1], "", expected[2], ""]
    assert process.stderr == b""
    assert all(expected)


def test_translate_files_scores_and_n_best(trained, sentences, tmp_path):
    source = tmp_path / "in.txt.gz"
    source.write_bytes(gzip.compress("\r\n".join(sentences[:3]).encode()))
    s2s("translate", trained / "run", source, "-o", tmp_path / "out.txt", "--beam", 3, "--n-best", 2, check=0)
    rows = [line.split("\t") for line in (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "2", "2", "3", "3"]
    scores = [float(row[1]) for row in rows]
    assert all(a >= b for a, b in zip(scores[::2], scores[1::2], strict=True))
    best = s2s("translate", trained / "run", source, "--beam", 3, "--scores", check=0).stdout.decode()
    assert best == "".join(f"{row[1]}\t{row[2]}\n" for row in rows[::2])


def test_no_input_is_no_output(trained):
    assert s2s("translate", trained / "run", check=0).stdout == b""


def test_a_pipe_is_answered_before_it_ends(trained, sentences):
    command = [sys.executable, "-m", "s2s", "translate", str(trained / "run")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        for sentence in sentences[:2]:
            process.stdin.write(f"{sentence}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().strip()
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_reader_that_leaves_early_is_no_error(trained, sentences):
    text = "\n".join(sentences * 100)
    command = f"{sys.executable} -m s2s translate {trained}/run | head -1"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        command, shell=True, input=text.encode(), capture_output=True, env=environment, timeout=300
    )
    assert process.stderr == b""
    assert len(process.stdout.splitlines()) == 1


def test_evaluate(trained):
    text = s2s("evaluate", trained / "run", trained / "train.tsv", check=0).stdout.decode()
    last = s2s("evaluate", trained / "run", trained / "train.tsv", "--json", check=0).stdout.decode().splitlines()[-1]
    scores = json.loads(last)
    assert f"BLEU {scores['bleu']:.2f}" in text and scores["bleu_signature"] in text
    assert "tok:13a" in scores["bleu_signature"]
    assert scores["bleu"] > 50  # it has learnt its 300 sentences
    assert scores["sentences"] == 300


def test_inspect_state_gives_the_state_of_every_line(trained, sentences, tmp_path, translator):
    lines = [*sentences[:5], ""]
    stdin = "\n".join(lines).encode() + b"\n"
    s2s(
        "inspect-state",
        trained / "run",
        "-o",
        tmp_path / "top.npy",
        "--plot",
        tmp_path / "map.png",
        stdin=stdin,
        check=0,
    )
    s2s("inspect-state", trained / "run", "-o", tmp_path / "all.npy", "--layers", "all", stdin=stdin, check=0)
    top, states = np.load(tmp_path / "top.npy"), np.load(tmp_path / "all.npy")
    assert top.dtype == states.dtype == np.float32
    assert top.shape == (6, 48) and states.shape == (6, 2, 2, 48)
    assert (states[:, -1, 0] == top).all()
    # What was saved is what the decoder starts from: it says the same sentences.
    said = [hypotheses[0].text for hypotheses in translator.say(states[:5])]
    assert said == s2s("translate", trained / "run", stdin=stdin, check=0).stdout.decode().splitlines()[:5]
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_rows_do_not_depend_on_batch_mates(translator, sentences):
    together = translator.encode(sentences)
    alone = np.concatenate([translator.encode([sentence]) for sentence in sentences[:10]])
    np.testing.assert_allclose(together[:10], alone, atol=1e-6)
    backwards = translator.encode(sentences[::-1])[::-1]
    np.testing.assert_allclose(together, backwards, atol=1e-6)
    for some, one in zip(translator.translate(sentences)[:10], sentences[:10], strict=True):
        ((best,), (same,)) = some, translator.translate([one])[0]
        assert best.text == same.text and abs(best.log_prob - same.log_prob) < 1e-4


def test_a_copied_run_translates_the_same_alone(trained, sentences, tmp_path):
    stdin = "\n".join(sentences[:20]).encode()
    here = s2s("translate", trained / "run", stdin=stdin, check=0)
    shutil.copytree(trained / "run", tmp_path / "elsewhere")
    # Nothing of the place it was trained in is there any more.
    hidden = trained.rename(trained.with_name("hidden"))
    try:
        there = s2s("translate", tmp_path / "elsewhere", stdin=stdin, cwd=tmp_path, check=0)
    finally:
        hidden.rename(trained)
    assert there.stdout == here.stdout != b""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["translate"], ["frobnicate"]])
def test_help_and_usage_errors_do_not_import_tensorflow(arguments):
    code = f"import sys; sys.argv = ['s2s', *{arguments!r}]\nfrom s2s.cli import _run\n_run()\nassert 'tensorflow' not in sys.modules"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)


def test_version():
    assert s2s("--version", check=0).stdout.decode() == f"s2s {__version__}\n"


def fault(*arguments, stdin=b"", status=2):
    """The error message of a command that must fail: one or two lines, no traceback, nothing on stdout."""
    process = s2s(*arguments, stdin=stdin)
    errors = process.stderr.decode()
    assert process.returncode == status, errors
    assert errors.startswith("s2s: error: ") and len(errors.splitlines()) <= 2, errors
    assert process.stdout == b""
    return errors


def test_wrong_usage_is_told_in_a_line(trained, tmp_path):
    assert "'RUN'" in fault("translate")
    assert "Missing command" in fault()
    assert "frobnicate" in fault("frobnicate")
    assert "--beam" in fault("translate", trained / "run", "--beam", 0)
    assert "--beam 5 or more" in fault("translate", trained / "run", "--n-best", 5)
    assert "--layers" in fault("inspect-state", trained / "run", "-o", tmp_path / "x.npy", "--layers", "some")


def test_missing_and_wrong_files_are_named(trained, tmp_path):
    config = write_config(tmp_path)
    assert "none.yaml" in fault("train", tmp_path / "none.yaml")
    assert "none.tsv" in fault("prepare", config, "--set", f"data.train={tmp_path}/none.tsv")
    (tmp_path / "empty.tsv").touch()
    assert "empty.tsv" in fault("prepare", config, "--set", f"data.train={tmp_path}/empty.tsv")
    (tmp_path / "bad.tsv").write_text("uno\tone\nno tab\n")
    assert "bad.tsv:2:" in fault("prepare", config, "--set", f"data.dev={tmp_path}/bad.tsv")
    (tmp_path / "latin.tsv").write_bytes("sí\tyes\nseñor\tsir\n".encode("latin-1"))
    assert "latin.tsv:1:" in fault("prepare", config, "--set", f"data.test={tmp_path}/latin.tsv")
    assert not (tmp_path / "prepared").exists()
    assert "did you mean training.epochs" in fault("prepare", config, "--set", "training.epoch=1")
    assert "in.txt" in fault("translate", trained / "run", tmp_path / "in.txt")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"Hola.\n" * 1000)[:-10])
    assert "cut.txt.gz: damaged" in fault("translate", trained / "run", tmp_path / "cut.txt.gz", "-o", tmp_path / "o")
    assert "cut.txt.gz: damaged" in fault(
        "inspect-state", trained / "run", tmp_path / "cut.txt.gz", "-o", tmp_path / "o"
    )
    assert not (tmp_path / "o").exists()
    assert "none.tsv" in fault("evaluate", trained / "run", tmp_path / "none.tsv")
    assert "empty.tsv" in fault("evaluate", trained / "run", tmp_path / "empty.tsv")


def test_a_run_that_is_none_is_named(trained, tmp_path):
    assert "no run directory" in fault("translate", tmp_path)
    assert "no run directory" in fault("translate", tmp_path / "none")
    assert "no run directory" in fault("evaluate", tmp_path, trained / "test.tsv")
    assert "no run directory" in fault("inspect-state", tmp_path, "-o", tmp_path / "x.npy")
    shutil.copytree(trained / "run", tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text('{"format": 99, "version": "9.9"}')
    assert "format 99" in fault("translate", tmp_path / "run")
    shutil.copyfile(trained / "run" / "run.json", tmp_path / "run" / "run.json")
    (tmp_path / "run" / "best.npz").write_bytes(b"PK\x03\x04 cut short")
    assert "best.npz" in fault("translate", tmp_path / "run")
    (tmp_path / "run" / "best.npz").unlink()
    assert "nothing trained yet" in fault("translate", tmp_path / "run")


def test_an_output_that_cannot_be_written_is_told_before_work(trained, tmp_path):
    started = time.monotonic()
    assert "no directory" in fault("translate", trained / "run", "-o", tmp_path / "none" / "out.txt")
    assert "is a directory" in fault("inspect-state", trained / "run", "-o", tmp_path)
    config = write_config(tmp_path)
    assert "data.prepared" in fault("prepare", config, "--set", f"data.prepared={tmp_path}/train.tsv/x")
    assert "data.prepared" in fault("prepare", config, "--set", f"data.prepared={tmp_path}")
    assert time.monotonic() - started < 60


def test_a_bad_line_in_the_input_is_named_after_the_good_ones(trained, sentences, tmp_path):
    stdin = f"{sentences[0]}\n{sentences[1]}\n".encode() + b"\xff\xfe\nmore\n"
    process = s2s("translate", trained / "run", stdin=stdin)
    assert process.returncode == 2
    assert process.stderr.startswith(b"s2s: error: stdin:3: not valid UTF-8")
    assert len(process.stdout.splitlines()) == 2
    # A file appears whole or not at all.
    (tmp_path / "out.txt").write_text("mine")
    s2s("translate", trained / "run", "-o", tmp_path / "out.txt", stdin=stdin, check=2)
    assert (tmp_path / "out.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_a_full_disk_is_a_fault_at_run_time(trained, sentences):
    command = f"{sys.executable} -m s2s translate {trained}/run > /dev/full"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        command, shell=True, input=sentences[0].encode(), capture_output=True, env=environment, timeout=300
    )
    assert process.returncode == 1
    assert b"No space left" in process.stderr and b"Traceback" not in process.stderr
