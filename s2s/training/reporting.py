"""What a training shows: a progress bar or log lines, metrics.jsonl, TensorBoard summaries, a curve."""

import contextlib
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from tqdm import tqdm

from s2s import metrics
from s2s.checkpoints import Progress
from s2s.data.packing import BatchShape
from s2s.files import atomic_file, explain_write_errors
from s2s.model.backend import tf
from s2s.process import report
from s2s.run import Run
from s2s.training.size_law import Size
from s2s.training.validation import Sample


class Reporter:
    """Reports one training, in a block; a silent reporter, of a worker that is not the chief, writes nothing."""

    def __init__(self, run: Run, share: float | None, silent: bool):
        """Open the bar, the log and the summaries.

        Args:
            run: the run.
            share: share of the budget that is used; None = there is no budget.
            silent: whether to write nothing.
        """
        self._run, self.silent = run, silent
        self._figures = ""
        self._log = None if silent else run.open_log()
        # With a bar in it, even an empty one, tqdm cuts the line to the terminal's width.
        bar_format = "{desc}{bar:0}" if share is None else "{percentage:3.0f}%|{bar:10}| {desc}"
        self._bar = tqdm(
            total=1.0, initial=share or 0.0, bar_format=bar_format, dynamic_ncols=True,
            disable=True if silent else None, file=sys.stderr,
        )  # fmt: skip
        self._summaries = tf.summary.create_noop_writer()
        if not silent:
            with self._forgive_summaries():
                self._summaries = tf.summary.create_file_writer(str(run.path / "tensorboard"))

    def __enter__(self) -> "Reporter":
        """Begin the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Close bar, log and summaries; without an error, plot the curve."""
        self._bar.close()  # before others write to the terminal
        with contextlib.suppress(tf.errors.OpError):
            self._summaries.close()
        if self._log:
            with contextlib.suppress(OSError):  # every line was written before
                if error:
                    self._log.write(f"error: {error}\n")
                self._log.close()
            if error is None:
                self._plot()

    def write_line(self, line: str) -> None:
        """Write a line to train.log and to stderr, above the bar if there is one."""
        if self._log:
            self._write_log(line)
            show(line)

    def compiling(self, number: int, count: int, shape: BatchShape) -> None:
        """Report that the next step compiles shape `number` of `count`."""
        self.status(f"compiling {number} of {count}: {shape}")

    def compiled(self, number: int, count: int, shape: BatchShape, seconds: float) -> None:
        """Report that it is compiled."""
        self.write_line(f"compiled {number} of {count} batch shapes ({shape}) in {seconds:.1f} s")

    def forecast(self, minutes: float, steps: int, epochs: float) -> None:
        """Report how many steps fit into a budget of minutes on this machine, validations left out."""
        self.write_line(f"at this speed {minutes:g} minutes allow at most about {steps:,} steps ({epochs:.1f} epochs)")

    def advise_size(self, size: Size) -> None:
        """Report that a network of another size suits the budget of minutes better."""
        self.write_line(
            f"a new run with model.units={size.units}, about {size.steps:,.0f} steps, would suit these minutes better, "
            "by what was measured on Tatoeba (configs/README.md)"
        )

    def status(self, text: str) -> None:
        """Have the bar show what takes long now."""
        self._bar.set_description_str(text)

    def advance(self, step: int, share: float, seconds_left: float | None) -> None:
        """Report a step.

        Args:
            step: steps done.
            share: share of the budget that is used, from 0 to 1.
            seconds_left: about, until the budget is used up; None = not known.
        """
        self._bar.set_description_str(f"step {step}{_left(seconds_left)}{self._figures}", refresh=False)
        self._bar.update(share - self._bar.n)

    def log(self, record: dict[str, Any], progress: Progress, seconds_left: float | None) -> None:
        """Report the training metrics of a logging interval."""
        self._write_metrics(record, progress)
        loss, speed = f"  loss {record['loss']:.3f}", f"  {record['tokens_per_s']} tokens/s"
        line = (
            f"step {progress.step}  epoch {record['epoch']}{loss}  perplexity {perplexity(record['loss']):.1f}{speed}"
            + (f"  {record['skipped']} steps skipped" if record["skipped"] else "")
            + _left(seconds_left)
        )
        if self._bar.disable:
            self.write_line(line)
        else:
            self._write_log(line)
            self._figures = loss + speed

    def validated(self, record: dict[str, Any], samples: list[Sample], progress: Progress, best: bool) -> None:
        """Report the scores of a validation and some translations, with the reference where it differs."""
        self._write_metrics(record, progress)
        for source, translation, reference in samples:
            difference = "" if translation == reference else f"  (reference: {reference})"
            self.write_line(f"  {source}  ->  {translation}{difference}")
        self.write_line(f"step {progress.step}  {format_dev_scores(record)}{'  (best so far)' if best else ''}")

    def _write_log(self, line: str) -> None:
        if self._log:
            with explain_write_errors(self._run.path / "train.log"):
                self._log.write(line + "\n")

    def _write_metrics(self, record: dict[str, Any], progress: Progress) -> None:
        if self.silent:
            return
        self._run.append_metrics(record, progress)
        # Written as raw protocol buffers: tf.summary.scalar would need TensorBoard itself.
        values = [{"tag": k, "simple_value": v} for k, v in record.items() if k not in ("step", "epoch", "seconds")]
        summary = tf.compat.v1.Summary(value=[tf.compat.v1.Summary.Value(**value) for value in values])
        with self._forgive_summaries(), self._summaries.as_default(step=progress.step):
            tf.summary.experimental.write_raw_pb(summary.SerializeToString())
            self._summaries.flush()

    @contextlib.contextmanager
    def _forgive_summaries(self) -> Iterator[None]:
        """Warn when summaries cannot be written, as on a full disk, and write no more: the training goes on."""
        try:
            yield
        except tf.errors.OpError as error:
            self._summaries = tf.summary.create_noop_writer()
            path, reason = self._run.path / "tensorboard", (error.message.splitlines() or ["unknown"])[0]
            self.write_line(f"warning: {path}: cannot write, no more summaries: {reason}")

    def _plot(self) -> None:
        try:
            self._run.require_held()
            plot_curve(self._run.path)
        except Exception as error:  # No picture decides how a training ends, whatever matplotlib raises.
            report(f"warning: {self._run.path / 'curve.png'}: not plotted: {error}")


def show(line: str) -> None:
    """Write a line to stderr, above the bar if there is one."""
    tqdm.write(line, file=sys.stderr)


def format_dev_scores(record: dict[str, Any]) -> str:
    """The dev scores of a validation as a text: loss, perplexity, and BLEU and chrF of how many sentences."""
    text = f"dev loss {record['dev_loss']:.3f}  perplexity {perplexity(record['dev_loss']):.1f}"
    if "dev_all_sentences" not in record:
        return text
    every = record["dev_all_sentences"]
    count = "all" if record["dev_sentences"] == every else f"{record['dev_sentences']} of {every:,}"
    return (
        f"{text}  BLEU {record['dev_bleu']:.1f} ± {record['dev_bleu_interval']:.1f}  chrF {record['dev_chrf']:.1f}  "
        f"of {count} dev sentences"
    )


def perplexity(loss: float) -> float:
    """exp(loss), loss in nats per token; bounded, so that a diverged training has a number too."""
    return math.exp(min(loss, 50.0))


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"  {_clock(seconds)} left"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if minutes >= 60 else f"{minutes}:{seconds:02d}"


def plot_curve(run: Path) -> None:
    """Plot the losses and dev chrF of metrics.jsonl over the steps as curve.png, if matplotlib (extra `plot`) is installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    records = metrics.read(run)
    if not records:
        return
    figure = Figure(figsize=(7, 4), layout="constrained")
    losses = figure.subplots()
    losses.set_xlabel("step")
    losses.set_ylabel("cross-entropy, nats per subword")
    losses.grid(alpha=0.3)
    chrf = losses.twinx() if any("dev_chrf" in record for record in records) else None
    if chrf:
        chrf.set_ylabel("chrF")
    for axes, name, style, label in (
        (losses, "loss", "C0-", "training loss (with dropout)"),
        (losses, "dev_loss", "C1o-", "dev loss (averaged weights)"),
        (chrf, "dev_chrf", "C2s-", "dev chrF"),
    ):
        points = [(record["step"], record[name]) for record in records if name in record]
        if axes and points:
            axes.plot(*zip(*points, strict=True), style, markersize=4, label=label)
    if losses.lines:
        figure.legend(loc="outside upper center", ncols=3)
    with atomic_file(run / "curve.png") as temporary:
        figure.savefig(temporary, format="png", dpi=120)
