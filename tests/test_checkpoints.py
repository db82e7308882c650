"""Checkpoints: no damage goes unnoticed, and the newest whole one is loaded."""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from s2s import checkpoints
from s2s.checkpoints import Progress
from s2s.errors import RunError
from s2s.files import checksums


@pytest.fixture
def two_checkpoints(tmp_path):
    """A directory with checkpoints of steps 1 and 2."""
    for step in (1, 2):
        checkpoints.save(tmp_path, {"weight/a": np.full(40, step, np.float32)}, Progress(step=step), keep=2)
    return tmp_path


FILES = ("training.npz", "progress.json", "SHA256SUMS")


@pytest.mark.parametrize("name", FILES)
def test_no_damage_to_a_file_of_a_checkpoint_goes_unnoticed(two_checkpoints, capsys, name):
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


@pytest.mark.parametrize("name", [*FILES, None])
@pytest.mark.parametrize("kind", ["directory", "file", "pipe", "link"])
def test_whatever_stands_in_the_place_of_a_checkpoint_is_passed_over_and_removed(two_checkpoints, capsys, name, kind):
    newest = two_checkpoints / "step-00000002"
    place = newest / name if name else newest
    victim = two_checkpoints.parent / f"{two_checkpoints.name}.victim"
    shutil.copytree(newest, victim)
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    match kind:
        case "directory":
            place.mkdir()
        case "file":
            place.write_bytes(b"stray")
        case "pipe":
            os.mkfifo(place)
        case "link":
            place.symlink_to(victim)
    assert checkpoints.load_newest(two_checkpoints)[1].step == 1
    assert "step-00000002" in (warning := capsys.readouterr().err) and warning.count("\n") == 1
    checkpoints.save(two_checkpoints, {"weight/a": np.zeros(1)}, Progress(step=2), keep=2)
    assert checkpoints.load_newest(two_checkpoints)[1].step == 2
    assert sorted(path.name for path in victim.iterdir()) == sorted(FILES)  # a link was not followed


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_directory_is_removed_with_old_checkpoints(two_checkpoints, kind):
    stray = two_checkpoints / "step-00000000"
    stray.write_bytes(b"stray") if kind == "file" else stray.symlink_to(two_checkpoints.parent)
    checkpoints.save(two_checkpoints, {}, Progress(step=3), keep=2)
    assert sorted(path.name for path in two_checkpoints.iterdir()) == ["step-00000002", "step-00000003"]


@pytest.mark.parametrize(
    "change",
    [{"unknown": 1}, {"step": "2"}, {"step": None}, {"step": 2.5}, {"step": True}, {"batch": -1}, {"seconds": "1.0"},
     {"seconds": float("nan")}, {"best_score": [1]}, [], 3, "[" * 100_000],
)  # fmt: skip
def test_fields_of_another_version_are_passed_over(two_checkpoints, capsys, change):
    newest = two_checkpoints / "step-00000002"
    values = json.loads((newest / "progress.json").read_text())
    content = change if isinstance(change, str) else json.dumps(values | change if isinstance(change, dict) else change)
    (newest / "progress.json").write_text(content)
    (newest / "SHA256SUMS").write_text(checksums(newest, ("training.npz", "progress.json")))
    assert checkpoints.load_newest(two_checkpoints)[1].step == 1
    assert "step-00000002: progress.json is not what this version writes" in capsys.readouterr().err


def test_a_truncated_file_of_arrays_with_right_checksums_is_passed_over(two_checkpoints, capsys):
    newest = two_checkpoints / "step-00000002"
    (newest / "training.npz").write_bytes((newest / "training.npz").read_bytes()[:-30])
    (newest / "SHA256SUMS").write_text(checksums(newest, ("training.npz", "progress.json")))
    assert checkpoints.load_newest(two_checkpoints)[1].step == 1
    assert "damaged file of weights" in capsys.readouterr().err


def test_copies_of_the_user_are_neither_deleted_nor_loaded(two_checkpoints):
    copies = ["step-best", "step-00000001.keep", "step-00000009.bak", "step-9"]
    for name in copies:
        shutil.copytree(two_checkpoints / "step-00000001", two_checkpoints / name)
    assert checkpoints.load_newest(two_checkpoints)[1].step == 2
    for step in (3, 4):
        checkpoints.save(two_checkpoints, {}, Progress(step=step), keep=1)
    assert sorted(path.name for path in two_checkpoints.iterdir()) == sorted([*copies, "step-00000004"])


def test_steps_are_compared_as_numbers(tmp_path):
    for step in (99_999_999, 100_000_000):
        checkpoints.save(tmp_path, {}, Progress(step=step), keep=2)
    assert checkpoints.load_newest(tmp_path)[1].step == 100_000_000


def test_when_every_checkpoint_is_damaged_there_is_an_error(two_checkpoints):
    for path in two_checkpoints.iterdir():
        (path / "training.npz").write_bytes(b"short")
    with pytest.raises(RunError, match=r"every checkpoint is damaged; .* --fresh"):
        checkpoints.load_newest(two_checkpoints)


def test_a_damaged_checkpoint_is_deleted_by_the_next_one(two_checkpoints):
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
