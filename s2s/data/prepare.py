"""`s2s prepare`: read the pair files, clean, split, train the tokenizers, encode; in flat memory, on all processors.

The corpus is worked on in shards, in three passes:

1. Read and clean every shard and write it to a temporary file.  Three 64-bit keys of each pair stay in memory; they are
   enough to find duplicates and leaks and to choose the splits.
2. Read the training sentences to count their words, and again, or a sample of them, to train the tokenizers.
3. Augment and encode every shard.
"""

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from s2s import __version__
from s2s.config import Config
from s2s.data import dataset, known_words, tokenizer
from s2s.data.cleaning import EXAMPLES, Keys, clean, duplicates, leaks, near_keys
from s2s.data.compression import explain_read_errors, require_regular
from s2s.data.corpus import Pair, layout_of, read_pairs
from s2s.data.dataset import Indices
from s2s.data.known_words import KnownWords, WordCounts
from s2s.data.parallel import parallel_map
from s2s.data.report import SplitCounts
from s2s.data.shards import Shard, ShardFile, count_words, encode_shard, serialize, training_text
from s2s.data.splitting import DEV, NOWHERE, SPLITS, TEST, TRAIN, hold_out
from s2s.data.tokenizer import Tokenizer
from s2s.data_config import CleaningConfig
from s2s.errors import InputError
from s2s.files import atomic_directory, explain_write_errors, make_directory, remove_leftovers, sha256
from s2s.process import report

_SHARD_PAIRS = 20_000
"""Pairs of a shard; one of weight 5 counts as five."""


def prepare(config: Config) -> dict[str, Any]:
    """Make the directory `data.prepared`, whole or not at all; returns its report.

    A directory made from the same files by the same config is left as it is.
    """
    target = Path(os.path.realpath(config.data.prepared))  # it may be a link to a larger disk
    fingerprint = _fingerprint(config)
    made = dataset.read_report(target)
    if made and made["fingerprint"] == fingerprint:
        report(f"{target}: already prepared from these files and this config; nothing to do")
        return made
    if target.exists() and not made and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"data.prepared: {target} exists and is no prepared corpus; name another directory")
    make_directory(target.parent, "data.prepared")
    remove_leftovers(target.parent, target.name)
    with explain_write_errors(target), atomic_directory(target) as directory:
        made = _prepare(config, directory) | {"fingerprint": fingerprint}
        (directory / "report.json").write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
        dataset.write_checksums(directory)
    return made


def _prepare(config: Config, directory: Path) -> dict[str, Any]:
    """Write everything in the directory but the report, which is returned."""
    cleaned = {name: _read_and_clean(config, name, directory) for name in SPLITS if getattr(config.data, name)}
    for name, part in cleaned.items():
        if name != "test" and not len(part.keys):
            raise InputError(f"data.{name}: {part.counts.why_empty()}")
    splits = _split(config, cleaned)
    for name in ("train",) if "dev" in cleaned else ("train", "dev"):
        if SPLITS.index(name) not in splits and name == "dev" and TRAIN in splits:
            raise InputError(
                f"data.dev: none of the {len(splits):,} training pairs can be held out as dev pairs; "
                "name a file in data.dev, or give at least 20 pairs of different sentences"
            )
        if SPLITS.index(name) not in splits:
            raise InputError(f"data.{name}: {cleaned['train'].counts.why_empty()}")
    sample = _sample(config, cleaned["train"].shards, np.flatnonzero(splits == TRAIN))
    known, held_out = _count_words(cleaned, splits), _held_out_keys(cleaned, splits)
    if config.tokenizer.from_ is not None:
        run = Path(config.tokenizer.from_)
        tokenizers, known = tokenizer.copy_tokenizers(run, directory), known | KnownWords.load(run / known_words.FILE)
    else:
        tokenizers = _train_tokenizers(config, sample, known, held_out, directory)
    known.save(directory / known_words.FILE)
    counts = {name: cleaned[name].counts if name in cleaned else SplitCounts() for name in SPLITS}
    _encode(config, cleaned, splits, tokenizers, known, held_out, counts, directory)
    for part in cleaned.values():
        part.shards.remove()
    for name, split_counts in counts.items():
        split_counts.warn_of_unknown(name)
        if name != "test" and not split_counts.pairs:
            raise InputError(f"data.{name}: {split_counts.why_empty()}")
    return {
        "format": dataset.FORMAT,
        "version": __version__,
        "vocabulary": {side: len(model) for side, model in tokenizers.items()},
        "tokenizer_from": config.tokenizer.from_,
        "splits": {name: split_counts.report() for name, split_counts in counts.items()},
    }


def _fingerprint(config: Config) -> str:
    """A hash of the files and of everything in the config that a prepared corpus depends on."""
    sections = (config.data, config.cleaning, config.augmentation, config.tokenizer)
    recipe: list[Any] = [dataclasses.asdict(section) for section in sections]
    del recipe[0]["prepared"]
    paths = [path for file in config.data.train + config.data.dev + config.data.test for path in file.paths]
    if config.tokenizer.from_ is not None:
        paths += tokenizer.files_to_copy(Path(config.tokenizer.from_))
    for path in paths:
        require_regular(Path(path))
        with explain_read_errors(path):
            recipe.append(sha256(Path(path)))
    return hashlib.sha256(json.dumps([*recipe, config.seed], sort_keys=True).encode()).hexdigest()


class _Cleaned(NamedTuple):
    """The cleaned pairs of `data.train`, `data.dev` or `data.test`."""

    shards: ShardFile
    keys: Keys
    counts: SplitCounts


def _read_and_clean(config: Config, name: str, directory: Path) -> _Cleaned:
    """Pass 1; name: train, dev or test."""
    shards, keys, counts = ShardFile(directory / f"{name}.shards"), [np.zeros((0, 3), np.uint64)], SplitCounts()
    pairs = read_pairs(getattr(config.data, name), layout_of(config.data), counts.add_noted)
    job = partial(_clean_shard, config=config.cleaning, held_out=name != "train")
    with tqdm(desc=f"reading {name}", unit=" pairs", unit_scale=True, disable=None) as bar:
        for data, shard_keys, rules, examples in parallel_map(job, _in_shards(pairs)):
            shards.add(data, len(shard_keys))
            keys.append(shard_keys)
            bar.update(counts.add_cleaned(len(shard_keys), rules, examples))
    return _Cleaned(shards, np.concatenate(keys), counts)


def _in_shards(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    """The pairs in shards of _SHARD_PAIRS, counted by their weights, so that the memory of a shard is bounded."""
    shard, size = [], 0
    for pair in pairs:
        shard.append(pair)
        size += pair.weight
        if size >= _SHARD_PAIRS:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _clean_shard(pairs: list[Pair], config: CleaningConfig, held_out: bool) -> Any:
    # Serialized in the worker, so that the main process only writes bytes.
    cleaned = clean(pairs, config, held_out)
    return serialize(cleaned.pairs), *cleaned[1:]


def _split(config: Config, cleaned: dict[str, _Cleaned]) -> npt.NDArray[np.uint8]:
    """[pairs]: the split of every pair of `data.train`; NOWHERE for duplicates and leaks."""
    shards, keys, counts = cleaned["train"]
    splits = np.full(len(keys), TRAIN, np.uint8)

    def leave_out(rule: str, numbers: Indices) -> None:
        splits[numbers] = NOWHERE
        counts.add_left_out(rule, len(numbers), shards.pick(numbers[:EXAMPLES]))

    if config.cleaning.duplicates:
        leave_out("duplicates", np.flatnonzero(duplicates(keys[:, 0])))
    if config.cleaning.near_duplicates:
        left = np.flatnonzero(splits == TRAIN)
        leave_out("near_duplicates", left[duplicates(near_keys(keys[left]))])
    for name in ("dev", "test"):
        if name in cleaned and config.cleaning.leaks:
            if set(getattr(config.data, name)) & set(config.data.train):
                report(f"warning: data.{name} has a file of data.train: its scores show what the model has memorized")
                continue
            left = np.flatnonzero(splits == TRAIN)
            leave_out("leaks", left[leaks(keys[left], cleaned[name].keys)])
    if "dev" not in cleaned:
        left = np.flatnonzero(splits == TRAIN)
        test_size = 0 if "test" in cleaned else config.data.test_size
        splits[left] = hold_out(keys[left], config.data.dev_size, test_size, config.seed)
    return splits


def _count_words(cleaned: dict[str, _Cleaned], splits: npt.NDArray[np.uint8]) -> KnownWords:
    """The words of the training pairs."""
    counts = WordCounts.of([])
    for part in parallel_map(count_words, _shards({"train": cleaned["train"]}, splits)):
        counts.add(part)
    return KnownWords.of(counts)


def _held_out_keys(cleaned: dict[str, _Cleaned], splits: npt.NDArray[np.uint8]) -> Keys:
    """[n, 3]: the keys of the dev and test pairs."""
    keys = [part.keys for name, part in cleaned.items() if name != "train"]
    return np.concatenate([*keys, cleaned["train"].keys[np.isin(splits, (DEV, TEST))]])


def _sample(config: Config, shards: ShardFile, numbers: Indices) -> list[Pair]:
    """Pass 2: the pairs of these numbers, or a sample of them, by their weights.

    The weights of the sample are at most `tokenizer.learn_from` together, so that heavy pairs take no more memory.
    """

    def sample(count: int) -> Indices:
        if count <= config.tokenizer.learn_from:
            return np.arange(count)
        return np.sort(np.random.default_rng(config.seed).choice(count, config.tokenizer.learn_from, replace=False))

    pairs = list(shards.pick(numbers[sample(len(numbers))]))
    # Where the repetitions of each pair would end, had they been written out.
    ends = np.cumsum([0, *(pair.weight for pair in pairs)])
    sampled = np.searchsorted(ends[1:], sample(int(ends[-1])), side="right")
    weights = np.bincount(sampled, minlength=len(pairs)).tolist()
    return [pair._replace(weight=weight) for pair, weight in zip(pairs, weights, strict=True) if weight]


def _train_tokenizers(
    config: Config, sample: list[Pair], known: KnownWords, held_out: Keys, directory: Path
) -> dict[str, Tokenizer]:
    """Train the tokenizers on these pairs and their augmentation, and write the models."""
    parts = [sample[start : start + _SHARD_PAIRS] for start in range(0, len(sample), _SHARD_PAIRS)]
    text = partial(training_text, known=known, held_out=held_out, config=config)
    pairs = [pair for part in parallel_map(text, parts) for pair in part]
    sides = [pair.source for pair in pairs], [pair.target for pair in pairs]
    texts = [sides[0] + sides[1]] if config.tokenizer.shared else [*sides]
    # The worker processes inherit the texts; only the numbers are sent to them.
    training = parallel_map(lambda side: tokenizer.train_tokenizer(texts[side], config.tokenizer), range(len(texts)))
    files = list(tqdm(training, "training tokenizers", len(texts), unit="model", disable=None))
    models = {"source": files[0], "target": files[-1]}
    for side, model in models.items():
        (directory / f"{side}.model").write_bytes(model)
    return {side: Tokenizer(model) for side, model in models.items()}


def _encode(
    config: Config,
    cleaned: dict[str, _Cleaned],
    splits: npt.NDArray[np.uint8],
    tokenizers: dict[str, Tokenizer],
    known: KnownWords,
    held_out: Keys,
    counts: dict[str, SplitCounts],
    directory: Path,
) -> None:
    """Pass 3: write the encoded pairs, the texts of dev, and the texts of a test set that is held out of train."""
    both = tokenizers["source"], tokenizers["target"]
    writers = {split: dataset.PairWriter(directory, SPLITS[split], max(map(len, both))) for split in (TRAIN, DEV)}
    texts: dict[int, list[Pair]] = {DEV: [], TEST: []}
    total = sum(len(part.keys) for part in cleaned.values()) - int((splits == NOWHERE).sum())
    with tqdm(desc="encoding", total=total, unit=" pairs", unit_scale=True, disable=None) as bar:
        encode = partial(encode_shard, tokenizers=both, known=known, held_out=held_out, config=config)
        for parts in parallel_map(encode, _shards(cleaned, splits)):
            for part in parts:
                name = SPLITS[part.split]
                counts[name].add_encoded(part, held_out=part.split != TRAIN and name not in cleaned)
                if part.split in writers:
                    writers[part.split].add(part.ids, part.lengths)
                if part.split in texts:
                    texts[part.split] += part.texts
                bar.update(part.lengths.shape[1])
    for writer in writers.values():
        writer.close()
    dataset.write_texts(directory / "dev.tsv", (pair[:2] for pair in texts[DEV]))
    if "test" not in cleaned and texts[TEST]:
        dataset.write_texts(directory / "test.tsv", (pair[:2] for pair in texts[TEST]))


def _shards(cleaned: dict[str, _Cleaned], splits: npt.NDArray[np.uint8]) -> Iterator[Shard]:
    """Every shard, with the split of each pair."""
    for name, (shards, keys, _) in cleaned.items():
        splits_of_part = splits if name == "train" else np.full(len(keys), SPLITS.index(name), np.uint8)
        start = 0
        for data, size in zip(shards, shards.counts, strict=True):
            yield Shard(data, splits_of_part[start : start + size])
            start += size
