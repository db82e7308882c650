"""What a training will take, computed before it begins: `s2s train --dry-run`."""

import time
from math import inf, prod
from pathlib import Path
from typing import Any, NamedTuple

from s2s.config import Config, ModelConfig
from s2s.data.batching import Bucket, count_steps, plan_buckets
from s2s.data.dataset import Pairs, read_report
from s2s.data.packing import LOGITS_CHUNK, packed_size
from s2s.machine import compute_dtype, has_nvidia_driver
from s2s.training.size_law import SIZES, best_size
from s2s.translation.network import weight_shapes

PRODUCT_SHARE = {"float32": 0.67, "bfloat16": 0.56}
"""About the share of `product_gflops` that a step's products make, by their type: the tables of scripts/README.md.

A step of configs/tatoeba-quick.yaml took 227 ms on two cores with AVX-512 where this share makes 229 (2026-11-28).  Smaller
networks reach less: configs/sample.yaml, with 256 cells, did 2,041 steps of the 3,915 that it makes.
"""

SECONDS_PER_SHAPE = 3.0
"""About what each batch shape adds to the start of a training, mostly its compiling, on two cores."""


class Operations(NamedTuple):
    """Operations of the forward pass's matrix products per subword; a multiplication and an addition count as two.

    The backward pass takes twice as many: each product has one for its input's gradient and one for its weights'.
    """

    source: int
    """For a Spanish subword."""
    target: int
    """For an English subword."""


def operations(config: ModelConfig, target_vocab: int) -> Operations:
    """Operations of a network with `target_vocab` English subwords."""
    shapes = weight_shapes(config, 1, target_vocab)
    sides = [
        sum(prod(s) for n, s in shapes.items() if n.startswith(f"{side}/stack") and len(s) == 2)
        for side in ("encoder", "decoder")
    ]
    units, size = config.units, config.embedding_size
    output = size * (units + target_vocab) if config.tie_output else units * target_vocab
    return Operations(2 * sides[0], 2 * (sides[1] + output))


class Memory(NamedTuple):
    """Bytes that training needs, without TensorFlow and its programs."""

    weights: int
    """Weights, Adam's two moments and the weight average, all float32."""
    gradients: int
    """Gradients of the weights."""
    batch: int
    """About: what the largest part of a batch keeps for the backward pass, and the logits of LOGITS_CHUNK tokens."""


def memory(config: Config, vocab_sizes: tuple[int, int], tokens: int) -> Memory:
    """Memory of a training.

    Args:
        config: the experiment.
        vocab_sizes: number of Spanish and of English subwords.
        tokens: Spanish and English subwords in the largest part of a batch, padding included.
    """
    weights = 4 * sum(map(prod, weight_shapes(config.model, *vocab_sizes).values()))
    units, short = config.model.units, 4 if compute_dtype(config.training.precision) == "float32" else 2
    # Of every layer: gates, h, output and input after dropout in the products' type, c.  Of one layer: z, its gradient.
    stored = config.model.layers * (7 * short + 4) * units + 8 * short * units
    return Memory(4 * weights, weights, tokens * stored + 3 * 4 * LOGITS_CHUNK * vocab_sizes[1])


def format_estimate(config: Config) -> str:
    """The estimate as lines for a person; before `prepare`, with the vocabulary that the config asks for.

    Raises InputError for a damaged prepared corpus.
    """
    prepared, training = Path(config.data.prepared), config.training
    report = read_report(prepared)
    limit = config.tokenizer.vocab_size
    sizes = (report["vocabulary"]["source"], report["vocabulary"]["target"]) if report else (limit, limit)
    part = training.tokens_per_batch / training.micro_batches
    pairs = Pairs(prepared, "train") if report else None
    if pairs:
        pairs.close()  # the lengths are enough
    buckets = plan_buckets(pairs, training.buckets, part) if pairs else []
    largest = max((packed_size(b.shape.source) + packed_size(b.shape.target) for b in buckets), default=round(2 * part))
    held, needs = memory(config, sizes, largest), operations(config.model, sizes[1])
    lines = [
        f"weights     {held.gradients // 4:,} ({sizes[0]:,} Spanish and {sizes[1]:,} English subwords)",
        f"memory      {_megabytes(held.weights)} weights, moments and average, {_megabytes(held.gradients)} gradients, "
        f"about {_megabytes(held.batch)} for the largest batch",
        f"operations  {needs.source / 1e6:.1f} million per Spanish and {needs.target / 1e6:.1f} million per English subword "
        "forward; three times as many with the backward pass",
    ]
    if pairs is None:
        return "\n".join([*lines, f"batches     {prepared} is not prepared yet: no batch shapes"])
    steps = count_steps(buckets, training.micro_batches)
    lines.append(f"batches     {len(pairs):,} pairs, {steps:,} steps an epoch, {len(buckets)} shapes")
    lines += [f"            {bucket.shape}" for bucket in buckets]
    padding = [_padding(pairs, buckets, training.micro_batches, side) for side in (0, 1)]
    lines.append(f"            {padding[0]:.1%} of the Spanish and {padding[1]:.1%} of the English tokens are padding")
    return "\n".join([*lines, *_time(config, sizes, buckets)])


def _time(config: Config, vocab_sizes: tuple[int, int], buckets: list[Bucket]) -> list[str]:
    """Lines about time; none without a budget, and for what has no measured share: GPUs, several devices.

    Args:
        config: the experiment.
        vocab_sizes: number of Spanish and of English subwords.
        buckets: its batch shapes.
    """
    training, kind = config.training, compute_dtype(config.training.precision)
    has_budget = training.epochs or training.steps or training.minutes is not None
    if not has_budget or kind not in PRODUCT_SHARE or training.distribute != "none" or has_nvidia_driver():
        return []
    gflops = product_gflops(2048, 2048, 2048, kind)
    epoch_steps = count_steps(buckets, training.micro_batches)
    start = SECONDS_PER_SHAPE * len(buckets)

    def step_seconds(model: ModelConfig) -> float:
        needs = epoch_operations(model, vocab_sizes[1], buckets, training.micro_batches)
        return needs / epoch_steps / (gflops * 1e9 * PRODUCT_SHARE[kind])

    most = min((training.epochs or inf) * epoch_steps, training.steps or inf)

    def fit(model: ModelConfig) -> float:
        if training.minutes is None:
            return most
        return min(most, max(training.minutes * 60 - start, 0) / step_seconds(model))

    steps = fit(config.model)
    minutes = training.minutes if steps < most else (start + steps * step_seconds(config.model)) / 60
    lines = [
        f"time        at most about {steps:,.0f} steps, {steps / epoch_steps:.1f} epochs, in {minutes:.1f} minutes without validations: "
        f"{gflops:.0f} GFLOP/s in {kind}, of which a step makes {PRODUCT_SHARE[kind]:.0%}"
    ]
    size = best_size(config, fit) if training.minutes is not None else None
    if size:
        lines.append(
            f"size        model.units={size.units}, about {size.steps:,.0f} steps, suits these minutes, of {', '.join(map(str, SIZES))}, "
            "by what was measured on Tatoeba (configs/README.md)"
        )
    return lines


def epoch_operations(config: ModelConfig, target_vocab: int, buckets: list[Bucket], parts: int) -> int:
    """Operations of an epoch, forward and backward.

    Args:
        config: the network.
        target_vocab: number of English subwords.
        buckets: the batch shapes.
        parts: of a batch (`training.micro_batches`).
    """
    needs = operations(config, target_vocab)
    return 3 * sum(
        count_steps([bucket], parts) * parts * packed_size(packed) * each
        for bucket in buckets
        for packed, each in zip(bucket.shape[:2], needs, strict=True)
    )


def product_gflops(
    rows: int, inner: int, columns: int, kind: str, transposed: bool = False, seconds: float = 3.0
) -> float:
    """GFLOP/s that this machine makes now of a product of [rows, inner] and [inner, columns]: the best of five rounds.

    Args:
        rows: of the first factor.
        inner: columns of the first factor, rows of the second.
        columns: of the second factor.
        kind: type of both.
        transposed: the second factor is stored transposed.
        seconds: duration of the five rounds; seven products before them are not counted.
    """
    from s2s.model.backend import tf  # here, as it takes seconds

    first = tf.cast(tf.random.normal([rows, inner]), kind)
    second = tf.cast(tf.random.normal([columns, inner] if transposed else [inner, columns]), kind)

    @tf.function(autograph=False)
    def some(times: Any) -> Any:
        # In one call, as calls from Python take as long as small products.
        def again(count: Any, _: Any) -> Any:
            return count + 1, tf.matmul(first, second, transpose_b=transposed)

        return tf.while_loop(lambda count, _: count < times, again, (0, tf.zeros([rows, columns], kind)))[1][0, 0]

    def duration(times: int) -> float:
        started = time.perf_counter()
        some(tf.constant(times)).numpy()
        return time.perf_counter() - started

    duration(2)
    times = max(1, int(seconds / 5 / (duration(5) / 5)))
    return 2 * rows * inner * columns * times / min(duration(times) for _ in range(5)) / 1e9


def _padding(pairs: Pairs, buckets: list[Bucket], parts: int, side: int) -> float:
    """Share of a side's tokens that are padding; side: 0 = Spanish, 1 = English."""
    computed = sum(count_steps([bucket], parts) * parts * packed_size(bucket.shape[:2][side]) for bucket in buckets)
    # BOS is an input of the decoder and no label, so an English sentence has one step less than ids.
    real = ((pairs.cells[:, side] - side) * pairs.cells[:, 2]).sum()
    return 1.0 - float(real) / computed


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
