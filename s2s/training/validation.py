"""Validation: the scores of the averaged weights on the dev pairs, and whether they are the best so far."""

import math
from hashlib import blake2b
from typing import Any, NamedTuple

from s2s.checkpoints import Progress
from s2s.data.batching import evaluation_batches, plan_buckets
from s2s.data.dataset import PreparedCorpus
from s2s.run import Run
from s2s.training.trainer import Trainer
from s2s.translation.evaluation import measure_cut, score
from s2s.translation.translator import Translator

SAMPLES = 10
"""Translations shown at each validation."""


class Sample(NamedTuple):
    """A dev sentence, its translation and its reference."""

    source: str
    translation: str
    reference: str


class Validation:
    """The dev pairs, ready to be scored."""

    def __init__(self, run: Run, corpus: PreparedCorpus, trainer: Trainer, translates: bool):
        """Choose the dev sentences to translate.

        Args:
            run: the run.
            corpus: its prepared corpus.
            trainer: the trainer whose weights are scored.
            translates: whether this process computes BLEU and chrF too; of several workers only the chief does.
        """
        self.run, self.trainer = run, trainer
        self.config, self.reverse = run.config.training, run.config.model.reverse_source
        self.pairs = corpus.dev
        # One shape: for so few pairs, compiling another one takes longer than the padding that it saves.
        self.buckets = plan_buckets(self.pairs, 1, self.config.tokens_per_batch / self.config.micro_batches)
        self.all_texts = corpus.dev_texts if translates and self.config.validation_sentences else []
        # A sample of the whole file, which may be sorted: the pairs with the least hashes, in the file's order.
        by_hash = sorted(range(len(self.all_texts)), key=lambda index: _hash(self.all_texts[index]))
        self.texts = [self.all_texts[index] for index in sorted(by_hash[: self.config.validation_sentences])]

    def scores(self) -> tuple[dict[str, float], list[Sample]]:
        """dev_loss (nats per subword) and, if there are sentences to translate, dev_bleu and dev_chrf; some of these."""
        scores = {
            "dev_loss": round(self.trainer.evaluate(evaluation_batches(self.pairs, self.buckets, self.reverse)), 4)
        }
        if not self.texts:
            return scores, []
        translator = Translator(self.run, self.trainer.averaged_weights())
        dev, samples = _translate_and_score(translator, self.texts, len(self.all_texts))
        shown = min(SAMPLES, len(samples))
        return scores | dev, [samples[number * len(samples) // shown] for number in range(shown)]

    def final_scores(self) -> dict[str, float]:
        """Scores of the run's best weights on all dev sentences, by their names in metrics.jsonl; none if none are translated.

        The length from which on sentences are translated in parts is measured first, and kept in the run.
        """
        if not self.all_texts:
            return {}
        translator = Translator(self.run, cut=self.run.config.data.max_length)
        sources, references = zip(*self.all_texts, strict=True)
        scores = measure_cut(translator, list(sources), [[text] for text in references])
        self.run.save_cut(translator.cut, scores)
        return _translate_and_score(translator, self.all_texts, len(self.all_texts))[0]

    def update_best(self, scores: dict[str, Any], progress: Progress) -> bool:
        """Whether these scores are the best so far, by `training.best_by`; `progress` is updated."""
        name = f"dev_{self.config.best_by}"
        if name not in scores:  # this process is not the chief, which decides
            return False
        value = -scores[name] if name == "dev_loss" else scores[name]
        better = math.isfinite(value) and (progress.best_score is None or value > progress.best_score)
        if better:
            progress.best_score = value
        progress.validations_since_best = 0 if better else progress.validations_since_best + 1
        return better


def _hash(text: tuple[str, str]) -> bytes:
    return blake2b("\t".join(text).encode(), digest_size=8).digest()


def _translate_and_score(
    translator: Translator, texts: list[tuple[str, str]], count: int
) -> tuple[dict[str, float], list[Sample]]:
    """Scores of greedy translations of dev sentences, by their names in metrics.jsonl; the translations.

    Args:
        translator: translates.
        texts: the sentences and their references.
        count: number of all dev sentences.
    """
    translations = [best[0].text for best in translator.translate([source for source, _ in texts])]
    # The interval takes 0.3 s for 1,000 sentences.
    scores = score(translations, [[reference] for _, reference in texts], confidence=True)
    dev = {f"dev_{name}": scores[name] for name in ("bleu", "bleu_interval", "chrf", "sentences")}
    samples = [
        Sample(source, translation, reference)
        for (source, reference), translation in zip(texts, translations, strict=True)
    ]
    return dev | {"dev_all_sentences": count}, samples
