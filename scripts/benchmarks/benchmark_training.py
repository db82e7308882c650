#!/usr/bin/env python3
"""Measure the training speed on a corpus, absolute and relative to the machine's matrix product.

    python scripts/benchmarks/benchmark_training.py data/tatoeba/train.tsv.gz --seconds 60
    python scripts/benchmarks/benchmark_training.py data/tatoeba/train.tsv.gz --seconds 60 --tie-output --precision bfloat16

Prepares the corpus in a temporary directory, compiles every batch shape, then trains for --seconds with the trainer and
the batches of `s2s train`.  The config does not depend on the defaults of s2s: `config_of` sets what is measured.  The
last line of stdout is a JSON object:

    target_tokens_per_s   target subwords trained on per second, padding excluded
    padding_share, source_padding_share   share of the computed target and source positions that are padding
    programs, compile_s   batch shapes; seconds to compile all of them
    step_ms               mean duration of a step
    gemm_gflops           GFLOP/s of a product of two 2048 x 2048 matrices in gemm_type, the type of the training's
                          products; mean of measurements before and after training, each the best of five
    model_gflops          GFLOP/s of the model's matrix products, padding excluded
    utilisation           model_gflops / gemm_gflops
    peak_rss_mb           peak memory of the process, MiB
    device                name of the TensorFlow device
    processor, cores, onednn   as products.py prints them
    steps, steps_an_epoch, loss   steps trained; steps of an epoch; mean loss of the steps trained
"""

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from products import machine
from s2s import config, config_file, data_config
from s2s.data.batching import Bucket, count_steps, epoch_order, make_batch, plan_buckets, prefetch
from s2s.data.dataset import Pairs
from s2s.data.packing import Batch
from s2s.machine import compute_dtype
from s2s.model.backend import tf
from s2s.training.devices import Devices
from s2s.training.estimate import operations, product_gflops
from s2s.training.loop import make_trainer


def main() -> None:
    """Parse the arguments, train, print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_flags(parser)
    parser.add_argument("--buckets", type=int, default=4, help="batch shapes at most (default: %(default)s)")
    parser.add_argument(
        "--precision", default="float32", help="float32, bfloat16, float16 or auto (default: %(default)s)"
    )
    parser.add_argument("--compile", default="auto", help="auto, xla or graph (default: %(default)s)")
    parser.add_argument("--tie-output", action="store_true", help="tie the output weights to the target embeddings")
    parser.add_argument("--residual", action="store_true", help="residual connections from the second layer on")
    print(json.dumps(benchmark(parser.parse_args())))


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that this script shares with peer_keras.py: corpus, network and duration."""
    parser.add_argument("tsv", help="pair file, spanish<TAB>english, .gz allowed")
    parser.add_argument("--units", type=int, default=512, help="cells per LSTM layer (default: %(default)s)")
    parser.add_argument("--embed", type=int, default=256, help="embedding size (default: %(default)s)")
    parser.add_argument("--layers", type=int, default=2, help="LSTM layers per side (default: %(default)s)")
    parser.add_argument("--vocab", type=int, default=8000, help="subwords per language (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=2048, help="target tokens per batch (default: %(default)s)")
    parser.add_argument(
        "--max-length", type=int, default=50, help="longest sentence in subwords (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=60, help="duration of the training (default: %(default)s)")


def benchmark(flags: argparse.Namespace) -> dict[str, Any]:
    """Train for flags.seconds; returns the figures that the module's docstring lists."""
    with tempfile.TemporaryDirectory() as directory:
        setup = config_of(flags, Path(directory))
        training = dataclasses.replace(setup.training, precision=flags.precision, compile=flags.compile)
        setup = dataclasses.replace(setup, training=training)
        prepare(setup, Path(directory))
        pairs = Pairs(Path(setup.data.prepared), "train")
        buckets = plan_buckets(pairs, flags.buckets, flags.tokens)
        devices = Devices("none", 1)
        trainer = make_trainer(setup, (flags.vocab, flags.vocab), devices)
        started = time.perf_counter()
        for bucket in buckets:
            _, rows = next(epoch_order([bucket], 0, 0))
            for _ in range(2):
                trainer.step(bucket.shape, [make_batch(pairs, bucket, rows[0], True)], 0.0, 0)
        trainer.read_counters()
        compile_s = time.perf_counter() - started
        gemm_type = compute_dtype(flags.precision)
        gemm_before = product_gflops(2048, 2048, 2048, gemm_type)
        counts = {"source": 0, "target": 0, "computed_source": 0, "computed_target": 0}
        steps, started = 0, time.perf_counter()
        for bucket, batch in prefetch(_batches(pairs, buckets)):
            trainer.step(bucket.shape, [batch], 1e-3, steps)
            steps += 1
            counts["source"] += int((batch.source != 0).sum())
            counts["target"] += int((batch.labels != 0).sum())
            counts["computed_source"] += batch.source.size
            counts["computed_target"] += batch.labels.size
            if time.perf_counter() - started > flags.seconds:
                break
        loss = trainer.read_counters().loss
        seconds = time.perf_counter() - started
    gemm_gflops = (gemm_before + product_gflops(2048, 2048, 2048, gemm_type)) / 2
    forward = operations(setup.model, flags.vocab)
    # A training step takes three times the operations of the forward pass.
    model_gflops = 3 * (counts["source"] * forward.source + counts["target"] * forward.target) / seconds / 1e9
    return {
        "system": f"s2s {flags.precision} {flags.compile}{' tied' if flags.tie_output else ''}",
        "parameters": trainer.model.count_params(),
        "target_tokens_per_s": round(counts["target"] / seconds, 1),
        "padding_share": round(1 - counts["target"] / counts["computed_target"], 4),
        "source_padding_share": round(1 - counts["source"] / counts["computed_source"], 4),
        "programs": len(buckets),
        "compile_s": round(compile_s, 1),
        "step_ms": round(seconds / steps * 1e3, 1),
        "steps": steps,
        "steps_an_epoch": count_steps(buckets, 1),
        "gemm_type": gemm_type,
        "gemm_gflops": round(gemm_gflops, 1),
        "model_gflops": round(model_gflops, 1),
        "utilisation": round(model_gflops / gemm_gflops, 3),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "device": (tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU"))[0].name,
        **machine(),
        "loss": round(loss, 3),
    }


def prepare(setup: config.Config, directory: Path) -> None:
    """Run `s2s prepare` in its own process, so that its memory does not count as memory of the training.

    Args:
        setup: the config.
        directory: existing directory; the config is written there.
    """
    config_path = directory / "config.yaml"
    config_path.write_text(config_file.dump(setup), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "s2s", "prepare", str(config_path)], check=True, stdout=subprocess.DEVNULL)


def config_of(flags: argparse.Namespace, directory: Path) -> config.Config:
    """The config of the benchmark.

    Args:
        flags: the arguments of `add_flags`, and optionally residual and tie_output.
        directory: directory for the prepared corpus and the run.
    """
    pairs = data_config.PairFile(str(flags.tsv))
    return config.Config(
        run=str(directory / "run"),
        data=data_config.DataConfig((pairs,), str(directory / "prepared"), (pairs,), max_length=flags.max_length),
        tokenizer=data_config.TokenizerConfig(vocab_size=flags.vocab, type="unigram"),
        model=config.ModelConfig(
            units=flags.units, layers=flags.layers, embedding_size=flags.embed, dropout=0.2,
            residual=getattr(flags, "residual", False), tie_output=getattr(flags, "tie_output", False),
        ),
        training=config.TrainingConfig(weight_decay=0.0, label_smoothing=0.1, precision="float32"),
    )  # fmt: skip


def _batches(pairs: Pairs, buckets: list[Bucket]) -> Iterator[tuple[Bucket, Batch]]:
    """The batches of endless epochs, each with its bucket."""
    epoch = 0
    while True:
        for bucket, (rows,) in epoch_order(buckets, 1, epoch):
            yield bucket, make_batch(pairs, bucket, rows, True)
        epoch += 1


if __name__ == "__main__":
    main()
