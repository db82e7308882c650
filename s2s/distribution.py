"""The devices a training computes on: one, several of this machine, or those of several machines (tf.distribute).

A batch is cut into `training.micro_batches` parts, and each device computes its share of them, so that the number
of devices changes speed and rounding, nothing else.
"""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from s2s.cluster import is_chief
from s2s.engine import tf
from s2s.errors import InputError, RunError
from s2s.machine import has_nvidia_driver


class Devices:
    """The devices of `training.distribute`: none (the first one), mirrored (all of this machine), multi_worker."""

    def __init__(self, kind: str, micro_batches: int):
        """Raises InputError when the parts cannot be shared out evenly, or TF_CONFIG is missing or wrong."""
        self.chief = is_chief(kind)
        """Whether this process is the one that writes the run."""
        if kind == "multi_worker":
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        else:
            self.strategy = tf.distribute.MirroredStrategy() if kind == "mirrored" else tf.distribute.get_strategy()
        self.count = self.strategy.num_replicas_in_sync
        self.several_processes = kind == "multi_worker"
        if micro_batches % self.count:
            raise InputError(
                f"training.micro_batches: {micro_batches} parts cannot be shared out to {self.count} devices; "
                f"set it to {self.count} or a multiple"
            )

    def scope(self) -> AbstractContextManager[Any]:
        """Variables made inside are kept on every device."""
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def agree(self, *values: float) -> list[float]:
        """The chief's values, in every process."""
        if not self.several_processes:
            return list(values)
        mine = values if self.chief else [0.0] * len(values)
        agreed: list[float] = self._sum(tf.constant(mine, tf.float32)).numpy().tolist()
        return agreed

    @tf.function
    def _sum(self, values: Any) -> Any:
        """Sum over all processes."""
        context = tf.distribute.get_replica_context
        summed = self.strategy.run(
            lambda x: context().all_reduce(tf.distribute.ReduceOp.SUM, tf.identity(x)), args=(values,)
        )
        return self.strategy.experimental_local_results(summed)[0]

    def share_out(self, parts: list[Any]) -> list[Any]:
        """Tuples of arrays for each part -> as many rounds as each device computes, of values that differ by device."""
        rounds = [parts[start : start + self.count] for start in range(0, len(parts), self.count)]
        if self.count == 1:
            return [parts_of_round[0] for parts_of_round in rounds]

        def distribute(arrays: list[Any]) -> Any:
            return self.strategy.experimental_distribute_values_from_function(
                lambda context: tf.constant(arrays[context.replica_id_in_sync_group])
            )

        return [tuple(distribute(list(field)) for field in zip(*parts, strict=True)) for parts in rounds]


def compiles_whole_steps(choice: str) -> bool:
    """Whether `training.compile` (auto, xla or graph) means one XLA program a step on this machine."""
    return choice == "xla" or (choice == "auto" and bool(tf.config.list_logical_devices("GPU")))


@contextmanager
def faults_explained() -> Iterator[None]:
    """Inside, faults of devices and machines become a RunError that says what to do."""
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError):
        raise RunError(
            "lost another worker; start the same command on all machines again: it goes on from the last checkpoint"
        ) from None
    except tf.errors.ResourceExhaustedError:
        raise RunError("out of the device's memory; a larger training.micro_batches needs less of it") from None
    except tf.errors.OpError as error:
        if "libdevice" not in str(error):
            raise
        raise RunError(
            "XLA does not find CUDA's libdevice; install the extra s2s-nmt[gpu], or set XLA_FLAGS=--xla_gpu_cuda_data_dir= "
            "to the directory that has nvvm/libdevice (with pip's CUDA: site-packages/nvidia/cuda_nvcc)"
        ) from None


def warn_of_unused_gpu() -> None:
    """Tell of an NVIDIA driver without a GPU that TensorFlow sees."""
    if has_nvidia_driver() and not tf.config.list_physical_devices("GPU"):
        print(
            "warning: there is an NVIDIA driver, but TensorFlow finds no GPU it can use and takes the CPU; "
            "pip install 's2s-nmt[gpu]' brings the CUDA libraries",
            file=sys.stderr,
        )
