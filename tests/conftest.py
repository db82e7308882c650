"""What the tests share: how they start the program and scripts, a tiny corpus, a trained and an untrained run of it."""

import dataclasses
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data" / "sample"

if "TF_XLA_FLAGS" not in os.environ:
    # What XLA has compiled for one process, others load: a training starts in 10 seconds of processor time less.
    COMPILED = tempfile.TemporaryDirectory(prefix="s2s-xla-")
    os.environ["TF_XLA_FLAGS"] = f"--tf_xla_persistent_cache_directory={COMPILED.name}"

FAST = os.environ.get("HYPOTHESIS_PROFILE") == "fast"
settings.register_profile("full", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=50)
settings.load_profile("fast" if FAST else "full")


def examples(count):
    """Hypothesis settings of a test that needs another number of examples than the default; fewer in the fast profile."""
    return settings(max_examples=min(count, 50) if FAST else count)


def pytest_collection_modifyitems(items):
    """Whatever trains is slow.  Slow tests come first, so that two processes end together."""
    for item in items:
        if {"trained", "train_here"} & {*item.fixturenames}:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def environment(env=None):
    """The environment of a process that imports s2s from this repository, with the variables of `env`."""
    return os.environ | {"PYTHONPATH": str(ROOT)} | (env or {})


def python(*arguments, stdin=b"", cwd=ROOT, env=None, timeout=300, check=None, **options):
    """Run `python *arguments`; returns the finished process, output as bytes.  It fails when it takes `timeout` seconds.

    Args:
        arguments: of Python.
        stdin: input, as bytes.
        cwd: directory to run in.
        env: environment variables to add.
        timeout: seconds that it may take.
        check: the exit status that it must have; None = any.
        options: further arguments of subprocess.run.
    """
    command = [sys.executable, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    process = subprocess.run(command, input=stdin, cwd=cwd, env=environment(env), timeout=timeout, **pipes)
    if check is not None:
        assert process.returncode == check, (process.stderr or b"").decode()
    return process


def s2s(*arguments, **options):
    """Run `python -m s2s` as a person would; options as of `python`."""
    return python("-m", "s2s", *arguments, **options)


_SHELL = "import os, sys; os.execvp('bash', ['bash', '-c', *sys.argv[1:]])"


def shell(command, *arguments, **options):
    """Run a command of the shell in which "$@" is `python -m s2s *arguments`; options as of `python`."""
    return python("-c", _SHELL, command, "bash", sys.executable, "-m", "s2s", *arguments, **options)


def run_script(path, *arguments, **options):
    """Run a script, `path` below scripts/; options as of `python`."""
    return python(ROOT / "scripts" / path, *arguments, **options)


@contextmanager
def python_process(*arguments, env=None, **options):
    """A running `python *arguments` with pipes for output and errors; it is killed at the end of the block.

    Args:
        arguments: of Python.
        env: environment variables to add.
        options: further arguments of subprocess.Popen.
    """
    command = [sys.executable, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    # Background jobs of a shell ignore SIGINT, and processes inherit that.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(env), **pipes)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            process.kill()


def s2s_process(*arguments, **options):
    """A running `python -m s2s`; options as of `python_process`."""
    return python_process("-m", "s2s", *arguments, **options)


def wait_for_line(process, start):
    """Read the errors of a process up to the line that begins with `start`."""
    assert any(line.startswith(start) for line in process.stderr), f"it ended without a line {start!r}"


SHORT = {"model__layers": 1, "model__units": 24, "training__validation_sentences": 0}
"""For `overrides`: a training whose scores do not matter, which starts in two thirds of the time."""


def overrides(**values):
    """KEY=VALUE of each of these values; in the names, __ stands for the dot."""
    return [f"{name.replace('__', '.')}={value}" for name, value in values.items()]


def set_options(**values):
    """The arguments --set KEY=VALUE; names as of `overrides`."""
    return [part for override in overrides(**values) for part in ("--set", override)]


def write_slice(path, name, count):
    """The first `count` pairs of a sample file that have at most nine words on both sides together."""
    lines = (SAMPLE / f"{name}.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([line for line in lines if len(line.split()) <= 9][:count]), encoding="utf-8")


def write_config(directory):
    """A config of a tiny model on a slice of the sample corpus; returns its path.

    It names every key on which values in the tests depend, so that the defaults may change.
    """
    write_slice(directory / "train.tsv", "train", 300)
    # The dev pairs are training pairs: on others, so small a model would soon stop improving.
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
augmentation: {{copies: 0, clauses: 0}}
tokenizer: {{vocab_size: 300, type: unigram}}
model: {{units: 48, layers: 2, embedding_size: 32, dropout: 0.1}}
training: {{epochs: 40, tokens_per_batch: 256, buckets: 1, warmup_steps: 10, learning_rate: 0.01, weight_decay: 0.0,
           precision: float32, validate_every: 150, best_by: loss, log_every: 20}}
""",
        encoding="utf-8",
    )
    return path


def metrics(run):
    """Lines of metrics.jsonl without what depends on the clock."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "tokens_per_s")} for line in lines]


def same_arrays(one, other):
    """Whether two .npz files have the same arrays, bit for bit."""
    with np.load(one) as a, np.load(other) as b:
        return a.files == b.files and all(np.array_equal(a[name], b[name]) for name in a.files)


def last_checkpoint(run):
    """The file of arrays of the newest checkpoint."""
    return max((run / "checkpoints").iterdir()) / "training.npz"


def random_weights(config, source_vocab, target_vocab, scale=1.25):
    """Weights of an untrained network, large enough that sentences differ in their states and translations."""
    from s2s.translation.network import weight_shapes

    random = np.random.default_rng(7)
    shapes = weight_shapes(config, source_vocab, target_vocab)
    return {
        name: (scale * random.normal(size=shape) / shape[-1 if "embedding" in name else 0] ** 0.5).astype(np.float32)
        for name, shape in shapes.items()
    }


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Directory of a tiny experiment, prepared and trained by the command line; its run is `run`, its log train.log.

    The workers of pytest-xdist share it: it is only read.
    """
    directory = tmp_path_factory.getbasetemp()
    directory = (directory.parent if "PYTEST_XDIST_WORKER" in os.environ else directory) / "trained"
    with open(directory.with_name("trained.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "train.log").exists():
            shutil.rmtree(directory, ignore_errors=True)  # of a worker that failed
            directory.mkdir()
            config = write_config(directory)
            s2s("prepare", config, check=0)
            process = s2s("train", config, env={"PYTHONWARNINGS": "always::ResourceWarning"}, check=0)
            (directory / "train.tmp").write_bytes(process.stderr)
            (directory / "train.tmp").rename(directory / "train.log")  # now it is whole
    return directory


_TRAINERS = {}
"""The trainers of this process with their initial arrays, by what they depend on."""


def trainer_as_new(make_trainer, config, vocab_sizes, devices):
    """What make_trainer(config, vocab_sizes, devices) returns, compiled once for all tests with the same network and step."""
    from s2s.config import TrainingConfig

    default = TrainingConfig()
    keys_of_the_loop = ("epochs", "steps", "minutes", "learning_rate", "warmup_steps", "log_every", "validate_every", "best_by",
                   "validation_sentences", "checkpoint_minutes", "patience", "on_nan")  # fmt: skip
    step = dataclasses.replace(config.training, **{name: getattr(default, name) for name in keys_of_the_loop})
    key = repr((config.model, step, config.seed, vocab_sizes))
    if key not in _TRAINERS:
        trainer = make_trainer(config, vocab_sizes, devices)
        _TRAINERS[key] = trainer, trainer.arrays()
    trainer, initial = _TRAINERS[key]
    trainer.restore(initial)
    trainer.config = config.training
    return trainer


@pytest.fixture
def train_here(monkeypatch):
    """A function that trains the run of a config in this process, and returns the run.

    Its trainer is one as new, which saves half of the time of a short training.
    """
    from s2s.run import Run
    from s2s.training import loop

    monkeypatch.setattr(loop, "make_trainer", partial(trainer_as_new, loop.make_trainer))

    def train(config, around=nullcontext):
        """`around` makes of the run's directory the context manager in which it is trained."""
        run = Run.begin(config)
        try:
            with around(run.path):
                loop.train(run)
        finally:
            run.close()
        return run

    return train


@pytest.fixture(scope="session")
def translator(trained):
    """A Translator of the trained run."""
    from s2s.run import Run
    from s2s.translation.translator import Translator

    return Translator(Run(trained / "run"))


@pytest.fixture(scope="session")
def untrained(tmp_path_factory):
    """Directory of the same experiment with a run of random weights: enough where it does not matter what is learnt."""
    from s2s import config_file
    from s2s.data.prepare import prepare
    from s2s.run import Run

    directory = tmp_path_factory.mktemp("untrained")
    config = config_file.load(write_config(directory))
    prepare(config)
    run = Run.begin(config)
    run.save_best(random_weights(config.model, *map(len, run.tokenizers())))
    run.close()
    return directory


@pytest.fixture(scope="session")
def untrained_translator(untrained):
    """A Translator of the run of random weights."""
    from s2s.run import Run
    from s2s.translation.translator import Translator

    return Translator(Run(untrained / "run"))


@pytest.fixture(scope="session")
def sentences(tmp_path_factory):
    """The Spanish sides of the tiny training corpus."""
    path = tmp_path_factory.mktemp("sentences") / "train.tsv"
    write_slice(path, "train", 300)
    return [line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()]
