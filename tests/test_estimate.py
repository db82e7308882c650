"""`s2s train --dry-run` prints what the training then does, and trains nothing."""

import re

import numpy as np

from s2s.config import Config, ModelConfig, TrainingConfig
from s2s.data_config import DataConfig
from s2s.training.estimate import memory, operations
from tests.conftest import s2s


def test_it_prints_what_the_training_logged(trained, tmp_path):
    process = s2s("train", trained / "tiny.yaml", "--dry-run", "--set", f"run={tmp_path}/run", check=0)
    printed, log = process.stdout.decode(), (trained / "train.log").read_text(encoding="utf-8")
    pairs, steps, weights = re.search(r"([\d,]+) pairs, ([\d,]+) steps an epoch, ([\d,]+) weights", log).groups()
    assert f"weights     {weights} " in printed
    assert f"{pairs} pairs, {steps} steps an epoch, 1 shapes" in printed
    assert re.search(r"compiled 1 of 1 batch shapes \((.*?)\)", log)[1] in printed
    assert not (tmp_path / "run").exists() and process.stderr == b""


def test_steps_fit_into_the_minutes_and_epochs_take_minutes(trained):
    def time_of(**budget: float | None) -> tuple[int, float, float]:
        options = [f"--set=training.{name}={'null' if value is None else value}" for name, value in budget.items()]
        printed = s2s("train", trained / "tiny.yaml", "--dry-run", *options, check=0).stdout.decode()
        steps, epochs, minutes = re.search(
            r"about ([\d,]+) steps, ([\d,.]+) epochs, in ([\d.]+) minutes", printed
        ).groups()
        return int(steps.replace(",", "")), float(epochs.replace(",", "")), float(minutes)

    steps, _, minutes = time_of(minutes=60, epochs=None, steps=None)
    assert steps > 100 and minutes == 60
    assert time_of(minutes=None, epochs=2, steps=None)[1] == 2.0
    assert time_of(minutes=60, epochs=None, steps=7)[0] == 7


def test_the_size_that_suits_the_minutes(trained):
    size_of = r"size        model\.units=(\d+), about ([\d,]+) steps"
    options = ["--set=training.epochs=null", f"--set=training.tokens_per_batch={TrainingConfig().tokens_per_batch}"]
    command = ["train", trained / "tiny.yaml", "--dry-run", *options, f"--set=model.layers={ModelConfig().layers}"]
    printed = s2s(*command, "--set=training.minutes=1e5", "--set=training.steps=9000", check=0).stdout.decode()
    assert re.search(size_of, printed).groups() == ("768", "9,000")
    assert not re.search(size_of, s2s(*command, "--set=training.minutes=0", check=0).stdout.decode())


def test_without_a_prepared_corpus_it_estimates_from_the_config(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        "run: r\ndata: {train: a, prepared: none}\ntokenizer: {vocab_size: 1000}\n"
        "model: {units: 20, layers: 1, embedding_size: 10}\n"
    )
    printed = s2s("train", config, "--dry-run", check=0).stdout.decode()
    # Embeddings; W, U and b of both layers; output through the embedding size, and its bias.
    assert f"weights     {2 * 1000 * 10 + 2 * (10 + 20 + 1) * 80 + 20 * 10 + 1000:,} " in printed
    assert "none is not prepared yet" in printed


def test_operations_by_hand():
    config = ModelConfig(units=20, layers=2, embedding_size=10, tie_output=False)
    lstm = 2 * 80 * (10 + 20 + 20 + 20)
    assert operations(config, 500) == (lstm, lstm + 2 * 500 * 20)
    assert (
        operations(ModelConfig(units=20, layers=2, embedding_size=10), 500).target == lstm + 2 * 20 * 10 + 2 * 500 * 10
    )


def test_memory_grows_with_what_it_depends_on():
    config = Config(
        "r", DataConfig(("a",), "p"), model=ModelConfig(64, 2, 32), training=TrainingConfig(precision="float32")
    )
    small, large = memory(config, (500, 500), 1000), memory(config, (500, 500), 2000)
    assert small.weights == 4 * small.gradients == large.weights
    # The gates and both states of two layers, at the very least.
    assert large.batch - small.batch >= 1000 * 2 * 6 * 64 * np.dtype(np.float32).itemsize
    short = Config("r", config.data, model=config.model, training=TrainingConfig(precision="bfloat16"))
    assert memory(short, (500, 500), 1000).batch < small.batch
