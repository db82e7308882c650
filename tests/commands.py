"""What the walks over all commands share: the outputs of every command, full and read-only disks, what a message may hold."""

import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

EXCEPTION = re.compile(r"\b[A-Z]\w*(Error|Exception|Interrupt|Exit)\b|Traceback|\bTerminated\b")
"""What no message may hold: the name of a Python exception."""


def output_arguments(experiment, sentences_file):
    """For each output of a command: the name of a file, and the arguments before the file's path."""
    run, test = experiment / "run", experiment / "test.tsv"
    return {
        "translate -o": ("out.txt", ["translate", run, sentences_file, "-o"]),
        "evaluate -o": ("out.txt", ["evaluate", run, test, "-o"]),
        "evaluate --pair-scores": ("out.tsv", ["evaluate", run, test, "--pair-scores"]),
        "inspect-state -o npy": ("out.npy", ["inspect-state", run, sentences_file, "-o"]),
        "inspect-state -o npz": ("out.npz", ["inspect-state", run, sentences_file, "-o"]),
        "inspect-state --trace": ("out.npz", ["inspect-state", run, sentences_file, "--trace", "-o"]),
        "inspect-state --plot": ("out.svg", ["inspect-state", run, sentences_file, "--plot"]),
    }


OUTPUTS = [*output_arguments(Path(), Path())]
"""Their names."""


def assert_clean_errors(errors):
    """No traceback and no name of an exception in the errors of a process; at most three lines."""
    text = errors.decode()
    assert not EXCEPTION.search(text), text
    assert len(text.splitlines()) <= 3, text


def names_in(directory):
    """The names in a directory, hidden ones too."""
    return sorted(path.name for path in directory.iterdir())


def handled(process):
    """Wait until a process handles SIGTERM itself."""
    for _ in range(2000):
        status = Path(f"/proc/{process.pid}/status").read_text()
        mask = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), "0")
        if int(mask, 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)
    pytest.fail("it does not handle SIGTERM")


@contextmanager
def mounted(directory, size):
    """A file system in memory, of a size such as 64k, at `directory`; the test is skipped where it cannot be mounted."""
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", directory]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small file system, and not everywhere")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


def fill(directory):
    """Fill the disk of `directory` by a file of the name `filler`."""
    with open(directory / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


@pytest.fixture
def full_disk(tmp_path):
    """A directory on a full disk, with the file `filler`."""
    with mounted(tmp_path / "full", "64k") as directory:
        fill(directory)
        yield directory


@pytest.fixture
def read_only(tmp_path):
    """A directory in which nothing can be written, by root neither."""
    with mounted(tmp_path / "read-only", "64k") as directory:
        subprocess.run(["mount", "-o", "remount,ro", directory], check=True)
        yield directory
