"""Validation: what the averaged weights score on the dev pairs, and whether they are the best so far."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from s2s.batches import one_pass, plan_buckets
from s2s.checkpoints import Progress
from s2s.dataset import Pairs, read_texts
from s2s.evaluation import score
from s2s.optimizer import Trainer
from s2s.run import Run
from s2s.translator import Translator

SAMPLES = 10
"""Translations shown at each validation."""


class Sample(NamedTuple):
    """A dev sentence, what is said of it, and what a person said."""

    source: str
    translation: str
    reference: str


class Validation:
    """The dev pairs, ready to be scored on."""

    def __init__(self, run: Run, trainer: Trainer, translates: bool):
        """translates: whether this process computes BLEU and chrF too; of several workers only the chief does."""
        self.run, self.trainer = run, trainer
        self.config, self.reverse = run.config.training, run.config.model.reverse_source
        prepared = Path(run.config.data.prepared)
        self.pairs = Pairs(prepared, "dev")
        # One shape: dev is small, and compiling takes longer than its padding.
        self.buckets = plan_buckets(self.pairs, 1, self.config.tokens_per_batch / self.config.micro_batches)
        texts = read_texts(prepared / "dev.tsv")
        count = self.config.validation_sentences if translates else 0
        # Evenly from the whole file, which may be sorted.
        self.texts = texts[:: max(len(texts) // count, 1)][:count] if count else []

    def scores(self) -> tuple[dict[str, float], list[Sample]]:
        """dev_loss (nats per subword) and, with sentences to translate, dev_bleu and dev_chrf; samples of these."""
        found = {"dev_loss": round(self.trainer.evaluate(one_pass(self.pairs, self.buckets, self.reverse)), 4)}
        if not self.texts:
            return found, []
        translator = Translator(self.run, self.trainer.averaged_weights())
        said = [best[0].text for best in translator.translate([source for source, _ in self.texts])]
        scores = score(said, [[reference] for _, reference in self.texts])
        found |= {"dev_bleu": scores["bleu"], "dev_chrf": scores["chrf"]}
        samples = [Sample(source, text, reference) for (source, reference), text in zip(self.texts, said, strict=True)]
        return found, samples[:: max(len(samples) // SAMPLES, 1)][:SAMPLES]

    def judge(self, scores: dict[str, Any], progress: Progress) -> bool:
        """Whether these scores are the best so far, by `training.best_by`; counts them in `progress`."""
        name = f"dev_{self.config.best_by}"
        if name not in scores:  # not the chief: its word counts
            return False
        value = -scores[name] if name == "dev_loss" else scores[name]
        better = math.isfinite(value) and (progress.best_score is None or value > progress.best_score)
        if better:
            progress.best_score = value
        progress.validations_since_best = 0 if better else progress.validations_since_best + 1
        return better
