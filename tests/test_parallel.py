"""Work in several processes: in order, with their errors, and stopped at any moment without leaving anything behind."""

import os
import resource
import signal
import time
from pathlib import Path

import pytest

from s2s.data.parallel import parallel_map
from s2s.errors import InputError, RunError
from tests.conftest import SAMPLE, python, s2s, s2s_process
from tests.test_prepare import LINES, TOKENIZER, pairs_of, write


def workers_of(process):
    """The process's workers, once all have started: Python loses a signal that comes while it forks."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait(lambda: len(children.read_text().split()) == len(os.sched_getaffinity(0)))
    time.sleep(0.3)
    return [int(child) for child in children.read_text().split()]


def wait(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def has_ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture(scope="module")
def long_config(tmp_path_factory):
    """A corpus that takes some seconds to read."""
    directory = tmp_path_factory.mktemp("long")
    lines = [f"{es} {n}\t{en} {n}" for n in range(10) for es, en in pairs_of(LINES)]
    return write(directory, lines, tokenizer=TOKENIZER)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGHUP, 129), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
)
def test_a_stopped_prepare_leaves_nothing_and_can_be_repeated(long_config, number, status):
    with s2s_process("prepare", long_config) as process:
        workers = workers_of(process)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == status and b"Traceback" not in stderr
    wait(lambda: all(map(has_ended, workers)))
    directory = long_config.parent
    left = sorted(path.name for path in directory.iterdir() if path.name not in ("config.yaml", "train.tsv"))
    assert all(name.startswith(".prepared.") for name in left) if number == signal.SIGKILL else left == []
    if number == signal.SIGKILL:
        s2s("prepare", long_config, "--set", f"data.train={SAMPLE}/dev.tsv", check=0)
        assert sorted(path.name for path in directory.iterdir()) == ["config.yaml", "prepared", "train.tsv"]


@pytest.mark.slow
def test_a_killed_worker_ends_it_with_a_clear_error(long_config):
    with s2s_process("prepare", long_config) as process:
        os.kill(workers_of(process)[0], signal.SIGKILL)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr == b"s2s: error: a worker process was killed; is there enough memory?\n"


@pytest.mark.slow
def test_a_full_disk_is_an_error_and_leaves_nothing(long_config):
    before, limit = sorted(long_config.parent.iterdir()), 1 << 20
    limited = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))}
    process = s2s("prepare", long_config, check=1, timeout=60, **limited)
    assert b"File too large" in process.stderr and b"Traceback" not in process.stderr
    assert sorted(long_config.parent.iterdir()) == before


def test_a_parallel_map_keeps_order_and_errors():
    def square(number):
        return number * number, os.getpid()

    squares = list(parallel_map(square, range(50)))
    assert [result for result, _ in squares] == [n * n for n in range(50)]
    assert os.getpid() not in {process for _, process in squares}
    # A single item is not worth a process.
    assert list(parallel_map(square, [3])) == [(9, os.getpid())] and list(parallel_map(square, [])) == []

    def fail(number):
        if number == 7:
            raise InputError("seven")
        return number

    with pytest.raises(InputError, match="seven"):
        list(parallel_map(fail, range(50)))
    with pytest.raises(RunError, match="killed"):
        list(parallel_map(lambda _: os._exit(1), range(50)))


def test_killed_workers_are_noticed_when_items_are_too_large_for_a_pipe():
    code = "import os; from s2s.data.parallel import parallel_map; list(parallel_map(lambda _: os._exit(1), ['x' * 1_000_000] * 50))"
    assert b"a worker process was killed" in python("-c", code, check=1, timeout=60).stderr
