"""What the tests share: a tiny corpus and one small run trained through the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "sample"


def s2s(*arguments, stdin=b"", cwd=ROOT, check=None):
    """Run `python -m s2s` as a person would; returns the finished process, output as bytes."""
    command = [sys.executable, "-m", "s2s", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, env=environment, timeout=300)
    if check is not None:
        assert process.returncode == check, process.stderr.decode()
    return process


def write_slice(path, name, count):
    """The first `count` pairs of a sample file that have at most five words."""
    lines = (SAMPLE / f"{name}.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([line for line in lines if len(line.split()) <= 9][:count]), encoding="utf-8")


def write_config(directory, **extra):
    """A config of a tiny model on a slice of the sample corpus; returns its path."""
    write_slice(directory / "train.tsv", "train", 300)
    # Learnt by heart is learnt best: dev sentences of its own would stop so small a model early.
    write_slice(directory / "dev.tsv", "train", 100)
    write_slice(directory / "test.tsv", "test", 20)
    path = directory / "tiny.yaml"
    path.write_text(
        f"""
run: {directory}/run
seed: 3
data:
  train: {directory}/train.tsv
  dev: [{directory}/dev.tsv]
  test: {directory}/test.tsv
  prepared: {directory}/prepared
cleaning: {{leaks: false}}
tokenizer: {{vocab_size: 300}}
model: {{units: 48, layers: 2, embedding_size: 32, dropout: 0.1}}
training: {{epochs: 40, tokens_per_batch: 256, buckets: 1, warmup_steps: 10, learning_rate: 0.01,
           validate_every: 150, log_every: 20}}
""",
        encoding="utf-8",
    )
    return path


def metrics(run):
    """Lines of metrics.jsonl without what depends on the clock."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "tokens_per_s")} for line in lines]


def same_arrays(one, other):
    """Whether two .npz files hold the same, bit for bit."""
    with np.load(one) as a, np.load(other) as b:
        return a.files == b.files and all(np.array_equal(a[name], b[name]) for name in a.files)


def last_checkpoint(run):
    """The arrays' file of the newest checkpoint."""
    return max((run / "checkpoints").iterdir()) / "training.npz"


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Directory of a tiny experiment, prepared and trained by the command line; its run is `run`, its log train.log."""
    directory = tmp_path_factory.mktemp("trained")
    config = write_config(directory)
    s2s("prepare", config, check=0)
    (directory / "train.log").write_bytes(s2s("train", config, check=0).stderr)
    return directory


@pytest.fixture(scope="session")
def translator(trained):
    """A Translator of the trained run."""
    from s2s.run import Run
    from s2s.translation.translator import Translator

    return Translator(Run(trained / "run"))


@pytest.fixture(scope="session")
def sentences(trained):
    """The Spanish sides of the tiny training corpus."""
    return [line.split("\t")[0] for line in (trained / "train.tsv").read_text(encoding="utf-8").splitlines()]
