"""The run directory: one trainer at a time, one config, and nothing in it can run code or fail without a message."""

import os
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s import config_file
from s2s.checkpoints import Progress
from s2s.data.prepare import prepare
from s2s.errors import InputError, RunError
from s2s.metrics import read
from s2s.run import Run
from s2s.translation.translator import Translator
from tests.conftest import examples, python_process, random_weights, s2s, same_arrays


@pytest.fixture
def run(untrained, tmp_path):
    """A copy of the run of random weights, with a checkpoint and metrics."""
    shutil.copytree(untrained / "run", tmp_path / "run")
    run, progress = Run(tmp_path / "run"), Progress(step=2)
    run.append_metrics({"step": 1, "loss": 3.5}, progress)
    run.append_metrics({"step": 2, "loss": 3.25}, progress)
    run.save_checkpoint({"weight/a": np.zeros(3)}, progress)
    return run


def config_of(directory, *overrides):
    return config_file.load(directory / "tiny.yaml", [*overrides])


def test_metrics_are_truncated_to_the_checkpoint_and_missing_ones_are_warned_of(run, capsys):
    _, progress = run.load_checkpoint()
    whole = (run.path / "metrics.jsonl").read_bytes()
    assert whole == b'{"step": 1, "loss": 3.5}\n{"step": 2, "loss": 3.25}\n'
    (run.path / "metrics.jsonl").write_bytes(whole + b'{"step": 9')
    run.truncate_metrics(progress)
    assert (run.path / "metrics.jsonl").read_bytes() == whole
    assert capsys.readouterr().err == ""
    (run.path / "metrics.jsonl").write_bytes(whole[:30])  # a line and the beginning of another
    run.truncate_metrics(progress)
    assert (run.path / "metrics.jsonl").read_bytes() == whole[:25] and progress.metrics_size == 25
    assert "are missing" in capsys.readouterr().err
    (run.path / "metrics.jsonl").unlink()
    run.truncate_metrics(progress)
    assert progress.metrics_size == 0 and "are missing" in capsys.readouterr().err


def test_damaged_lines_of_metrics_are_left_out(run):
    (run.path / "metrics.jsonl").write_bytes(b'{"step": 1}\n\0\0\n[3]\n{"step": 2}\n{"st')
    assert read(run.path) == [{"step": 1}, {"step": 2}]


HOLD = (
    "import sys; from pathlib import Path; from s2s import config_file; from s2s.run import Run\n"
    "run = Run.begin(config_file.load(Path(sys.argv[1]), ['run=' + sys.argv[2]])); print('held', flush=True); input()"
)


def test_a_run_has_one_trainer(run, untrained):
    with python_process("-c", HOLD, untrained / "tiny.yaml", run.path, stdin=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        for more in ([], ["--fresh"]):
            second = s2s("train", untrained / "tiny.yaml", "--set", f"run={run.path}", *more, check=2)
            assert f"is being trained by process {holder.pid} on".encode() in second.stderr
        # Reading needs no lock.
        assert Run(run.path).load_checkpoint()
    again = Run.begin(config_of(untrained, f"run={run.path}"))
    assert again.path == run.path
    again.close()


def test_of_two_that_begin_the_same_run_one_gets_it(untrained, tmp_path, monkeypatch):
    config = config_of(untrained, f"run={tmp_path}/run")
    rename = os.rename

    def another_comes_first(old, new):
        monkeypatch.setattr(os, "rename", rename)
        shutil.copytree(untrained / "run", tmp_path / "run")
        rename(old, new)

    monkeypatch.setattr(os, "rename", another_comes_first)
    with pytest.raises(InputError, match="exists"):
        Run.begin(config)
    assert Run(tmp_path / "run").load_best().keys() == Run(untrained / "run").load_best().keys()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_fresh_moves_the_old_run_aside(run, untrained, tmp_path, capsys):
    config = config_of(untrained, f"run={run.path}", "model.units=8")
    with pytest.raises(InputError, match=r"model.units 48 -> 8; .* --fresh"):
        Run.begin(config)
    for number in (1, 2):
        new = Run.begin(config, fresh=True)
        assert new.load_checkpoint() is None and new.config.model.units == 8
        assert f"run.{number}" in capsys.readouterr().err
        new.close()
    assert same_arrays(tmp_path / "run.1" / "best.npz", untrained / "run" / "best.npz")
    assert not (tmp_path / "run.2" / "best.npz").exists()


@pytest.mark.parametrize("change", ["model.units=32", "training.learning_rate=0.5", "seed=9", "data.max_length=50"])
def test_another_config_is_another_run(untrained, change):
    name, value = change.split("=")
    with pytest.raises(InputError, match=f"{name} .* -> {value}") as error:
        Run.begin(config_of(untrained, change))
    assert "training: epochs, steps, minutes" in str(error.value)


def test_what_may_change_is_written_to_the_run(run, untrained):
    again = Run.begin(config_of(untrained, f"run={run.path}", "training.epochs=41", "training.log_every=7"))
    again.close()
    assert Run(run.path).config.training.epochs == 41 and Run(run.path).config.training.log_every == 7


def test_a_run_resumes_on_the_corpus_that_it_was_begun_with(run, untrained, tmp_path):
    shutil.copytree(untrained, tmp_path / "moved")
    moved = config_of(tmp_path / "moved", f"run={run.path}", *(
        f"data.{key}={tmp_path}/moved/{name}" for key, name in
        (("train", "train.tsv"), ("dev", "dev.tsv"), ("test", "test.tsv"), ("prepared", "again"))
    ))  # fmt: skip
    prepare(moved)
    Run.begin(moved).close()
    for name in ("dev", "train"):
        lines = (tmp_path / "moved" / f"{name}.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / "other.tsv").write_text("".join([*lines[:-1], "Otra línea.\tAnother line.\n"]), encoding="utf-8")
        other = config_file.load(
            tmp_path / "moved" / "tiny.yaml",
            [f"run={run.path}", f"data.{name}={tmp_path}/other.tsv", f"data.prepared={tmp_path}/other-{name}"],
        )
        prepare(other)
        with pytest.raises(
            InputError, match=f"{tmp_path}/other-{name} holds another corpus than the run was begun with"
        ):
            Run.begin(other)
        with pytest.raises(InputError, match="another corpus"):
            Run.join(other)


@pytest.mark.parametrize("name", ["lock", "metrics.jsonl", "train.log", "checkpoints", "tensorboard"])
def test_training_follows_no_link_out_of_a_run(run, untrained, tmp_path, name):
    victim, path = tmp_path / "victim", run.path / name
    if name in ("checkpoints", "tensorboard"):
        victim.mkdir()
        (victim / "step-00000001").write_text("mine")
        shutil.rmtree(path, ignore_errors=True)
    else:
        victim.write_text("mine")
        path.unlink(missing_ok=True)
    path.symlink_to(victim)
    before = victim.stat()
    with pytest.raises(InputError, match=f"{name} is a symbolic link, and a training would write through it"):
        Run.begin(config_of(untrained, f"run={run.path}"))
    with pytest.raises(InputError, match="symbolic link"):
        Run.begin(config_of(untrained, f"run={run.path}"), fresh=True)
    assert victim.stat().st_mtime_ns == before.st_mtime_ns
    file = victim / "step-00000001" if victim.is_dir() else victim
    assert file.read_text() == "mine"


def test_a_pipe_in_place_of_a_file_is_not_waited_for(run, untrained):
    (run.path / "metrics.jsonl").unlink()
    os.mkfifo(run.path / "metrics.jsonl")
    with pytest.raises(InputError, match=r"metrics\.jsonl is not what s2s makes there"):
        Run.begin(config_of(untrained, f"run={run.path}"))


def test_links_in_place_of_files_that_are_written_whole_are_replaced(run, untrained, tmp_path):
    weights, names = run.load_best(), ("best.npz", "config.yaml")
    for name in names:
        content = (run.path / name).read_bytes()
        (tmp_path / name).write_bytes(content)
        (run.path / name).unlink()
        (run.path / name).symlink_to(tmp_path / name)
    again = Run.begin(config_of(untrained, f"run={run.path}", "training.epochs=77"))
    again.save_best({name: array + 1 for name, array in weights.items()})
    again.close()
    for name in names:
        assert not (run.path / name).is_symlink()
        assert (run.path / name).read_bytes() != (tmp_path / name).read_bytes()
    assert (tmp_path / "config.yaml").read_bytes() == (untrained / "run" / "config.yaml").read_bytes()


def test_nothing_is_written_into_a_run_built_in_the_place_of_one_moved_away(run, untrained, tmp_path):
    config = config_of(untrained, f"run={run.path}")
    held = Run.begin(config)
    os.rename(run.path, tmp_path / "moved")
    other = Run.begin(config)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    for write in (
        lambda: held.save_best({}),
        lambda: held.save_checkpoint({}, Progress(step=1)),
        lambda: held.append_metrics({}, Progress()),
        held.require_held,
    ):
        with pytest.raises(RunError, match=f"{run.path}: this run was moved or removed"):
            write()
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before
    other.close()
    shutil.rmtree(run.path)
    with pytest.raises(RunError, match="moved or removed"):
        held.append_metrics({}, Progress())
    held.close()


def test_a_newer_format_is_refused(run):
    (run.path / "run.json").write_text('{"format": 99, "version": "7.0"}')
    with pytest.raises(InputError, match=r"run format 99 of s2s 7.0; this is s2s .* reads format"):
        Run(run.path)


class Trap:
    """An object that makes a directory when it is unpickled, as a malicious file could."""

    def __reduce__(self):
        return os.mkdir, (os.environ["S2S_TRAP"],)


def test_a_malicious_run_cannot_run_code(run, tmp_path, monkeypatch):
    sprung = tmp_path / "sprung"
    monkeypatch.setenv("S2S_TRAP", str(sprung))
    np.savez(run.path / "best.npz", **{"encoder/embedding": np.array([Trap()])})
    with pytest.raises(InputError, match="damaged file of weights"):
        Translator(run)
    config = run.path / "config.yaml"
    text = config.read_text()
    config.write_text(f"!!python/object/apply:os.mkdir [{sprung}]")
    with pytest.raises(InputError, match=r"config.yaml: .*not valid YAML"):
        Run(run.path)
    bomb = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30))
    config.write_text(f"a0: &a0 [x]\n{bomb}\nrun: *a29\n" + text.split("\n", 1)[1])
    with pytest.raises(InputError, match="unknown key a0"):
        Run(run.path)
    config.write_text("seed: &a [x]\nrun: [*a, *a]\n" + text.split("\n", 1)[1])
    with pytest.raises(InputError, match=r"config\.yaml: .*(seed|run)"):
        Run(run.path)
    assert not sprung.exists()
    # The trap would have worked.
    np.load(run.path / "best.npz", allow_pickle=True)["encoder/embedding"]
    assert sprung.exists()


def test_weights_of_another_network_are_refused(run):
    run.save_best(random_weights(run.config.model, 9, 9))
    with pytest.raises(InputError, match=r"best.npz does not fit config.yaml and the subwords: encoder/embedding is"):
        Translator(run)


@examples(60)
@given(
    st.sampled_from(["run.json", "config.yaml", "source.model", "best.npz"]),
    st.floats(0, 1),
    st.integers(0, 7),
    st.booleans(),
)
def test_a_damaged_run_is_refused_or_works(untrained, tmp_path_factory, name, place, bit, cut):
    directory = tmp_path_factory.getbasetemp() / "damaged"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(untrained / "run", directory)
    content = bytearray((directory / name).read_bytes())
    at = min(int(place * len(content)), len(content) - 1)
    content[at] ^= 1 << bit
    (directory / name).write_bytes(content[:at] if cut else content)
    try:
        translator = Translator(Run(directory))
    except InputError as error:
        assert str(error).count("\n") < 2 and str(directory) in str(error)
    else:
        # A part of the weights must not pass for the whole.
        assert name != "best.npz" or not cut
        assert len(translator.translate(["Hola."])) == 1
