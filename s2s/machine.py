"""What this machine and its cluster offer, read from /proc and TF_CONFIG without TensorFlow."""

import json
import os
from pathlib import Path

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
    fast = has_nvidia_driver() or (_CPU.exists() and not _BFLOAT16.isdisjoint(_CPU.read_text().split()))
    return "bfloat16" if fast else "float32"


def is_chief(distribute: str) -> bool:
    """Whether this process writes the run: with `multi_worker`, the chief of TF_CONFIG, or worker 0 without a chief.

    TensorFlow takes a missing TF_CONFIG for a cluster of one, and waits on a wrong one.  Here both raise InputError.

    Args:
        distribute: `training.distribute`.
    """
    if distribute != "multi_worker":
        return True
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        cluster, kind, index = config["cluster"], config["task"]["type"], int(config["task"]["index"])
        _ = cluster[kind][index]
    except KeyError as error:
        missing = "is not set" if error.args == ("TF_CONFIG",) else f"has no {error}"
        raise InputError(
            f"training.distribute: multi_worker, but TF_CONFIG {missing}; set it on every machine, e.g. {_TF_CONFIG}"
        ) from None
    except (ValueError, TypeError, IndexError) as error:
        raise InputError(f"training.distribute: TF_CONFIG is wrong ({error}); write it as {_TF_CONFIG}") from None
    return kind == "chief" or (kind == "worker" and index == 0 and "chief" not in cluster)
