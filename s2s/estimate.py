"""What a training takes, told before it begins: `s2s train --dry-run`."""

from math import prod
from pathlib import Path
from typing import NamedTuple

from s2s.batches import CHUNK, Bucket, count_steps, plan_buckets, size
from s2s.config import Config, ModelConfig
from s2s.dataset import Pairs, read_report
from s2s.inference import shapes
from s2s.machine import type_of_products


class Operations(NamedTuple):
    """Operations of the matrix products that a subword needs forward, a multiplication and an addition counted as two.

    Backward needs twice as many again: each product has one for its input's gradient and one for its weights'.
    """

    source: int
    """Of a Spanish subword."""
    target: int
    """Of an English subword."""


def operations(config: ModelConfig, target_vocab: int) -> Operations:
    """Of a network."""
    found = shapes(config, 1, target_vocab)
    sides = [
        sum(prod(s) for n, s in found.items() if n.startswith(f"{side}/stack") and len(s) == 2)
        for side in ("encoder", "decoder")
    ]
    units, size = config.units, config.embedding_size
    output = size * (units + target_vocab) if config.tie_output else units * target_vocab
    return Operations(2 * sides[0], 2 * (sides[1] + output))


class Memory(NamedTuple):
    """Bytes that training holds, TensorFlow and its programs aside."""

    weights: int
    """Weights, Adam's two moments and the weight average, all float32."""
    gradients: int
    """Of the weights."""
    batch: int
    """About: what the largest part of a batch keeps for the way back, and the logits of CHUNK tokens."""


def memory(config: Config, vocab_sizes: tuple[int, int], tokens: int) -> Memory:
    """tokens: Spanish and English subwords, padding included, in the largest part of a batch."""
    weights = 4 * sum(map(prod, shapes(config.model, *vocab_sizes).values()))
    units, narrow = config.model.units, 4 if type_of_products(config.training.precision) == "float32" else 2
    # Of each layer: gates, h, output and dropped-out input as they are multiplied, c; of one at a time: z and its gradient.
    stored = config.model.layers * (7 * narrow + 4) * units + 8 * narrow * units
    return Memory(4 * weights, weights, tokens * stored + 3 * 4 * CHUNK * vocab_sizes[1])


def describe(config: Config) -> str:
    """All of it as lines for a person; of a corpus that is not prepared, with the vocabulary that the config asks for.

    Raises InputError for a damaged prepared corpus.
    """
    prepared, training = Path(config.data.prepared), config.training
    report = read_report(prepared)
    limit = config.tokenizer.vocab_size
    sizes = (report["vocabulary"]["source"], report["vocabulary"]["target"]) if report else (limit, limit)
    part = training.tokens_per_batch / training.micro_batches
    pairs = Pairs(prepared, "train") if report else None
    buckets = plan_buckets(pairs, training.buckets, part) if pairs else []
    largest = max((size(b.shape.source) + size(b.shape.target) for b in buckets), default=round(2 * part))
    held, needs = memory(config, sizes, largest), operations(config.model, sizes[1])
    lines = [
        f"weights     {held.gradients // 4:,} ({sizes[0]:,} Spanish and {sizes[1]:,} English subwords)",
        f"memory      {_megabytes(held.weights)} weights, moments and average, {_megabytes(held.gradients)} gradients, "
        f"about {_megabytes(held.batch)} for the largest batch",
        f"operations  {needs.source / 1e6:.1f} million a Spanish and {needs.target / 1e6:.1f} million an English subword "
        "forward; three times as many to learn from it",
    ]
    if pairs is None:
        return "\n".join([*lines, f"batches     {prepared} is not prepared yet: no shapes to tell"])
    steps = count_steps(buckets, training.micro_batches)
    lines.append(
        f"batches     {len(pairs):,} pairs, {steps:,} steps an epoch, {len(buckets)} shapes, a program for each"
    )
    lines += [f"            {bucket.shape}" for bucket in buckets]
    padding = [_padding(pairs, buckets, training.micro_batches, side) for side in (0, 1)]
    return "\n".join(
        [*lines, f"            {padding[0]:.1%} of the Spanish and {padding[1]:.1%} of the English are padding"]
    )


def _padding(pairs: Pairs, buckets: list[Bucket], parts: int, side: int) -> float:
    computed = sum(count_steps([bucket], parts) * parts * size(bucket.shape[:2][side]) for bucket in buckets)
    real = ((pairs.cells[:, side] - side) * pairs.cells[:, 2]).sum()  # BOS is fed, not said
    return 1.0 - float(real) / computed


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
