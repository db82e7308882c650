"""The devices that a training runs on: one, several of this machine, or those of several machines (tf.distribute).

A batch is computed in `training.micro_batches` parts, and each device computes its share of them, so the number of
devices changes speed and rounding, nothing else.
"""

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from s2s.errors import InputError, RunError
from s2s.machine import has_nvidia_driver, is_chief, read_task
from s2s.model.backend import tf
from s2s.process import report
from s2s.training import programs
from s2s.training.rendezvous import wait_for_workers


class Devices:
    """The devices of `training.distribute`: none (the first one), mirrored (all of this machine), multi_worker."""

    def __init__(self, kind: str, micro_batches: int, wait_minutes: float = 10.0):
        """Find the devices.

        Raises InputError when they cannot have equal shares of the parts, or when TF_CONFIG is missing or wrong.

        Args:
            kind: `training.distribute`.
            micro_batches: `training.micro_batches`.
            wait_minutes: `training.wait_minutes`.
        """
        self.chief = is_chief(kind)
        """Whether this process writes the run."""
        if kind == "multi_worker":
            self.strategy = _connect(wait_minutes)
        else:
            self.strategy = tf.distribute.MirroredStrategy() if kind == "mirrored" else tf.distribute.get_strategy()
        self.count = self.strategy.num_replicas_in_sync
        self.several_processes = kind == "multi_worker"
        if micro_batches % self.count:
            raise InputError(
                f"training.micro_batches: {micro_batches} parts cannot be distributed evenly over {self.count} devices; "
                f"set it to {self.count} or a multiple"
            )

    def scope(self) -> AbstractContextManager[Any]:
        """Context in which variables are made on every device."""
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def broadcast(self, *values: float) -> list[float]:
        """The chief's values, in every process."""
        if not self.several_processes:
            return list(values)
        mine = values if self.chief else [0.0] * len(values)
        broadcast: list[float] = self._sum(tf.constant(mine, tf.float32)).numpy().tolist()
        return broadcast

    @tf.function
    def _sum(self, values: Any) -> Any:
        """Sum over all processes."""
        context = tf.distribute.get_replica_context
        summed = self.strategy.run(
            lambda x: context().all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(x)), args=(values,)
        )
        return self.strategy.experimental_local_results(summed)[0]

    def distribute(self, parts: list[Any]) -> list[Any]:
        """Distribute parts over the devices; returns rounds: in each, every device has one part.

        Args:
            parts: a tuple of arrays for each part; their number is a multiple of the number of devices.
        """
        rounds = [parts[start : start + self.count] for start in range(0, len(parts), self.count)]
        if self.count == 1:
            return [parts_of_round[0] for parts_of_round in rounds]

        def per_device(arrays: list[Any]) -> Any:
            return self.strategy.experimental_distribute_values_from_function(
                lambda context: tf.constant(arrays[context.replica_id_in_sync_group])
            )

        return [tuple(per_device(list(field)) for field in zip(*parts, strict=True)) for parts in rounds]


def _connect(minutes: float) -> Any:
    """The strategy of all workers, once all have come."""
    wait_for_workers(read_task(), minutes)
    # TensorFlow's own waiting answers no signal of Python's; the system's default ends the process.
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        reason = (str(error).strip().splitlines() or ["unknown"])[0]
        raise RunError(f"training.distribute: cannot connect the workers of TF_CONFIG: {reason}") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def compiles_whole_step(choice: str) -> bool:
    """Whether `training.compile` (auto, xla or graph) means one XLA program for a whole step on this machine."""
    return choice == "xla" or (choice == "auto" and bool(tf.config.list_logical_devices("GPU")))


@contextmanager
def explain_device_errors() -> Iterator[None]:
    """Turn TensorFlow's errors about devices and workers into a RunError that tells what to do."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError):
        raise RunError(
            "lost another worker; start the same command on all machines again: it resumes from the last checkpoint"
        ) from None
    except tf.errors.ResourceExhaustedError as error:
        if "xla_compile_cache" in str(error):
            raise RunError(
                f"{programs.directory()}: no room for compiled programs; set XDG_CACHE_HOME to a directory on another disk"
            ) from None
        raise RunError("out of the device's memory; a larger training.micro_batches needs less of it") from None
    except tf.errors.OpError as error:
        if "libdevice" not in str(error):
            raise
        raise RunError(
            "XLA does not find CUDA's libdevice; install the extra s2s-nmt[gpu], or set XLA_FLAGS=--xla_gpu_cuda_data_dir= "
            "to the directory that has nvvm/libdevice (with pip's CUDA: site-packages/nvidia/cuda_nvcc)"
        ) from None


def warn_of_unused_gpu() -> None:
    """Warn of an NVIDIA driver without a GPU that TensorFlow can use."""
    if has_nvidia_driver() and not tf.config.list_physical_devices("GPU"):
        report(
            "warning: there is an NVIDIA driver, but TensorFlow finds no GPU it can use and takes the CPU; "
            "pip install 's2s-nmt[gpu]' brings the CUDA libraries"
        )
