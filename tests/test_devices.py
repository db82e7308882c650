"""Devices: two of them, or two processes, compute what one computes; their errors say what to do."""

import json
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest

from s2s import machine
from s2s.errors import InputError, RunError
from s2s.machine import Task
from s2s.model.backend import tf
from s2s.training.devices import Devices, compiles_whole_step, explain_device_errors, warn_of_unused_gpu
from s2s.training.rendezvous import wait_for_workers
from tests.conftest import (
    ROOT,
    SHORT,
    metrics,
    overrides,
    python_process,
    s2s_process,
    set_options,
    wait_for_line,
)
from tests.losses_of_devices import train_on
from tests.test_run import config_of
from tests.test_trainer import trainer_of


@pytest.fixture(scope="module")
def one_device():
    return train_on("none")["losses"]


def free_ports(count):
    """Ports of this machine that nobody listens at."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


@contextmanager
def cluster(workers, *arguments):
    """Processes of `python *arguments`, one for each worker, on this machine; they are killed at the end of the block."""
    hosts = [f"127.0.0.1:{port}" for port in free_ports(workers)]
    with ExitStack() as stack:
        processes = []
        for index in range(workers):
            task = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
            env = {"PYTHONWARNINGS": "ignore"} | ({"TF_CONFIG": json.dumps(task)} if workers > 1 else {})
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


def test_a_dead_worker_ends_the_others_with_a_message(untrained, train_here, tmp_path):
    keys = SHORT | {
        "run": tmp_path / "run", "training__distribute": "multi_worker", "training__micro_batches": 2,
        "training__epochs": 10_000, "training__log_every": 1,
    }  # fmt: skip
    with cluster(2, "-m", "s2s", "train", untrained / "tiny.yaml", *set_options(**keys)) as (chief, other):
        # Both are training when the chief logs steps.
        wait_for_line(chief, b"step 3 ")
        other.kill()
        _, stderr = chief.communicate(timeout=120)
        assert chief.returncode == 1
        assert stderr.splitlines()[-1].startswith(b"s2s: error: lost another worker; start the same command")
    trained = metrics(tmp_path / "run")[-1]["step"]
    keys |= {"training__distribute": "none", "training__steps": trained + 50}
    train_here(config_of(untrained, *overrides(**keys)))
    assert metrics(tmp_path / "run")[-1]["step"] == trained + 50


@contextmanager
def lonely_worker(untrained, tmp_path, index=0, **values):
    """A process that trains as one of two workers, the other of which was never started; the other's address."""
    hosts = [f"127.0.0.1:{port}" for port in free_ports(2)]
    env = {"TF_CONFIG": json.dumps({"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}})}
    env["PYTHONWARNINGS"] = "ignore"  # Python's development mode would add some
    options = set_options(
        run=tmp_path / "run", training__distribute="multi_worker", training__micro_batches=2, **values
    )
    with s2s_process("train", untrained / "tiny.yaml", *options, env=env) as process:
        yield process, hosts[1 - index]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_says_for_which_other_it_waits_and_can_be_stopped(untrained, tmp_path, number):
    with lonely_worker(untrained, tmp_path) as (process, other):
        started = time.monotonic()
        wait_for_line(process, f"waiting for worker 1 at {other}".encode())
        assert time.monotonic() - started < 30.0  # most of it for TensorFlow's start
        process.send_signal(number)
        started = time.monotonic()
        _, errors = process.communicate(timeout=30)
        assert time.monotonic() - started < 20.0
    assert process.returncode == 128 + number
    assert errors.decode().splitlines()[-1].startswith("s2s: error: ") and b"Traceback" not in errors


@pytest.mark.slow
def test_a_worker_waits_no_longer_than_it_should(untrained, tmp_path):
    with lonely_worker(untrained, tmp_path, training__wait_minutes=0.02) as (process, other):
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    message = f"s2s: error: worker 1 at {other} did not come within 0.02 minutes (training.wait_minutes)"
    assert errors.decode().splitlines()[-1] == message


@pytest.mark.slow
def test_a_worker_without_a_chief_waits_for_the_run_no_longer_than_it_should(untrained, tmp_path):
    with lonely_worker(untrained, tmp_path, index=1, training__wait_minutes=0.06) as (process, _):
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    waiting, message = errors.decode().splitlines()
    assert waiting == f"waiting for the chief (worker 0) to make {tmp_path}/run"
    assert "the chief has not made" in message and "training.wait_minutes" in message


def test_every_half_minute_a_worker_says_for_which_others_it_waits(monkeypatch, capsys):
    hosts, monotonic = [f"127.0.0.1:{port}" for port in free_ports(3)], time.monotonic
    started = monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: started + 60 * (monotonic() - started))  # a minute in a second
    chief, worker = Task({"worker": hosts}, "worker", 0), Task({"worker": hosts}, "worker", 2)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(wait_for_workers, chief, 1.6)
        pool.submit(wait_for_workers, worker, 2.0)
        with pytest.raises(RunError, match=rf"^worker 1 at {hosts[1]} did not come within 1\.6 minutes"):
            waiting.result()
    lines = capsys.readouterr().err.splitlines()
    # The first line may name worker 2 too, which has not come yet.
    repeated = [line for line in lines if line.startswith(f"waiting for worker 1 at {hosts[1]}")]
    assert 2 <= len(repeated) <= 4 and repeated[-1] == f"waiting for worker 1 at {hosts[1]}"
    assert "waiting for the other workers" in lines


def test_workers_meet_in_any_order_and_among_strangers():
    hosts = [f"localhost:{port}" for port in free_ports(3)]
    tasks = [Task({"chief": hosts[:1], "worker": hosts[1:]}, *place) for place in
             (("worker", 1), ("chief", 0), ("worker", 0))]  # fmt: skip
    with ThreadPoolExecutor() as pool:
        meeting = []
        for task in tasks:
            meeting.append(pool.submit(wait_for_workers, task, 0.5))
            time.sleep(0.4)
            if task.kind == "chief":
                with socket.create_connection(("localhost", int(hosts[0].rpartition(":")[2]))) as stranger:
                    stranger.sendall(b"GET / HTTP/1.1\r\n")
                    assert stranger.recv(10) == b""
                assert not any(future.done() for future in meeting)
        for future in meeting:
            future.result(timeout=10)


def test_a_worker_that_cannot_listen_at_its_address_is_an_error():
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        task = Task({"worker": [f"a:{port}", "b:1"]}, "worker", 0)
        with pytest.raises(InputError, match=f"cannot listen at a:{port} of TF_CONFIG: Address already in use"):
            wait_for_workers(task, 1.0)


def test_a_cluster_that_cannot_be_connected_is_told_in_one_line(monkeypatch):
    tasks = {"cluster": {"worker": ["127.0.0.1:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(tasks))

    def fail():
        raise tf.errors.UnknownError(None, None, "Could not start gRPC server\nand more")

    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", fail)
    with pytest.raises(RunError, match=r"^training.distribute: cannot connect .*: Could not start gRPC server$"):
        Devices("multi_worker", 2)


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
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "there is no worker 1"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": -1}}', "there is no worker -1"),
        ('{"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}', "has to be a list"),
        ('{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', "by the name chief or worker"),
        ('{"cluster": {"worker": ["a:1", "b"]}, "task": {"type": "worker", "index": 0}}', "'b' is not host:port"),
        ('{"cluster": {"worker": ["a:x"]}, "task": {"type": "worker", "index": 0}}', "'a:x' is not host:port"),
        ("[]", "TF_CONFIG is wrong"),
        ('{"cluster": [], "task": {"type": "worker", "index": 0}}', "TF_CONFIG is wrong"),
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
