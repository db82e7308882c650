"""Checkpoints: no damage goes unnoticed, and the newest whole one is loaded."""

import subprocess

import numpy as np
import pytest

from s2s import checkpoints
from s2s.checkpoints import Progress
from s2s.errors import RunError


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
