"""Training that survives: kills, full disks, damaged files, second owners, broken gradients."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s import checkpoints, config_file
from s2s.checkpoints import Progress
from s2s.errors import InputError, RunError
from s2s.run import Run
from s2s.translation.translator import Translator
from tests.conftest import ROOT, last_checkpoint, metrics, s2s, same_arrays

KILLS = int(os.environ.get("S2S_KILLS", "10"))
"""scripts/soak_resume.sh asks for more."""

STEADY = {"model.units": 24, "model.layers": 1, "training.buckets": 1, "training.tokens_per_batch": 8,
          "training.validation_sentences": 0, "training.checkpoint_minutes": 0, "training.log_every": 5,
          "training.validate_every": 30}  # fmt: skip
"""Compiled in a second, and a checkpoint after every step: many of the moments at which it dies are in the midst of one."""


def options(run, **values):
    """The arguments that set the run and other keys, on top of STEADY."""
    chosen = {"run": run} | STEADY | {name.replace("__", "."): value for name, value in values.items()}
    return [part for name, value in chosen.items() for part in ("--set", f"{name}={value}")]


def start(*arguments, **popen):
    command = [sys.executable, "-m", "s2s", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=environment, **popen)


def wait_for(process, start_of_line):
    assert any(line.startswith(start_of_line) for line in process.stderr), "it ended before"


def half_written(run):
    return list((run / "checkpoints").glob(".step-*.tmp"))


def test_killed_again_and_again_it_ends_as_if_it_never_was(trained, tmp_path):
    moments, epochs = random.Random(KILLS), 1 + KILLS // 20
    arguments = ["train", trained / "tiny.yaml"]
    s2s(*arguments, *options(tmp_path / "calm", training__epochs=epochs), check=0)
    run, torn = tmp_path / "run", 0
    for number in range(KILLS):
        process = start(*arguments, *options(run, training__epochs=epochs))
        if number % 5 == 4:  # while it starts
            time.sleep(moments.uniform(0.2, 4.0))
        else:
            wait_for(process, b"step ")
            time.sleep(moments.uniform(0.0, 0.2))
        if number % 2 == 0:  # when the directory of a checkpoint is there and does not have its name yet
            while not half_written(run) and process.poll() is None:
                pass
        process.kill()
        process.communicate()
        torn += bool(half_written(run))
        assert process.returncode == -signal.SIGKILL, "it ended before it could be killed: raise the epochs"
    assert torn
    last = s2s(*arguments, *options(run, training__epochs=epochs), check=0)
    assert b"going on from step" in last.stderr
    assert same_arrays(last_checkpoint(tmp_path / "calm"), last_checkpoint(run))
    assert same_arrays(tmp_path / "calm" / "best.npz", run / "best.npz")
    assert metrics(run) == metrics(tmp_path / "calm")
    assert not half_written(run)
    assert len(list((run / "checkpoints").iterdir())) == 2


def test_a_second_signal_stops_at_once():
    program = (
        "import os, signal, time; from s2s.training.loop import _Stop\n"
        "with _Stop() as stop:\n"
        "    os.kill(os.getpid(), signal.SIGINT); print('noted', stop.signum, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, timeout=50)
    assert process.stdout == b"noted 2\n"
    assert b"a checkpoint is being written" in process.stderr
    assert process.returncode == -signal.SIGTERM


def test_a_full_disk_leaves_the_last_checkpoint(trained, tmp_path):
    run = tmp_path / "run"
    s2s("train", trained / "tiny.yaml", *options(run, training__epochs=1), check=0)
    before, arguments = (
        last_checkpoint(run).read_bytes(),
        ["train", trained / "tiny.yaml", *options(run, training__epochs=2)],
    )
    # No file may grow beyond half a checkpoint.
    limit = len(before) // 2
    process = start(*arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1
    assert b"cannot write: File too large; the last checkpoint stands" in stderr.splitlines()[-1]
    assert b"Traceback" not in stderr
    assert last_checkpoint(run).read_bytes() == before
    assert not half_written(run)
    step = Run(run).load_checkpoint()[1].step
    s2s(*arguments, check=0)
    assert Run(run).load_checkpoint()[1].step == 2 * step


@pytest.fixture
def two_checkpoints(tmp_path):
    """A directory with checkpoints of steps 1 and 2, and the file names in one."""
    for step in (1, 2):
        checkpoints.save(tmp_path, {"weight/a": np.full(40, step, np.float32)}, Progress(step=step), keep=2)
    return tmp_path


FILES = ("training.npz", "progress.json", "SHA256SUMS")


@pytest.mark.parametrize("name", FILES)
def test_no_damage_to_a_file_of_a_checkpoint_goes_unseen(two_checkpoints, capsys, name):
    file = two_checkpoints / "step-00000002" / name
    content = file.read_bytes()
    assert sorted(path.name for path in file.parent.iterdir()) == sorted(FILES)
    damaged = [content[:length] for length in range(0, len(content), 7)]
    damaged += [content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :] for at in range(len(content))]
    for damage in damaged:
        file.write_bytes(damage)
        arrays, progress = checkpoints.load_newest(two_checkpoints)
        assert progress.step == 1 and (arrays["weight/a"] == 1).all()
        assert "step-00000002: damaged checkpoint" in capsys.readouterr().err
    file.unlink()
    assert checkpoints.load_newest(two_checkpoints)[1].step == 1
    file.write_bytes(content)
    assert checkpoints.load_newest(two_checkpoints)[1].step == 2


def test_when_every_checkpoint_is_damaged_it_says_so(two_checkpoints):
    for path in two_checkpoints.iterdir():
        (path / "training.npz").write_bytes(b"short")
    with pytest.raises(RunError, match=r"every checkpoint is damaged; .* --fresh"):
        checkpoints.load_newest(two_checkpoints)


def test_a_damaged_checkpoint_gives_way_to_those_that_follow(two_checkpoints):
    (two_checkpoints / "step-00000002" / "progress.json").write_bytes(b"{}")
    _, progress = checkpoints.load_newest(two_checkpoints)
    progress.step = 1
    for step in ("00000001", "00000002"):
        assert (two_checkpoints / f"step-{step}").exists()
    checkpoints.save(two_checkpoints, {}, progress, keep=2)
    assert [path.name for path in two_checkpoints.iterdir()] == ["step-00000001"]


def test_sha256sum_reads_the_sums(two_checkpoints):
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    subprocess.run(command, cwd=two_checkpoints / "step-00000001", check=True)


def test_missing_metrics_are_told_not_made_up(trained, tmp_path, capsys):
    shutil.copytree(trained / "run", tmp_path / "run")
    run = Run(tmp_path / "run")
    _, progress = run.load_checkpoint()
    whole = (run.path / "metrics.jsonl").read_bytes()
    (run.path / "metrics.jsonl").write_bytes(whole + b'{"step": 9')
    run.cut_metrics(progress)
    assert (run.path / "metrics.jsonl").read_bytes() == whole
    (run.path / "metrics.jsonl").write_bytes(whole[:10])
    run.cut_metrics(progress)
    assert (run.path / "metrics.jsonl").read_bytes() == whole[:10] and progress.metrics_size == 10
    assert "are missing" in capsys.readouterr().err


def test_a_run_has_one_trainer(trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    hold = (
        "import sys; from pathlib import Path; from s2s import config_file; from s2s.run import Run\n"
        "run = Run.begin(config_file.load(Path(sys.argv[1]), ['run=' + sys.argv[2]])); print('held', flush=True); input()"
    )
    command = [sys.executable, "-c", hold, str(trained / "tiny.yaml"), str(tmp_path / "run")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    try:
        assert holder.stdout.readline() == b"held\n"
        for more in ([], ["--fresh"]):
            second = s2s("train", trained / "tiny.yaml", *options(tmp_path / "run"), *more, check=2)
            assert f"is being trained by process {holder.pid} on".encode() in second.stderr
        # Reading needs no lock.
        assert Run(tmp_path / "run").load_checkpoint()
    finally:
        holder.kill()
        holder.communicate()
    assert Run.begin(config_file.load(trained / "tiny.yaml", [f"run={tmp_path}/run"])).path == tmp_path / "run"


def test_two_that_begin_the_same_run_do_not_both_have_it(trained, tmp_path, monkeypatch):
    config = config_file.load(trained / "tiny.yaml", [f"run={tmp_path}/run"])
    rename = os.rename

    def another_comes_first(old, new):
        monkeypatch.setattr(os, "rename", rename)
        shutil.copytree(trained / "run", tmp_path / "run")
        rename(old, new)

    monkeypatch.setattr(os, "rename", another_comes_first)
    with pytest.raises(InputError, match="exists"):
        Run.begin(config)
    assert Run(tmp_path / "run").load_checkpoint()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_fresh_moves_the_old_run_aside(trained, tmp_path, capsys):
    config = config_file.load(trained / "tiny.yaml", [f"run={tmp_path}/run", "model.units=8"])
    shutil.copytree(trained / "run", tmp_path / "run")
    with pytest.raises(InputError, match=r"model.units 48 -> 8; .* --fresh"):
        Run.begin(config)
    for number in (1, 2):
        run = Run.begin(config, fresh=True)
        assert run.load_checkpoint() is None and run.config.model.units == 8
        assert f"run.{number}" in capsys.readouterr().err
        run._lock.close()
    assert same_arrays(tmp_path / "run.1" / "best.npz", trained / "run" / "best.npz")
    assert not (tmp_path / "run.2" / "best.npz").exists()


@pytest.mark.parametrize("change", ["model.units=32", "training.learning_rate=0.5", "seed=9", "data.max_length=50"])
def test_another_config_is_another_run(trained, change):
    config = config_file.load(trained / "tiny.yaml", [change])
    name, value = change.split("=")
    with pytest.raises(InputError, match=f"{name} .* -> {value}") as error:
        Run.begin(config)
    assert "training: epochs, minutes" in str(error.value)


def test_a_newer_format_is_told(trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text('{"format": 99, "version": "7.0"}')
    with pytest.raises(InputError, match=r"run format 99 of s2s 7.0; this is s2s .* reads format"):
        Run(tmp_path / "run")


@pytest.mark.parametrize("on_nan", ["stop", "skip"])
def test_a_gradient_that_is_not_finite(trained, tmp_path, on_nan):
    """A first step of 1e38 breaks every step after it, and in the second interval there is no good one."""
    process = s2s("train", trained / "tiny.yaml", *options(
        tmp_path / "run", training__learning_rate=1e38, training__warmup_steps=0, training__on_nan=on_nan,
        training__checkpoint_minutes=1,
    ))  # fmt: skip
    assert process.returncode == 1
    first, second = process.stderr.decode().splitlines()[-2:]
    step, advice = (2, "training.on_nan=skip") if on_nan == "stop" else (6, "no step after it could be taken")
    assert f"step {step}: the gradient is not finite (norm " in first and " at learning rate " in first
    assert advice in second
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


def test_patience_ends_the_training_and_stays_at_its_end(trained, tmp_path):
    arguments = ["train", trained / "tiny.yaml", *options(
        tmp_path / "run", training__learning_rate=0.0, training__patience=2, training__validate_every=10,
        training__log_every=5, training__best_by="chrf", training__validation_sentences=12, training__average_decay=0,
    )]  # fmt: skip
    s2s(*arguments, check=0)
    lines = metrics(tmp_path / "run")
    # The first is the best, for nothing is learnt; then there are two without a better one.
    assert [line["step"] for line in lines if "dev_chrf" in line] == [10, 20, 30]
    assert lines[-1]["step"] == 30
    again = s2s(*arguments, check=0)
    assert b"training.patience is used up" in again.stderr
    assert metrics(tmp_path / "run") == lines


def test_a_validation_shows_scores_and_samples(trained):
    scores = [line for line in metrics(trained / "run") if "dev_loss" in line]
    assert all({"dev_bleu", "dev_chrf"} <= line.keys() for line in scores)
    assert scores[-1]["dev_bleu"] > 30.0
    log = (trained / "train.log").read_text(encoding="utf-8")
    assert log.count("  ->  ") == 10 * len(scores)
    assert f"BLEU {scores[-1]['dev_bleu']:.1f}" in log


class Trap:
    """What a stranger would put into a file to run code where it is loaded."""

    def __reduce__(self):
        return os.mkdir, (os.environ["S2S_TRAP"],)


def test_a_run_of_a_stranger_cannot_run_code(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("S2S_TRAP", str(tmp_path / "sprung"))
    shutil.copytree(trained / "run", tmp_path / "run")
    np.savez(tmp_path / "run" / "best.npz", **{"encoder/embedding": np.array([Trap()])})
    with pytest.raises(InputError, match="damaged file of weights"):
        Translator(Run(tmp_path / "run"))
    config = (tmp_path / "run" / "config.yaml").read_text()
    (tmp_path / "run" / "config.yaml").write_text(f"!!python/object/apply:os.mkdir [{tmp_path}/sprung]")
    with pytest.raises(InputError, match=r"config.yaml: .*not valid YAML"):
        Run(tmp_path / "run")
    bomb = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30))
    (tmp_path / "run" / "config.yaml").write_text(f"a0: &a0 [x]\n{bomb}\nrun: *a29\n" + config.split("\n", 1)[1])
    with pytest.raises(InputError, match="unknown key a0"):
        Run(tmp_path / "run")
    (tmp_path / "run" / "config.yaml").write_text("seed: &a [x]\nrun: [*a, *a]\n" + config.split("\n", 1)[1])
    with pytest.raises(InputError):
        Run(tmp_path / "run")
    assert not (tmp_path / "sprung").exists()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["run.json", "config.yaml", "source.model", "best.npz"]),
    st.floats(0, 1),
    st.integers(0, 7),
    st.booleans(),
)
def test_a_damaged_run_is_refused_or_works(trained, tmp_path_factory, name, place, bit, cut):
    directory = tmp_path_factory.getbasetemp() / "damaged"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(trained / "run", directory)
    content = bytearray((directory / name).read_bytes())
    at = min(int(place * len(content)), len(content) - 1)
    content[at] ^= 1 << bit
    (directory / name).write_bytes(content[:at] if cut else content)
    try:
        Translator(Run(directory))
    except InputError as error:
        assert str(error).count("\n") < 2 and str(directory) in str(error)
