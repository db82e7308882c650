#!/usr/bin/env python3
"""Speed and memory of `s2s prepare`, and of training from what it made, by the number of pairs.

    python scripts/benchmarks/benchmark_preparation.py --pairs 100000 1000000 10000000

Corpora are made by repeating and perturbing the sample corpus: two of its sentences one after the other with a number
between them, one pair in ten repeated.  Everything is written below --directory (default: a temporary one), which needs
about 700 bytes a pair.  Prints one JSON object for each size:

    pairs, prepared        pairs in the file, and left after cleaning and splitting
    seconds, pairs_per_s   of `s2s prepare`
    peak_mb                most memory that it and its worker processes held at a time (proportional set size)
    bytes_per_pair         of the prepared directory
    training_start_s       from the start of `s2s train` to its first step, compiling left out, the import of TensorFlow
                           and what it was itself (import_s) in it
    training_peak_mb       most memory that training held in --steps steps
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Parse the flags, measure each size, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pairs", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    flags = parser.parse_args()
    for count in flags.pairs:
        with tempfile.TemporaryDirectory(dir=flags.directory) as directory:
            print(json.dumps(benchmark(Path(directory), count, flags.steps)), flush=True)


def benchmark(directory: Path, count: int, steps: int) -> dict[str, Any]:
    """The figures described above."""
    write_corpus(directory / "train.tsv", count)
    config = directory / "config.yaml"
    config.write_text(
        f"run: {directory}/run\n"
        f"data: {{train: {directory}/train.tsv, prepared: {directory}/prepared}}\n"
        "model: {units: 64, embedding_size: 32}\n"
        f"training: {{tokens_per_batch: 1024, buckets: 1, log_every: {steps}}}\n"
    )
    started = time.monotonic()
    peak, _ = watch([sys.executable, "-m", "s2s", "prepare", str(config)])
    seconds = time.monotonic() - started
    report = json.loads((directory / "prepared" / "report.json").read_text(encoding="utf-8"))
    size = sum(file.stat().st_size for file in (directory / "prepared").iterdir())
    prepared = sum(split["pairs"] for split in report["splits"].values())
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import s2s.model.backend"], check=True, cwd=ROOT)
    import_s = time.monotonic() - started
    training_peak, log = watch([sys.executable, "-m", "s2s", "train", str(config)], until="step ")
    compiled = sum(float(match) for match in re.findall(r"compiled .* in ([0-9.]+) s", log[1]))
    return {
        "pairs": count,
        "prepared": prepared,
        "seconds": round(seconds, 1),
        "pairs_per_s": round(count / seconds),
        "peak_mb": round(peak),
        "bytes_per_pair": round(size / prepared, 1),
        "training_start_s": round(log[0] - compiled, 1),
        "import_s": round(import_s, 1),
        "training_peak_mb": round(training_peak),
    }


def write_corpus(path: Path, count: int) -> None:
    """`count` pairs out of the sample corpus."""
    lines = (ROOT / "data" / "sample" / "train.tsv").read_text(encoding="utf-8").splitlines()
    base = [line.split("\t") for line in lines]
    draw = random.Random(1)
    with open(path, "w", encoding="utf-8") as file:
        line = ""
        for number in range(count):
            if number % 10 or not number:
                (es, en), (more_es, more_en) = draw.choice(base), draw.choice(base)
                line = f"{es} {number}: {more_es}\t{en} {number}: {more_en}\n"
            file.write(line)


def watch(command: list[str], until: str | None = None) -> tuple[float, tuple[float, str]]:
    """Run a command, until it writes a line that begins with `until` if that is given: most MB it held.

    Also the seconds until it wrote "compiled", and what it wrote to stderr.
    """
    started, peak, compiled = time.monotonic(), 0.0, 0.0
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log)
        while process.poll() is None:
            peak = max(peak, _held_mb(process.pid))
            log.seek(0)
            written = log.read()
            if not compiled and "compiled" in written:
                compiled = time.monotonic() - started
            if until and re.search(f"^{until}", written, re.MULTILINE):
                process.terminate()
                process.wait()
                break
            time.sleep(0.1)
        log.seek(0)
        written = log.read()
        if process.returncode and not until:
            raise SystemExit(f"{' '.join(command)} failed:\n{written}")
    return peak, (compiled, written)


def _held_mb(pid: int) -> float:
    """Proportional set size of a process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    return (int(found[1]) / 1024 if found else 0.0) + sum(_held_mb(int(child)) for child in children)


if __name__ == "__main__":
    main()
