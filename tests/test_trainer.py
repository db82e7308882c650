"""The step: AdamW against Keras' own, precisions, ways of compiling, many devices; nothing is compiled twice."""

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from s2s import machine
from s2s.config import Config, DataConfig, ModelConfig, TrainingConfig
from s2s.data.packing import Batch, BatchShape
from s2s.errors import InputError, RunError
from s2s.model.backend import keras, tf
from s2s.model.loss import cross_entropy
from s2s.training.devices import Devices, explain_device_errors, warn_of_unused_gpu
from s2s.training.loop import make_trainer
from tests.conftest import ROOT, s2s, write_config

SHAPE = BatchShape(((3, 4), (1, 2)), ((2, 4), (2, 1)), (2, 0, 3, 1))


def trainer_of(dropout=0.2, tie_output=True, **options):
    training = TrainingConfig(**({"label_smoothing": 0.1} | options))
    model = ModelConfig(units=12, embedding_size=8, dropout=dropout, tie_output=tie_output)
    config = Config("run", DataConfig(("a",), "c"), seed=5, model=model, training=training)
    return make_trainer(config, (30, 25), Devices("none", training.micro_batches))


def batch_of(seed=0, shape=SHAPE):
    random = np.random.default_rng(seed)
    sides = shape.source, shape.target, shape.target
    return Batch(*(random.integers(4, 25, sum(s * r for s, r in side)).astype(np.int32) for side in sides))


def losses(trainer, steps=3, rate=0.01):
    found = []
    for step in range(steps):
        trainer.step(SHAPE, [batch_of(step)], rate, step)
        found.append(trainer.read_counters().loss)
    return found


def weights_of(trainer):
    return {name: array for name, array in trainer.arrays().items() if name.startswith(("weight", "average"))}


def assert_near(one, other, tolerance):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=tolerance, err_msg=name)


@pytest.fixture(scope="module")
def plain():
    """A trainer after three steps in float32, compiled in parts, and the losses it saw."""
    trainer = trainer_of()
    return trainer, losses(trainer)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_a_step_is_that_of_adamw_of_keras(decay):
    trainer = trainer_of(dropout=0.0, weight_decay=decay, clip_norm=0.05)
    theirs = trainer_of(dropout=0.0).model
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=decay, epsilon=1e-8, global_clipnorm=0.05)
    decoder = theirs.decoder
    for step in range(3):
        batch = batch_of(step)
        with tf.GradientTape() as tape:
            features = theirs(batch.source, batch.target, shape=SHAPE)
            bias, weight = tf.convert_to_tensor(decoder.output_bias), tf.constant(1.0 / len(batch.labels))
            loss, _ = cross_entropy(features, decoder.table, bias, batch.labels, 0.1, weight)
        gradients = tape.gradient(loss, [variable.value for variable in theirs.trainable_variables])
        optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], theirs.trainable_variables)
        trainer.step(SHAPE, [batch], 0.01, step)
    for mine, their in zip(trainer.weights, theirs.trainable_variables, strict=True):
        np.testing.assert_allclose(mine, their.value, atol=2e-6)


def test_the_average_follows_the_weights():
    trainer, decay = trainer_of(average_decay=0.15), [0.1, 0.15, 0.15]
    want = [weight.numpy() for weight in trainer.weights]
    for step in range(3):
        trainer.step(SHAPE, [batch_of(step)], 0.01, step)
        want = [
            decay[step] * old + (1 - decay[step]) * new.numpy() for old, new in zip(want, trainer.weights, strict=True)
        ]
    for mine, theirs in zip(trainer.averages, want, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_how_it_is_compiled_does_not_change_the_result(plain):
    trainer, seen = plain
    whole = trainer_of(compile="xla")
    np.testing.assert_allclose(losses(whole), seen, atol=1e-5)
    # Where a gradient is next to nothing Adam makes a step of its sign: up to three steps of 0.01.
    assert_near(weights_of(whole), weights_of(trainer), 3e-3)


def test_untied_output_learns_too():
    assert losses(trainer_of(tie_output=False), 12)[-1] < 3.2


def test_the_same_step_twice_is_the_same(plain):
    again = trainer_of()
    assert losses(again) == plain[1]
    assert all((a == b).all() for a, b in zip(again.arrays().values(), plain[0].arrays().values(), strict=True))


@pytest.mark.parametrize("precision, tolerance", [("bfloat16", 0.02), ("float16", 0.005)])
def test_shorter_types_stay_near(plain, precision, tolerance):
    trainer = trainer_of(precision=precision)
    np.testing.assert_allclose(losses(trainer), plain[1], atol=tolerance)
    assert all(array.dtype == np.float32 for array in trainer.arrays().values())


def test_float16_skips_a_step_that_overflows_and_halves_the_scale():
    trainer = trainer_of(precision="float16")
    trainer.scale.assign(2.0**30)
    before = weights_of(trainer)
    trainer.step(SHAPE, [batch_of()], 0.01, 0)
    assert_near(weights_of(trainer), before, 0.0)
    assert trainer.scale.numpy() == 2.0**29
    trainer.scale.assign(2.0**10)
    trainer.good_steps.assign(1999.0)
    trainer.step(SHAPE, [batch_of()], 0.01, 1)
    assert trainer.scale.numpy() == 2.0**11 and trainer.good_steps.numpy() == 0.0
    assert any((before[name] != array).any() for name, array in weights_of(trainer).items())


def test_a_step_that_is_not_finite_is_left_out_and_counted(plain):
    trainer = trainer_of()
    before, bias = weights_of(trainer), trainer.model.decoder.output_bias
    bias.assign(np.full(bias.shape, np.nan))
    for step in (3, 4):
        trainer.step(SHAPE, [batch_of(step)], 0.01, step)
    bias.assign(np.zeros(bias.shape))
    assert_near(weights_of(trainer), before, 0.0)
    assert trainer.faulty()
    counters = trainer.read_counters()
    assert counters.skipped == 2 and counters.tokens == 0
    np.testing.assert_allclose(counters.fault, (4, 0.01, np.nan), rtol=1e-6)
    assert not trainer.faulty()
    assert losses(trainer) == plain[1]
    assert trainer.norm.numpy() == 0.0


def test_the_largest_norm_of_an_interval_is_told():
    trainer, single = trainer_of(dropout=0.0), []
    for step in range(3):
        trainer.step(SHAPE, [batch_of(step)], 0.0, step)
        single.append(trainer.read_counters().gradient_norm)
    for step in range(3):
        trainer.step(SHAPE, [batch_of(step)], 0.0, step)
    assert trainer.read_counters().gradient_norm == max(single) > 0.0


def test_nothing_is_compiled_twice():
    trainer = trainer_of()
    shapes = [SHAPE, SHAPE._replace(order=(0, 1, 2, 3)), BatchShape(((3, 4),), ((2, 4),), (2, 0, 3, 1))]
    for step in range(12):
        # Equal shapes that are other objects are the same program.
        shape = BatchShape(*shapes[step % 3])
        trainer.step(shape, [batch_of(step, shape)], 0.01 / (step + 1), step)
    assert trainer._learn.experimental_get_tracing_count() == len(shapes)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_the_step_lowers_for_a_gpu(precision):
    """No GPU is needed to see that nothing in the program is for the CPU only, strings and lookups for instance."""
    model = trainer_of(precision=precision).model
    variables = model.trainable_variables

    # Weights as arguments: what lives on a device cannot be lowered for another.
    @tf.function(jit_compile=True)
    def gradients(weights, source, target, labels, seed):
        scope = keras.StatelessScope(state_mapping=list(zip(variables, weights, strict=True)))
        with scope, tf.GradientTape() as tape:
            tape.watch(weights)
            features, decoder = model(source, target, shape=SHAPE, seed=seed), model.decoder
            bias = tf.convert_to_tensor(decoder.output_bias)
            loss, plain = cross_entropy(features, decoder.table, bias, labels, 0.1, tf.constant(1.0))
        return [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)], plain

    weights = [tf.convert_to_tensor(variable.value) for variable in variables]
    arguments = weights, *map(tf.constant, batch_of()), tf.constant(1, tf.int64)
    text = gradients.experimental_get_compiler_ir(*arguments)(stage="hlo", platform_name="GPU")
    assert "while" in text and {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}[precision] in text
    for cpu_only in ("custom-call", "infeed", "outfeed"):
        assert cpu_only not in text


def test_what_does_not_lower_for_a_gpu_is_seen():
    function = tf.function(lambda x: tf.strings.as_string(x), jit_compile=True)
    with pytest.raises(ValueError, match=r"[Uu]nsupported"):
        function.experimental_get_compiler_ir(tf.constant(1.0))(stage="hlo", platform_name="GPU")


@pytest.fixture(scope="module")
def one_device():
    return run_devices("none")[0]["losses"]


@contextmanager
def cluster(workers, *arguments):
    """Processes of `python *arguments`, one for each worker on loopback; killed in the end."""
    with socket.socket() as one, socket.socket() as other:
        for sock in (one, other):
            sock.bind(("127.0.0.1", 0))
        hosts = [f"127.0.0.1:{sock.getsockname()[1]}" for sock in (one, other)][:workers]
    processes = []
    for index in range(workers):
        task = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"TF_CONFIG": json.dumps(task)} if workers > 1 else {})
        command = [sys.executable, *map(str, arguments)]
        processes.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
        )
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def run_devices(kind, workers=1):
    """The output of tests/losses_of_devices.py in each of `workers` processes."""
    outputs = []
    with cluster(workers, ROOT / "tests" / "losses_of_devices.py", kind) as processes:
        for process in processes:
            stdout, stderr = process.communicate(timeout=120)
            assert process.returncode == 0, stderr.decode()[-2000:]
            outputs.append(json.loads(stdout.splitlines()[-1]))
    return outputs


def test_two_devices_give_the_losses_of_one(one_device):
    assert len(one_device) == 20 and one_device[-1] < one_device[0]
    np.testing.assert_allclose(run_devices("mirrored")[0]["losses"], one_device, atol=1e-4)


def test_two_processes_give_the_losses_of_one(one_device):
    outputs = run_devices("multi_worker", workers=2)
    assert [output["chief"] for output in outputs] == [True, False]
    for output in outputs:
        np.testing.assert_allclose(output["losses"], one_device, atol=1e-4)


def test_a_dead_worker_ends_the_others_with_a_message(tmp_path):
    config = write_config(tmp_path)
    s2s("prepare", config, check=0)
    options = ["training.distribute=multi_worker", "training.micro_batches=2", "training.epochs=null",
               "training.log_every=1", "training.buckets=1"]  # fmt: skip
    command = ["-m", "s2s", "train", config, *[part for option in options for part in ("--set", option)]]
    with cluster(2, *command) as (chief, other):
        # Both are in the midst of it when the chief logs steps.
        assert any(line.startswith(b"step 3 ") for line in chief.stderr)
        other.kill()
        _, stderr = chief.communicate(timeout=120)
        assert chief.returncode == 1
        assert stderr.splitlines()[-1].startswith(b"s2s: error: lost another worker; start the same command")
    assert s2s(
        "train", config, *command[4:], "--set", "training.distribute=none", "--set", "training.epochs=1", check=0
    )


def test_parts_that_cannot_be_shared_out_are_refused(monkeypatch):
    strategy = tf.distribute.get_strategy()
    monkeypatch.setattr(type(strategy), "num_replicas_in_sync", 2)
    with pytest.raises(InputError, match=r"training.micro_batches: 3 parts .* 2 devices; set it to 2 or a multiple"):
        Devices("none", 3)


@pytest.mark.parametrize(
    "value, message",
    [
        (None, "TF_CONFIG is not set"),
        ("{", "TF_CONFIG is wrong"),
        ('{"task": {"type": "worker", "index": 0}}', "TF_CONFIG has no 'cluster'"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "TF_CONFIG is wrong"),
    ],
)
def test_a_cluster_needs_a_good_tf_config(monkeypatch, value, message):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if value:
        monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(InputError, match=message):
        Devices("multi_worker", 2)


@pytest.mark.parametrize(
    "error, message",
    [
        (tf.errors.UnavailableError, "lost another worker"),
        (tf.errors.ResourceExhaustedError, "training.micro_batches"),
        (tf.errors.InternalError, "XLA_FLAGS=--xla_gpu_cuda_data_dir"),
    ],
)
def test_faults_of_devices_are_told_with_what_to_do(error, message):
    with pytest.raises(RunError, match=message), explain_device_errors():
        raise error(None, None, "libdevice not found at ./libdevice.10.bc")


def test_other_faults_stay_what_they_are():
    with pytest.raises(tf.errors.InternalError), explain_device_errors():
        raise tf.errors.InternalError(None, None, "something else")


def test_a_gpu_that_is_not_used_is_told(tmp_path, monkeypatch, capsys):
    warn_of_unused_gpu()
    assert capsys.readouterr().err == ""
    (tmp_path / "version").write_text("NVRM version: 560")
    monkeypatch.setattr(machine, "_NVIDIA_DRIVER", tmp_path / "version")
    warn_of_unused_gpu()
    assert "pip install 's2s-nmt[gpu]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags, driver, fast",
    [
        ("avx2 fma", False, False),
        ("avx512f avx512_bf16", False, True),
        ("asimd bf16", False, True),
        ("avx2", True, True),
    ],
)
def test_auto_is_the_type_that_is_fast_here(flags, driver, fast, tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    if driver:
        (tmp_path / "version").write_text("NVRM version: 560")
    monkeypatch.setattr(machine, "_CPU", tmp_path / "cpuinfo")
    monkeypatch.setattr(machine, "_NVIDIA_DRIVER", tmp_path / "version")
    assert trainer_of(precision="auto").model.encoder.compute == ("bfloat16" if fast else "float32")
    assert machine.compute_dtype("float16") == "float16"
