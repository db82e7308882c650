#!/usr/bin/env python3
"""Ablation study: train variants of a config with the same budget, with one seed or several, and score them on dev.

    python scripts/experiments/ablation.py scripts/experiments/ablation.yaml            # run all runs without a result
    python scripts/experiments/ablation.py scripts/experiments/ablation.yaml --jobs 2   # two at a time, on half of the cores each
    python scripts/experiments/ablation.py scripts/experiments/ablation.yaml --table    # print the results as Markdown

Keys of the YAML file:

    base        config file that all runs start from
    set         overrides of config keys for all runs
    results     file of the results, one JSON object per line and run
    directory   directory for the runs and the prepared corpora
    runs        list of runs, each with

        name      in the results, and that of its directories
        set       its overrides (default: none)
        seeds     those that it is trained with (default: [1]); its scores are means over them, its steps, minutes and
                  tokens/s those of the first
        against   name of the run that it is compared with, from which it differs in one change (default: default)

Gains are means over the seeds that both runs have.  p is the largest of their paired bootstrap tests; it says nothing of
other seeds.  Both are null where the run to compare with is missing; the table then has the difference of the means.

A run whose `set` or `seeds` have changed in the file is trained with the new seeds, scored again, and its line replaced.
Remove its directories if its `set` has changed.  A budget of steps makes scores on different machines comparable; minutes and
tokens/s are comparable only with the same --jobs.  Interrupted, the same command resumes.
"""

import argparse
import hashlib
import json
import os
import platform
import queue
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from s2s.data.corpus import layout_of
from s2s.data.test_set import read_test_set
from s2s.files import atomic_file, load_arrays
from s2s.machine import compute_dtype
from s2s.run import Run
from s2s.translation.comparison import compare
from s2s.translation.evaluation import by_length, evaluate
from s2s.translation.search import SearchOptions
from s2s.translation.translator import Translator

Overrides = dict[str, Any]

DEFAULTS = {"set": {}, "seeds": [1], "against": "default"}
"""Of a run in the YAML file."""

LENGTHS = (5, 6, 11)
"""Last Spanish word count of each length group but the last; the table shows the groups of 6 and of 12 or more words."""


def main() -> None:
    """Parse the arguments; train and score the runs, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="YAML file of the study")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time, each on its share of the cores")
    parser.add_argument("--table", action="store_true", help="print the results as a Markdown table, and train nothing")
    flags = parser.parse_args()
    plan = yaml.safe_load(flags.file.read_text(encoding="utf-8"))
    runs = [DEFAULTS | run for run in plan["runs"]]
    for run in runs:
        if run.keys() - DEFAULTS.keys() - {"name"} or "seed" in run["set"]:
            parser.error(f"{flags.file}: {run['name']}: a run has name, set, seeds and against, and no seed in set")
    if not 1 <= flags.jobs <= len(os.sched_getaffinity(0)):
        parser.error("--jobs: from 1 to the number of cores")
    results = Path(plan["results"])
    if flags.table:
        print(table(read(results)))
        return
    have = {(one["name"], str(one["set"]), str(one.get("seeds", [1]))) for one in read(results)}
    missing = [run for run in runs if (run["name"], str(run["set"]), str(run["seeds"])) not in have]
    train_all(plan, missing, flags.jobs)
    for run in missing:
        print(f"== {run['name']}", file=sys.stderr, flush=True)
        result = measure(plan, run, len(os.sched_getaffinity(0)) // flags.jobs)
        done = [one for one in read(results) if one["name"] != run["name"]] + [result]
        lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in done]
        with atomic_file(results) as path:
            path.write_text("".join(lines), encoding="utf-8")


def read(results: Path) -> list[dict[str, Any]]:
    """The lines of the results file; none if there is no file yet."""
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()] if results.exists() else []


def train_all(plan: dict[str, Any], runs: list[dict[str, Any]], jobs: int) -> None:
    """Prepare and train all runs with all their seeds; raises SystemExit if a command fails.

    Args:
        plan: content of the YAML file.
        runs: those to train.
        jobs: trainings at a time.
    """
    commands = []
    for run in runs:
        for seed in run["seeds"]:
            arguments = command_arguments(plan, run_path(plan, run["name"], seed), run["set"])
            s2s("prepare", *arguments)
            commands.append(["train", *arguments, f"--set=seed={seed}"])
    cores = sorted(os.sched_getaffinity(0))
    shares: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
    for job in range(jobs):
        shares.put(cores[job::jobs])

    def train(command: list[str]) -> None:
        share = shares.get()
        try:
            s2s(*command, cores=share)
        finally:
            shares.put(share)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(train, commands))


def measure(plan: dict[str, Any], run: dict[str, Any], cores: int) -> dict[str, Any]:
    """Score one run that is trained.

    Args:
        plan: content of the YAML file.
        run: its entry there.
        cores: that it was trained on.

    Returns:
        Its line of the results file.
    """
    name, seeds, against = run["name"], run["seeds"], run["against"]
    paths = [run_path(plan, name, seed) for seed in seeds]
    scored = [Scored.of(path) for path in paths]
    records = [json.loads(line) for line in (paths[0] / "metrics.jsonl").read_text().splitlines()]
    log_records = [record for record in records if "tokens_per_s" in record]
    result = {
        "name": name,
        "set": run["set"],
        "against": against,
        "seeds": seeds,
        **mean_scores(scored),
        "dev_bleu_of_seeds": [one.scores["bleu"] for one in scored],
        "gain": None,
        "p": None,
        "steps": log_records[-1]["step"],
        "minutes": round(records[-1]["seconds"] / 60, 1),
        "tokens_per_s": sorted(record["tokens_per_s"] for record in log_records)[len(log_records) // 2],
        "precision": compute_dtype(Run(paths[0]).config.training.precision),
        "parameters": sum(array.size for array in load_arrays(paths[0] / "best.npz").values()),
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{cores} core{'s' * (cores > 1)}, {_processor()}",
    }
    if against == name:
        return result
    bases = [run_path(plan, against, seed) for seed in seeds]
    pairs = [(one, Scored.of(base)) for one, base in zip(scored, bases, strict=True) if (base / "best.npz").exists()]
    if len(pairs) < len(bases):
        print(f"{name}: {against} is not there for {len(bases) - len(pairs)} of {len(bases)} seeds", file=sys.stderr)
    if pairs:
        result["gain"] = {
            score: round(statistics.mean(one.scores[score] - base.scores[score] for one, base in pairs), 2)
            for score in ("bleu", "chrf")
        }
        result["p"] = max(one.p_against(base) for one, base in pairs)
    return result


def run_path(plan: dict[str, Any], name: str, seed: int) -> Path:
    """Directory of the run of this name and seed."""
    return Path(plan["directory"], re.sub(r"[^\w.+-]+", "-", f"{name}-{seed}"))


def command_arguments(plan: dict[str, Any], run: Path, changes: Overrides) -> list[str]:
    """Arguments of `s2s prepare` and `s2s train` for a run with these overrides.

    Runs with the same corpus settings share a prepared corpus, whatever their seeds.
    """
    overrides = (plan.get("set") or {}) | changes
    sections = ("data", "cleaning", "augmentation", "tokenizer")
    corpus = {key: value for key, value in overrides.items() if key.split(".")[0] in sections}
    corpus_hash = hashlib.sha256(json.dumps(corpus, sort_keys=True).encode()).hexdigest()[:8]
    overrides |= {"run": str(run), "data.prepared": str(run.parent / f"prepared-{corpus_hash}")}
    return [plan["base"], *(f"--set={key}={json.dumps(value)}" for key, value in overrides.items())]


class Scored(NamedTuple):
    """A run's greedy translations of its dev sentences, and their scores."""

    references: dict[str, list[str]]
    translations: list[str]
    scores: dict[str, Any]
    """As `evaluate` returns them."""

    @classmethod
    @cache
    def of(cls, path: Path) -> "Scored":
        """Translate with the run in this directory, once for all runs that are compared with it."""
        run = Run(path)
        references = read_test_set([run.config.data.dev[0]], layout_of(run.config.data)).references
        scores, translations = evaluate(Translator(run), references, SearchOptions())
        return cls(references, translations, scores)

    def p_against(self, base: "Scored") -> float:
        """The probability of such a difference of BLEU between runs that are equally good."""
        return compare(self.translations, base.translations, list(self.references.values()))["bleu"]["p"]


def mean_scores(scored: list[Scored]) -> dict[str, Any]:
    """Means over the seeds, overall and BLEU by sentence length, by their names in the results file."""
    groups = [
        {
            group["words"]: group["bleu"]
            for group in by_length([*one.references], one.translations, [*one.references.values()], LENGTHS)
        }
        for one in scored
    ]
    means = {
        f"dev_{name}": round(statistics.mean(one.scores[name] for one in scored), digits)
        for name, digits in (("bleu", 2), ("bleu_interval", 2), ("chrf", 2), ("perplexity", 3))
    }
    by_words = {words: round(statistics.mean(group[words] for group in groups), 1) for words in groups[0]}
    return means | {"by_length": by_words, "signature": scored[0].scores["bleu_signature"]}


def table(results: list[dict[str, Any]]) -> str:
    """The results as a Markdown table: a group for each run that others are compared with, best BLEU first."""
    lines = [
        "| run | dev BLEU | gain | chrF | gain | BLEU, 6 words | 12 or more | perplexity | steps | tokens/s | parameters |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    by_name = {result["name"]: result for result in results}
    bases = list(dict.fromkeys(["default", *(result["against"] for result in results)]))
    for base in bases:
        group = [result for result in results if base in (result["name"], result["against"])]
        if base != "default":
            lines.append(f"| **compared with: {base}** | | | | | | | | | | |")
        for result in sorted(group, key=lambda result: -result["dev_bleu"]):
            gains = ["", ""]
            if base in by_name and result["name"] != base:
                gain = result.get("gain") or {
                    key: result[f"dev_{key}"] - by_name[base][f"dev_{key}"] for key in ("bleu", "chrf")
                }
                gains = [f"{gain['bleu']:+.1f}", f"{gain['chrf']:+.1f}"]
                if result.get("p") is not None:
                    gains[0] += f" (p = {result['p']:.3f})"
            short, long = (result["by_length"].get(words, "-") for words in ("6-6", "12 or more"))
            lines.append(
                f"| {result['name']} | {result['dev_bleu']:.1f} ± {result['dev_bleu_interval']:.1f} | {gains[0]} | {result['dev_chrf']:.1f} "
                f"| {gains[1]} | {short} | {long} | {result['dev_perplexity']:.2f} | {result['steps']:,} "
                f"| {result['tokens_per_s']:,} | {result['parameters'] / 1e6:.1f} M |"
            )
    return "\n".join(lines)


def s2s(*arguments: str, cores: list[int] | None = None) -> None:
    """Run an s2s command on these cores (None: on all), with its log on stderr; raises SystemExit if it fails."""
    pinned = ["taskset", "--cpu-list", ",".join(map(str, cores))] if cores else []
    process = subprocess.run([*pinned, sys.executable, "-m", "s2s", *arguments], stdout=subprocess.DEVNULL)
    if process.returncode:
        raise SystemExit(f"s2s {arguments[0]} ended with status {process.returncode}; run this command again to resume")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
