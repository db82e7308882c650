"""The model card (Mitchell et al. 2019) that `train` writes into a run: MODEL.md."""

import math
import time
from pathlib import Path
from typing import Any

from s2s import __version__, dataset
from s2s.files import whole_file, writing
from s2s.machine import type_of_products
from s2s.run import Run


def write_card(run: Run, weights: int, scores: dict[str, Any]) -> None:
    """Write MODEL.md for the weights of a validation.

    weights: how many there are.  scores: the validation's line of metrics.jsonl.  Raises RunError where it cannot.
    """
    report = dataset.read_report(Path(run.config.data.prepared))
    assert report, "what is being trained on is there"
    path = run.path / "MODEL.md"
    with writing(path), whole_file(path) as temporary:
        temporary.write_text(card(run, weights, scores, report), encoding="utf-8")


def card(run: Run, weights: int, scores: dict[str, Any], report: dict[str, Any]) -> str:
    """The text; report: of the prepared corpus."""
    config = run.config
    model, training = config.model, config.training
    splits, vocabulary = report["splits"], report["vocabulary"]
    rows = [
        f"| {name} | {split['pairs']:,} | {split['read']:,} | {_left_out(split)} |"
        for name, split in splits.items()
        if split["pairs"]
    ]
    found = [f"perplexity {math.exp(min(scores['dev_loss'], 50.0)):.2f}"]
    if "dev_bleu" in scores:
        found.append(
            f"BLEU {scores['dev_bleu']:.1f} and chrF {scores['dev_chrf']:.1f}, greedy, of {training.validation_sentences} "
            "sentences at most"
        )
    return f"""# {run.path.name}: Spanish to English through one vector

Made by s2s {__version__} on {time.strftime("%Y-%m-%d")}. The encoder reads a sentence into {model.layers} x 2 x {model.units} numbers, \
and the decoder sees nothing else.

    echo 'Hola.' | s2s translate {run.path}

## Data

Files: {_files(config.data.train)}.

| | pairs | read | left out |
| --- | --- | --- | --- |
{chr(10).join(rows)}

The licence of these data is for whoever shares this model to look up.

## Recipe

{model.layers} + {model.layers} LSTM layers of {model.units}, embeddings of {model.embedding_size}, {vocabulary["source"]:,} Spanish and \
{vocabulary["target"]:,} English subwords, {weights:,} weights; Adam, {training.tokens_per_batch:,} tokens a batch, {type_of_products(training.precision)}. \
All of it is in config.yaml, the way there in metrics.jsonl.

## Scores

On dev, which chose these weights, after {scores["step"]:,} steps and {scores["seconds"] / 60:.1f} minutes: {"; ".join(found)}.
On a test file: `s2s evaluate {run.path} TEST_TSV`.

## Limits

- One vector holds a short sentence; of longer ones things are lost. Longer than {config.data.max_length} subwords were not trained on: \
they are cut into pieces.
- It knows the words, the spelling and the kind of sentences of its data. Of others it says something fluent and wrong.
- What people say in the data, it says too.
"""


def _left_out(split: dict[str, Any]) -> str:
    return ", ".join(f"{rule} {count:,}" for rule, count in split["left_out"].items()) or "-"


def _files(files: tuple[Any, ...]) -> str:
    return ", ".join(f"`{path}`" for file in files for path in ([file] if isinstance(file, str) else file))
