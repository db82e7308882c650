"""What the surroundings of a process do to it: names too long, very many files, kills while a run is made, early Ctrl-C."""

import os
import re
import resource
import shutil
import signal
import time

import numpy as np
import pytest

from s2s import config_file
from s2s.errors import InputError
from s2s.run import Run
from s2s.training import loop
from tests.commands import EXCEPTION, names_in
from tests.conftest import (
    SHORT,
    metrics,
    python,
    python_process,
    s2s,
    set_options,
)  # fmt: skip
from tests.test_run import config_of


@pytest.mark.slow
def test_more_inputs_than_files_may_be_open(untrained, sentences, tmp_path):
    names = [f"in{number}" for number in range(100)]
    for number, name in enumerate(names):
        (tmp_path / name).write_text(f"{sentences[number % 50]}\n", encoding="utf-8")
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))}
    out = s2s("translate", untrained / "run", *names, cwd=tmp_path, check=0, **limit).stdout
    assert out == s2s("translate", untrained / "run", stdin=b"".join((tmp_path / n).read_bytes() for n in names)).stdout
    assert out.count(b"\n") == 100


def test_an_input_that_cannot_be_opened_is_refused_before_the_first_is_translated(untrained, sentences, tmp_path):
    (tmp_path / "good").write_text(f"{sentences[0]}\n", encoding="utf-8")
    (tmp_path / "page").write_text("<!DOCTYPE html><html><body>Hola.</body></html>")
    process = s2s("translate", untrained / "run", tmp_path / "good", tmp_path / "page", check=2)
    assert process.stdout == b"" and b"page" in process.stderr


@pytest.mark.slow
def test_names_of_inputs_too_long_are_the_users_to_mend(untrained, tmp_path):
    name, config, run = "n" * 300, untrained / "tiny.yaml", untrained / "run"
    for arguments in (
        ["prepare", name],
        ["prepare", config, *set_options(data__train=name)],
        ["prepare", config, *set_options(tokenizer__from=name, data__prepared=tmp_path / "p")],
        ["train", config, *set_options(training__init_from=name, run=tmp_path / "r")],
        ["translate", name],
        ["translate", run, name],
        ["translate", run, "--from-states", name],
        ["evaluate", run, untrained / "test.tsv", "--baseline", name],
        ["inspect-state", run, untrained / "test.tsv", "--neighbours", 1, "--corpus", name],
    ):
        process = s2s(*arguments, check=2)
        assert process.stderr.count(b"\n") <= 2 and name[:50].encode() in process.stderr, process.stderr
    assert names_in(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("length", [250, 300])
def test_names_of_outputs_too_long_are_the_users_to_mend(untrained, tmp_path, length):
    name, config, run = "n" * length, untrained / "tiny.yaml", untrained / "run"
    for arguments in (
        ["prepare", config, *set_options(data__prepared=tmp_path / name)],
        ["train", config, *set_options(run=tmp_path / name, training__learning_rate=0.0, training__steps=1, **SHORT)],
        ["translate", run, untrained / "test.tsv", "-o", tmp_path / name],
        ["evaluate", run, untrained / "test.tsv", "--write", tmp_path / name],
        ["inspect-state", run, untrained / "test.tsv", "--projector", tmp_path / name],
    ):
        if length <= 255 and arguments[0] == "train":
            continue  # it would train
        process = s2s(*arguments, check=0 if length <= 255 else 2)
        assert length <= 255 or b"too long" in process.stderr
        for path in tmp_path.glob("n*"):
            path.rename(tmp_path / f"done{len(names_in(tmp_path))}")
    assert not [path for path in names_in(tmp_path) if not path.startswith("done")]


def test_a_line_end_in_a_name_does_not_end_the_line(untrained, tmp_path):
    process = s2s("inspect-state", untrained / "run", untrained / "test.tsv", "-o", tmp_path / "a\nb.npy", check=0)
    assert process.stderr.count(b"\n") == 1 and rb"a\nb.npy" in process.stderr
    (tmp_path / "c\nd.tsv").write_text("Spanish\tEnglish\n" + (untrained / "train.tsv").read_text(encoding="utf-8"))
    keys = {"data__train": f'"{tmp_path}/c\\nd.tsv"', "data__prepared": tmp_path / "p"}
    process = s2s("prepare", untrained / "tiny.yaml", *set_options(**keys), check=0)
    assert rb"c\nd.tsv: line 1 is a header" in process.stderr


@pytest.mark.parametrize(
    "keys", [{"epochs": "null"}, {"epochs": "null", "patience": 3}, {"epochs": "null", "schedule": "inverse_sqrt"}]
)
def test_a_training_without_a_budget_is_refused(untrained, tmp_path, keys):
    options = set_options(run=tmp_path / "run", **{f"training__{name}": value for name, value in keys.items()})
    process = s2s("train", untrained / "tiny.yaml", *options, check=2)
    assert b"training: there is no budget; set training.minutes" in process.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan"])
def test_a_number_that_is_not_finite_is_refused(untrained, value):
    with pytest.raises(InputError, match=r"training\.minutes must be a number of at least 0\.0 or null, not"):
        config_file.load(untrained / "tiny.yaml", [f"training.minutes={value}"])


def test_what_a_process_killed_while_it_made_a_run_left_goes(untrained, tmp_path):
    program = (
        "import os, sys; from pathlib import Path; import s2s.run as run; from s2s import config_file\n"
        "run.save_arrays = lambda *_: os.kill(os.getpid(), 9); run.lock = run.save_arrays\n"
        "run.Run.begin(config_file.load(Path(sys.argv[1]), sys.argv[2:]))"
    )
    python("-c", program, untrained / "tiny.yaml", f"run={tmp_path}/run", check=-signal.SIGKILL)
    (left,) = names_in(tmp_path)
    assert left.startswith(".run.") and left.endswith(".tmp")
    (tmp_path / ".run.mine.tmp").mkdir()
    Run.begin(config_of(untrained, f"run={tmp_path}/run")).close()
    assert names_in(tmp_path) == [".run.mine.tmp", "run"]


@pytest.mark.slow
def test_a_skipped_step_names_a_checkpoint_with_finite_weights(untrained, tmp_path):
    """With on_nan: skip there are checkpoints between the first skipped step and the end."""
    config = config_of(
        untrained, f"run={tmp_path}/run", "training.on_nan=skip", "training.checkpoint_minutes=0", "training.log_every=4",
        "training.learning_rate=1e38", "training.warmup_steps=0", "training.epochs=2", "model.layers=1", "model.units=8",
        "training.validation_sentences=0", "training.validate_every=1000",
    )  # fmt: skip
    run = Run.begin(config)
    with pytest.raises(loop.RunError) as error:
        loop.train(run)
    run.close()
    arrays, progress = run.load_checkpoint()
    assert f"the checkpoint of step {progress.step} has only finite weights" in str(error.value)
    weights = [array for name, array in arrays.items() if name.startswith(("weight/", "average/"))]
    assert weights and all(np.isfinite(array).all() for array in weights)
    assert metrics(tmp_path / "run")


MOMENTS = int(os.environ.get("S2S_MOMENTS", "9"))
"""At how many moments of a command Ctrl-C comes; a change of the start or of signals is worth thirty."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["prepare", "translate", "evaluate", "inspect-state"])
def test_ctrl_c_at_any_moment_is_one_line_or_a_whole_result(untrained, tmp_path, name):
    output = tmp_path / "out"
    arguments = {
        "prepare": [untrained / "tiny.yaml", *set_options(data__prepared=output)],
        "translate": [untrained / "run", untrained / "test.tsv", "-o", output],
        "evaluate": [untrained / "run", untrained / "test.tsv", "-o", output],
        "inspect-state": [untrained / "run", untrained / "test.tsv", "-o", output],
    }[name]
    statuses = set()
    for delay in [0.0, 0.002, 0.005, 0.01, *np.linspace(0.02, 0.8, MOMENTS - 4)]:
        with python_process("-X", "importtime", "-m", "s2s", name, *arguments) as process:
            # The program's first import.  What comes before is Python's own start, which answers with a traceback.
            assert any(line.endswith(b" s2s.errors\n") for line in process.stderr)
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        lines = [line for line in errors.splitlines() if not re.search(rb" \| +\S+$", line)]  # those of -X importtime
        statuses.add(process.returncode)
        assert not EXCEPTION.search(errors.decode()), errors.decode()
        if process.returncode == 130:
            assert lines == [b"s2s: error: interrupted"] and names_in(tmp_path) in ([], ["out"])
        else:
            assert process.returncode == 0 and names_in(tmp_path) == ["out"]
        if name == "prepare" and output.exists():
            assert (output / "SHA256SUMS").exists() and process.returncode == 0
            output.rename(tmp_path / "done")
            shutil.rmtree(tmp_path / "done")
        output.unlink(missing_ok=True)
    assert 130 in statuses
