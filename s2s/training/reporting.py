"""What a training shows: a progress bar or log lines, metrics.jsonl, TensorBoard summaries, a curve."""

import json
import math
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from s2s.checkpoints import Progress
from s2s.data.packing import BatchShape
from s2s.files import atomic_file
from s2s.model.backend import tf
from s2s.run import Run
from s2s.training.validation import Sample


class Reporter:
    """Reports one training; a silent reporter, of a worker that is not the chief, writes nothing."""

    def __init__(self, run: Run, steps: int | None, done: int, silent: bool):
        """Open the bar and the summaries.

        Args:
            run: the run.
            steps: budget of steps; None = there is none.
            done: steps done before.
            silent: whether to write nothing.
        """
        self._run, self.silent = run, silent
        self._bar = tqdm(total=steps, initial=done, unit="step", disable=True if silent else None, file=sys.stderr)
        self._summaries = tf.summary.create_noop_writer() if silent else tf.summary.create_file_writer(
            str(run.path / "tensorboard")
        )  # fmt: skip

    def write_line(self, line: str) -> None:
        """Write a line to stderr, above the bar if there is one."""
        if not self.silent:
            self._bar.write(line, file=sys.stderr)

    def compiling(self, number: int, count: int, shape: BatchShape) -> None:
        """Report that the next step compiles shape `number` of `count`."""
        self._bar.set_postfix_str(f"compiling {number} of {count}: {shape}")

    def compiled(self, number: int, count: int, shape: BatchShape, seconds: float) -> None:
        """Report that it is compiled."""
        self.write_line(f"compiled {number} of {count} batch shapes ({shape}) in {seconds:.1f} s")

    def advance(self) -> None:
        """Report a step."""
        self._bar.update()

    def log(self, record: dict[str, Any], progress: Progress, seconds_left: float | None) -> None:
        """Report the training metrics of a logging interval."""
        self._write_metrics(record, progress)
        left = "" if seconds_left is None else f"  {_clock(seconds_left)} left"
        figures = (
            f"loss {record['loss']:.3f}  perplexity {perplexity(record['loss']):.1f}  {record['tokens_per_s']} tokens/s"
        ) + (f"  {record['skipped']} steps skipped" if record["skipped"] else "")
        if self._bar.disable:
            self.write_line(f"step {progress.step}  epoch {record['epoch']}  {figures}{left}")
        else:
            self._bar.set_postfix_str(figures + left)

    def validated(self, record: dict[str, Any], samples: list[Sample], progress: Progress, best: bool) -> None:
        """Report the scores of a validation and some translations, with the reference where it differs."""
        self._write_metrics(record, progress)
        for source, translation, reference in samples:
            difference = "" if translation == reference else f"  (reference: {reference})"
            self.write_line(f"  {source}  ->  {translation}{difference}")
        scores = [f"dev loss {record['dev_loss']:.3f}", f"perplexity {perplexity(record['dev_loss']):.1f}"]
        scores += [f"{n} {record[key]:.1f}" for n, key in (("BLEU", "dev_bleu"), ("chrF", "dev_chrf")) if key in record]
        self.write_line(f"step {progress.step}  {'  '.join(scores)}{'  (best so far)' if best else ''}")

    def close(self) -> None:
        """Close bar and summaries; plot the curve."""
        self._bar.close()
        self._summaries.close()
        if not self.silent:
            plot_curve(self._run.path)

    def _write_metrics(self, record: dict[str, Any], progress: Progress) -> None:
        if self.silent:
            return
        self._run.append_metrics(record, progress)
        # Written as raw protocol buffers: tf.summary.scalar would need TensorBoard itself.
        values = [{"tag": k, "simple_value": v} for k, v in record.items() if k not in ("step", "epoch", "seconds")]
        summary = tf.compat.v1.Summary(value=[tf.compat.v1.Summary.Value(**value) for value in values])
        with self._summaries.as_default(step=progress.step):
            tf.summary.experimental.write_raw_pb(summary.SerializeToString())


def perplexity(loss: float) -> float:
    """exp(loss), loss in nats per token; bounded, so that a diverged training has a number too."""
    return math.exp(min(loss, 50.0))


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if minutes >= 60 else f"{minutes}:{seconds:02d}"


def plot_curve(run: Path) -> None:
    """Plot the losses of metrics.jsonl over the steps as curve.png, if matplotlib (the extra `plot`) is installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    path = run / "metrics.jsonl"
    if not path.exists():
        return
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, style, label in (("loss", "-", "training (with dropout)"), ("dev_loss", "o-", "dev (averaged weights)")):
        points = [(record["step"], record[name]) for record in records if name in record]
        if points:
            axes.plot(*zip(*points, strict=True), style, markersize=4, label=label)
    axes.set_xlabel("step")
    axes.set_ylabel("cross-entropy, nats per subword")
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
    with atomic_file(run / "curve.png") as temporary:
        figure.savefig(temporary, format="png", dpi=120)
