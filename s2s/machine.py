"""What this machine and its cluster offer, read from /proc and TF_CONFIG without TensorFlow."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from s2s.errors import InputError

_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
_CPU = Path("/proc/cpuinfo")
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
"""Flags in /proc/cpuinfo of processors that multiply in bfloat16: Intel's and AMD's, and ARM's."""

_TF_CONFIG = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA driver is loaded, so that there should be a GPU to compute on."""
    return _NVIDIA_DRIVER.exists()


def compute_dtype(precision: str) -> str:
    """Type of the matrix products for `training.precision`: float32, bfloat16 or float16.

    `auto` is bfloat16 where that is fast, else float32.  It is fast on processors with instructions for it; on others
    it is slower than float32.  With an NVIDIA driver the GPU is assumed to support it, as those since 2020 do.
    """
    if precision != "auto":
        return precision
    return "bfloat16" if has_nvidia_driver() or not _BFLOAT16.isdisjoint(cpu_flags()) else "float32"


def cpu_flags() -> set[str]:
    """The processor's instructions as Linux lists them, such as avx2; nothing on other systems."""
    lines = _CPU.read_text().splitlines() if _CPU.exists() else []
    return {flag for line in lines if line.startswith(("flags", "Features")) for flag in line.partition(":")[2].split()}


class Task(NamedTuple):
    """The content of TF_CONFIG: the workers and which of them this process is."""

    workers: dict[str, list[str]]
    """host:port of the workers of each kind, chief or worker."""
    kind: str
    """Kind of this worker."""
    number: int
    """Its number among those of its kind, from 0."""


def read_task() -> Task:
    """Read TF_CONFIG.  TensorFlow takes a missing one for a cluster of one, and waits on a wrong one: here, InputError."""
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        task = Task(config["cluster"], config["task"]["type"], int(config["task"]["index"]))
        own = task.workers[task.kind]
    except KeyError as error:
        missing = "is not set" if error.args == ("TF_CONFIG",) else f"has no {error}"
        raise InputError(
            f"training.distribute: multi_worker, but TF_CONFIG {missing}; set it on every machine, e.g. {_TF_CONFIG}"
        ) from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"training.distribute: TF_CONFIG is wrong ({error}); write it as {_TF_CONFIG}") from None
    if fault := _fault(task, own):
        raise InputError(f"training.distribute: TF_CONFIG is wrong ({fault}); write it as {_TF_CONFIG}")
    return task


def _fault(task: Task, own: list[str]) -> str | None:
    for kind, addresses in task.workers.items():
        if kind not in ("chief", "worker") or not isinstance(addresses, list):
            return f"{kind!r} has to be a list of workers, by the name chief or worker"
        for address in addresses:
            port = str(address).rpartition(":")[2]
            if not isinstance(address, str) or ":" not in address or not port.isdecimal() or int(port) > 65535:
                return f"{address!r} is not host:port"
    return None if 0 <= task.number < len(own) else f"there is no {task.kind} {task.number}"


def is_chief(distribute: str) -> bool:
    """Whether this process writes the run: with `multi_worker`, the chief of TF_CONFIG, or worker 0 without a chief.

    Args:
        distribute: `training.distribute`.
    """
    if distribute != "multi_worker":
        return True
    task = read_task()
    return task.kind == "chief" or (task.number == 0 and "chief" not in task.workers)
