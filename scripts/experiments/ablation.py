#!/usr/bin/env python3
"""What helps, measured: train one change after the other from a config, at the same budget, and score each on dev.

    python scripts/experiments/ablation.py scripts/experiments/ablation.yaml            # run what has no result yet; stopped, it goes on
    python scripts/experiments/ablation.py scripts/experiments/ablation.yaml --table    # the results as a Markdown table, best first

The YAML file has `base`, a config; `set`, overrides for all runs; `results`, the file that gets one JSON line a run;
`directory`, where runs and prepared corpora go; and `runs`, a list of {name, set, against}: `against` is the name of the
run that it differs from in one thing, without it `default`.  Nothing else should run meanwhile: the budget is
wall-clock time.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from s2s.data.corpus import layout_of, read_references
from s2s.files import load_arrays
from s2s.machine import compute_dtype
from s2s.run import Run
from s2s.translation.evaluation import by_length, evaluate
from s2s.translation.search import SearchOptions

Overrides = dict[str, Any]

LENGTHS = (5, 6, 11)
"""Spanish words at which the length buckets end: the table shows sentences of 6 words beside those of 12 and more."""


def main() -> None:
    """Parse the flags; run, or print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--table", action="store_true", help="print the results and run nothing")
    flags = parser.parse_args()
    plan = yaml.safe_load(flags.file.read_text(encoding="utf-8"))
    results = Path(plan["results"])
    done = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()] if results.exists() else []
    if flags.table:
        print(table(done))
        return
    for run in plan["runs"]:
        if run["name"] not in {result["name"] for result in done}:
            print(f"== {run['name']}", file=sys.stderr, flush=True)
            result = measure(plan, run["name"], run.get("set") or {}) | {"against": run.get("against", "default")}
            with open(results, "a", encoding="utf-8") as file:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")


def measure(plan: dict[str, Any], name: str, changes: Overrides) -> dict[str, Any]:
    """Prepare, train and score one run; SystemExit when a step fails."""
    directory = Path(plan["directory"])
    run = directory / re.sub(r"[^\w.+-]+", "-", name)
    overrides = (plan.get("set") or {}) | changes | {"run": str(run)}
    # Runs with the same corpus settings share a prepared corpus.
    corpus = {key: value for key, value in overrides.items() if key.split(".")[0] in ("data", "cleaning", "tokenizer")}
    digest = hashlib.sha256(json.dumps(corpus, sort_keys=True).encode()).hexdigest()[:8]
    overrides["data.prepared"] = str(directory / f"prepared-{digest}")
    arguments = [plan["base"], *(f"--set={key}={json.dumps(value)}" for key, value in overrides.items())]
    s2s("prepare", *arguments)
    s2s("train", *arguments)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    log = [line for line in lines if "tokens_per_s" in line]
    return {
        "name": name,
        "set": changes,
        **score_dev(run),
        "steps": log[-1]["step"],
        "minutes": round(lines[-1]["seconds"] / 60, 1),
        "tokens_per_s": sorted(line["tokens_per_s"] for line in log)[len(log) // 2],
        "precision": compute_dtype(Run(run).config.training.precision),
        "parameters": _parameters(run),
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{len(os.sched_getaffinity(0))} cores, {_processor()}",
    }


def score_dev(path: Path) -> dict[str, Any]:
    """Greedy scores of a run on its dev file; of sentences of 6 words and of long ones, too."""
    run = Run(path)
    references = read_references(Path(str(run.config.data.dev[0])), layout_of(run.config.data))
    scores, translations = evaluate(run, references, SearchOptions())
    parts = by_length([*references], translations, [*references.values()], LENGTHS)
    return {
        "dev_bleu": scores["bleu"],
        "dev_bleu_interval": scores["bleu_interval"],
        "dev_chrf": scores["chrf"],
        "dev_perplexity": scores["perplexity"],
        "by_length": {part["words"]: round(part["bleu"], 1) for part in parts},
        "signature": scores["bleu_signature"],
    }


def table(results: list[dict[str, Any]]) -> str:
    """The results as Markdown, the best first; below a run that others differ from in one thing, these."""
    lines = [
        "| run | dev BLEU | gain | chrF | gain | BLEU, 6 words | 12 or more | perplexity | steps | tokens/s | parameters |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    named = {result["name"]: result for result in results}
    bases = list(dict.fromkeys(["default", *(result["against"] for result in results)]))
    for base in bases:
        group = [result for result in results if base in (result["name"], result["against"])]
        if base != "default":
            lines.append(f"| **beside: {base}** | | | | | | | | | | |")
        for r in sorted(group, key=lambda result: -result["dev_bleu"]):
            known = base in named and r["name"] != base
            gains = [f"{r[key] - named[base][key]:+.1f}" if known else "" for key in ("dev_bleu", "dev_chrf")]
            short, long = (r["by_length"].get(words, "-") for words in ("6-6", "12 or more"))
            lines.append(
                f"| {r['name']} | {r['dev_bleu']:.1f} ± {r['dev_bleu_interval']:.1f} | {gains[0]} | {r['dev_chrf']:.1f} "
                f"| {gains[1]} | {short} | {long} | {r['dev_perplexity']:.2f} | {r['steps']:,} "
                f"| {r['tokens_per_s']:,} | {r['parameters'] / 1e6:.1f} M |"
            )
    return "\n".join(lines)


def s2s(*arguments: str) -> None:
    """Run a command of the program, its log on stderr; SystemExit when it fails."""
    process = subprocess.run([sys.executable, "-m", "s2s", *arguments], stdout=subprocess.DEVNULL)
    if process.returncode:
        raise SystemExit(f"s2s {arguments[0]} ended with status {process.returncode}; run this again to go on")


def _parameters(run: Path) -> int:
    return sum(array.size for array in load_arrays(run / "best.npz").values())


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
