"""What `prepare` counts, as a table for a person and as report.json for programs."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from s2s.data.augmentation import KINDS
from s2s.data.cleaning import EXAMPLES, LEAVES_OUT, MENDED
from s2s.data.corpus import Pair
from s2s.data.rows import NOTES
from s2s.data.shards import EncodedPairs
from s2s.process import report

LANGUAGES = ("Spanish", "English")

_KINDS = {
    "noted": NOTES,
    "mended": MENDED,
    "left_out": LEAVES_OUT,
    "augmented": ("weight", "copies", *KINDS, "clauses", "slots"),
}


class SplitCounts:
    """The counts of one split, with the first examples of each rule."""

    def __init__(self) -> None:
        self.read = self.pairs = self.held_out = 0
        """Pairs read, pairs prepared, and how many of the latter were held out of train."""
        self._rules: Counter[str] = Counter()
        self._examples: dict[str, list[Pair]] = {}
        self._subwords, self._unknown = np.zeros(2, np.int64), np.zeros(2, np.int64)
        self._words = np.zeros((2, 2), np.int64)

    def add_cleaned(self, kept: int, rules: Counter[str], examples: dict[str, list[Pair]]) -> int:
        """Count a shard that was read and cleaned; returns how many pairs were read.

        Args:
            kept: pairs left after cleaning.
            rules: for each rule, the pairs left out or the sentences mended.
            examples: for each rule, some of them.
        """
        read = kept + sum(rules[rule] for rule in LEAVES_OUT)
        self.read += read
        self._rules += rules
        for rule, pairs in examples.items():
            self._add_examples(rule, pairs)
        return read

    def add_noted(self, rule: str, pair: Pair) -> None:
        """Count a pair to which one of rows.NOTES applies."""
        self.add_left_out(rule, 1, [pair])

    def add_left_out(self, rule: str, count: int, examples: Iterable[Pair]) -> None:
        """Count pairs that a rule leaves out."""
        self._rules[rule] += count
        self._add_examples(rule, examples)

    def add_encoded(self, encoded: EncodedPairs, held_out: bool) -> None:
        """Count encoded pairs; held_out: they were read for train."""
        pairs = encoded.lengths.shape[1]
        self.pairs += pairs
        self.held_out += pairs * held_out
        self._subwords += encoded.lengths.sum(1, dtype=np.int64) - [0, pairs]  # BOS is no subword of the sentence
        self._unknown += encoded.unknown
        self._words += encoded.words
        self.add_left_out("too_long", encoded.too_long, encoded.examples)
        self._rules += encoded.rules
        for rule, examples in encoded.examples_of_rules.items():
            self._add_examples(rule, examples)

    def warn_of_unknown(self, name: str) -> None:
        """Warn on stderr when many subwords are unknown."""
        for language, share in zip(LANGUAGES, self._unknown_shares(), strict=True):
            if share > 0.02:
                report(f"warning: {name}: {share:.1%} of the {language} subwords are unknown; another script?")

    def why_empty(self) -> str:
        """Which rules left out all pairs, when none is left."""
        rules = ", ".join(f"{rule} {count:,}" for rule, count in self._counts_of(LEAVES_OUT).items())
        return f"no sentence pair is left of {self.read:,}" + (f"; left out: {rules}" if rules else "")

    def report(self) -> dict[str, Any]:
        """The counts for report.json."""
        return {
            "read": self.read,
            "noted": self._counts_of(NOTES),
            "mended": self._counts_of(MENDED),
            "left_out": self._counts_of(LEAVES_OUT),
            "augmented": self._counts_of(_KINDS["augmented"]),
            "held_out": self.held_out,
            "pairs": self.pairs,
            "subwords_mean": [round(float(total / max(self.pairs, 1)), 2) for total in self._subwords],
            "unknown_share": [round(share, 5) for share in self._unknown_shares()],
            "words_in_characters": [round(float(cut / max(words, 1)), 5) for words, cut in self._words],
            "examples": {
                rule: [[p.place, p.source, p.target] for p in pairs] for rule, pairs in self._examples.items()
            },
        }

    def _counts_of(self, rules: Iterable[str]) -> dict[str, int]:
        return {rule: self._rules[rule] for rule in rules if self._rules[rule]}

    def _unknown_shares(self) -> list[float]:
        return [float(share) for share in self._unknown / np.maximum(self._subwords, 1)]

    def _add_examples(self, rule: str, pairs: Iterable[Pair]) -> None:
        examples = self._examples.setdefault(rule, [])
        examples += list(pairs)[: EXAMPLES - len(examples)]
        if not examples:
            del self._examples[rule]


def format_report(report: dict[str, Any]) -> str:
    """report.json as a table for a person: a column for each split."""
    splits = report["splits"]
    rows: list[tuple[str, list[str]]] = [("pairs read", [f"{split['read']:,}" for split in splits.values()])]
    kinds = {rule: kind for kind, rules in _KINDS.items() for rule in rules}
    for rule, kind in kinds.items():
        label = f"  {kind.replace('_', ' ')}: {rule}"
        cells = [split[kind].get(rule, 0) for split in splits.values()]
        if any(cells):
            rows.append((label, [f"{count:,}" if count else "-" for count in cells]))
    held_out = [split["held_out"] for split in splits.values()]
    if any(held_out):
        rows.append(("  held out of train", [f"{-sum(held_out):,}", *(f"{count:,}" for count in held_out[1:])]))
    rows.append(("pairs prepared", [f"{split['pairs']:,}" for split in splits.values()]))
    for side, language in enumerate(LANGUAGES):
        means = [f"{split['subwords_mean'][side]:.1f}" for split in splits.values()]
        unknown = [f"{split['unknown_share'][side]:.2%}" for split in splits.values()]
        rows += [(f"{language} subwords per sentence", means), ("  unknown subwords", unknown)]
        if report["tokenizer_from"]:  # which were trained on another text
            cut = [f"{split['words_in_characters'][side]:.2%}" for split in splits.values()]
            rows.append(("  words cut into single characters", cut))
    width = max(len(label) for label, _ in rows)
    lines = [f"{'':{width}}  {'train':>11}  {'dev':>7}  {'test':>7}"]
    lines += [f"{label:{width}}  {cells[0]:>11}  {cells[1]:>7}  {cells[2]:>7}" for label, cells in rows]
    sizes = report["vocabulary"]
    return "\n".join([*lines, f"vocabulary: {sizes['source']:,} Spanish and {sizes['target']:,} English subwords"])
