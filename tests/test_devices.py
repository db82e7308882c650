"""Devices: two of them, or two processes, compute what one computes; their errors say what to do."""

import json
import socket
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest

from s2s import machine
from s2s.errors import InputError, RunError
from s2s.model.backend import tf
from s2s.training.devices import Devices, compiles_whole_step, explain_device_errors, warn_of_unused_gpu
from tests.conftest import ROOT, python_process, s2s, set_options, wait_for_line, write_config
from tests.test_trainer import trainer_of


@pytest.fixture(scope="module")
def one_device():
    return run_devices("none")[0]["losses"]


@contextmanager
def cluster(workers, *arguments):
    """Processes of `python *arguments`, one for each worker, on this machine; they are killed at the end of the block."""
    with socket.socket() as one, socket.socket() as other:
        for sock in (one, other):
            sock.bind(("127.0.0.1", 0))
        hosts = [f"127.0.0.1:{sock.getsockname()[1]}" for sock in (one, other)][:workers]
    with ExitStack() as stack:
        processes = []
        for index in range(workers):
            task = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
            env = {"TF_CONFIG": json.dumps(task)} if workers > 1 else {}
            processes.append(stack.enter_context(python_process(*arguments, env=env)))
        yield processes


def run_devices(kind, workers=1):
    """The output of tests/losses_of_devices.py in each of `workers` processes."""
    outputs = []
    with cluster(workers, ROOT / "tests" / "losses_of_devices.py", kind) as processes:
        for process in processes:
            stdout, stderr = process.communicate(timeout=120)
            assert process.returncode == 0, stderr.decode()[-2000:]
            outputs.append(json.loads(stdout.splitlines()[-1]))
    return outputs


@pytest.mark.slow
def test_two_devices_give_the_losses_of_one(one_device):
    assert len(one_device) == 20 and one_device[-1] < one_device[0]
    np.testing.assert_allclose(run_devices("mirrored")[0]["losses"], one_device, atol=1e-4)


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(one_device):
    outputs = run_devices("multi_worker", workers=2)
    assert [output["chief"] for output in outputs] == [True, False]
    for output in outputs:
        np.testing.assert_allclose(output["losses"], one_device, atol=1e-4)


@pytest.mark.slow
def test_a_dead_worker_ends_the_others_with_a_message(tmp_path):
    config = write_config(tmp_path)
    s2s("prepare", config, check=0)
    command = ["train", config, *set_options(
        training__distribute="multi_worker", training__micro_batches=2, training__epochs="null",
        training__log_every=1, training__buckets=1,
    )]  # fmt: skip
    with cluster(2, "-m", "s2s", *command) as (chief, other):
        # Both are training when the chief logs steps.
        wait_for_line(chief, b"step 3 ")
        other.kill()
        _, stderr = chief.communicate(timeout=120)
        assert chief.returncode == 1
        assert stderr.splitlines()[-1].startswith(b"s2s: error: lost another worker; start the same command")
    s2s(*command, *set_options(training__distribute="none", training__epochs=1), check=0)


def test_parts_that_cannot_be_distributed_evenly_are_refused(monkeypatch):
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
def test_errors_of_devices_say_what_to_do(error, message):
    with pytest.raises(RunError, match=message), explain_device_errors():
        raise error(None, None, "libdevice not found at ./libdevice.10.bc")


def test_other_errors_stay_what_they_are():
    with pytest.raises(tf.errors.InternalError), explain_device_errors():
        raise tf.errors.InternalError(None, None, "something else")


def test_a_gpu_that_is_not_used_is_warned_of(tmp_path, monkeypatch, capsys):
    warn_of_unused_gpu()
    assert capsys.readouterr().err == ""
    (tmp_path / "version").write_text("NVRM version: 560")
    monkeypatch.setattr(machine, "_NVIDIA_DRIVER", tmp_path / "version")
    warn_of_unused_gpu()
    assert "pip install 's2s-nmt[gpu]'" in capsys.readouterr().err


def test_the_whole_step_is_compiled_on_a_gpu_or_on_request(monkeypatch):
    assert compiles_whole_step("xla") and not compiles_whole_step("graph")
    for gpus in ([], ["GPU:0"]):
        monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind, gpus=gpus: gpus)
        assert compiles_whole_step("auto") == bool(gpus) and not compiles_whole_step("graph")


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
    assert machine.compute_dtype("auto") == ("bfloat16" if fast else "float32")
    assert trainer_of(precision="auto").model.encoder.compute == ("bfloat16" if fast else "float32")
    assert machine.compute_dtype("float16") == "float16"
