"""A training survives what happens to it: kills, full disks, gradients that are not finite, exhausted patience."""

import os
import resource
import shutil
import signal
import time
from random import Random

import pytest

from s2s.errors import RunError
from s2s.run import Run
from s2s.training import loop
from s2s.training.reporting import Reporter
from tests.conftest import (
    SHORT,
    last_checkpoint,
    metrics,
    overrides,
    python,
    s2s_process,
    same_arrays,
    set_options,
    wait_for_line,
)
from tests.test_run import config_of

KILLS = int(os.environ.get("S2S_KILLS", "4"))
"""scripts/benchmarks/soak_resume.sh asks for more."""

STEADY = SHORT | {"training__buckets": 1, "training__tokens_per_batch": 8, "training__checkpoint_minutes": 0,
                  "training__log_every": 5, "training__validate_every": 30}  # fmt: skip
"""Compiled in a second, with a checkpoint after every step: many kills hit a process while it writes one."""


def half_written(run):
    return list((run / "checkpoints").glob(".step-*.tmp"))


def test_killed_again_and_again_it_ends_as_if_never_killed(untrained, train_here, tmp_path, capsys):
    random, keys = Random(KILLS), STEADY | {"training__epochs": 1 + KILLS // 20}
    train_here(config_of(untrained, *overrides(**keys, run=tmp_path / "calm")))
    run, interrupted_writes = tmp_path / "run", 0
    arguments = ["train", untrained / "tiny.yaml", *set_options(**keys, run=run)]
    for number in range(KILLS):
        with s2s_process(*arguments) as process:
            if number % 4 == 3:  # while it starts
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
    train_here(config_of(untrained, *overrides(**keys, run=run)))
    assert "resuming from step" in capsys.readouterr().err
    assert same_arrays(last_checkpoint(tmp_path / "calm"), last_checkpoint(run))
    assert same_arrays(tmp_path / "calm" / "best.npz", run / "best.npz")
    assert metrics(run) == metrics(tmp_path / "calm")
    assert not half_written(run)
    assert len(list((run / "checkpoints").iterdir())) == 2


@pytest.mark.slow
def test_a_second_signal_stops_at_once():
    program = (
        "import os, signal, time; from s2s.training.stopping import StopSignals\n"
        "with StopSignals() as stop:\n"
        "    os.kill(os.getpid(), signal.SIGINT); print('noted', stop.signum, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    )
    process = python("-c", program, check=-signal.SIGTERM, timeout=50)
    assert process.stdout == b"noted 2\n"
    assert b"a checkpoint is being written" in process.stderr


@pytest.mark.parametrize(
    "owner, method, name",
    [
        (Run, "save_best", r"best\.npz"),
        (Run, "append_metrics", r"metrics\.jsonl"),
        (Run, "save_checkpoint", r"checkpoints/step-\d+"),
        (Reporter, "_write_log", r"train\.log"),
        (loop, "write_model_card", r"MODEL\.md"),
    ],
)
def test_a_full_disk_names_the_file_and_the_training_resumes(
    untrained, train_here, tmp_path, monkeypatch, capsys, owner, method, name
):
    """The disk is full in the middle of the training, when this method is called."""
    config = config_of(
        untrained, f"run={tmp_path}/run", "training.epochs=2", "training.checkpoint_minutes=0", "training.validate_every=8",
        "training.log_every=5", "model.layers=1", "model.units=16",
    )  # fmt: skip
    write, limits, checkpoints = getattr(owner, method), resource.getrlimit(resource.RLIMIT_FSIZE), {}

    def write_on_full_disk(*arguments):
        checkpoints.update(
            {path: path.read_bytes() for path in (tmp_path / "run").glob("checkpoints/step-*/training.npz")}
        )
        full = len(checkpoints) == 2
        room = 16 if method != "save_checkpoint" else len(next(iter(checkpoints.values()), b"")) // 2
        resource.setrlimit(resource.RLIMIT_FSIZE, (room if full else limits[0], limits[1]))
        try:
            return write(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    refused = pytest.raises(RunError, match=f"{tmp_path}/run/{name}: cannot write: File too large; the limit is")
    with monkeypatch.context() as patched, refused:
        patched.setattr(owner, method, write_on_full_disk)
        train_here(config)
    assert not half_written(tmp_path / "run")
    assert all(path.read_bytes() == before for path, before in checkpoints.items())
    before = Run(tmp_path / "run").load_checkpoint()[1].step
    assert "damaged" not in capsys.readouterr().err
    train_here(config)
    errors = capsys.readouterr().err
    assert f"resuming from step {before}" in errors and "finished after" in errors
    steps = [line["step"] for line in metrics(tmp_path / "run") if "loss" in line]
    assert steps == list(range(5, steps[-1] + 1, 5))


def test_what_was_logged_before_the_first_checkpoint_is_not_logged_twice(untrained, train_here, tmp_path):
    keys = SHORT | {"run": tmp_path / "run", "training__epochs": 2, "training__log_every": 1}
    with s2s_process("train", untrained / "tiny.yaml", *set_options(**keys)) as process:
        wait_for_line(process, b"step 3 ")
    assert not list((tmp_path / "run" / "checkpoints").glob("step-*"))
    train_here(config_of(untrained, *overrides(**keys)))
    steps = [line["step"] for line in metrics(tmp_path / "run") if "loss" in line]
    assert steps == list(range(1, steps[-1] + 1))


def test_half_a_line_of_metrics_ends_no_training(trained, train_here, tmp_path, capsys):
    shutil.copytree(trained / "run", tmp_path / "run")
    path = tmp_path / "run" / "metrics.jsonl"
    for epochs in (40, 41):
        path.write_bytes(path.read_bytes()[:-7])
        train_here(config_of(trained, f"run={tmp_path}/run", f"training.epochs={epochs}"))
        errors = capsys.readouterr().err
        assert "are missing" in errors and "not plotted" not in errors
        assert path.read_bytes().endswith(b"}\n") and metrics(tmp_path / "run")


@pytest.mark.slow
@pytest.mark.parametrize("rebuilt", [True, False])
def test_a_run_that_is_moved_while_it_is_trained_ends_with_one_line(untrained, tmp_path, rebuilt):
    run = tmp_path / "run"
    options = set_options(
        run=run,
        training__epochs="null",
        training__log_every=5,
        training__validate_every=1000,
        training__minutes=2,
        **SHORT,
    )
    with s2s_process("train", untrained / "tiny.yaml", *options) as process:
        wait_for_line(process, b"step 5 ")
        shutil.copytree(run, tmp_path / "copy")
        os.rename(run, tmp_path / "moved")
        if rebuilt:
            os.rename(tmp_path / "copy", run)
            before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    message = f"s2s: error: {run}: this run was moved or removed while it was being trained; nothing more is written"
    assert errors.decode().splitlines()[-1] == message and "Traceback" not in errors.decode()
    assert run.exists() == rebuilt
    if rebuilt:
        assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_hangup_ends_a_training_with_a_checkpoint_and_nohup_ignores_it(untrained, tmp_path):
    options = set_options(run=tmp_path / "run", training__epochs=10_000, training__log_every=5, **SHORT)
    arguments = ["train", untrained / "tiny.yaml", *options]
    with s2s_process(*arguments) as process:
        wait_for_line(process, b"step 5 ")
        process.send_signal(signal.SIGHUP)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGHUP
    assert b"stopped by SIGHUP after a checkpoint; the same command resumes from it" in errors
    step = Run(tmp_path / "run").load_checkpoint()[1].step
    assert step >= 5
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    with s2s_process(*arguments, **ignore) as process:
        wait_for_line(process, b"compiled 1 ")
        process.send_signal(signal.SIGHUP)
        wait_for_line(process, b"step ")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM and b"SIGHUP" not in errors
    assert Run(tmp_path / "run").load_checkpoint()[1].step > step


@pytest.mark.slow
def test_signals_are_noticed_at_once_while_a_step_is_being_compiled(untrained, tmp_path):
    options = set_options(run=tmp_path / "run", model__layers=6, training__compile="xla", training__buckets=4)
    with s2s_process("train", untrained / "tiny.yaml", *options) as process:
        wait_for_line(process, b"300 pairs")
        time.sleep(0.5)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        wait_for_line(process, b"stopping after this step; a checkpoint is being written")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - started < 2.0
    assert process.returncode == -signal.SIGTERM
    assert b"compiled" not in errors


@pytest.mark.parametrize("on_nan", ["stop", "skip"])
def test_a_gradient_that_is_not_finite(untrained, train_here, tmp_path, on_nan):
    """After a step of 1e38 no gradient is finite any more: no step of the second interval is taken."""
    step, advice = (2, "training.on_nan=skip") if on_nan == "stop" else (6, "every step after it was skipped too")
    message = rf"step {step}: the gradient is not finite \(norm .* at learning rate .*\n.*{advice}"
    with pytest.raises(RunError, match=message):
        train_here(config_of(untrained, *overrides(
            run=tmp_path / "run", training__learning_rate=1e38, training__warmup_steps=0, training__on_nan=on_nan, **SHORT,
            training__log_every=5,
        )))  # fmt: skip
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


def test_patience_ends_the_training_and_stays_at_its_end(untrained, train_here, tmp_path, capsys):
    config = config_of(untrained, *overrides(**STEADY | {
        "run": tmp_path / "run", "training__learning_rate": 0.0, "training__patience": 2, "training__validate_every": 10,
        "training__best_by": "chrf", "training__validation_sentences": 12, "training__average_decay": 0,
    }))  # fmt: skip
    train_here(config)
    lines = metrics(tmp_path / "run")
    # Nothing is learnt, so the first validation is the best, and two follow without a better score.
    assert [line["step"] for line in lines if "dev_chrf" in line] == [10, 20, 30]
    assert lines[-1]["step"] == 30
    train_here(config)
    assert "training.patience is used up" in capsys.readouterr().err
    assert metrics(tmp_path / "run") == lines
