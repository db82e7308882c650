"""What a training shows: its bar on a terminal, its log when nobody reads it, and what may fail without ending it."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from contextlib import contextmanager

import pytest

from s2s.run import Run
from tests.conftest import SHORT, s2s_process, set_options, wait_for_line
from tests.test_run import config_of

WIDTH = 80


def screen(output):
    """The lines that a terminal of WIDTH columns shows after this output."""
    rows, column = [""], 0
    for character in re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", output):
        if character == "\r":
            column = 0
        elif character == "\n":
            rows.append("")
        else:
            if column == WIDTH:
                rows.append("")
                column = 0
            rows[-1] = rows[-1][:column].ljust(column) + character + rows[-1][column + 1 :]
            column += 1
    return [row.rstrip() for row in rows]


def on_terminal(*arguments, act=None):
    """Run s2s with its errors on a terminal of WIDTH columns.

    Returns the exit status and what the terminal got.  act: a text and a signal; when the text appears, the process gets
    the signal.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH, 0, 0))
    output = b""
    end = time.monotonic() + 120
    with s2s_process(*arguments, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        while time.monotonic() < end and select.select([ours], [], [], 60)[0]:
            try:
                block = os.read(ours, 4096)
            except OSError:  # the process has ended
                break
            output += block
            if act and act[0].encode() in output:
                process.send_signal(act[1])
                act = None
        process.wait(20)
    os.close(ours)
    return process.returncode, output.decode()


def bars(output):
    """The states of the bar, in order."""
    return [part.rstrip() for part in re.split(r"[\r\n]+", output) if re.match(r" *\d+%\|", part)]


@pytest.mark.slow
@pytest.mark.parametrize("budget", [{"training__epochs": 4}, {"training__minutes": 0.3, "training__epochs": "null"}])
def test_the_bar_fits_the_terminal_and_shows_the_time_left(untrained, tmp_path, budget):
    options = set_options(
        run=tmp_path / "run", model__layers=1, model__units=24, training__log_every=5, training__validate_every=40,
        **budget,
    )  # fmt: skip
    status, output = on_terminal("train", untrained / "tiny.yaml", *options)
    assert status == 0
    shown = bars(output)
    assert max(map(len, shown)) <= WIDTH
    trained = [bar for bar in shown if "loss" in bar]
    assert trained and all(
        re.fullmatch(r" *\d+%\|.{10}\| step \d+  \d+:\d\d left  loss \d+\.\d+  \d+ tokens/s", bar) for bar in trained
    )
    shares = [int(bar.split("%")[0]) for bar in shown]
    assert shares == sorted(shares) and shares[-1] == 100 and any(10 < share < 90 for share in shares)
    # The messages stand in lines of their own, as in the log.
    rows = screen(output)
    log = (tmp_path / "run" / "train.log").read_text(encoding="utf-8").splitlines()
    messages = [line for line in log if not re.match(r"step \d+  epoch", line)]
    assert [row for row in rows if "%|" in row] == [rows[-2]] and rows[-1] == ""
    wrapped = [line[start : start + WIDTH].rstrip() for line in messages for start in range(0, len(line), WIDTH)]
    assert [row for row in rows if row and "%|" not in row] == wrapped


@pytest.mark.slow
def test_without_a_budget_and_when_stopped_the_terminal_is_tidy(untrained, tmp_path):
    options = set_options(
        run=tmp_path / "run", training__log_every=5, training__epochs="null", training__tokens_per_batch=64,
        training__patience=1000, training__schedule="inverse_sqrt", **SHORT,
    )  # fmt: skip
    status, output = on_terminal("train", untrained / "tiny.yaml", *options, act=("tokens/s", signal.SIGINT))
    assert status == 130
    assert "%" not in output
    rows = screen(output)
    assert "stopping after this step; a checkpoint is being written" in rows
    assert any(re.fullmatch(r"step \d+( +loss \d+\.\d+  \d+ tokens/s)?", row) for row in rows)
    assert [row for row in rows if row.startswith("s2s: stopped by SIGINT after a checkpoint; ")]


@pytest.mark.slow
def test_an_error_stands_in_a_line_of_its_own_and_in_the_log(untrained, tmp_path):
    options = set_options(
        run=tmp_path / "run", training__learning_rate=1e38, training__warmup_steps=0, training__log_every=5, **SHORT
    )
    status, output = on_terminal("train", untrained / "tiny.yaml", *options)
    assert status == 1
    assert [row for row in screen(output) if row.startswith("s2s: error: step 2: the gradient is not finite")]
    log = (tmp_path / "run" / "train.log").read_text(encoding="utf-8")
    assert "\nerror: step 2: the gradient is not finite" in log


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["gone", "closed"])
def test_training_goes_on_when_nobody_reads_its_log(untrained, tmp_path, reader):
    options = set_options(run=tmp_path / "run", training__epochs=2, training__log_every=5, **SHORT)
    closed = {"stderr": None, "preexec_fn": lambda: os.close(2)} if reader == "closed" else {}
    with s2s_process("train", untrained / "tiny.yaml", *options, **closed) as process:
        if reader == "gone":
            wait_for_line(process, b"300 pairs")
            process.stderr.close()
        assert process.wait(120) == 0
    log = (tmp_path / "run" / "train.log").read_text(encoding="utf-8").splitlines()
    assert log[0].startswith("300 pairs, ") and log[-2].startswith("finished after ")
    steps = [int(line.split()[1]) for line in log if re.match(r"step \d+  epoch", line)]
    assert steps == list(range(5, steps[-1] + 1, 5))


@pytest.fixture
def train(untrained, tmp_path, train_here, capsys):
    """A function that begins a run, lets the caller spoil it, and trains it; returns the run and the errors."""
    config = config_of(untrained, f"run={tmp_path}/run", "training.epochs=4", "training.log_every=1",
        "model.layers=1", "model.units=24",
    )  # fmt: skip
    return lambda spoil: (train_here(config, spoil), capsys.readouterr().err)


@contextmanager
def small_disk(path):
    """A file system of one page at `path`; the test is skipped where this user may not make one."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", path]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("used", [0, 4096])
def test_a_full_disk_for_summaries_is_named_and_the_training_goes_on(train, used):
    @contextmanager
    def spoil(path):
        with small_disk(path / "tensorboard"):
            (path / "tensorboard" / "other").write_bytes(b"x" * used)
            yield

    run, errors = train(spoil)
    (warning,) = (line for line in errors.splitlines() if "warning" in line)
    assert warning.startswith(f"warning: {run.path}/tensorboard: cannot write, no more summaries: ")
    assert "memory" not in errors and "finished after" in errors
    assert run.load_best() and run.load_checkpoint()


@pytest.mark.slow
def test_a_picture_that_cannot_be_written_ends_no_training(train):
    @contextmanager
    def spoil(path):
        (path / "curve.png").mkdir()
        yield

    run, errors = train(spoil)
    assert f"\nwarning: {run.path}/curve.png: not plotted: " in errors
    assert "finished after" in errors and list((run.path / "curve.png").iterdir()) == []


@pytest.mark.slow
def test_a_picture_goes_into_no_other_run(train, monkeypatch):
    @contextmanager
    def spoil(path):
        save = Run.save_checkpoint

        def save_and_move(run, *arguments):
            save(run, *arguments)
            os.rename(path, path.with_name("moved"))
            path.mkdir()

        monkeypatch.setattr(Run, "save_checkpoint", save_and_move)
        yield

    run, errors = train(spoil)
    assert f"curve.png: not plotted: {run.path}: this run was moved or removed" in errors
    assert list(run.path.iterdir()) == []
