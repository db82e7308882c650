"""The process of a command: closed, full and non-blocking streams, readers that leave, signals."""

import fcntl
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from s2s.process import printable
from tests.commands import assert_clean_errors, handled, names_in
from tests.conftest import python, s2s, s2s_process, shell


def commands(untrained, tmp_path):
    """A line of arguments for each command; all of them are done within a second or two."""
    run, source = untrained / "run", tmp_path / "in.txt"
    return {
        "help": ["--help"],
        "prepare": ["prepare", untrained / "tiny.yaml"],
        "train --dry-run": ["train", untrained / "tiny.yaml", "--dry-run"],
        "translate": ["translate", run, source],
        "evaluate": ["evaluate", run, untrained / "test.tsv"],
        "evaluate -o": ["evaluate", run, untrained / "test.tsv", "-o", "-"],
        "evaluate --pair-scores": ["evaluate", run, untrained / "test.tsv", "--pair-scores", "-"],
        "inspect-state": ["inspect-state", run, source, "-o", "-"],
        "--neighbours": ["inspect-state", run, source, "--neighbours", 1, "--corpus", source],
    }


COMMANDS = [*commands(Path(), Path())]


@pytest.fixture(autouse=True)
def _source(tmp_path):
    (tmp_path / "in.txt").write_text("Hola.\nAdiós.\n", encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_stdout_is_an_error_in_one_line(untrained, tmp_path, name):
    process = shell('"$@" > /dev/full', *commands(untrained, tmp_path)[name], check=1)
    assert_clean_errors(process.stderr)
    last = process.stderr.decode().splitlines()[-1]
    assert last.startswith("s2s: error: stdout: ") and "No space left on device" in last


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_of_stdout_that_has_gone_is_no_error(untrained, tmp_path, name):
    arguments = commands(untrained, tmp_path)[name]
    process = shell('{ "$@"; echo "status $?" >&2; } | true', *arguments, check=0)
    assert process.stderr.decode().splitlines()[-1] == "status 0"
    assert_clean_errors(process.stderr)
    assert b"rror" not in process.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_messages_that_cannot_be_written_are_dropped(untrained, tmp_path, name):
    arguments = commands(untrained, tmp_path)[name]
    expected = s2s(*arguments, check=0).stdout
    for redirection in ("2> /dev/full", "2> >(true)"):
        process = shell(f'"$@" {redirection}', *arguments, check=0)
        if name in ("evaluate", "evaluate -o", "train --dry-run"):  # times differ
            assert len(process.stdout.splitlines()) == len(expected.splitlines())
        else:
            assert process.stdout == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_closed_streams_are_like_empty_ones(untrained, tmp_path, name, closed):
    process = shell(f'"$@" {closed}', *commands(untrained, tmp_path)[name], check=0)
    assert_clean_errors(process.stderr)
    assert b"s2s: error" not in process.stdout + process.stderr


@pytest.mark.slow
def test_messages_do_not_get_into_a_file(untrained, tmp_path, sentences):
    """The file that is opened next would get the number of the closed stream."""
    arguments = ["inspect-state", untrained / "run", "-o", tmp_path / "out.npy", "--plot", tmp_path / "x.svg"]
    for closed in (">&- 2>&-", "2>&-"):
        assert shell(f'"$@" {closed}', *arguments, stdin="\n".join(sentences[:3]).encode(), check=0).stdout == b""
        assert (tmp_path / "out.npy").stat().st_size == 128 + 3 * 48 * 4
        assert np.load(tmp_path / "out.npy").shape == (3, 48)
        assert (tmp_path / "x.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")
    failed = shell('"$@" 2>&-', "translate", tmp_path / "no run", stdin=b"Hola.\n", check=2)
    assert failed.stdout == b""


def test_text_that_the_encoding_of_stdout_lacks_is_escaped(untrained):
    process = s2s("evaluate", untrained / "run", untrained / "test.tsv", env={"PYTHONIOENCODING": "koi8-r"}, check=0)
    assert b"\\xb1" in process.stdout


def test_control_characters_are_escaped():
    assert printable("a\x1b[31mb\nc\x07\udcff") == "a\\x1b[31mb\\nc\\x07\\udcff"
    assert printable("one\n  two ñ 🙂") == "one\n  two ñ 🙂"


@pytest.mark.slow
def test_control_characters_of_names_are_escaped_in_messages(untrained, tmp_path):
    for name in ("\x1b[31mred.txt", "two\nlines.txt", os.fsdecode(b"\xff.txt")):
        refused = s2s("translate", untrained / "run", tmp_path / name, check=2).stderr
        assert b"\x1b" not in refused and refused.count(b"\n") == 1 and b"\\" in refused
        (tmp_path / name).write_bytes(b"Hola, " * 100)
        long = s2s("translate", untrained / "run", tmp_path / name, check=0).stderr
        assert b"translated in" in long
        assert b"\x1b" not in long and long.count(b"\n") == 1
        written = s2s(
            "inspect-state", untrained / "run", "-o", tmp_path / f"{name}.npy", stdin=b"Hola.", check=0
        ).stderr
        assert b"\x1b" not in written and written.count(b"\n") == 1 and b"float32" in written


def set_non_blocking(descriptor):
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_NONBLOCK)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["translate", "inspect-state"])
def test_a_non_blocking_stdin_loses_nothing(untrained, sentences, command):
    arguments = [command, untrained / "run", *(["-o", "-"] if command == "inspect-state" else [])]
    content = "\n".join(sentences[:30]).encode() + b"\n"
    expected = s2s(*arguments, stdin=content, check=0).stdout
    reader, writer = os.pipe()
    set_non_blocking(reader)
    with s2s_process(*arguments, stdin=reader) as process:
        os.close(reader)
        time.sleep(1.5)  # it waits for the first byte
        for start in range(0, len(content), 301):  # in the middle of lines
            os.write(writer, content[start : start + 301])
            time.sleep(0.05)
        assert process.poll() is None
        os.close(writer)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and output == expected


def cpu_seconds(pid):
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def wait_until_idle(pid):
    """Wait until a process uses no processor for half a second; it fails if that takes a minute."""
    for _ in range(120):
        before = cpu_seconds(pid)
        time.sleep(0.5)
        if cpu_seconds(pid) - before <= 0.02:
            return
    pytest.fail("it does not wait")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["translate", "inspect-state", "--neighbours"])
def test_a_non_blocking_stdout_loses_nothing_and_waits(untrained, sentences, tmp_path, name):
    source = tmp_path / "many.txt"
    source.write_text("\n".join(sentences * 10), encoding="utf-8")
    arguments = {
        "translate": ["translate", untrained / "run", source],
        "inspect-state": ["inspect-state", untrained / "run", source, "-o", "-"],
        "--neighbours": ["inspect-state", untrained / "run", source, "--neighbours", 2, "--corpus", source],
    }[name]
    expected = s2s(*arguments, check=0).stdout
    assert len(expected) > 1 << 16
    reader, writer = os.pipe()
    set_non_blocking(writer)
    with s2s_process(*arguments, stdout=writer) as process:
        os.close(writer)
        wait_until_idle(process.pid)  # until the pipe is full
        assert process.poll() is None
        with open(reader, "rb") as pipe:
            output = pipe.read()
        assert process.wait(timeout=60) == 0
    assert output == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status", "words"),
    [
        (signal.SIGINT, 130, b"interrupted"),
        (signal.SIGTERM, 143, b"stopped by SIGTERM"),
        (signal.SIGHUP, 129, b"stopped by SIGHUP"),
    ],
)
def test_a_signal_leaves_nothing_behind(untrained, sentences, tmp_path, number, status, words):
    (tmp_path / "in").mkdir()
    source, output = tmp_path / "in" / "long.txt", tmp_path / "out.txt"
    source.write_text("\n".join(sentences * 3000), encoding="utf-8")
    output.write_text("mine")
    arguments = ["translate", untrained / "run", source, "-o", output, "--beam", 4]
    with s2s_process(*arguments) as process:
        while len(names_in(tmp_path)) < 4 and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(number)
        process.send_signal(signal.SIGTERM)  # a closed terminal sends two
        _, errors = process.communicate(timeout=60)
    assert process.returncode in {status, 143} and errors in {
        b"s2s: error: " + words + b"\n", b"s2s: error: stopped by SIGTERM\n"
    }  # fmt: skip
    assert names_in(tmp_path) == ["in", "in.txt", "out.txt"] and output.read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_wide_beam_ends_at_a_signal(untrained, sentences, tmp_path, number, status):
    """It would take minutes."""
    (tmp_path / "long.txt").write_text("\n".join([" ".join(sentences[:6])] * 4000), encoding="utf-8")
    with s2s_process("translate", untrained / "run", tmp_path / "long.txt", "--beam", 100) as process:
        while cpu_seconds(process.pid) < 3:
            time.sleep(0.1)
        assert process.poll() is None
        process.send_signal(number)
        assert process.wait(timeout=20) == status
        assert process.stderr.read().count(b"\n") == 1


@pytest.mark.slow
def test_under_nohup_a_hangup_is_ignored(untrained, sentences):
    with s2s_process("translate", untrained / "run", stdin=subprocess.PIPE, preexec_fn=_ignore_hangup) as process:
        handled(process)
        process.send_signal(signal.SIGHUP)
        output, errors = process.communicate(sentences[0].encode() + b"\n", timeout=60)
    assert process.returncode == 0 and output.count(b"\n") == 1 and errors == b""


def _ignore_hangup():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_an_exception_that_python_drops_is_raised_again():
    """As in a callback of a weak reference: Python's import system has such callbacks."""
    program = (
        "import os, signal, time; from s2s.process import Terminated, raise_on_signals\n"
        "raise_on_signals()\n"
        "class Dropping:\n"
        "    def __del__(self): os.kill(os.getpid(), signal.SIGTERM); time.sleep(1)\n"
        "try:\n"
        "    Dropping(); time.sleep(60)\n"
        "except Terminated as terminated: print(terminated.status)"
    )
    process = python("-c", program, check=0, timeout=50)
    assert process.stdout == b"143\n" and process.stderr == b""


def test_a_worker_process_ends_silently_at_a_signal():
    program = (
        "import os, signal, time; from s2s.process import raise_on_signals\n"
        "raise_on_signals()\n"
        "child = os.fork()\n"
        "if child == 0: time.sleep(60)\n"
        "time.sleep(0.3); os.kill(child, signal.SIGTERM)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    process = python("-c", program, check=0, timeout=50)
    assert process.stdout == b"143\n" and process.stderr == b""


def test_a_fault_of_the_program_has_no_exception_name(untrained, monkeypatch, capsys):
    from s2s import __main__, cli_trained

    def fail(*_):
        raise KeyError("x")

    monkeypatch.setattr(cli_trained, "_open_run", fail)
    monkeypatch.setattr(sys, "argv", ["s2s", "translate", str(untrained / "run")])
    monkeypatch.setattr(__main__, "raise_on_signals", lambda: None)
    monkeypatch.setattr(__main__, "forgive_streams", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    if sys.flags.dev_mode:  # python -X dev shows the traceback
        with pytest.raises(KeyError):
            __main__._run()
        return
    assert __main__._run() == 1
    errors = capsys.readouterr().err
    assert "a fault of s2s itself: 'x'" in errors and "KeyError" not in errors
