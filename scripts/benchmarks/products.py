#!/usr/bin/env python3
"""Measure the matrix products of a training step on this machine, in GFLOP/s.

    python scripts/benchmarks/products.py
    python scripts/benchmarks/products.py --units 384 --vocab 6000

Each product is computed with the second factor as it is and with it stored transposed, in float32 and bfloat16.
s2s/model/lstm.py stores the time loop's transposed on processors with AVX2 and no AVX-512 (TRANSPOSED).  The last line of
stdout is a JSON object:

    processor, cores   its instructions that matter for products; how many cores this process may use
    onednn             whether TensorFlow's products are oneDNN's (else Eigen's)
    gflops             for each product: float32 as it is, float32 transposed, bfloat16 as it is, bfloat16 transposed
"""

import argparse
import json
import os
from typing import Any

from s2s.machine import cpu_flags
from s2s.training.estimate import product_gflops

INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "bf16")
"""Flags of /proc/cpuinfo that decide which kernels a product has."""


def main() -> None:
    """Parse the arguments, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=512, help="cells per LSTM layer (default: %(default)s)")
    parser.add_argument("--embed", type=int, default=256, help="embedding size (default: %(default)s)")
    parser.add_argument("--vocab", type=int, default=8000, help="subwords per language (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each figure (default: %(default)s)")
    flags = parser.parse_args()
    units, gates = flags.units, 4 * flags.units
    shapes = {
        "square": (2048, 2048, 2048),
        "inputs of all steps": (1536, units, gates),
        "logits": (1024, flags.embed, flags.vocab),
        **{f"time loop, {rows} rows": (rows, units, gates) for rows in (128, 64, 32, 8)},
        **{f"its gradient, {rows} rows": (rows, gates, units) for rows in (128, 64, 32, 8)},
    }
    print(machine())
    print(f"{'':26}{'float32':>20}{'bfloat16':>20}\n{'':26}" + f"{'as it is':>10}{'transp.':>10}" * 2)
    table = {}
    for name, shape in shapes.items():
        table[name] = [
            round(product_gflops(*shape, kind, transposed, flags.seconds))
            for kind in ("float32", "bfloat16")
            for transposed in (False, True)
        ]
        print(f"{name:26}" + "".join(f"{figure:10}" for figure in table[name]), flush=True)
    print(json.dumps({**machine(), "gflops": table}))


def machine() -> dict[str, Any]:
    """What decides the speed of products: the processor's instructions, and whether oneDNN is on."""
    from tensorflow.python.framework.test_util import IsMklEnabled  # TensorFlow has no public way to ask

    has = [name for name in INSTRUCTIONS if name in cpu_flags()]
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    processor = " ".join(has) + (f", oneDNN limited to {limit}" if limit else "")
    return {"processor": processor, "cores": len(os.sched_getaffinity(0)), "onednn": IsMklEnabled()}


if __name__ == "__main__":
    main()
