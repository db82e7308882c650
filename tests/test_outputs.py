"""Outputs that the user names: what stands at the name stays what it is, and a disk that takes nothing is named."""

import bz2
import gzip
import lzma
import os
import resource
import shutil
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from backports import zstd

from s2s.errors import InputError, RunError
from s2s.outputs import is_special, output_file, require_directory, require_writable
from s2s.run import Run
from s2s.translation.streams import open_output, write_lines
from tests.commands import OUTPUTS, assert_clean_errors, fill, full_disk, names_in, output_arguments, read_only
from tests.conftest import python, s2s, shell

__all__ = ["full_disk", "read_only"]  # fixtures


@pytest.fixture
def source(tmp_path_factory, sentences):
    path = tmp_path_factory.mktemp("source") / "in.txt"
    path.write_text("\n".join(sentences[:40]), encoding="utf-8")
    return path


def read_pipe(path):
    """Start a thread that reads a named pipe to its end; returns a function that waits for the content."""
    content = []
    thread = threading.Thread(target=lambda: content.append(path.read_bytes()), daemon=True)
    thread.start()

    def wait():
        thread.join(60)
        return content[0]

    return wait


def test_a_named_pipe_is_written_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert is_special(tmp_path / "pipe")
    for write in (lambda path: write_lines(path, ["uno", "dos"]), _write_by_output_file):
        content = read_pipe(tmp_path / "pipe")
        write(tmp_path / "pipe")
        assert content() == b"uno\ndos\n"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode) and names_in(tmp_path) == ["pipe"]


def _write_by_output_file(path):
    with output_file(path) as temporary:
        temporary.write_bytes(b"uno\ndos\n")


def test_a_device_stays_a_device():
    for write in (lambda path: write_lines(path, ["uno"]), _write_by_output_file):
        write(Path("/dev/null"))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path, there):
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "target.txt", tmp_path / "link.txt"
    link.symlink_to(target)
    if there:
        target.write_text("old")
    require_writable(link, "--output")
    for write in (lambda path: write_lines(path, ["uno", "dos"]), _write_by_output_file):
        write(link)
        assert link.is_symlink() and target.read_text() == "uno\ndos\n" and not target.is_symlink()
    assert names_in(tmp_path) == ["elsewhere", "link.txt"] and names_in(tmp_path / "elsewhere") == ["target.txt"]


def test_a_file_in_memory_is_replaced_as_any_file(tmp_path):
    """/dev/shm is below /dev, and no device."""
    directory = Path("/dev/shm") / f"s2s-test-{os.getpid()}"
    try:
        directory.mkdir()
    except OSError:
        pytest.skip("there is no /dev/shm here")
    try:
        path = directory / "out.txt"
        for _ in range(2):
            require_writable(path, "--output")
            write_lines(path, ["uno"])
            assert path.read_text() == "uno\n"
        assert names_in(directory) == ["out.txt"]
    finally:
        shutil.rmtree(directory)


def test_permissions_stay(tmp_path):
    (tmp_path / "secret.txt").touch(0o600)
    write_lines(tmp_path / "secret.txt", ["uno"])
    assert stat.S_IMODE((tmp_path / "secret.txt").stat().st_mode) == 0o600


@pytest.mark.parametrize("compression", [("gz", gzip), ("bz2", bz2), ("xz", lzma), ("zst", zstd)])
def test_the_ending_compresses(tmp_path, compression):
    ending, module = compression
    for name in (f"x.txt.{ending}", f"X.{ending.upper()}"):
        with open_output(tmp_path / name) as output:
            output.write(b"hola\n" * 1000)
        content = (tmp_path / name).read_bytes()
        assert len(content) < 1000 and module.decompress(content) == b"hola\n" * 1000
    os.mkfifo(pipe := tmp_path / f"pipe.{ending}")
    content = read_pipe(pipe)
    write_lines(pipe, ["hola"] * 1000)
    assert len(content()) < 1000 and module.decompress(content()) == b"hola\n" * 1000


def test_long_names(tmp_path):
    for name in ("n" * 250, "ñ" * 125, "n" * 246 + ".gz"):
        require_writable(tmp_path / name, "--output")
        write_lines(tmp_path / name, ["uno"])
        assert (tmp_path / name).stat().st_size
    with pytest.raises(InputError, match=r"--output: .* name too long"):
        require_writable(tmp_path / ("n" * 256), "--output")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=r"--output: .*symbolic links"):
        require_writable(tmp_path / "loop", "--output")


def test_a_directory_is_checked_before_it_is_made(tmp_path):
    (tmp_path / "file").touch()
    require_directory(tmp_path / "a" / "b", "--projector")
    assert names_in(tmp_path) == ["file"]
    for path in (tmp_path / "file", tmp_path / "file" / "x"):
        with pytest.raises(InputError, match=r"--projector: .*file is no directory"):
            require_directory(path, "--projector")


def test_a_directory_that_is_removed_meanwhile(tmp_path):
    for write in (open_output, output_file):
        (tmp_path / "d").mkdir()
        with pytest.raises(RunError, match=r"out.txt: cannot write: No such file"), write(tmp_path / "d" / "out.txt"):
            shutil.rmtree(tmp_path / "d")
    assert names_in(tmp_path) == []


def test_a_full_or_read_only_disk_is_named(full_disk, tmp_path):
    (full_disk / "old.txt").touch()
    for name in ("old.txt", "new.txt", "new.gz"):
        with pytest.raises(RunError, match=rf"full/{name}: cannot write: No space left on device; make room"):
            write_lines(full_disk / name, (os.urandom(50).hex() for _ in range(5000)))
    assert names_in(full_disk) == ["filler", "old.txt"]


def test_a_read_only_disk_is_refused_before_the_work(read_only):
    with pytest.raises(InputError, match=r"--output: the directory .* is not writable"):
        require_writable(read_only / "out.txt", "--output")
    with pytest.raises(RunError, match="cannot write: Read-only file system"):
        write_lines(read_only / "out.txt", ["uno"])


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_what_stands_at_the_name_of_an_output_stays(untrained, source, tmp_path, name):
    file, arguments = output_arguments(untrained, source)[name]
    s2s(*arguments, tmp_path / file, check=0)
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / file).symlink_to(f"../target-{file}")
    os.mkfifo(tmp_path / f"pipe-{file}")
    s2s(*arguments, tmp_path / "links" / file, check=0)
    content = read_pipe(tmp_path / f"pipe-{file}")
    s2s(*arguments, tmp_path / f"pipe-{file}", check=0)
    assert len(content()) == (tmp_path / file).stat().st_size == (tmp_path / f"target-{file}").stat().st_size
    assert (tmp_path / "links" / file).is_symlink() and stat.S_ISFIFO((tmp_path / f"pipe-{file}").stat().st_mode)
    assert names_in(tmp_path) == sorted([file, "links", f"pipe-{file}", f"target-{file}"])


def test_the_files_of_the_projector_may_be_links(untrained, source, tmp_path):
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / "states.tsv").symlink_to(tmp_path / "states.tsv")
    (tmp_path / "cloud" / "metadata.tsv").symlink_to("/dev/null")
    process = s2s("inspect-state", untrained / "run", source, "--projector", tmp_path / "cloud", check=0)
    assert b"cloud: 40 states; tensorboard --logdir" in process.stderr
    assert names_in(tmp_path) == ["cloud", "states.tsv"] and (tmp_path / "cloud" / "metadata.tsv").is_symlink()
    assert len((tmp_path / "states.tsv").read_text().splitlines()) == 40


@pytest.mark.slow
@pytest.mark.parametrize("name", ["translate -o", "evaluate -o", "inspect-state -o npy"])
def test_stdout_by_its_name(untrained, source, tmp_path, name):
    file, arguments = output_arguments(untrained, source)[name]
    s2s(*arguments, tmp_path / file, check=0)
    expected = (tmp_path / file).read_bytes()
    for output in ("/dev/stdout", "-"):
        piped = s2s(*arguments, output, check=0)
        shell(f'"$@" > {tmp_path}/redirected', *arguments, output, check=0)
        redirected = (tmp_path / "redirected").read_bytes()
        if name == "evaluate -o":  # the scores follow
            assert b"BLEU" in piped.stdout[len(expected) :] and b"BLEU" in redirected[len(expected) :]
        else:
            assert piped.stdout == expected and redirected == expected
        assert piped.stdout.startswith(expected) and redirected.startswith(expected)


@pytest.mark.slow
def test_stdin_by_its_name(untrained, source, tmp_path):
    run, content = untrained / "run", source.read_bytes()
    assert s2s("translate", run, "-", stdin=content, check=0).stdout == s2s("translate", run, source, check=0).stdout
    scores = s2s("evaluate", run, "-", stdin=(untrained / "test.tsv").read_bytes(), check=0).stdout
    assert b"20 sentences" in scores
    s2s("inspect-state", run, "-", "-o", tmp_path / "x.npy", stdin=content, check=0)
    assert len(np.load(tmp_path / "x.npy")) == 40
    for corpus in ("-", source):
        near = ["inspect-state", run, source, "--neighbours", 1, "--corpus", corpus]
        assert s2s(*near, stdin=content, check=0).stdout.count(b"\n") == 40
    labels = ["inspect-state", run, source, "--plot", tmp_path / "x.svg", "--labels", "-"]
    s2s(*labels, stdin=b"one\n" * 40, check=0)
    assert "<!-- one -->" in (tmp_path / "x.svg").read_text(encoding="utf-8")
    twice = s2s("inspect-state", run, "--neighbours", 1, "--corpus", "-", stdin=content, check=2)
    assert b"stdin can be read once" in twice.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OUTPUTS, "inspect-state --projector"])
def test_a_disk_without_room_is_named(untrained, source, full_disk, tmp_path, name):
    arguments = output_arguments(untrained, source) | {
        "inspect-state --projector": ("cloud", ["inspect-state", untrained / "run", source, "--projector"])
    }
    file, arguments = arguments[name]
    if file != "cloud":
        (full_disk / file).touch()
    before = names_in(full_disk)
    (full_disk / "filler").unlink()
    fill(full_disk)
    process = s2s(*arguments, full_disk / file, check=1)
    assert_clean_errors(process.stderr)
    last = process.stderr.decode().splitlines()[-1]
    assert str(full_disk) in last and "cannot write: No space left on device" in last
    assert names_in(full_disk) == before  # the directory that was made for the projector is removed again
    if file != "cloud":
        assert (full_disk / file).read_bytes() == b""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    (tmp_path / file).mkdir() if file == "cloud" else (tmp_path / file).write_text("mine")
    process = s2s(*arguments, tmp_path / file, check=1, preexec_fn=limit)
    assert_clean_errors(process.stderr)
    assert "File too large" in process.stderr.decode().splitlines()[-1]
    assert names_in(tmp_path) == sorted([file, "full"])
    assert names_in(tmp_path / file) == [] if file == "cloud" else (tmp_path / file).read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_read_only_directory_is_refused(untrained, source, read_only, name):
    file, arguments = output_arguments(untrained, source)[name]
    process = s2s(*arguments, read_only / file, check=2)
    assert_clean_errors(process.stderr)
    assert b"is not writable" in process.stderr


def test_a_full_temporary_directory_is_named(untrained, source, full_disk):
    os.truncate(full_disk / "filler", 50_000)  # a test by Python's tempfile succeeds
    source.write_bytes(source.read_bytes() * 10)
    process = s2s("inspect-state", untrained / "run", source, "-o", "-", env={"TMPDIR": str(full_disk)}, check=1)
    assert_clean_errors(process.stderr)
    assert process.stdout == b"" and f"{full_disk}: cannot write: No space left on device".encode() in process.stderr
    assert names_in(full_disk) == ["filler"]


def copy_run(untrained, directory):
    shutil.copytree(untrained / "run", directory / "run")
    return directory / "run"


@pytest.mark.parametrize("name", ["best.npz", "run.json", "source.model", "config.yaml"])
def test_a_run_with_endless_files_is_refused(untrained, tmp_path, name):
    run = copy_run(untrained, tmp_path)
    for kind in ("device", "pipe"):
        (run / name).unlink()
        if kind == "device":
            (run / name).symlink_to("/dev/zero")
        else:
            os.mkfifo(run / name)
        process = s2s("translate", run, stdin=b"Hola.\n", check=2, timeout=60)
        assert_clean_errors(process.stderr)
        assert name.encode() in process.stderr and b"not a regular file" in process.stderr


# Runs the program and prints the most kB that it held.  (ru_maxrss is that of the parent too.)
PEAK = """
import re
from pathlib import Path
from s2s.__main__ import main
try:
    main()
finally:
    print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["compressed", "extra"])
def test_weights_take_no_memory_beyond_their_own(untrained, tmp_path, kind):
    run, size = copy_run(untrained, tmp_path), 1 << 29
    weights = Run(run).load_best()
    if kind == "compressed":
        name = next(iter(weights))
        np.savez_compressed(run / "best.npz", **(weights | {name: np.zeros((size // 4,), np.float32)}))
    else:
        np.savez(run / "best.npz", **weights, extra=np.zeros(size // 4, np.float32))
    process = python("-c", PEAK, "translate", run, env={"PYTHONDEVMODE": ""}, check=2 if kind == "compressed" else 0)
    assert_clean_errors(process.stderr)
    assert int(process.stdout) * 1024 < size // 2


@pytest.mark.parametrize("value", [np.nan, np.inf, np.int64(1)])
def test_weights_that_are_no_finite_floats_are_refused(untrained, tmp_path, value):
    run = copy_run(untrained, tmp_path)
    weights = Run(run).load_best()
    weights["decoder/output_bias"] = np.full(weights["decoder/output_bias"].shape, value)
    np.savez(run / "best.npz", **weights)
    process = s2s("translate", run, stdin=b"Hola.\n", check=2)
    assert (
        process.stderr.count(b"\n") == 1 and b"decoder/output_bias holds numbers that are not finite" in process.stderr
    )
