"""`s2s prepare`: read the pair files, leave out what cannot be learnt from, learn subwords, encode."""

import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from s2s import __version__, dataset, tokenizer
from s2s.config import Config, DataConfig
from s2s.corpus import Pair, read_pairs
from s2s.errors import InputError
from s2s.files import make_directory, whole_directory
from s2s.tokenizer import BOS, EOS, UNK, Tokenizer


def prepare(config: Config) -> dict[str, Any]:
    """Make the directory `data.prepared`, whole or not at all; returns its report.

    Made from the same files by the same config, it is left as it is.
    """
    target = Path(config.data.prepared)
    fingerprint = _fingerprint(config)
    report = dataset.read_report(target)
    if report and report["fingerprint"] == fingerprint:
        print(f"{target}: already prepared from these files and this config; nothing to do", file=sys.stderr)
        return report
    if target.exists() and not report and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"data.prepared: {target} exists and is no prepared corpus; name another directory")
    make_directory(target.parent, "data.prepared")
    splits = {name: _read_split(config.data, name) for name in ("train", "dev", "test")}
    with whole_directory(target) as directory:
        report = _write(directory, config, splits)
        report["fingerprint"] = fingerprint
        (directory / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def describe(report: dict[str, Any]) -> str:
    """The report as lines for a person."""
    lines = [f"{'':5}  {'pairs':>8}  {'empty':>6}  {'too long':>8}  {'subwords a sentence, Spanish / English':>38}"]
    for name, split in report["splits"].items():
        means = f"{split['source_mean']:.1f} / {split['target_mean']:.1f}" if split["pairs"] else "-"
        lines.append(f"{name:5}  {split['pairs']:8,}  {split['empty']:6,}  {split['too_long']:8,}  {means:>38}")
    sizes = report["vocabulary"]
    lines.append(f"vocabulary: {sizes['source']:,} Spanish and {sizes['target']:,} English subwords")
    return "\n".join(lines)


def _fingerprint(config: Config) -> str:
    digest = hashlib.sha256()
    recipe = dataclasses.asdict(config.data) | dataclasses.asdict(config.tokenizer)
    del recipe["prepared"]
    digest.update(json.dumps(recipe, sort_keys=True).encode())
    for path in config.data.train + config.data.dev + config.data.test:
        try:
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise InputError(f"{path}: cannot read: {error.strerror}") from None
    return digest.hexdigest()


def _read_split(config: DataConfig, name: str) -> list[Pair]:
    paths = getattr(config, name)
    pairs = list(read_pairs(paths, config.source_column, config.target_column))
    if name != "test" and not any(pair.source and pair.target for pair in pairs):
        raise InputError(f"data.{name}: no sentence pair in {', '.join(paths) or 'an empty list of files'}")
    return pairs


def _write(directory: Path, config: Config, splits: dict[str, list[Pair]]) -> dict[str, Any]:
    """Learn the subwords from train, write models and encoded splits; returns the report."""
    tokenizers = {}
    for side in ("source", "target"):
        sentences = (getattr(pair, side) for pair in splits["train"])
        model = tokenizer.learn((text for text in sentences if text), config.tokenizer.vocab_size)
        (directory / f"{side}.model").write_bytes(model)
        tokenizers[side] = Tokenizer(model)
    report: dict[str, Any] = {
        "format": dataset.FORMAT,
        "version": __version__,
        "vocabulary": {side: len(tokenizers[side]) for side in tokenizers},
        "splits": {},
    }
    for name, pairs in splits.items():
        report["splits"][name] = _encode_split(directory, name, pairs, tokenizers, config.data.max_length)
        _warn_unknown(name, report["splits"][name])
        if name != "test" and not report["splits"][name]["pairs"]:
            raise InputError(f"data.{name}: every pair is longer than data.max_length={config.data.max_length}")
    return report


def _encode_split(
    directory: Path, name: str, pairs: list[Pair], tokenizers: dict[str, Tokenizer], max_length: int
) -> dict[str, Any]:
    whole = [pair for pair in pairs if pair.source and pair.target]
    source = [ids + [EOS] for ids in _encode([pair.source for pair in whole], tokenizers["source"].encode)]
    target = [[BOS] + ids + [EOS] for ids in _encode([pair.target for pair in whole], tokenizers["target"].encode)]
    # BOS is fed, not said, so it does not count.
    kept = [i for i in range(len(whole)) if len(source[i]) <= max_length and len(target[i]) - 1 <= max_length]
    sides = {"source": [source[i] for i in kept], "target": [target[i] for i in kept]}
    if name == "dev":
        dataset.write_texts(directory, name, [whole[i][:2] for i in kept])
    counts: dict[str, Any] = {"pairs": len(kept), "empty": len(pairs) - len(whole), "too_long": len(whole) - len(kept)}
    for side, sentences in sides.items():
        if name != "test":  # evaluated from its own text
            dataset.write_sentences(directory, f"{name}.{side}", sentences)
        total = sum(len(ids) for ids in sentences)
        counts[f"{side}_mean"] = round(total / max(len(kept), 1), 2)
        counts[f"{side}_unknown"] = round(sum(ids.count(UNK) for ids in sentences) / max(total, 1), 5)
    return counts


def _encode(sentences: list[str], encode: Callable[[list[str]], list[list[int]]]) -> list[list[int]]:
    # In slices: sentencepiece copies what it is given.
    slices = iter(sentences)
    encoded: list[list[int]] = []
    while part := list(islice(slices, 100_000)):
        encoded += encode(part)
    return encoded


def _warn_unknown(name: str, split: dict[str, Any]) -> None:
    for side, language in (("source", "Spanish"), ("target", "English")):
        if split[f"{side}_unknown"] > 0.02:
            share = f"{split[f'{side}_unknown']:.1%}"
            print(f"warning: {name}: {share} of the {language} subwords are unknown; other script?", file=sys.stderr)
