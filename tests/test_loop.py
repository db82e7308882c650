"""The training loop: it learns, resumes exactly where it stopped, keeps its budget, and reports what it does."""

import json
import re
import shutil
import signal

import numpy as np
import pytest
from matplotlib.image import imread

from s2s.checkpoints import Progress
from s2s.config import ModelConfig, TrainingConfig
from s2s.errors import InputError
from s2s.model.backend import tf
from s2s.run import Run
from s2s.training import size_law
from s2s.training.devices import Devices
from s2s.training.loop import make_trainer, train
from s2s.training.schedule import learning_rate
from s2s.training.size_law import SizeLaw
from s2s.training.trainer import Trainer
from tests.conftest import (
    last_checkpoint,
    metrics,
    overrides,
    s2s,
    s2s_process,
    same_arrays,
    set_options,
    wait_for_line,
    write_config,
)  # fmt: skip
from tests.test_run import config_of


def test_the_loss_falls(trained):
    lines = metrics(trained / "run")
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[-1] < 0.5 * losses[0]
    assert any("dev_loss" in line for line in lines)
    assert (
        lines[-1]["step"] == json.loads((last_checkpoint(trained / "run").parent / "progress.json").read_text())["step"]
    )


def test_the_model_card_has_data_recipe_and_the_scores_of_the_best_weights(trained):
    card = (trained / "run" / "MODEL.md").read_text(encoding="utf-8")
    scored = [line for line in metrics(trained / "run") if "dev_loss" in line]
    best = min(scored, key=lambda line: line["dev_loss"])
    weights = sum(array.size for array in np.load(trained / "run" / "best.npz").values())
    for part in (
        "| train | 300 | 300 | - |",
        f"{weights:,} weights",
        f"perplexity {np.exp(best['dev_loss']):.2f}; BLEU {best['dev_bleu']:.1f} ± {best['dev_bleu_interval']:.1f} and "
        f"chrF {best['dev_chrf']:.1f}, greedy, of all 100 sentences",
        f"after {best['step']:,} steps",
        f"`{trained}/train.tsv`",
    ):
        assert part in card, part


def test_a_validation_shows_scores_and_samples(trained):
    scores = [line for line in metrics(trained / "run") if "dev_loss" in line]
    assert all({"dev_bleu", "dev_chrf"} <= line.keys() for line in scores)
    assert scores[-1]["dev_bleu"] > 30.0
    log = (trained / "train.log").read_text(encoding="utf-8")
    assert log.count("  ->  ") == 10 * len(scores)
    assert f"BLEU {scores[-1]['dev_bleu']:.1f} ± {scores[-1]['dev_bleu_interval']:.1f}  chrF" in log
    assert log.count("of all dev sentences") == len(scores) + 1  # and of the best weights at the end


def test_a_finished_training_reports_what_it_did_and_what_to_do_next(trained):
    last = metrics(trained / "run")[-1]["step"]
    *_, best, finished, next_command = (trained / "run" / "train.log").read_text(encoding="utf-8").splitlines()
    assert re.match(r"best weights: step \d+  dev loss .*  perplexity .*  BLEU .* chrF .*  of all dev sentences", best)
    assert re.fullmatch(rf"finished after {last:,} steps and \d+\.\d minutes: the budget is used up", finished)
    assert next_command == f"run: {trained}/run; translate with it: s2s translate {trained}/run FILE"


def test_run_again_after_the_budget_does_nothing(trained, train_here, tmp_path, capsys):
    shutil.copytree(trained / "run", tmp_path / "run")
    before = last_checkpoint(tmp_path / "run").stat().st_mtime_ns
    train_here(config_of(trained, f"run={tmp_path}/run"))
    assert "budget" in capsys.readouterr().err
    assert last_checkpoint(tmp_path / "run").stat().st_mtime_ns == before


def test_a_training_that_is_stopped_twice_ends_as_one_never_stopped(untrained, train_here, tmp_path, capsys):
    """And in a path of odd names, with the smallest network."""
    directory = tmp_path / "año \"uno\" y 'dos'; $HOME"
    shutil.copytree(untrained / "prepared", directory / "prepared")
    keys = {
        "model.units": 1, "model.layers": 1, "model.embedding_size": 1, "training.tokens_per_batch": 8, "training.steps": 200,
        "training.buckets": 1, "training.validation_sentences": 0, "training.validate_every": 100, "training.log_every": 10,
        "data.prepared": json.dumps(str(directory / "prepared")),
    }  # fmt: skip
    calm, stopped = directory / "calm", directory / "stopped"
    train_here(config_of(untrained, *overrides(**keys | {"run": json.dumps(str(calm))})))
    arguments = ["train", untrained / "tiny.yaml", *set_options(**keys | {"run": json.dumps(str(stopped))})]
    for number in (signal.SIGTERM, signal.SIGINT):
        with s2s_process(*arguments) as process:
            wait_for_line(process, b"step ")
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 128 + number and b"Traceback" not in errors
        message = f"stopped by {number.name} after a checkpoint; the same command resumes from it"
        assert message in errors.decode()
    train_here(config_of(untrained, *overrides(**keys | {"run": json.dumps(str(stopped))})))
    assert "resuming from step" in capsys.readouterr().err
    assert same_arrays(last_checkpoint(calm), last_checkpoint(stopped))
    assert same_arrays(calm / "best.npz", stopped / "best.npz")
    assert metrics(calm) == metrics(stopped)


@pytest.mark.slow
def test_what_cannot_be_compiled_ahead_ends_no_training(untrained, train_here, tmp_path, monkeypatch):
    compiled = []
    monkeypatch.setattr(Trainer, "_programs", lambda self, shape: compiled.append(shape) or 1 / 0)
    run = train_here(config_of(untrained, f"run={tmp_path}/run", "training.epochs=null", "training.steps=2"))
    assert compiled and metrics(run.path)[-1]["step"] == 2


def test_the_budget_may_be_raised(trained, train_here, tmp_path, capsys):
    shutil.copytree(trained / "run", tmp_path / "run")
    train_here(config_of(trained, f"run={tmp_path}/run", "training.epochs=41", "training.log_every=1"))
    assert "resuming from step" in capsys.readouterr().err
    epochs = [line["epoch"] for line in metrics(tmp_path / "run") if "epoch" in line]
    assert epochs[-1] == 41


def test_the_time_left_is_by_the_pace_of_this_process(trained, train_here, tmp_path, capsys):
    run = Run.begin(config_of(trained, f"run={tmp_path}/run"))
    arrays = make_trainer(run.config, tuple(map(len, run.tokenizers())), Devices("none", 1)).arrays()
    run.save_checkpoint(arrays, Progress(step=1, seconds=36_000.0))  # ten hours for a step
    run.close()
    train_here(
        config_of(trained, f"run={tmp_path}/run", "training.epochs=null", "training.steps=4", "training.log_every=1")
    )
    left = re.findall(r"^step \d .*  (\S+) left$", capsys.readouterr().err, re.M)
    assert len(left) == 3 and all(re.fullmatch(r"\d:\d\d", time) for time in left)  # minutes and seconds


def test_minutes_are_a_budget(untrained, train_here, tmp_path):
    options = [
        "training.epochs=null",
        "training.minutes=0.05",
        "training.validation_sentences=0",
        "training.log_every=20",
    ]
    train_here(config_of(untrained, f"run={tmp_path}/first", *options, "training.steps=1"))  # compiles
    train_here(config_of(untrained, f"run={tmp_path}/run", *options, "training.steps=100000"))
    progress = json.loads((last_checkpoint(tmp_path / "run").parent / "progress.json").read_text())
    assert progress["seconds"] >= 3.0
    assert (tmp_path / "run" / "best.npz").exists()
    log = (tmp_path / "run" / "train.log").read_text(encoding="utf-8")
    (forecast,) = re.findall(
        r"^at this speed 0\.05 minutes allow at most about ([\d,]+) steps \(\d+\.\d epochs\)$", log, re.M
    )
    done = metrics(tmp_path / "run")[-1]["step"]
    assert "model.units" not in log  # the law of sizes is not of such batches
    assert done / 5 < int(forecast.replace(",", "")) < done * 5 and done < 100_000


@pytest.mark.slow
def test_a_size_that_suits_the_minutes_better_is_advised(untrained, train_here, tmp_path, monkeypatch):
    # By this law only the size counts.
    monkeypatch.setattr(
        size_law, "TATOEBA_LAW", SizeLaw(limit=100.0, steps_factor=0.0, steps_power=1.0, size_power=1.0)
    )
    monkeypatch.setattr(size_law, "LEAST_STEPS", 0)
    options = [
        "training.epochs=null",
        "training.minutes=0.1",
        "training.validation_sentences=0",
        "training.log_every=1",
    ]
    defaults = [
        f"training.tokens_per_batch={TrainingConfig().tokens_per_batch}",
        f"model.layers={ModelConfig().layers}",
    ]
    train_here(config_of(untrained, f"run={tmp_path}/first", *options, *defaults, "training.steps=1"))  # compiles
    run = train_here(config_of(untrained, f"run={tmp_path}/run", *options, *defaults))
    log = (run.path / "train.log").read_text(encoding="utf-8")
    assert re.search(
        r"^a new run with model\.units=768, about [\d,]+ steps, would suit these minutes better", log, re.M
    )


def test_a_training_closes_its_files(trained):
    assert b"ResourceWarning" not in (trained / "train.log").read_bytes()


WEIGHT = "weight/encoder/embedding"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: {WEIGHT: arrays[WEIGHT][:-1]}, rf"{WEIGHT} is float32 \[299, 32\], not float32 \[300, 32\]"),
        (lambda arrays: {WEIGHT: arrays[WEIGHT].astype(np.int64)}, rf"{WEIGHT} is int64 \[300, 32\], not float32"),
        (lambda arrays: {WEIGHT: arrays[WEIGHT].astype(str)}, rf"{WEIGHT} is <U\d+ \[300, 32\], not float32"),
        (lambda arrays: {"scale": np.ones(1, np.float32)}, r"scale is float32 \[1\], not float32 \[\]"),
        (lambda arrays: {"more": np.ones(3)}, r"more is float64 \[3\], not part of this model"),
        (lambda arrays: {WEIGHT: None}, rf"{WEIGHT} is missing, not float32"),
    ],
)
def test_a_checkpoint_of_another_model_is_refused(untrained, tmp_path, change, words):
    run = Run.begin(config_of(untrained, f"run={tmp_path}/run"))
    arrays = make_trainer(run.config, tuple(map(len, run.tokenizers())), Devices("none", 1)).arrays()
    changed = {name: array for name, array in (arrays | change(arrays)).items() if array is not None}
    run.save_checkpoint(changed, Progress(step=7))
    (run.path / "metrics.jsonl").write_text('{"step": 7}\n')
    with pytest.raises(InputError, match=rf"{run.path}/checkpoints: that of step 7 does not fit .*: {words}.*--fresh"):
        train(run)
    run.close()
    assert metrics(run.path) == [{"step": 7}]  # nothing was changed


def test_training_needs_a_prepared_corpus(tmp_path):
    config = write_config(tmp_path)
    process = s2s("train", config, check=2)
    assert b"run s2s prepare first" in process.stderr
    assert not (tmp_path / "run").exists()


def test_a_directory_that_is_no_run_is_left_alone(untrained, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    process = s2s("train", untrained / "tiny.yaml", "--set", f"run={tmp_path}/run", check=2)
    assert b"exists and is no run directory" in process.stderr
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_the_run_can_be_watched_in_tensorboard_and_as_a_curve(trained):
    (events,) = (trained / "run" / "tensorboard").iterdir()  # one file for each session of training
    seen = {}
    for event in tf.compat.v1.train.summary_iterator(str(events)):
        for value in event.summary.value:
            seen.setdefault(value.tag, []).append((event.step, value.simple_value))
    for tag in ("loss", "dev_loss", "learning_rate"):
        expected = [(line["step"], line[tag]) for line in metrics(trained / "run") if tag in line]
        np.testing.assert_allclose(seen[tag], expected, rtol=1e-6)
    pixels = imread(trained / "run" / "curve.png")[..., :3]
    assert pixels.shape == (480, 840, 3)
    # Three curves in matplotlib's first colours, each with its line in the legend.
    for colour in (0x1F77B4, 0xFF7F0E, 0x2CA02C):
        rgb = np.array([colour >> 16, colour >> 8 & 255, colour & 255]) / 255
        rows, columns = np.nonzero((np.abs(pixels - rgb) < 0.02).all(2))
        assert len(rows) > 200 and np.ptp(columns) > 300 and np.ptp(rows) > 100


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
