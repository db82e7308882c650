"""The model card (Mitchell et al. 2019) that `train` writes into a run: MODEL.md."""

import math
import time
from typing import Any

from s2s import __version__
from s2s.files import atomic_file, explain_write_errors
from s2s.machine import compute_dtype
from s2s.run import Run


def write_model_card(run: Run, report: dict[str, Any], weights: int, scores: dict[str, Any]) -> None:
    """Write MODEL.md for the weights of a validation, as `model_card`; raises RunError where it cannot be written."""
    run.require_held()
    path = run.path / "MODEL.md"
    with explain_write_errors(path), atomic_file(path) as temporary:
        temporary.write_text(model_card(run, report, weights, scores), encoding="utf-8")


def model_card(run: Run, report: dict[str, Any], weights: int, scores: dict[str, Any]) -> str:
    """The text of MODEL.md, with the head in YAML that model hubs read.

    Args:
        run: the run.
        report: report.json of the prepared corpus.
        weights: number of weights.
        scores: the validation's line of metrics.jsonl.
    """
    config = run.config
    model, training = config.model, config.training
    splits, vocabulary = report["splits"], report["vocabulary"]
    rows = [
        f"| {name} | {split['pairs']:,} | {split['read']:,} | {_left_out(split)} |"
        for name, split in splits.items()
        if split["pairs"]
    ]
    dev = [f"perplexity {math.exp(min(scores['dev_loss'], 50.0)):.2f}"]
    if "dev_all_sentences" in scores:
        every = scores["dev_all_sentences"]
        count = f"all {every:,}" if scores["dev_sentences"] == every else f"{scores['dev_sentences']} of {every:,}"
        dev.append(
            f"BLEU {scores['dev_bleu']:.1f} ± {scores['dev_bleu_interval']:.1f} and chrF {scores['dev_chrf']:.1f}, greedy, of "
            f"{count} sentences"
        )
    return f"""---
language: [es, en]
license: unknown  # that of the data
pipeline_tag: translation
tags: [translation, seq2seq, lstm, sentence-embeddings]
metrics: [bleu, chrf]
---

# {run.path.name}: Spanish to English through one hidden state

Made by s2s {__version__} on {time.strftime("%Y-%m-%d")}. The encoder reads a sentence into a hidden state of \
{model.layers} x 2 x {model.units} numbers, which is all that the decoder is given.

    echo 'Hola.' | s2s translate {run.path}

## Data

Files: {_files(config.data.train)}.

| | pairs | read | left out |
| --- | --- | --- | --- |
{chr(10).join(rows)}

Look up the licence of these data before you share this model.

## Recipe

{model.layers} + {model.layers} LSTM layers of {model.units}, embeddings of {model.embedding_size}, {vocabulary["source"]:,} Spanish and \
{vocabulary["target"]:,} English subwords, {weights:,} weights; Adam, {training.tokens_per_batch:,} tokens a batch, {compute_dtype(training.precision)}. \
config.yaml has the whole recipe, metrics.jsonl the losses of the training.{_began_with(run)}

## Scores

On the dev pairs, by which these weights were chosen, after {scores["step"]:,} steps and {scores["seconds"] / 60:.1f} minutes: {"; ".join(dev)}.
On a test file: `s2s evaluate {run.path} TEST_TSV`; with `--beam 1` (greedy) to compare with dev.

## Limits

- One hidden state holds a short sentence; of longer ones it loses parts. Training sentences had at most {config.data.max_length} subwords. \
{_cut(run.cut())}
- The model knows the words, the spelling and the kind of sentences of its data. Other sentences come out fluent and wrong.
- Its translations repeat what people say in the data.
"""


def _began_with(run: Run) -> str:
    origins = []
    for origin in run.began_with:
        steps = f" after {origin['step']:,} steps" if origin["step"] else ""
        origins.append(f"`{origin['run']}`{steps} ({', '.join(f'`{path}`' for path in origin['train'])})")
    return f"\nIt began with the weights of {', which began with those of '.join(origins)}." if origins else ""


def _cut(cut: int | None) -> str:
    if cut is None:
        return "Longer sentences are translated in parts."
    return (
        f"Sentences of more than {cut} are translated in parts, which scored best on the dev sentences: long_lines.json has the "
        "scores."
    )


def _left_out(split: dict[str, Any]) -> str:
    return ", ".join(f"{rule} {count:,}" for rule, count in split["left_out"].items()) or "-"


def _files(files: tuple[Any, ...]) -> str:
    return ", ".join(f"`{path}`" for file in files for path in file.paths)
