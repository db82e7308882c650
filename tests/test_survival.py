"""A training survives what happens to it: kills, full disks, gradients that are not finite, exhausted patience."""

import os
import resource
import signal
import time
from random import Random

import pytest

from s2s.run import Run
from tests.conftest import last_checkpoint, metrics, python, s2s, s2s_process, same_arrays, set_options, wait_for_line

KILLS = int(os.environ.get("S2S_KILLS", "10"))
"""scripts/benchmarks/soak_resume.sh asks for more."""

STEADY = {"model.units": 24, "model.layers": 1, "training.buckets": 1, "training.tokens_per_batch": 8,
          "training.validation_sentences": 0, "training.checkpoint_minutes": 0, "training.log_every": 5,
          "training.validate_every": 30}  # fmt: skip
"""Compiled in a second, with a checkpoint after every step: many kills hit a process while it writes one."""


def steady(run, **values):
    """The arguments that set the run and other keys, in addition to STEADY."""
    return set_options(**({"run": run} | STEADY | {name.replace("__", "."): value for name, value in values.items()}))


def half_written(run):
    return list((run / "checkpoints").glob(".step-*.tmp"))


@pytest.mark.slow
def test_killed_again_and_again_it_ends_as_if_never_killed(trained, tmp_path):
    random, epochs = Random(KILLS), 1 + KILLS // 20
    arguments = ["train", trained / "tiny.yaml"]
    s2s(*arguments, *steady(tmp_path / "calm", training__epochs=epochs), check=0)
    run, interrupted_writes = tmp_path / "run", 0
    for number in range(KILLS):
        with s2s_process(*arguments, *steady(run, training__epochs=epochs)) as process:
            if number % 5 == 4:  # while it starts
                time.sleep(random.uniform(0.2, 4.0))
            else:
                wait_for_line(process, b"step ")
                time.sleep(random.uniform(0.0, 0.2))
            if number % 2 == 0:  # when the directory of a checkpoint exists and does not have its name yet
                while not half_written(run) and process.poll() is None:
                    pass
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL, "it ended before it could be killed: raise the epochs"
        interrupted_writes += bool(half_written(run))
    assert interrupted_writes
    last = s2s(*arguments, *steady(run, training__epochs=epochs), check=0)
    assert b"resuming from step" in last.stderr
    assert same_arrays(last_checkpoint(tmp_path / "calm"), last_checkpoint(run))
    assert same_arrays(tmp_path / "calm" / "best.npz", run / "best.npz")
    assert metrics(run) == metrics(tmp_path / "calm")
    assert not half_written(run)
    assert len(list((run / "checkpoints").iterdir())) == 2


@pytest.mark.slow
def test_a_second_signal_stops_at_once():
    program = (
        "import os, signal, time; from s2s.training.loop import _StopSignals\n"
        "with _StopSignals() as stop:\n"
        "    os.kill(os.getpid(), signal.SIGINT); print('noted', stop.signum, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    )
    process = python("-c", program, check=-signal.SIGTERM, timeout=50)
    assert process.stdout == b"noted 2\n"
    assert b"a checkpoint is being written" in process.stderr


def test_a_full_disk_leaves_the_last_checkpoint(trained, tmp_path):
    run = tmp_path / "run"
    s2s("train", trained / "tiny.yaml", *steady(run, training__epochs=1), check=0)
    before, arguments = last_checkpoint(run).read_bytes(), ["train", trained / "tiny.yaml"]
    arguments += steady(run, training__epochs=2)
    # No file may grow beyond half a checkpoint.
    limit = len(before) // 2
    full = s2s(*arguments, check=1, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert b"cannot write: File too large; the last checkpoint is whole" in full.stderr.splitlines()[-1]
    assert b"Traceback" not in full.stderr
    assert last_checkpoint(run).read_bytes() == before
    assert not half_written(run)
    step = Run(run).load_checkpoint()[1].step
    s2s(*arguments, check=0)
    assert Run(run).load_checkpoint()[1].step == 2 * step


@pytest.mark.parametrize("on_nan", ["stop", "skip"])
def test_a_gradient_that_is_not_finite(trained, tmp_path, on_nan):
    """After a step of 1e38 no gradient is finite any more: no step of the second interval is taken."""
    process = s2s("train", trained / "tiny.yaml", *steady(
        tmp_path / "run", training__learning_rate=1e38, training__warmup_steps=0, training__on_nan=on_nan,
        training__checkpoint_minutes=1,
    ))  # fmt: skip
    assert process.returncode == 1
    first, second = process.stderr.decode().splitlines()[-2:]
    step, advice = (2, "training.on_nan=skip") if on_nan == "stop" else (6, "every step after it was skipped too")
    assert f"step {step}: the gradient is not finite (norm " in first and " at learning rate " in first
    assert advice in second
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


def test_patience_ends_the_training_and_stays_at_its_end(trained, tmp_path):
    arguments = ["train", trained / "tiny.yaml", *steady(
        tmp_path / "run", training__learning_rate=0.0, training__patience=2, training__validate_every=10,
        training__log_every=5, training__best_by="chrf", training__validation_sentences=12, training__average_decay=0,
    )]  # fmt: skip
    s2s(*arguments, check=0)
    lines = metrics(tmp_path / "run")
    # Nothing is learnt, so the first validation is the best, and two follow without a better score.
    assert [line["step"] for line in lines if "dev_chrf" in line] == [10, 20, 30]
    assert lines[-1]["step"] == 30
    again = s2s(*arguments, check=0)
    assert b"training.patience is used up" in again.stderr
    assert metrics(tmp_path / "run") == lines
