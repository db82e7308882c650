"""What this machine has, told without TensorFlow, by what Linux says in /proc."""

from pathlib import Path

_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
_CPU = Path("/proc/cpuinfo")
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
"""What processors that multiply in bfloat16 say there, of Intel's and AMD's kind and of ARM's."""


def has_nvidia_driver() -> bool:
    """Whether there should be an NVIDIA GPU to compute on."""
    return _NVIDIA_DRIVER.exists()


def type_of_products(precision: str) -> str:
    """float32, bfloat16 or float16 for `training.precision`: auto is bfloat16 where that is fast here, else float32.

    It is fast on processors with instructions for it, on others slower than float32.  A machine with an NVIDIA driver is
    taken to train on a GPU that knows it, as those since 2020 do.
    """
    if precision != "auto":
        return precision
    fast = has_nvidia_driver() or (_CPU.exists() and not _BFLOAT16.isdisjoint(_CPU.read_text().split()))
    return "bfloat16" if fast else "float32"
