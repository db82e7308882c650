"""`s2s evaluate`: BLEU and chrF by sacreBLEU, with its signatures, so that scores can be compared; perplexity."""

import math
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import sacrebleu

from s2s.data.corpus import Pair
from s2s.run import Run
from s2s.translation.comparison import format_comparison
from s2s.translation.perturbed import NONE, comparable, format_kept, format_perturbed, kept, perturb
from s2s.translation.search import SearchOptions
from s2s.translation.translator import Translator

BOOTSTRAP = 1000
"""Bootstrap samples for the confidence interval of BLEU (Koehn 2004)."""

LENGTHS = (4, 8, 12, 16)
"""Spanish words up to which a sentence falls into each length bucket; the last bucket is open."""

CUTS = (8, 10, 12, 14, 16, 20, 24, 32, 40)
"""Lengths in subwords from which on cutting is tried."""

PAIRS = 4096
"""Pairs scored at a time."""


_ROW = ("bleu", "chrf", "numbers_kept", "numbers_shared", "names_kept", "names_shared")


class Evaluation(NamedTuple):
    """The result of evaluating a run on a test file."""

    scores: dict[str, Any]
    """The figures that `format_scores` prints and `evaluate --json` writes."""
    translations: list[str]
    """The translation of each Spanish sentence, in the file's order."""


def evaluate(
    translator: Translator,
    references: dict[str, list[str]],
    options: SearchOptions,
    perturbations: tuple[str, ...] = (),
) -> Evaluation:
    """Translate sentences and score the translations.

    Args:
        translator: translates.
        references: for each Spanish sentence, its English references.
        options: how to search.
        perturbations: those of PERTURBATIONS (data/perturbation.py) to score the run on too.
    """
    sources, targets = list(references), list(references.values())
    started = time.monotonic()
    translations = [best[0].text for best in translator.translate(sources, options)]
    seconds = time.monotonic() - started
    scores = (
        score(translations, targets, confidence=True)
        | {
            "beam": options.beam,
            "perplexity": round(perplexity(translator, references), 3),
            "by_length": by_length(sources, translations, targets),
            "seconds": round(seconds, 2),
        }
        | kept(sources, targets, translations)
    )
    if perturbations:
        scores["perturbed"] = [{"perturbation": NONE} | {key: scores[key] for key in _ROW}]
    for name in perturbations:
        perturbed = [best[0].text for best in translator.translate(perturb(name, sources), options)]
        counts = kept(sources, targets, perturbed)
        row = score(*comparable(name, perturbed, targets)) | counts
        scores["perturbed"].append({"perturbation": name} | {key: row[key] for key in _ROW})
    return Evaluation(scores, translations)


def score(translations: list[str], references: list[list[str]], confidence: bool = False) -> dict[str, Any]:
    """BLEU (Papineni et al. 2002) and chrF (Popović 2015) of translations.

    Args:
        translations: a text for each sentence.
        references: each sentence's references, one or more.
        confidence: add the half-width of BLEU's 95 % confidence interval, by bootstrap; BLEU's signature then records it.
    """
    # sacreBLEU takes the first references of all sentences, then the second ones, and so on; None where there is none.
    most = max(map(len, references))
    streams = [[refs[i] if i < len(refs) else None for refs in references] for i in range(most)]
    bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
    exact = sum(text in refs for text, refs in zip(translations, references, strict=True))
    result = bleu.corpus_score(translations, streams, n_bootstrap=BOOTSTRAP if confidence else 1)
    scores = {
        "sentences": len(translations),
        "references": sum(map(len, references)),
        "bleu": round(result.score, 2),
        "chrf": round(chrf.corpus_score(translations, streams).score, 2),
        "exact_match": round(exact / len(translations), 4),
        "bleu_signature": str(bleu.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
    }
    return scores | ({"bleu_interval": round(float(result._ci), 2)} if confidence else {})


def measure_cut(translator: Translator, sources: list[str], references: list[list[str]]) -> list[dict[str, Any]]:
    """BLEU and chrF of the longer sentences for each of CUTS, the length from which on a sentence is translated in parts.

    The first row is without cutting.  Sets `translator.cut` to the length with the highest BLEU among those whose chrF is not
    lower than without cutting.  chrF alone would cut more, as it rises with the words that are translated, whether or not
    they fit together.

    Args:
        translator: translates.
        sources: the Spanish sentences.
        references: each sentence's references.
    """
    lengths = translator.source_lengths(sources)
    chosen = [row for row, length in enumerate(lengths) if length > CUTS[0]]
    cuts = (translator.max_length, *(cut for cut in reversed(CUTS) if cut < translator.max_length))
    rows = []
    for cut in cuts if chosen else ():
        translator.cut = cut
        translations = [best[0].text for best in translator.translate([sources[row] for row in chosen])]
        scores = score(translations, [references[row] for row in chosen])
        rows.append({"cut": cut} | {key: scores[key] for key in ("sentences", "bleu", "chrf")})
    allowed = [row for row in rows if row["chrf"] >= rows[0]["chrf"]]
    translator.cut = max(allowed, key=lambda row: row["bleu"])["cut"] if allowed else translator.max_length
    return rows


def perplexity(translator: Translator, references: dict[str, list[str]]) -> float:
    """Perplexity per subword of the references given their sentences, by forced decoding."""
    pairs = [(source, target) for source, targets in references.items() for target in targets]
    log_probs, lengths = translator.score([source for source, _ in pairs], [target for _, target in pairs])
    return math.exp(min(-float(log_probs.sum()) / int(lengths.sum()), 50.0))


def score_pairs(run: Run, pairs: Iterable[Pair]) -> Iterator[str]:
    """A TSV line for each pair: log-probability per subword of the English given the Spanish, and the pair.

    By forced decoding, in flat memory.
    """
    translator, rest = Translator(run), iter(pairs)
    while part := list(islice(rest, PAIRS)):
        log_probs, lengths = translator.score([pair.source for pair in part], [pair.target for pair in part])
        for pair, value in zip(part, (log_probs / lengths).tolist(), strict=True):
            yield f"{value:.4f}\t{pair.source}\t{pair.target}"


def format_scores(scores: dict[str, Any]) -> str:
    """The scores of `evaluate` as lines for a person."""
    lines = [
        f"BLEU {scores['bleu']:.2f} ± {scores['bleu_interval']:.2f}  ({scores['bleu_signature']})",
        f"chrF {scores['chrf']:.2f}  ({scores['chrf_signature']})",
        f"{scores['sentences']} sentences, {scores['references']} references, beam {scores['beam']}, "
        f"exact match {scores['exact_match']:.1%}, perplexity {scores['perplexity']:.2f}, {scores['seconds']} s",
        "numbers kept {}, names kept {}".format(*format_kept(scores)),
        "Spanish words  sentences   BLEU   chrF",
    ]
    lines += [
        f"{bucket['words']:>13}  {bucket['sentences']:9,}  {bucket['bleu']:5.1f}  {bucket['chrf']:5.1f}"
        for bucket in scores["by_length"]
    ]
    if "comparison" in scores:
        lines[2:2] = format_comparison(scores["comparison"])
    if "perturbed" in scores:
        lines += format_perturbed(scores["perturbed"])
    return "\n".join(lines)


def by_length(
    sources: list[str], translations: list[str], references: list[list[str]], ends: tuple[int, ...] = LENGTHS
) -> list[dict[str, Any]]:
    """BLEU and chrF for each length bucket that has sentences.

    Args:
        sources: the Spanish sentences.
        translations: their translations.
        references: each sentence's references.
        ends: Spanish words up to which a sentence falls into each bucket; one more bucket has all longer sentences.
    """
    counts = np.array([len(source.split()) for source in sources])
    buckets = []
    for low, high in zip((0, *ends), (*ends, None), strict=True):
        rows = np.flatnonzero((counts > low) & (counts <= (high or np.inf))).tolist()
        if rows:
            scores = score([translations[row] for row in rows], [references[row] for row in rows])
            words = f"{low + 1}-{high}" if high else f"{low + 1} or more"
            buckets.append({"words": words} | {key: scores[key] for key in ("sentences", "bleu", "chrf")})
    return buckets
