#!/usr/bin/env python3
"""Measure the time and memory of `s2s prepare`, and of `s2s train` on the prepared corpus, by corpus size.

    python scripts/benchmarks/benchmark_preparation.py --pairs 100000 1000000 10000000

The corpora are generated from the sample corpus: each pair is two random sentences of it with a number between them,
and every tenth pair repeats the pair before it.  All files are written below --directory and deleted at the end; they
take about 700 bytes per pair.  Prints one JSON object per corpus size:

    pairs, weight          pairs in the file; how often each comes in an epoch (--weight)
    prepared               pairs after cleaning and splitting, weight included
    seconds, pairs_per_s   duration and speed of `s2s prepare`
    peak_mb                peak memory of `s2s prepare` with its worker processes (sum of proportional set sizes), MiB
    bytes_per_pair         size of the prepared directory, per prepared pair
    training_start_s       from the start of `s2s train` to its first step, compilation excluded, imports included
    import_s               duration of the import of TensorFlow alone
    training_peak_mb       peak memory of `s2s train` in --steps steps, MiB
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
    """Parse the arguments, measure each corpus size, print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pairs",
        type=int,
        nargs="+",
        default=[100_000, 1_000_000],
        help="corpus sizes in pairs (default: 100000 1000000)",
    )
    parser.add_argument(
        "--directory", type=Path, help="existing directory to write below (default: the system's temporary directory)"
    )
    parser.add_argument("--weight", type=int, default=1, help="weight of the file in data.train (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=200, help="training steps (default: %(default)s)")
    flags = parser.parse_args()
    if flags.weight < 1:
        parser.error("--weight: 1 or more")
    for count in flags.pairs:
        with tempfile.TemporaryDirectory(dir=flags.directory) as directory:
            print(json.dumps(benchmark(Path(directory), count, flags.weight, flags.steps)), flush=True)


def benchmark(directory: Path, count: int, weight: int, steps: int) -> dict[str, Any]:
    """Measure one corpus size; returns the figures that the module's docstring lists.

    Args:
        directory: empty directory for corpus, config, prepared corpus and run.
        count: pairs of the corpus.
        weight: how often each pair comes in an epoch.
        steps: training steps.
    """
    write_corpus(directory / "train.tsv", count)
    config = directory / "config.yaml"
    config.write_text(
        f"run: {directory}/run\n"
        f"data: {{train: {{path: {directory}/train.tsv, weight: {weight}}}, prepared: {directory}/prepared}}\n"
        "tokenizer: {type: unigram}\n"
        "model: {units: 64, embedding_size: 32}\n"
        f"training: {{epochs: 1, tokens_per_batch: 1024, buckets: 1, precision: float32, log_every: {steps}}}\n"
    )
    started = time.monotonic()
    peak_mb, *_ = watch([sys.executable, "-m", "s2s", "prepare", str(config)])
    seconds = time.monotonic() - started
    report = json.loads((directory / "prepared" / "report.json").read_text(encoding="utf-8"))
    size = sum(file.stat().st_size for file in (directory / "prepared").iterdir())
    prepared = sum(split["pairs"] for split in report["splits"].values())
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import s2s.model.backend"], check=True, cwd=ROOT)
    import_s = time.monotonic() - started
    training_peak_mb, compiled_s, log = watch([sys.executable, "-m", "s2s", "train", str(config)], until="step ")
    compilation_s = sum(float(match) for match in re.findall(r"compiled .* in ([0-9.]+) s", log))
    return {
        "pairs": count,
        "weight": weight,
        "prepared": prepared,
        "seconds": round(seconds, 1),
        "pairs_per_s": round(count / seconds),
        "peak_mb": round(peak_mb),
        "bytes_per_pair": round(size / prepared, 1),
        "training_start_s": round(compiled_s - compilation_s, 1),
        "import_s": round(import_s, 1),
        "training_peak_mb": round(training_peak_mb),
    }


def write_corpus(path: Path, count: int) -> None:
    """Write `count` pairs generated from the sample corpus."""
    lines = (ROOT / "data" / "sample" / "train.tsv").read_text(encoding="utf-8").splitlines()
    sample = [line.split("\t") for line in lines]
    generator = random.Random(1)
    with open(path, "w", encoding="utf-8") as file:
        line = ""
        for number in range(count):
            if number % 10 or not number:
                (es, en), (second_es, second_en) = generator.choice(sample), generator.choice(sample)
                line = f"{es} {number}: {second_es}\t{en} {number}: {second_en}\n"
            file.write(line)


def watch(command: list[str], until: str | None = None) -> tuple[float, float, str]:
    """Run a command and measure its memory.  Raises SystemExit if the command fails.

    Args:
        command: program and arguments.
        until: the command is terminated when it logs a line with this start; None = it runs to its end.

    Returns:
        Peak memory in MiB; seconds until the log contains "compiled", 0.0 if it never does; the log (stderr).
    """
    started, peak_mb, compiled_s, stopped = time.monotonic(), 0.0, 0.0, False
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log)
        while process.poll() is None:
            peak_mb = max(peak_mb, _memory_mb(process.pid))
            log.seek(0)
            text = log.read()
            if not compiled_s and "compiled" in text:
                compiled_s = time.monotonic() - started
            if until and re.search(f"^{until}", text, re.MULTILINE):
                stopped = True
                process.terminate()
                process.wait()
                break
            time.sleep(0.1)
        log.seek(0)
        text = log.read()
        if process.returncode and not stopped:
            raise SystemExit(f"{' '.join(command)} failed:\n{text}")
    return peak_mb, compiled_s, text


def _memory_mb(pid: int) -> float:
    """Sum of the proportional set sizes of a process and its descendants, in MiB."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    match = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    return (int(match[1]) / 1024 if match else 0.0) + sum(_memory_mb(int(child)) for child in children)


if __name__ == "__main__":
    main()
