"""Two systems compared on the same sentences: the differences of BLEU and chrF, their confidence intervals, and p."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import sacrebleu
from sacrebleu.significance import PairedTest, _bootstrap_resample, estimate_ci

from s2s.data.corpus import read_lines
from s2s.data.test_set import EvaluationSet
from s2s.errors import InputError
from s2s.outputs import output_directory, output_file
from s2s.process import printable
from s2s.run import Run
from s2s.translation.search import SearchOptions
from s2s.translation.translator import Translator

SAMPLES = 1000
"""Bootstrap samples."""


def compare(translations: list[str], baseline: list[str], references: list[list[str]]) -> dict[str, dict[str, float]]:
    """Compare translations with those of another system by paired bootstrap resampling (Koehn 2004), as sacreBLEU has it.

    For each of bleu and chrf: the baseline's score, the difference from it, half of the difference's 95 % confidence
    interval, and p, the probability of such a difference between systems that are equally good.

    Args:
        translations: a text for each sentence.
        baseline: those of the other system.
        references: each sentence's references, one or more.
    """
    streams = reference_streams(references)
    metrics = {"BLEU": sacrebleu.BLEU(), "chrF2": sacrebleu.CHRF()}  # sacreBLEU's names
    tested = PairedTest(
        [("baseline", baseline), ("system", translations)], metrics, streams, test_type="bs", n_samples=SAMPLES
    )()[1]
    result = {}
    for name, metric in metrics.items():
        samples = []
        for texts in (translations, baseline):
            statistics = metric._extract_corpus_statistics(texts, streams)
            # The seed is the same, so both systems are scored on the same samples of sentences.
            samples.append(np.array([one.score for one in _bootstrap_resample(statistics, metric, SAMPLES)[1]]))
        before, after = (entry.score for entry in tested[name])
        result[name[:4].lower()] = {
            "baseline": round(float(before), 2),
            "difference": round(float(after - before), 2),
            "interval": round(float(estimate_ci(samples[0] - samples[1])[1]), 2),
            # sacreBLEU has 1 / (SAMPLES + 1) for equal texts.
            "p": 1.0 if translations == baseline else round(float(tested[name][1].p_value), 4),
        }
    return result


def reference_streams(references: list[list[str]]) -> list[list[str]]:
    """The first references of all sentences, then the second ones, and so on; sentences that have fewer repeat their first.

    A reference that comes twice changes neither BLEU nor chrF.
    """
    return [[refs[i] if i < len(refs) else refs[0] for refs in references] for i in range(max(map(len, references)))]


class Baseline:
    """Another system and its translations of a test set."""

    def __init__(self, path: Path, test: EvaluationSet, options: SearchOptions, cut: int | None = None):
        """Translate with a run, or read a file of translations; raises InputError for a file with another number of lines.

        Args:
            path: a run directory; or a text file, a line for each different Spanish sentence of the test set or for each line.
            test: the test set.
            options: how a run searches.
            cut: from which length on a run translates sentences in parts; None = as it has measured.
        """
        self.path, self._references = path, list(test.references.values())
        if path.is_dir():
            hypotheses = Translator(Run(path), cut=cut).translate(list(test.references), options)
            self.translations = [best[0].text for best in hypotheses]
        else:
            self.translations = _read_translations(path, test)

    def compare(self, translations: list[str]) -> dict[str, Any]:
        """`compare` with this system, and its name."""
        return {"baseline": str(self.path), **compare(translations, self.translations, self._references)}


def _read_translations(path: Path, test: EvaluationSet) -> list[str]:
    lines = list(read_lines(path))
    if len(lines) == len(test.references):
        return lines
    if len(lines) == len(test.sources):
        first = dict(zip(reversed(test.sources), reversed(lines), strict=True))
        return [first[source] for source in test.references]
    raise InputError(
        f"--baseline: {path} has {len(lines):,} lines; the test set has {len(test.references):,} different sentences in "
        f"{len(test.sources):,} lines"
    )


def write_texts(directory: Path, test: EvaluationSet, translations: list[str], baseline: Baseline | None) -> None:
    """Write plain text files for other programs that score: a line for each different Spanish sentence.

    source.txt, hypothesis.txt, reference1.txt and so on, baseline.txt.  Those of an earlier evaluation go.
    """
    streams = reference_streams(list(test.references.values()))
    texts = {"source": list(test.references), "hypothesis": translations}
    texts |= {f"reference{number}": lines for number, lines in enumerate(streams, 1)}
    texts |= {"baseline": baseline.translations} if baseline else {}
    with output_directory(directory, "--write"):
        for name, lines in texts.items():
            with output_file(directory / f"{name}.txt") as temporary:
                temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for path in directory.iterdir():
            if re.fullmatch(r"(?:baseline|reference\d+)\.txt", path.name) and path.stem not in texts:
                path.unlink()


def format_comparison(comparison: dict[str, Any]) -> list[str]:
    """What `Baseline.compare` returns as lines for a person."""
    return [
        f"{title} {scores['difference']:+.2f} ± {scores['interval']:.2f} against {scores['baseline']:.2f} of "
        f"{printable(comparison['baseline'])}  (p = {scores['p']:.4f}, paired bootstrap)"
        for title, scores in (("BLEU", comparison["bleu"]), ("chrF", comparison["chrf"]))
    ]
