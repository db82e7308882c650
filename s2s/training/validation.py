"""Validation: the scores of the averaged weights on the dev pairs, and whether they are the best so far."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from s2s.checkpoints import Progress
from s2s.data.batching import evaluation_batches, plan_buckets
from s2s.data.dataset import Pairs, read_texts
from s2s.run import Run
from s2s.training.trainer import Trainer
from s2s.translation.evaluation import score
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

    def __init__(self, run: Run, trainer: Trainer, translates: bool):
        """Open the dev pairs.

        Args:
            run: the run.
            trainer: the trainer whose weights are scored.
            translates: whether this process computes BLEU and chrF too; of several workers only the chief does.
        """
        self.run, self.trainer = run, trainer
        self.config, self.reverse = run.config.training, run.config.model.reverse_source
        prepared = Path(run.config.data.prepared)
        self.pairs = Pairs(prepared, "dev")
        # One shape: for so few pairs, compiling another one takes longer than the padding that it saves.
        self.buckets = plan_buckets(self.pairs, 1, self.config.tokens_per_batch / self.config.micro_batches)
        texts = read_texts(prepared / "dev.tsv")
        count = self.config.validation_sentences if translates else 0
        # At equal distances over the whole file, which may be sorted.
        self.texts = texts[:: max(len(texts) // count, 1)][:count] if count else []

    def scores(self) -> tuple[dict[str, float], list[Sample]]:
        """dev_loss (nats per subword) and, if there are sentences to translate, dev_bleu and dev_chrf; some of these."""
        scores = {
            "dev_loss": round(self.trainer.evaluate(evaluation_batches(self.pairs, self.buckets, self.reverse)), 4)
        }
        if not self.texts:
            return scores, []
        translator = Translator(self.run, self.trainer.averaged_weights())
        translations = [best[0].text for best in translator.translate([source for source, _ in self.texts])]
        dev = score(translations, [[reference] for _, reference in self.texts])
        scores |= {"dev_bleu": dev["bleu"], "dev_chrf": dev["chrf"]}
        samples = [
            Sample(source, translation, reference)
            for (source, reference), translation in zip(self.texts, translations, strict=True)
        ]
        return scores, samples[:: max(len(samples) // SAMPLES, 1)][:SAMPLES]

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
