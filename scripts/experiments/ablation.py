#!/usr/bin/env python3
"""Ablation study: train variants of a config with the same budget, each with several seeds, and score them on dev.

    python scripts/experiments/ablation.py scripts/experiments/ablation.yaml            # run all runs without a result
    python scripts/experiments/ablation.py scripts/experiments/ablation.yaml --table    # print the results as Markdown

Keys of the YAML file:

    base        config file that all runs start from
    set         overrides of config keys for all runs
    seeds       seeds that each run is trained with, but one that sets its own (default: [1]); its scores are the means,
                its steps, minutes and tokens/s those of the first
    results     file of the results, one JSON object per line and run
    directory   directory for the runs and the prepared corpora
    runs        list of {name, set, against}: `set` has the overrides of the run; `against` is the name of the run that
                it is compared with, from which it differs in one change (default: `default`); it stands before it

p is the largest of the paired bootstrap tests between the runs of the same seed.  It says nothing of other seeds, and is
null where the run to compare with is missing.
A budget of steps makes runs on different machines comparable.  Interrupted, the same command resumes.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from s2s.data.corpus import layout_of
from s2s.data.test_set import read_test_set
from s2s.files import load_arrays
from s2s.machine import compute_dtype
from s2s.run import Run
from s2s.translation.comparison import compare
from s2s.translation.evaluation import by_length, evaluate
from s2s.translation.search import SearchOptions
from s2s.translation.translator import Translator

Overrides = dict[str, Any]

LENGTHS = (5, 6, 11)
"""Last Spanish word count of each length group but the last; the table shows the groups of 6 and of 12 or more words."""


def main() -> None:
    """Parse the arguments; train and score the runs, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="YAML file of the study")
    parser.add_argument("--table", action="store_true", help="print the results as a Markdown table, and train nothing")
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
            result = measure(plan, run["name"], run.get("set") or {}, run.get("against", "default"))
            with open(results, "a", encoding="utf-8") as file:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")


def measure(plan: dict[str, Any], name: str, changes: Overrides, against: str) -> dict[str, Any]:
    """Prepare, train and score one run with every seed; raises SystemExit if a command fails.

    Args:
        plan: content of the YAML file.
        name: name of the run.
        changes: its overrides.
        against: name of the run that it is compared with.

    Returns:
        Its line of the results file.
    """
    seeds = [changes["seed"]] if "seed" in changes else plan.get("seeds", [1])
    paths = [run_path(plan, name, seed) for seed in seeds]
    for path, seed in zip(paths, seeds, strict=True):
        train(plan, path, (plan.get("set") or {}) | changes, seed)
    scored = [Scored.of(path) for path in paths]
    records = [json.loads(line) for line in (paths[0] / "metrics.jsonl").read_text().splitlines()]
    log_records = [record for record in records if "tokens_per_s" in record]
    result = {
        "name": name,
        "set": changes,
        "against": against,
        "seeds": seeds,
        **mean_scores(scored),
        "dev_bleu_of_seeds": [one.scores["bleu"] for one in scored],
        "p": None,
        "steps": log_records[-1]["step"],
        "minutes": round(records[-1]["seconds"] / 60, 1),
        "tokens_per_s": sorted(record["tokens_per_s"] for record in log_records)[len(log_records) // 2],
        "precision": compute_dtype(Run(paths[0]).config.training.precision),
        "parameters": sum(array.size for array in load_arrays(paths[0] / "best.npz").values()),
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{len(os.sched_getaffinity(0))} cores, {_processor()}",
    }
    bases = [run_path(plan, against, seed) for seed in seeds]
    missing = [base for base in bases if not (base / "best.npz").exists()]
    if against != name and missing:
        print(f"no p-value: {missing[0]} has no best.npz", file=sys.stderr)
    elif against != name:
        result["p"] = max(one.p_against(Scored.of(base)) for one, base in zip(scored, bases, strict=True))
    return result


def run_path(plan: dict[str, Any], name: str, seed: int) -> Path:
    """Directory of the run of this name and seed."""
    return Path(plan["directory"], re.sub(r"[^\w.+-]+", "-", f"{name}-{seed}"))


def train(plan: dict[str, Any], run: Path, overrides: Overrides, seed: int) -> None:
    """Prepare and train one run, or finish it; raises SystemExit if a command fails."""
    # Runs with the same corpus settings share a prepared corpus, whatever their seeds.
    sections = ("data", "cleaning", "augmentation", "tokenizer")
    corpus = {key: value for key, value in overrides.items() if key.split(".")[0] in sections}
    corpus_hash = hashlib.sha256(json.dumps(corpus, sort_keys=True).encode()).hexdigest()[:8]
    overrides = {key: value for key, value in overrides.items() if key != "seed"}
    overrides |= {"run": str(run), "data.prepared": str(run.parent / f"prepared-{corpus_hash}")}
    arguments = [plan["base"], *(f"--set={key}={json.dumps(value)}" for key, value in overrides.items())]
    s2s("prepare", *arguments)
    s2s("train", *arguments, f"--set=seed={seed}")


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
            has_gain = base in by_name and result["name"] != base
            gains = [f"{result[key] - by_name[base][key]:+.1f}" if has_gain else "" for key in ("dev_bleu", "dev_chrf")]
            if has_gain and result.get("p") is not None:
                gains[0] += f" (p = {result['p']:.3f})"
            short, long = (result["by_length"].get(words, "-") for words in ("6-6", "12 or more"))
            lines.append(
                f"| {result['name']} | {result['dev_bleu']:.1f} ± {result['dev_bleu_interval']:.1f} | {gains[0]} | {result['dev_chrf']:.1f} "
                f"| {gains[1]} | {short} | {long} | {result['dev_perplexity']:.2f} | {result['steps']:,} "
                f"| {result['tokens_per_s']:,} | {result['parameters'] / 1e6:.1f} M |"
            )
    return "\n".join(lines)


def s2s(*arguments: str) -> None:
    """Run an s2s command, with its log on stderr; raises SystemExit if it fails."""
    process = subprocess.run([sys.executable, "-m", "s2s", *arguments], stdout=subprocess.DEVNULL)
    if process.returncode:
        raise SystemExit(f"s2s {arguments[0]} ended with status {process.returncode}; run this command again to resume")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
