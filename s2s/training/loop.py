"""`s2s train`: the training loop."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from s2s import metrics
from s2s.checkpoints import Progress
from s2s.config import Config, ModelConfig
from s2s.data.batching import Bucket, count_steps, epoch_order, make_batch, plan_buckets, prefetch
from s2s.data.packing import Batch
from s2s.errors import InputError, RunError
from s2s.machine import compute_dtype, has_nvidia_driver
from s2s.model.backend import keras
from s2s.model.seq2seq import Seq2Seq
from s2s.process import report
from s2s.run import Run
from s2s.training import programs
from s2s.training.devices import Devices, explain_device_errors, warn_of_unused_gpu
from s2s.training.estimate import epoch_operations
from s2s.training.model_card import write_model_card
from s2s.training.reporting import Reporter, format_dev_scores
from s2s.training.schedule import learning_rate
from s2s.training.size_law import best_size
from s2s.training.stopping import Interrupted, StopSignals
from s2s.training.trainer import Trainer
from s2s.training.update import Counters
from s2s.training.validation import Validation


def train(run: Run) -> None:
    """Train until a budget is reached; resumes from the run's last checkpoint where there is one.

    Raises InputError for a damaged corpus and for a checkpoint of another model.  Raises Interrupted after SIGINT,
    SIGTERM or SIGHUP, once the step is done and a checkpoint is written.
    """
    config = run.config.training
    with explain_device_errors():
        devices = Devices(config.distribute, config.micro_batches, config.wait_minutes)
    source, target = run.tokenizers()
    trainer = make_trainer(run.config, (len(source), len(target)), devices)
    loop = _Loop(run, trainer, devices, _resume(run, trainer, devices))
    if reason := loop.finished():
        report(f"{run.path}: {reason} already; raise it to train on")
        return
    warn_of_unused_gpu()
    ended = threading.Event()
    with StopSignals() as stop, explain_device_errors(), ThreadPoolExecutor(2) as pool:
        # Its result is not asked for: what it cannot compile, a step cannot either.
        shapes = [bucket.shape for bucket in loop.buckets]
        pool.submit(trainer.compile_ahead, shapes, lambda: ended.is_set() or stop.signum is not None)
        # In a thread of its own, so that signals are handled at once, also while a step is being compiled.
        steps = pool.submit(loop.run_steps, lambda: stop.signum is not None)
        steps.add_done_callback(lambda _: ended.set())
        steps.result()
    if stop.signum is not None:
        raise Interrupted(stop.signum)


class _Loop:
    """The training loop with its run, corpus, trainer, progress, batches and clock."""

    def __init__(self, run: Run, trainer: Trainer, devices: Devices, progress: Progress):
        assert run.corpus, "the run was opened to read"
        self.run, self.corpus = run, run.corpus
        self.trainer, self.devices, self.progress = trainer, devices, progress
        self.config, self.reverse = run.config.training, run.config.model.reverse_source
        part = self.config.tokens_per_batch / self.config.micro_batches
        self.buckets = plan_buckets(self.corpus.train, self.config.buckets, part)
        self.epoch_steps = count_steps(self.buckets, self.config.micro_batches)
        self.validation = Validation(run, run.corpus, trainer, devices.chief)
        self.clock = time.monotonic() - progress.seconds
        self.saved_step, self.saved_at, self.logged_at = progress.step, progress.seconds, progress.seconds
        self.share_before, self.seconds_before = self.share_used(), progress.seconds
        self.compiled, self.logs_since_compiled = set[Bucket](), 0

    def run_steps(self, stopped: Callable[[], bool]) -> None:
        """Train until a budget or patience is used up, or `stopped` returns True; writes a checkpoint at the end."""
        with self._reporter() as self.reporter:
            weights = f"{self.trainer.model.count_params():,} weights"
            self.reporter.write_line(f"{len(self.corpus.train):,} pairs, {self.epoch_steps} steps an epoch, {weights}")
            self._steps(stopped)
            if reason := self.finished():
                self._score_best()  # before the checkpoint: a training that is killed here is not finished
            self._save()
            if reason:
                steps, minutes = self.progress.step, self.progress.seconds / 60
                self.reporter.advance(steps, self.share_used(), 0.0)  # time has passed since the last step
                self.reporter.write_line(
                    f"finished after {steps:,} steps and {minutes:.1f} minutes: {reason}\n"
                    f"run: {self.run.path}; translate with it: s2s translate {self.run.path} FILE"
                )

    def _steps(self, stopped: Callable[[], bool]) -> None:
        config, progress, share = self.config, self.progress, self.share_used()
        if progress.step == 0 and config.init_from:
            self._validate()  # shows where it begins
        for bucket, parts, progress.epoch, progress.batch in prefetch(self._batches()):
            self._step(bucket, parts, learning_rate(config, progress.step, share))
            # All workers follow the chief's clock and signals, so that they do the same.
            share, stop, validate = self.devices.broadcast(self.share_used(), stopped(), self._validation_due())
            if progress.step % config.log_every == 0:
                self._log(share)
            if validate:
                self._validate()
            if stop or (validate and self.devices.broadcast(bool(self.finished()))[0]):
                break
            if validate or progress.seconds - self.saved_at >= config.checkpoint_minutes * 60:
                self._save()

    def _score_best(self) -> None:
        """Score the best weights on all dev sentences for the model card."""
        best = metrics.best(self.run.path, self.config.best_by) if self.devices.chief else None
        if best:
            self.run.require_held()
            self.reporter.status("translating all dev sentences")
            scores = best | self.validation.final_scores()
            self._write_card(scores)
            self.reporter.write_line(f"best weights: step {best['step']}  {format_dev_scores(scores)}")

    def _reporter(self) -> Reporter:
        budget = self.config.epochs or self.config.steps or self.config.minutes is not None
        return Reporter(self.run, self.share_used() if budget else None, silent=not self.devices.chief)

    def finished(self) -> str | None:
        """Why the training is finished, if it is: a budget, or patience, is used up."""
        if self.share_used() >= 1.0:
            return "the budget is used up"
        patience = self.config.patience
        return "training.patience is used up" if patience and self.progress.validations_since_best >= patience else None

    def _validation_due(self) -> bool:
        minutes = math.inf if self.config.validate_minutes is None else self.config.validate_minutes
        waited = self.progress.seconds - self.progress.validated_at
        at_step = self.progress.step % self.config.validate_every == 0
        return at_step or waited >= minutes * 60 or self.share_used() >= 1.0

    def share_used(self) -> float:
        """Share of the budget that is used, from 0 to 1; of several budgets, the largest share."""
        seconds = math.inf if self.config.minutes is None else max(self.config.minutes * 60, 1e-9)
        return min(max(self.progress.step / self._most_steps(), self.progress.seconds / seconds), 1.0)

    def _most_steps(self) -> float:
        """Steps that the budgets of epochs and steps allow."""
        return min((self.config.epochs or math.inf) * self.epoch_steps, self.config.steps or math.inf)

    def _batches(self) -> Iterator[tuple[Bucket, list[Batch], int, int]]:
        """Without end: each batch in its parts, and the epoch and the batch's number in it that follow it."""
        epoch, done, parts = self.progress.epoch, self.progress.batch, self.config.micro_batches
        while True:
            order = epoch_order(self.buckets, self.run.config.seed, epoch, parts, done)
            for number, (bucket, rows) in enumerate(order, done + 1):
                following = (epoch, number) if number < self.epoch_steps else (epoch + 1, 0)
                yield bucket, [make_batch(self.corpus.train, bucket, part, self.reverse) for part in rows], *following
            epoch, done = epoch + 1, 0

    def _step(self, bucket: Bucket, parts: list[Batch], rate: float) -> None:
        progress, started, new = self.progress, time.monotonic(), bucket not in self.compiled
        if new:
            self.compiled.add(bucket)
            self.reporter.compiling(len(self.compiled), len(self.buckets), bucket.shape)
        self.trainer.step(bucket.shape, parts, rate, progress.step)
        progress.step += 1
        progress.seconds = time.monotonic() - self.clock
        share = self.share_used()
        self.reporter.advance(progress.step, share, self._seconds_left(share))
        if new:
            seconds = time.monotonic() - started
            self.reporter.compiled(len(self.compiled), len(self.buckets), bucket.shape, seconds)

    def _log(self, share: float) -> None:
        counters, progress = self._read_counters(share), self.progress
        elapsed, self.logged_at = progress.seconds - self.logged_at, progress.seconds
        record = {
            "step": progress.step,
            "epoch": progress.epoch + (progress.batch > 0),  # from 1; the epoch's last batch still belongs to it
            "loss": round(counters.loss, 4),
            "learning_rate": learning_rate(self.config, progress.step, share),
            "gradient_norm": round(counters.gradient_norm, 4),
            "skipped": counters.skipped,
            "tokens_per_s": round(counters.tokens / elapsed),
            "seconds": round(progress.seconds, 1),
        }
        self.reporter.log(record, progress, self._seconds_left(share))
        if len(self.compiled) == len(self.buckets):
            self.logs_since_compiled += 1
        if self.logs_since_compiled == 2 and self.config.minutes is not None:
            self._forecast(self.config.minutes, elapsed / self.config.log_every)

    def _forecast(self, minutes: float, seconds: float) -> None:
        """Report how many steps fit into a budget of minutes, at some seconds a step, unless another budget ends first."""
        steps = self.progress.step + round(max(minutes * 60 - self.progress.seconds, 0.0) / seconds)
        if steps > self._most_steps():
            return
        self.reporter.forecast(minutes, steps, steps / self.epoch_steps)
        if self.config.distribute == "none" and not has_nvidia_driver():  # else time does not grow with the operations
            own = self._operations(self.run.config.model)
            size = best_size(
                self.run.config, lambda model: min(self._most_steps(), steps * own / self._operations(model))
            )
            if size and size.units != self.run.config.model.units:
                self.reporter.advise_size(size)

    def _operations(self, model: ModelConfig) -> int:
        return epoch_operations(model, self.trainer.model.decoder.vocab_size, self.buckets, self.config.micro_batches)

    def _seconds_left(self, share: float) -> float | None:
        # By the pace since this process began: an earlier one may have had another machine, or less of it.
        done = share - self.share_before
        return (self.progress.seconds - self.seconds_before) * (1.0 - share) / done if done > 0 else None

    def _read_counters(self, share: float) -> Counters:
        """The trainer's counters; raises RunError when steps were skipped that `training.on_nan` does not allow."""
        counters = self.trainer.read_counters()
        if counters.skipped and (self.config.on_nan == "stop" or not counters.tokens):
            step, rate, norm = counters.first_skipped
            advice = (
                "training.on_nan=skip leaves such batches out"
                if counters.tokens
                else "every step after it was skipped too"
            )
            raise RunError(
                f"step {step}: the gradient is not finite (norm {norm}) at learning rate {rate:.3g}; "
                f"{f'the checkpoint of step {self.saved_step}' if self.saved_step else 'the run'} has only finite weights.\n  A lower training.learning_rate, in a new run, may avoid it; {advice}"
            )
        return counters

    def _validate(self) -> None:
        """Score the averaged weights; the best so far become the run's."""
        progress, before = self.progress, self.progress.seconds
        self.run.require_held()  # the translator reads the run's tokenizers
        self.reporter.status("validating")
        scores, samples = self.validation.scores()
        best = self.validation.update_best(scores, progress)
        if best and self.devices.chief:
            self.run.save_best(self.trainer.averaged_weights())
        progress.seconds = progress.validated_at = time.monotonic() - self.clock
        self.logged_at += progress.seconds - before  # tokens/s leave validations out
        record = {"step": progress.step, **scores, "seconds": round(progress.seconds, 1)}
        if best and self.devices.chief:
            self._write_card(record)
        self.reporter.validated(record, samples, progress, best)

    def _write_card(self, scores: dict[str, Any]) -> None:
        write_model_card(self.run, self.corpus.report, self.trainer.model.count_params(), scores)

    def _save(self) -> None:
        """Write a checkpoint, unless this step has one, or a step since the last checkpoint was skipped and may not be."""
        progress = self.progress
        if self.saved_step != progress.step and self.devices.chief:
            if self.config.on_nan == "stop" and self.trainer.has_skipped():
                self._read_counters(self.share_used())
            self.run.save_checkpoint(self.trainer.arrays(), progress)
        programs.keep()
        self.saved_step, self.saved_at = progress.step, progress.seconds


def make_trainer(config: Config, vocab_sizes: tuple[int, int], devices: Devices) -> Trainer:
    """A trainer with initial weights, which `config.seed` determines.

    Args:
        config: the experiment.
        vocab_sizes: number of Spanish and of English subwords.
        devices: where to train.
    """
    keras.utils.set_random_seed(config.seed)
    with devices.scope():
        model = Seq2Seq(config.model, *vocab_sizes, compute_dtype(config.training.precision))
    return Trainer(model, config.training, config.seed, devices)


def _resume(run: Run, trainer: Trainer, devices: Devices) -> Progress:
    checkpoint = run.load_checkpoint()
    arrays, progress = checkpoint or ({}, Progress())
    if not checkpoint and run.config.training.init_from:
        trainer.start_with(run.load_initial(trainer.averaged_weights()))
    if checkpoint:
        try:
            trainer.restore(arrays)
        except ValueError as error:
            raise InputError(
                f"{run.path}/checkpoints: that of step {progress.step} does not fit config.yaml and the subwords: {error}; "
                "remove it, or start over with s2s train --fresh"
            ) from None
    if devices.chief:
        run.truncate_metrics(progress)
        if checkpoint:
            report(f"{run.path}: resuming from step {progress.step}")
    return progress
