"""What may not be read is not told as damaged: the advice for damage would cost the user what is there."""

import builtins
import errno
import os
import shutil

import pytest

from s2s.checkpoints import Progress
from s2s.data.dataset import Pairs, content_hash, read_report, verify
from s2s.data.known_words import KnownWords
from s2s.data.tokenizer import Tokenizer
from s2s.errors import UnreadableError
from s2s.run import Run
from tests.test_run import config_of


@pytest.fixture
def deny(monkeypatch):
    """A function after which files of this name cannot be opened, as by permission; root is not denied otherwise."""

    def deny(name):
        for owner, function in ((os, "open"), (builtins, "open")):
            original = getattr(owner, function)

            def denied(path, *arguments, _original=original, **options):
                if os.path.basename(str(path)) == name:
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
                return _original(path, *arguments, **options)

            monkeypatch.setattr(owner, function, denied)

    return deny


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("report.json", read_report),
        ("SHA256SUMS", verify),
        ("SHA256SUMS", content_hash),
        ("train.source.ids.npy", verify),
        ("train.cells.npy", lambda directory: Pairs(directory, "train")),
        ("dev.source.ids.npy", lambda directory: Pairs(directory, "dev")),
        ("source.model", lambda directory: Tokenizer.load(directory / "source.model")),
        ("known_words.txt", lambda directory: KnownWords.load(directory / "known_words.txt")),
    ],
)
def test_a_prepared_file(untrained, deny, name, read):
    deny(name)
    with pytest.raises(UnreadableError, match=f"{untrained}/prepared/{name}: cannot read: Permission denied$"):
        read(untrained / "prepared")


@pytest.mark.parametrize("name", ["run.json", "best.npz"])
def test_a_file_of_a_run(untrained, deny, name):
    run = untrained / "run"
    deny(name)
    with pytest.raises(UnreadableError, match=f"{run}/{name}: cannot read: Permission denied$"):
        Run(run).load_best()


def test_a_checkpoint_that_may_not_be_read_is_not_passed_over(untrained, tmp_path, deny):
    shutil.copytree(untrained / "run", tmp_path / "run")
    run = Run.begin(config_of(untrained, f"run={tmp_path}/run"))
    for step in (1, 2):
        run.save_checkpoint({}, Progress(step=step))
    deny("training.npz")
    with pytest.raises(UnreadableError, match=r"step-00000002/training\.npz: cannot read: Permission denied"):
        run.load_checkpoint()
    run.close()
