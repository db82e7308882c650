"""`s2s evaluate`: BLEU and chrF by sacreBLEU, with its signatures, so that scores can be compared."""

import time
from typing import Any

import sacrebleu

from s2s.run import Run
from s2s.translator import Translator


def evaluate(run: Run, references: dict[str, list[str]], beam: int) -> dict[str, Any]:
    """Translate the keys, Spanish sentences, and score the translations against the English references."""
    translator = Translator(run)
    started = time.monotonic()
    translations = [best[0].text for best in translator.translate(list(references), beam)]
    seconds = time.monotonic() - started
    return score(translations, list(references.values())) | {"beam": beam, "seconds": round(seconds, 2)}


def score(translations: list[str], references: list[list[str]]) -> dict[str, Any]:
    """BLEU (Papineni et al. 2002) and chrF (Popović 2015) of translations, each against its references."""
    # sacreBLEU wants the first references of all sentences, then the second ..., None where there is none.
    most = max(map(len, references))
    streams = [[refs[i] if i < len(refs) else None for refs in references] for i in range(most)]
    bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
    exact = sum(text in refs for text, refs in zip(translations, references, strict=True))
    return {
        "sentences": len(translations),
        "references": sum(map(len, references)),
        "bleu": round(bleu.corpus_score(translations, streams).score, 2),
        "chrf": round(chrf.corpus_score(translations, streams).score, 2),
        "exact_match": round(exact / len(translations), 4),
        "bleu_signature": str(bleu.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
    }


def describe(scores: dict[str, Any]) -> str:
    """The scores as lines for a person."""
    return (
        f"BLEU {scores['bleu']:.2f}  ({scores['bleu_signature']})\n"
        f"chrF {scores['chrf']:.2f}  ({scores['chrf_signature']})\n"
        f"{scores['sentences']} sentences, {scores['references']} references, beam {scores['beam']}, "
        f"{scores['exact_match']:.1%} said exactly as a reference, {scores['seconds']} s"
    )
