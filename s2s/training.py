"""`s2s train`: the training loop."""

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tqdm import tqdm

from s2s import dataset
from s2s.batches import Batch, Bucket, count_batches, epoch_order, fill, one_pass, plan_buckets
from s2s.engine import keras, tf
from s2s.errors import RunError
from s2s.model import Seq2Seq
from s2s.optimizer import Trainer
from s2s.run import Progress, Run


class Interrupted(Exception):
    """A signal stopped the training after a checkpoint; `status` is the shell's exit status for it."""

    def __init__(self, signum: int):
        super().__init__(signal.Signals(signum).name)
        self.status = 128 + signum


def train(run: Run) -> None:
    """Train until a budget is reached; goes on from the run's last checkpoint where there is one.

    Raises Interrupted after SIGINT or SIGTERM, once the step is done and a checkpoint written.
    """
    trainer = _make_trainer(run)
    loop = _Loop(run, trainer, _resume(run, trainer))
    if loop.done():
        print(f"{run.path}: trained to its budget already; raise it to train on", file=sys.stderr)
        return
    with _Stop() as stop:
        loop.go(lambda: stop.signum is not None)
    if stop.signum is not None:
        raise Interrupted(stop.signum)


class _Loop:
    """The loop and what it holds: run, trainer, progress, batches, clock."""

    def __init__(self, run: Run, trainer: Trainer, progress: Progress):
        self.run, self.trainer, self.progress = run, trainer, progress
        self.config = run.config.training
        prepared = Path(run.config.data.prepared)
        self.pairs, self.dev = dataset.open_pairs(prepared, "train"), dataset.open_pairs(prepared, "dev")
        self.buckets = plan_buckets(self.pairs, self.config.buckets, self.config.tokens_per_batch)
        # Few shapes: dev is small, and compiling takes longer than its padding.
        self.dev_buckets = plan_buckets(self.dev, 4, self.config.tokens_per_batch)
        self.epoch_batches = count_batches(self.buckets)
        self.clock = time.monotonic() - progress.seconds
        self.saved_at = self.logged_at = progress.seconds
        self.compiled: set[tuple[int, int, int]] = set()

    def go(self, stopped: Callable[[], bool]) -> None:
        """Train until a budget is reached or `stopped` says so; a checkpoint is written in the end."""
        config, progress = self.config, self.progress
        with self._bar() as bar:
            weights = self.trainer.model.count_params()
            _say(
                f"{len(self.pairs.source.lengths):,} pairs, {self.epoch_batches} steps an epoch, {weights:,} weights",
                bar,
            )
            for bucket, batch in self._batches():
                self._step(bucket, batch, bar)
                if progress.step % config.log_every == 0:
                    self._log(bar)
                finished = self.done()
                if finished or progress.step % config.validate_every == 0:
                    self._validate(bar)
                if finished or stopped():
                    break
                if progress.seconds - self.saved_at >= config.checkpoint_minutes * 60:
                    self._save()
        self._save()

    def done(self) -> bool:
        """Whether a budget is reached."""
        return self._share_used() >= 1.0

    def _share_used(self) -> float:
        """Share of the budget that is used, from 0 to 1; the larger one where there are two."""
        steps = (self.config.epochs or math.inf) * self.epoch_batches
        seconds = math.inf if self.config.minutes is None else max(self.config.minutes * 60, 1e-9)
        return min(max(self.progress.step / steps, self.progress.seconds / seconds), 1.0)

    def _rate(self) -> float:
        """The learning rate: in a line up over the warm-up, then in a line to 0 over the budget."""
        warm = min((self.progress.step + 1) / max(self.config.warmup_steps, 1), 1.0)
        return self.config.learning_rate * warm * (1.0 - self._share_used())

    def _batches(self) -> Iterator[tuple[Bucket, Batch]]:
        """Batches from where `progress` stands, epoch after epoch, without end."""
        progress = self.progress
        while True:
            order = epoch_order(self.buckets, self.run.config.seed, progress.epoch)
            for bucket, indices in order[progress.batch :]:
                yield bucket, fill(self.pairs, bucket, indices)
            progress.epoch, progress.batch = progress.epoch + 1, 0

    def _step(self, bucket: Bucket, batch: Batch, bar: Any) -> None:
        progress, started = self.progress, time.monotonic()
        rate, count = tf.constant(self._rate()), tf.constant(progress.step, tf.int64)
        self.trainer.step(batch.source, batch.target, rate, count)
        progress.step, progress.batch = progress.step + 1, progress.batch + 1
        progress.seconds = time.monotonic() - self.clock
        bar.update()
        if bucket[:3] not in self.compiled:
            self.compiled.add(bucket[:3])
            shape = f"{bucket.batch} x {bucket.source} -> {bucket.target} subwords"
            _say(
                f"compiled {len(self.compiled)} of {len(self.buckets)} batch shapes ({shape}) in "
                f"{time.monotonic() - started:.1f} s",
                bar,
            )

    def _log(self, bar: Any) -> None:
        loss, tokens = self.trainer.read_loss()
        if not math.isfinite(loss):
            raise RunError(
                f"step {self.progress.step}: the loss is {loss}; the last checkpoint and best.npz stand. "
                "A lower training.learning_rate or training.clip_norm, in a new run, may mend it"
            )
        progress, elapsed = self.progress, self.progress.seconds - self.logged_at
        self.logged_at = progress.seconds
        record = {
            "step": progress.step,
            "epoch": progress.epoch + 1,
            "loss": round(loss, 4),
            "learning_rate": self._rate(),
            "tokens_per_s": round(tokens / elapsed),
            "seconds": round(progress.seconds, 1),
        }
        self.run.append_metrics(record, progress)
        bar.set_postfix_str(f"loss {loss:.2f} {record['tokens_per_s']} tokens/s {self._share_used():.0%} of budget")
        if bar.disable:
            _say(
                f"step {progress.step}  epoch {progress.epoch + 1}  loss {loss:.3f}  perplexity {math.exp(min(loss, 50)):.1f}"
                f"  {record['tokens_per_s']} tokens/s  {self._share_used():.0%} of budget",
                bar,
            )

    def _validate(self, bar: Any) -> None:
        """Dev loss of the averaged weights; the best so far become the run's."""
        progress = self.progress
        loss = self.trainer.evaluate(one_pass(self.dev, self.dev_buckets))
        better = progress.best_loss is None or loss < progress.best_loss
        if better:
            self.run.save_best(self.trainer.averaged_weights())
            progress.best_loss = loss
        progress.seconds = time.monotonic() - self.clock
        self.run.append_metrics(
            {"step": progress.step, "dev_loss": round(loss, 4), "seconds": round(progress.seconds, 1)}, progress
        )
        _say(
            f"step {progress.step}  dev loss {loss:.3f}  perplexity {math.exp(min(loss, 50)):.1f}"
            f"{'  (best so far)' if better else ''}",
            bar,
        )

    def _save(self) -> None:
        self.run.save_checkpoint(self.trainer.arrays(), self.progress)
        self.saved_at = self.progress.seconds

    def _bar(self) -> Any:
        total = self.config.epochs and self.config.epochs * self.epoch_batches
        return tqdm(total=total, initial=self.progress.step, unit="step", disable=None, file=sys.stderr)


class _Stop:
    """While it is entered, the first SIGINT or SIGTERM is noted in `signum`; a second one ends the process at once."""

    def __enter__(self) -> "_Stop":
        self.signum: int | None = None
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _note(self, signum: int, frame: FrameType | None) -> None:
        print("stopping after this step; a checkpoint is being written", file=sys.stderr)
        self.signum = signum
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _make_trainer(run: Run) -> Trainer:
    config = run.config
    keras.utils.set_random_seed(config.seed)
    source, target = run.tokenizers()
    return Trainer(Seq2Seq(config.model, len(source), len(target)), config.training, config.seed)


def _resume(run: Run, trainer: Trainer) -> Progress:
    checkpoint = run.load_checkpoint()
    if checkpoint is None:
        return Progress()
    arrays, progress = checkpoint
    trainer.restore(arrays)
    print(f"{run.path}: going on from step {progress.step}", file=sys.stderr)
    return progress


def _say(line: str, bar: Any) -> None:
    bar.write(line, file=sys.stderr)
