"""Compiled programs are kept for later trainings, whole and within bounds; without them a training is the same."""

import os

import pytest

from s2s import machine
from s2s.training import programs
from tests.commands import assert_clean_errors, mounted
from tests.conftest import SHORT, last_checkpoint, python, s2s, same_arrays, set_options, write_config


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A cache of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_clustering_debug=false")
    return tmp_path / "cache" / "s2s"


def own_directory():
    """The directory that TensorFlow would use, or None."""
    flag = "--tf_xla_persistent_cache_directory="
    return next((word.removeprefix(flag) for word in os.environ["TF_XLA_FLAGS"].split() if flag in word), None)


def compile_one(name, content=b"program"):
    """What TensorFlow does when it has compiled a program."""
    with open(f"{own_directory()}/{name}", "wb") as file:
        file.write(content)


def kept_names(home):
    return sorted(path.name for path in home.glob("programs-*/*"))


@pytest.mark.slow
def test_a_second_training_and_a_resumed_one_compile_nothing_and_end_the_same(tmp_path, home):
    config, options = write_config(tmp_path), set_options(**SHORT, training__steps=3)
    s2s("prepare", config)
    first, again, without = (tmp_path / name for name in ("first", "again", "without"))

    def train(run, *more, flags=""):
        env = {"TF_XLA_FLAGS": flags, "XDG_CACHE_HOME": str(home.parent)}
        s2s("train", config, *options, *more, f"--set=run={run}", env=env)
        return {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}

    compiled = train(first)
    assert compiled
    # Stopped after a step, of which the learning rate does not know the budget yet, and resumed.
    assert train(again, "--set=training.steps=1") == compiled
    assert train(again) == compiled
    assert train(without, flags=f"--tf_xla_persistent_cache_directory={tmp_path}/other") == compiled
    for run in (again, without):
        assert same_arrays(last_checkpoint(run), last_checkpoint(first))


@pytest.mark.slow
def test_a_disk_that_fills_up_is_named(tmp_path, home):
    config, options = write_config(tmp_path), set_options(**SHORT, training__steps=3)
    s2s("prepare", config)
    with mounted(home.parent, "300k"):
        program = "from s2s.training import programs; programs._NEEDED_BYTES = 0; import runpy; runpy.run_module('s2s', run_name='__main__')"
        env = {"TF_XLA_FLAGS": "", "XDG_CACHE_HOME": str(home.parent)}
        process = python("-c", program, "train", config, *options, check=1, env=env)
    assert f"{home}: no room for compiled programs" in process.stderr.decode()
    assert_clean_errors(process.stderr[process.stderr.index(b"s2s: error") :])


def test_what_is_whole_is_kept_and_linked_into_the_next_training(home):
    with programs.kept_programs():
        compile_one("a.pb")
        programs.keep()
        compile_one("b.pb")
        compile_one("c.pb.tmp", b"hal")
        assert os.environ["TF_XLA_FLAGS"].startswith("--tf_xla_clustering_debug=false ")
    assert kept_names(home) == ["a.pb", "b.pb"] and own_directory() is None
    with programs.kept_programs():
        assert sorted(os.listdir(own_directory())) == ["a.pb", "b.pb"]


def test_programs_are_for_a_processor_whatever_its_clock_and_for_a_number_of_cores(home, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_CPU", tmp_path / "cpuinfo")

    def directories(clock, flags, cores):
        machine._CPU.write_text(f"processor\t: 0\ncpu MHz\t\t: {clock}\nflags\t\t: {flags}\n")
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))
        with programs.kept_programs():
            return len([*home.iterdir()])

    assert directories(2596.146, "fma avx2", 2) == 1
    assert directories(1400.5, "fma avx2", 2) == 1
    assert directories(1400.5, "fma avx2 avx512f", 2) == 2
    assert directories(1400.5, "fma avx2", 1) == 3


def test_what_a_killed_training_left_is_removed(home, monkeypatch):
    with programs.kept_programs():
        compile_one("a.pb")
    (kept,) = home.iterdir()
    (kept / ".training.0123456789abcdef.tmp").mkdir()
    with programs.kept_programs():
        monkeypatch.setenv("TF_XLA_FLAGS", "")  # as if this were another process
        with programs.kept_programs():  # the directories of living trainings stay
            assert len([*kept.iterdir()]) == 3
    assert kept_names(home) == ["a.pb"]


def test_the_oldest_go_first(home, monkeypatch):
    with programs.kept_programs():
        for age, name in enumerate("abcd"):
            compile_one(f"{name}.pb", b"x" * 100)
            os.utime(f"{own_directory()}/{name}.pb", (1e9 - age, 1e9 - age))
    monkeypatch.setattr(programs, "KEPT_BYTES", 250)
    with programs.kept_programs():
        pass
    assert kept_names(home) == ["a.pb", "b.pb"]


def test_without_a_place_nothing_is_kept_and_nothing_fails(home, monkeypatch):
    def keeps():
        with programs.kept_programs():
            return own_directory() is not None

    assert keeps()
    (kept,) = home.iterdir()
    for path in (home, kept):
        path.chmod(0o777)
    assert keeps()
    assert {path.stat().st_mode & 0o777 for path in (home, kept)} == {0o700}, "others must not write what is run"
    with monkeypatch.context() as patch:
        patch.setattr(programs, "_NEEDED_BYTES", 1 << 60)
        assert not keeps(), "no room"
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", f"{home.parent}/with space")
        assert not keeps(), "TensorFlow's flags are separated by spaces"
        patch.setenv("XDG_CACHE_HOME", "/proc/none")
        assert not keeps(), "it cannot be made"
        patch.setenv("TF_XLA_FLAGS", "--tf_xla_persistent_cache_directory=/tmp/mine")
        with programs.kept_programs():
            assert own_directory() == "/tmp/mine", "the user's own"
        patch.setenv("TF_XLA_FLAGS", "/etc/flags")
        with programs.kept_programs():
            assert os.environ["TF_XLA_FLAGS"] == "/etc/flags", "a file of flags"
    assert keeps()
