"""Training: it learns, goes on exactly where it stopped, and refuses what would be another run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from s2s.config import TrainingConfig
from s2s.model.backend import tf
from s2s.training.loop import learning_rate
from tests.conftest import ROOT, last_checkpoint, metrics, s2s, same_arrays, write_config


def test_the_loss_falls(trained):
    lines = metrics(trained / "run")
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[-1] < 0.5 * losses[0]
    assert any("dev_loss" in line for line in lines)
    assert (
        lines[-1]["step"] == json.loads((last_checkpoint(trained / "run").parent / "progress.json").read_text())["step"]
    )


def test_the_model_card_tells_data_recipe_and_the_scores_of_the_best_weights(trained):
    card = (trained / "run" / "MODEL.md").read_text(encoding="utf-8")
    scored = [line for line in metrics(trained / "run") if "dev_loss" in line]
    best = min(scored, key=lambda line: line["dev_loss"])
    weights = sum(array.size for array in np.load(trained / "run" / "best.npz").values())
    for part in (
        "| train | 300 | 300 | - |",
        f"{weights:,} weights",
        f"perplexity {np.exp(best['dev_loss']):.2f}; BLEU {best['dev_bleu']:.1f} and chrF {best['dev_chrf']:.1f}",
        f"after {best['step']:,} steps",
        f"`{trained}/train.tsv`",
    ):
        assert part in card, part


def test_run_again_after_the_budget_does_nothing(trained):
    before = last_checkpoint(trained / "run").stat().st_mtime_ns
    process = s2s("train", trained / "tiny.yaml", check=0)
    assert b"budget" in process.stderr
    assert last_checkpoint(trained / "run").stat().st_mtime_ns == before


@pytest.fixture(scope="module")
def stopped(trained, tmp_path_factory):
    """A copy of the experiment, its training stopped by SIGTERM in the middle and then run to its end."""
    directory = tmp_path_factory.mktemp("stopped")
    command = [sys.executable, "-m", "s2s", "train", str(trained / "tiny.yaml"), "--set", f"run={directory}/run"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})
    for line in process.stderr:
        if line.startswith(b"step 40 "):
            process.send_signal(signal.SIGTERM)
            break
    errors = process.stderr.read().decode()
    status = process.wait(timeout=60)
    again = s2s("train", trained / "tiny.yaml", "--set", f"run={directory}/run", check=0)
    return directory / "run", status, errors, again.stderr.decode()


def test_a_signal_saves_and_says_so(stopped):
    _, status, errors, again = stopped
    assert status == 128 + signal.SIGTERM
    assert "goes on" in errors
    assert "Traceback" not in errors
    assert "going on from step 4" in again


def test_a_stopped_training_ends_as_one_never_stopped(trained, stopped):
    run = stopped[0]
    assert same_arrays(last_checkpoint(trained / "run"), last_checkpoint(run))
    assert same_arrays(trained / "run" / "best.npz", run / "best.npz")
    assert metrics(trained / "run") == metrics(run)


def test_the_budget_may_be_raised(trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    options = [f"run={tmp_path}/run", "training.epochs=41", "training.log_every=1"]
    process = s2s("train", trained / "tiny.yaml", *[part for option in options for part in ("--set", option)], check=0)
    assert b"going on from step" in process.stderr
    epochs = [line["epoch"] for line in metrics(tmp_path / "run") if "epoch" in line]
    assert epochs[-1] == 41


def test_minutes_are_a_budget(trained, tmp_path):
    started = time.monotonic()
    options = ["training.epochs=null", "training.minutes=0.05", f"run={tmp_path}/run"]
    s2s("train", trained / "tiny.yaml", *[part for option in options for part in ("--set", option)], check=0)
    assert time.monotonic() - started < 60
    progress = json.loads((last_checkpoint(tmp_path / "run").parent / "progress.json").read_text())
    assert progress["seconds"] >= 3.0
    assert (tmp_path / "run" / "best.npz").exists()


def test_training_needs_a_prepared_corpus(tmp_path):
    config = write_config(tmp_path)
    process = s2s("train", config)
    assert process.returncode == 2
    assert b"run s2s prepare first" in process.stderr
    assert not (tmp_path / "run").exists()


def test_a_directory_that_is_no_run_is_left_alone(trained, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    process = s2s("train", trained / "tiny.yaml", "--set", f"run={tmp_path}/run")
    assert process.returncode == 2
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_the_run_can_be_watched_in_tensorboard_and_as_a_curve(trained):
    (events,) = (trained / "run" / "tensorboard").iterdir()  # one file for each time that it trained
    seen = {}
    for event in tf.compat.v1.train.summary_iterator(str(events)):
        for value in event.summary.value:
            seen.setdefault(value.tag, []).append((event.step, value.simple_value))
    for tag in ("loss", "dev_loss", "learning_rate"):
        want = [(line["step"], line[tag]) for line in metrics(trained / "run") if tag in line]
        np.testing.assert_allclose(seen[tag], want, rtol=1e-6)
    assert (trained / "run" / "curve.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "schedule, rates",
    [
        # At the first, fifth (half of the warm-up) and tenth step, and with 0.2, half and all of the budget used.
        ("linear", [0.1, 0.5, 1.0, 0.8, 0.5, 0.0]),
        ("cosine", [0.1, 0.5, 1.0, 0.9045085, 0.5, 0.0]),
        ("inverse_sqrt", [0.1, 0.5, 1.0, 0.5**0.5, 0.2**0.5, 0.1**0.5]),
    ],
)
def test_schedules(schedule, rates):
    config = TrainingConfig(learning_rate=1.0, warmup_steps=10, schedule=schedule)
    places = [(0, 0.0), (4, 0.0), (9, 0.0), (19, 0.2), (49, 0.5), (99, 1.0)]
    np.testing.assert_allclose([learning_rate(config, *place) for place in places], rates, atol=1e-7)
