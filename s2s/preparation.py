"""`s2s prepare`: read the pair files, clean, split, learn subwords, encode; streamed, on all processors.

The pairs go through in stretches.  First each is read and cleaned, and laid aside in a spool file; of every pair only
three 64-bit keys stay in memory.  By these, duplicates and leaks are found and the splits drawn.  Then the spool is
read again, for the sentences that the subwords are learnt from, and once more to be encoded.
"""

import dataclasses
import glob
import hashlib
import json
import sys
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from s2s import __version__, dataset, tokenizer
from s2s.cleaning import EXAMPLES, Keys, clean, duplicates, leaks, near_keys
from s2s.config import CleaningConfig, Config
from s2s.corpus import Pair, layout_of, read_pairs
from s2s.encoding import Stretch, encode
from s2s.errors import InputError
from s2s.files import make_directory, remove_leftovers, sha256, whole_directory
from s2s.parallel import in_order
from s2s.splitting import DEV, NOWHERE, SPLITS, TEST, TRAIN, hold_out
from s2s.spool import Spool, pack
from s2s.tally import Tally
from s2s.tokenizer import Tokenizer
from s2s.unpacking import reading

_STRETCH = 20_000
"""Pairs that are worked on at once."""

Numbers = npt.NDArray[np.int64]


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
    remove_leftovers(target.parent, glob.escape(target.name))
    with whole_directory(target) as directory:
        report = _make(config, directory) | {"fingerprint": fingerprint}
        (directory / "report.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
        dataset.seal(directory)
    return report


def _make(config: Config, directory: Path) -> dict[str, Any]:
    """Everything in the directory but the report, which is returned."""
    read = {name: _read(config, name, directory) for name in SPLITS if getattr(config.data, name)}
    for name, part in read.items():
        if name != "test" and not len(part.keys):
            raise InputError(f"data.{name}: {part.tally.why_nothing()}")
    splits = _choose(config, read)
    for name in ("train",) if "dev" in read else ("train", "dev"):
        if SPLITS.index(name) not in splits:
            raise InputError(f"data.{name}: {read['train'].tally.why_nothing()}")
    subwords = _learn(config, read["train"].spool, np.flatnonzero(splits == TRAIN), directory)
    tallies = {name: read[name].tally if name in read else Tally() for name in SPLITS}
    _encode(config, read, splits, subwords, tallies, directory)
    for part in read.values():
        part.spool.remove()
    for name, tally in tallies.items():
        tally.warn_unknown(name)
        if name != "test" and not tally.pairs:
            raise InputError(f"data.{name}: {tally.why_nothing()}")
    return {
        "format": dataset.FORMAT,
        "version": __version__,
        "vocabulary": {side: len(model) for side, model in subwords.items()},
        "splits": {name: tally.report() for name, tally in tallies.items()},
    }


def _fingerprint(config: Config) -> str:
    """What tells whether a corpus was made from the same files by the same config."""
    recipe: list[Any] = [dataclasses.asdict(section) for section in (config.data, config.cleaning, config.tokenizer)]
    del recipe[0]["prepared"]
    for file in config.data.train + config.data.dev + config.data.test:
        for path in [file] if isinstance(file, str) else file:
            with reading(path):
                recipe.append(sha256(Path(path)))
    return hashlib.sha256(json.dumps([*recipe, config.seed], sort_keys=True).encode()).hexdigest()


class _Read(NamedTuple):
    """The pairs of `data.train`, `data.dev` or `data.test`, cleaned."""

    spool: Spool
    keys: Keys
    tally: Tally


def _read(config: Config, name: str, directory: Path) -> _Read:
    spool, keys, tally = Spool(directory / f"{name}.spool"), [np.zeros((0, 3), np.uint64)], Tally()
    pairs = read_pairs(getattr(config.data, name), layout_of(config.data))
    stretches = iter(lambda: list(islice(pairs, _STRETCH)), [])
    job = partial(_clean, config=config.cleaning, held_out=name != "train")
    with tqdm(desc=f"reading {name}", unit=" pairs", unit_scale=True, disable=None) as bar:
        for blob, found, counts, examples in in_order(job, stretches):
            spool.add(blob, len(found))
            keys.append(found)
            bar.update(tally.read(len(found), counts, examples))
    return _Read(spool, np.concatenate(keys), tally)


def _clean(pairs: list[Pair], config: CleaningConfig, held_out: bool) -> Any:
    # Packed here, in the worker: the main process only writes it away.
    found = clean(pairs, config, held_out)
    return pack(found.pairs), *found[1:]


def _choose(config: Config, read: dict[str, _Read]) -> npt.NDArray[np.uint8]:
    """The split of every pair of `data.train`, NOWHERE for those that other pairs rule out."""
    spool, keys, tally = read["train"]
    splits = np.full(len(keys), TRAIN, np.uint8)

    def leave_out(rule: str, numbers: Numbers) -> None:
        splits[numbers] = NOWHERE
        tally.leave_out(rule, len(numbers), spool.pick(numbers[:EXAMPLES]))

    if config.cleaning.duplicates:
        leave_out("duplicates", np.flatnonzero(duplicates(keys[:, 0])))
    if config.cleaning.near_duplicates:
        left = np.flatnonzero(splits == TRAIN)
        leave_out("near_duplicates", left[duplicates(near_keys(keys[left]))])
    for name in ("dev", "test"):
        if name in read and config.cleaning.leaks:
            if set(getattr(config.data, name)) & set(config.data.train):
                print(
                    f"warning: data.{name} has a file of data.train: its scores tell what was learnt by heart",
                    file=sys.stderr,
                )
                continue
            left = np.flatnonzero(splits == TRAIN)
            leave_out("leaks", left[leaks(keys[left], read[name].keys)])
    if "dev" not in read:
        left = np.flatnonzero(splits == TRAIN)
        test_size = 0 if "test" in read else config.data.test_size
        splits[left] = hold_out(keys[left], config.data.dev_size, test_size, config.seed)
    return splits


def _learn(config: Config, spool: Spool, numbers: Numbers, directory: Path) -> dict[str, Tokenizer]:
    """Learn the subwords from the pairs of some numbers, or a sample of them, and write the models."""
    if len(numbers) > config.tokenizer.learn_from:
        drawn = np.random.default_rng(config.seed).choice(len(numbers), config.tokenizer.learn_from, replace=False)
        numbers = numbers[np.sort(drawn)]
    pairs = list(spool.pick(numbers))
    sides = [pair.source for pair in pairs], [pair.target for pair in pairs]
    texts = [sides[0] + sides[1]] if config.tokenizer.shared else [*sides]
    # The texts are inherited by the processes, only the numbers are sent.
    learning = in_order(lambda side: tokenizer.learn(texts[side], config.tokenizer), range(len(texts)))
    learnt = list(tqdm(learning, "learning subwords", len(texts), unit="model", disable=None))
    models = {"source": learnt[0], "target": learnt[-1]}
    for side, model in models.items():
        (directory / f"{side}.model").write_bytes(model)
    return {side: Tokenizer(model) for side, model in models.items()}


def _encode(
    config: Config,
    read: dict[str, _Read],
    splits: npt.NDArray[np.uint8],
    subwords: dict[str, Tokenizer],
    tallies: dict[str, Tally],
    directory: Path,
) -> None:
    """Write the encoded pairs and the texts of dev, and of a test set that is held out."""
    both = subwords["source"], subwords["target"]
    writers = {split: dataset.PairWriter(directory, SPLITS[split], max(map(len, both))) for split in (TRAIN, DEV)}
    texts: dict[int, list[Pair]] = {DEV: [], TEST: []}
    total = sum(len(part.keys) for part in read.values()) - int((splits == NOWHERE).sum())
    with tqdm(desc="encoding", total=total, unit=" pairs", unit_scale=True, disable=None) as bar:
        for parts in in_order(partial(encode, subwords=both, config=config), _stretches(read, splits)):
            for part in parts:
                name = SPLITS[part.split]
                tallies[name].encoded(part, held_out=part.split != TRAIN and name not in read)
                if part.split in writers:
                    writers[part.split].add(part.ids, part.lengths)
                if part.split in texts:
                    texts[part.split] += part.texts
                bar.update(part.lengths.shape[1])
    for writer in writers.values():
        writer.close()
    dataset.write_texts(directory / "dev.tsv", (pair[:2] for pair in texts[DEV]))
    if "test" not in read and texts[TEST]:
        dataset.write_texts(directory / "test.tsv", (pair[:2] for pair in texts[TEST]))


def _stretches(read: dict[str, _Read], splits: npt.NDArray[np.uint8]) -> Iterator[Stretch]:
    """Every stretch of pairs, with the split of each pair."""
    for name, (spool, keys, _) in read.items():
        chosen = splits if name == "train" else np.full(len(keys), SPLITS.index(name), np.uint8)
        at = 0
        for blob, size in zip(spool, spool.counts, strict=True):
            yield Stretch(blob, chosen[at : at + size])
            at += size
