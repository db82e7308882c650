"""What `prepare` counts, and how it tells it: a table for a person, report.json for a machine."""

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from s2s.cleaning import EXAMPLES, LEAVES_OUT, MENDED
from s2s.corpus import Pair
from s2s.encoding import Encoded

LANGUAGES = ("Spanish", "English")


class Tally:
    """The counts of one split."""

    def __init__(self) -> None:
        self.found = self.pairs = self.held_out = 0
        """Pairs read, pairs prepared, and of these the ones out of train."""
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[Pair]] = {}
        self._subwords, self._unknown = np.zeros(2, np.int64), np.zeros(2, np.int64)

    def read(self, kept: int, counts: Counter[str], examples: dict[str, list[Pair]]) -> int:
        """Count a stretch that was read and cleaned; returns how many pairs it had."""
        found = kept + sum(counts[rule] for rule in LEAVES_OUT)
        self.found += found
        self._counts += counts
        for rule, pairs in examples.items():
            self._show(rule, pairs)
        return found

    def leave_out(self, rule: str, count: int, examples: Iterable[Pair]) -> None:
        """Count pairs that a rule leaves out."""
        self._counts[rule] += count
        self._show(rule, examples)

    def encoded(self, part: Encoded, held_out: bool) -> None:
        """Count pairs that were encoded; held_out: they were read for train."""
        pairs = part.lengths.shape[1]
        self.pairs += pairs
        self.held_out += pairs * held_out
        self._subwords += part.lengths.sum(1, dtype=np.int64) - [0, pairs]  # BOS is fed, not said
        self._unknown += part.unknown
        self.leave_out("too_long", part.too_long, part.examples)

    def warn_unknown(self, name: str) -> None:
        """Say on stderr when many subwords are unknown."""
        for language, share in zip(LANGUAGES, self._shares(), strict=True):
            if share > 0.02:
                print(
                    f"warning: {name}: {share:.1%} of the {language} subwords are unknown; other script?",
                    file=sys.stderr,
                )

    def why_nothing(self) -> str:
        """Where all pairs went, when there are none."""
        rules = ", ".join(f"{rule} {count:,}" for rule, count in self._counted(LEAVES_OUT).items())
        return f"no sentence pair is left of {self.found:,}" + (f"; left out: {rules}" if rules else "")

    def report(self) -> dict[str, Any]:
        """All of it, for report.json."""
        return {
            "read": self.found,
            "mended": self._counted(MENDED),
            "left_out": self._counted(LEAVES_OUT),
            "held_out": self.held_out,
            "pairs": self.pairs,
            "subwords_mean": [round(float(total / max(self.pairs, 1)), 2) for total in self._subwords],
            "unknown_share": [round(share, 5) for share in self._shares()],
            "examples": {
                rule: [[p.place, p.source, p.target] for p in pairs] for rule, pairs in self._examples.items()
            },
        }

    def _counted(self, rules: Iterable[str]) -> dict[str, int]:
        return {rule: self._counts[rule] for rule in rules if self._counts[rule]}

    def _shares(self) -> list[float]:
        return [float(share) for share in self._unknown / np.maximum(self._subwords, 1)]

    def _show(self, rule: str, pairs: Iterable[Pair]) -> None:
        examples = self._examples.setdefault(rule, [])
        examples += list(pairs)[: EXAMPLES - len(examples)]
        if not examples:
            del self._examples[rule]


def describe(report: dict[str, Any]) -> str:
    """The report of a prepared corpus as a table for a person: a column for each split, a row for what there is of it."""
    splits = report["splits"]
    rows: list[tuple[str, list[str]]] = [("pairs read", [f"{split['read']:,}" for split in splits.values()])]
    for rule in (*MENDED, *LEAVES_OUT):
        label = f"  {'mended' if rule in MENDED else 'left out'}: {rule}"
        cells = [(split["mended"] | split["left_out"]).get(rule, 0) for split in splits.values()]
        if any(cells):
            rows.append((label, [f"{count:,}" if count else "-" for count in cells]))
    held_out = [split["held_out"] for split in splits.values()]
    if any(held_out):
        rows.append(("  held out of train", [f"{-sum(held_out):,}", *(f"{count:,}" for count in held_out[1:])]))
    rows.append(("pairs prepared", [f"{split['pairs']:,}" for split in splits.values()]))
    for side, language in enumerate(LANGUAGES):
        rows.append(
            (f"{language} subwords a sentence", [f"{split['subwords_mean'][side]:.1f}" for split in splits.values()])
        )
        rows.append(("  unknown of these", [f"{split['unknown_share'][side]:.2%}" for split in splits.values()]))
    width = max(len(label) for label, _ in rows)
    lines = [f"{'':{width}}  {'train':>11}  {'dev':>7}  {'test':>7}"]
    lines += [f"{label:{width}}  {cells[0]:>11}  {cells[1]:>7}  {cells[2]:>7}" for label, cells in rows]
    sizes = report["vocabulary"]
    return "\n".join([*lines, f"vocabulary: {sizes['source']:,} Spanish and {sizes['target']:,} English subwords"])
