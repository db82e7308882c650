"""A walk over all commands: closed streams, outputs of every kind and signals at any moment.

Whatever happens, a command ends with the documented status, without a traceback or the name of an exception, and leaves
nothing behind.
"""

import os
import signal
import stat
import time
from functools import cache

import pytest

from tests.commands import EXCEPTION, full_disk, handled, names_in, read_only
from tests.conftest import SHORT, s2s, s2s_process, set_options, shell

__all__ = ["full_disk", "read_only"]  # fixtures

pytestmark = pytest.mark.slow

NAMES = ["prepare", "train", "translate", "evaluate", "inspect-state"]

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def command(name, experiment, directory, output, copies):
    """The arguments of a command that writes `output`; the more copies, the longer it works."""
    run, text, pairs = experiment / "run", directory / "in.txt", directory / "pairs.tsv"
    pairs.write_text((experiment / "train.tsv").read_text(encoding="utf-8") * copies, encoding="utf-8")
    text.write_text("".join(f"{line.split(chr(9))[0]}\n" for line in pairs.open(encoding="utf-8")), encoding="utf-8")
    keys = {"data__prepared": output, "data__train": pairs, "run": output, "training__epochs": copies} | SHORT
    chosen = {"prepare": ("data__prepared", "data__train"), "train": ("run", "training__epochs", *SHORT)}.get(name, ())
    return {
        "prepare": ["prepare", experiment / "tiny.yaml"],
        "train": ["train", experiment / "tiny.yaml"],
        "translate": ["translate", run, text, "--beam", 1, "-o", output],
        "evaluate": ["evaluate", run, pairs, "--beam", 1, "-o", output],
        "inspect-state": ["inspect-state", run, text, "-o", output],
    }[name] + set_options(**{key: keys[key] for key in chosen})


def assert_clean(errors):
    assert not EXCEPTION.search(errors.decode()), errors.decode()


def leftovers(directory):
    return [path for path in directory.rglob(".*") if path.suffix in (".tmp", ".old")]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2> /dev/full", "2> >(true)", "| true"])
def test_streams(untrained, tmp_path, name, redirection):
    if name == "train" and redirection not in ("<&- >&- 2>&-", "2> >(true)"):
        pytest.skip("training takes long: two of them are enough")
    arguments = command(name, untrained, tmp_path, tmp_path / "out", 1)
    process = shell(f'set -o pipefail; "$@" {redirection}', *arguments, check=0)
    assert_clean(process.stderr)
    assert not leftovers(tmp_path) and "out" in names_in(tmp_path)
    if (tmp_path / "out").is_file():
        assert b"s2s" not in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["device", "fifo", "link", "full disk", "read-only directory"])
def test_outputs(untrained, tmp_path, request, name, kind):
    output, statuses = tmp_path / "out", {0}
    if kind == "device":
        output.symlink_to("/dev/null")
    elif kind == "fifo":
        os.mkfifo(output)
    elif kind == "link":
        output.symlink_to(tmp_path / "target")
    elif kind == "full disk":
        output, statuses = request.getfixturevalue("full_disk") / "out", {1}
    else:
        output, statuses = request.getfixturevalue("read_only") / "out", {2}
    if name in ("prepare", "train") and kind in ("device", "fifo"):  # they write directories
        statuses = {2}
    if name == "train" and kind == "link":
        statuses = {0, 2}
    arguments = command(name, untrained, tmp_path, output, 1)
    reader = f"cat {output} > /dev/null & " if kind == "fifo" and statuses == {0} else ""
    process = shell(f'{reader}"$@"', *arguments, timeout=120)
    assert process.returncode in statuses, process.stderr.decode()
    assert_clean(process.stderr)
    if 0 not in statuses:
        named = (output.name, str(output.parent), os.path.realpath(output))
        assert any(name.encode() in process.stderr for name in named)
    assert not leftovers(tmp_path)
    if kind == "device":
        assert output.is_symlink() and stat.S_ISCHR(os.stat("/dev/null").st_mode)
    if kind == "fifo":
        assert stat.S_ISFIFO(output.stat().st_mode)
    if kind == "link":
        assert output.is_symlink()
    if kind == "full disk":
        assert names_in(output.parent) == ["filler"]


def work(name, process, directory):
    """Wait until a command works on its output."""
    for _ in range(3000):
        if process.poll() is not None:
            return
        if name == "train" and (directory / "out" / "train.log").exists():
            break
        if name in ("prepare", "translate", "inspect-state") and list(directory.glob(".out.*")):
            break
        if name == "evaluate" and os.times().elapsed > process.started + 1.0:
            break
        time.sleep(0.01)
    time.sleep(0.5)


COPIES = {"prepare": 600, "train": 5000, "inspect-state": 150}


@pytest.fixture(scope="module")
def whole_output(untrained, tmp_path_factory):
    """A function that gives what a command writes when nothing stops it."""

    @cache
    def output(name):
        directory = tmp_path_factory.mktemp("whole")
        s2s(*command(name, untrained, directory, directory / "out", COPIES.get(name, 60)), check=0)
        return (directory / "out").read_bytes()

    return output


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", SIGNALS)
def test_signals(untrained, whole_output, tmp_path, name, number):
    arguments = command(name, untrained, tmp_path, tmp_path / "out", COPIES.get(name, 60))
    writes_file = name not in ("prepare", "train")
    whole = whole_output(name) if writes_file else b""
    for moment in ("start", "imports", "work"):
        if writes_file:
            (tmp_path / "out").write_text("mine")
        with s2s_process(*arguments) as process:
            process.started = os.times().elapsed
            if moment == "start":
                time.sleep(0.05)
            else:
                handled(process)
                time.sleep(0.15)
            if moment == "work":
                work(name, process, tmp_path)
                assert process.poll() is None, "it ended before the signal: give it more to do"
            process.send_signal(number)
            _, errors = process.communicate(timeout=120)
        # Before Python runs our code.
        early = moment == "start" and (process.returncode == -number or b"init_import_site" in errors)
        assert early or process.returncode in (SIGNALS[number], 0), (moment, process.returncode, errors.decode())
        if not early:
            assert_clean(errors)
        assert not leftovers(tmp_path), moment
        if writes_file:
            # The signal may come after the file got its name: then the file is whole.
            assert (tmp_path / "out").read_bytes() in (b"mine", whole)
            assert process.returncode or (tmp_path / "out").read_bytes() == whole


def test_the_commands_of_the_walk_are_all():
    commands = s2s("--help", check=0).stdout.decode().split("Commands:")[1].splitlines()
    # `config` only prints.
    assert [line.split()[0] for line in commands if line.strip() and line.split()[0] != "config"] == NAMES
