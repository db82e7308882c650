"""The experiment's configuration: every key, its meaning, range and default.

`config_file.py` reads a YAML file into these; every key is described here and in the files under configs/.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from s2s.errors import InputError

PairFile = str | tuple[str, str]
"""A file of pairs, or two aligned files: Spanish, English."""


def _key(
    default: Any = dataclasses.MISSING,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """A config key: its default (none = required) and the range, ends included, or the choices for its value."""
    return field(default=default, metadata={"low": low, "high": high, "choices": choices})


@dataclass(frozen=True)
class DataConfig:
    """Where the sentence pairs are and which of them are used."""

    train: tuple[PairFile, ...] = _key()
    """What to learn from: a path, {source: PATH, target: PATH} for two aligned files, or a list of these.

    TSV, CSV, JSON lines, TMX or aligned plain text; plain, .gz, .bz2, .xz, .zst or in a .zip.
    """
    prepared: str = _key()
    """Directory `prepare` writes and `train` reads: subword models and encoded pairs."""
    dev: tuple[PairFile, ...] = _key(())
    """Pairs the best checkpoint is chosen on; not learnt from.  None = dev_size of train are held out."""
    test: tuple[PairFile, ...] = _key(())
    """Pairs kept for `s2s evaluate`.  None, and no dev either = test_size of train are held out, as `prepared`/test.tsv."""
    dev_size: int = _key(2000, 1)
    """Pairs of train held out where there is no dev, a tenth of them at most; none shares a sentence with train."""
    test_size: int = _key(2000, 0)
    """Likewise for test where there is neither dev nor test."""
    format: str = _key("auto", choices=("auto", "tsv", "csv", "jsonl", "tmx"))
    """Format of the files that are not aligned ones; auto = told by looking."""
    source_column: int | str | None = _key(None, 1)
    """Column of the Spanish sentence: a number from 1, or a name; null = told by looking."""
    target_column: int | str | None = _key(None, 1)
    """Column of the English sentence."""
    max_length: int = _key(60, 4, 1000)
    """Longest training sentence on either side, in subwords; longer pairs are left out and counted."""

    def __post_init__(self) -> None:
        """Check that the two columns go together."""
        if type(self.source_column) is not type(self.target_column):
            raise InputError(
                "data.source_column and data.target_column go together: two numbers, two names, or both null"
            )
        if self.source_column is not None and self.source_column == self.target_column:
            raise InputError("data.source_column and data.target_column are the same; one is Spanish, one English")


@dataclass(frozen=True)
class CleaningConfig:
    """What `prepare` mends in sentences and which training pairs it leaves out; all is counted in report.json.

    Dev and test pairs are mended, and never left out but for an empty side, or as dev pairs longer than max_length.
    """

    html_entities: bool = _key(True)
    """Mend: `&amp;` and the like become the characters they stand for."""
    unicode: bool = _key(True)
    """Mend: letters and their accents become one character (NFC)."""
    control_characters: bool = _key(True)
    """Mend: control and invisible characters go."""
    white_space: bool = _key(True)
    """Mend: every stretch of white space becomes one space."""
    identical: bool = _key(True)
    """Leave out pairs whose two sides are the same."""
    length_ratio: float | None = _key(3.0, 1.0)
    """Leave out pairs of which one side has more than so many times the characters of the other, and over 20; null = none."""
    wrong_language: bool = _key(True)
    """Leave out pairs with a side that by its frequent words is in the other language."""
    duplicates: bool = _key(True)
    """Leave out all but the first of equal pairs."""
    near_duplicates: bool = _key(True)
    """Leave out all but the first of pairs that differ only in case, accents, punctuation and spaces."""
    leaks: bool = _key(True)
    """Leave out pairs that share a sentence, compared as near duplicates are, with given dev or test pairs."""


@dataclass(frozen=True)
class TokenizerConfig:
    """The sentencepiece subwords."""

    vocab_size: int = _key(6000, 32, 100_000)
    """Most subwords per language, the four special ones included; a small corpus may give fewer."""
    type: str = _key("bpe", choices=("unigram", "bpe"))
    """How they are learnt: a unigram language model (Kudo 2018) or byte-pair encoding (Sennrich et al. 2016)."""
    shared: bool = _key(False)
    """One model, learnt from both languages, instead of one for each."""
    character_coverage: float = _key(1.0, 0.9, 1.0)
    """Share of the text's characters that get a subword; what is rarer is unknown.  Below 1 for noisy corpora."""
    learn_from: int = _key(200_000, 1)
    """Training sentences per language that the subwords are learnt from, drawn by the seed; all where there are fewer."""


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network."""

    units: int = _key(384, 1, 8192)
    """Cells per LSTM layer: the length of the hidden state's vector."""
    layers: int = _key(2, 1, 16)
    """Stacked LSTM layers in the encoder, and as many in the decoder."""
    embedding_size: int = _key(256, 1, 8192)
    """Length of a subword's vector, on both sides."""
    dropout: float = _key(0.1, 0.0, 0.9)
    """Share of activations zeroed before every layer and the output while training (Zaremba et al. 2014)."""
    reverse_source: bool = _key(True)
    """Read the Spanish sentence from its end (Sutskever et al. 2014)."""
    residual: bool = _key(True)
    """Add a layer's input to its output from the second layer on (Wu et al. 2016)."""
    tie_output: bool = _key(True)
    """Output layer through the embedding size, its weights the target embeddings (Press & Wolf 2017)."""


@dataclass(frozen=True)
class TrainingConfig:
    """How the network learns, and for how long.

    Training ends at the first budget reached, or when patience is; with none it goes on until it is interrupted.
    """

    epochs: int | None = _key(None, 1)
    """Budget: passes over the training pairs; null = none."""
    minutes: float | None = _key(None, 0.0)
    """Budget: wall-clock minutes, compiling and validation included; null = none."""
    tokens_per_batch: int = _key(1536, 8)
    """Target tokens in a batch, padding not included."""
    micro_batches: int = _key(1, 1, 1024)
    """Parts a batch is computed in: one after the other, to save memory, or shared out to several devices."""
    buckets: int = _key(4, 1, 64)
    """Batch shapes at most: one program is compiled for each, and more of them mean less padding."""
    learning_rate: float = _key(0.002, 0.0)
    """Adam's peak step size."""
    warmup_steps: int = _key(300, 0)
    """Steps over which the learning rate rises from 0 to its peak."""
    schedule: str = _key("linear", choices=("linear", "cosine", "inverse_sqrt"))
    """How it falls from there: in a line or a half cosine to 0 over the budget, or as sqrt(warmup_steps / step)."""
    weight_decay: float = _key(0.3, 0.0, 1.0)
    """AdamW: share of the weights, times the learning rate, that each step takes away."""
    precision: str = _key("auto", choices=("auto", "float32", "bfloat16", "float16"))
    """Type of the matrix products; weights, cells and losses are float32 always.  float16 is for GPUs.

    auto: bfloat16 on an NVIDIA GPU and on processors with instructions for it, float32 on others."""
    compile: str = _key("auto", choices=("auto", "xla", "graph"))
    """What XLA compiles: the whole step, or all of it but the matrix products; auto: the whole on a GPU."""
    distribute: str = _key("none", choices=("none", "mirrored", "multi_worker"))
    """One device, all GPUs of this machine, or those of all machines that TF_CONFIG names."""
    label_smoothing: float = _key(0.1, 0.0, 0.9)
    """Share of the target probability spread over the vocabulary (Szegedy et al. 2016)."""
    clip_norm: float = _key(1.0, 1e-6)
    """Gradients are scaled down to this global norm (Pascanu et al. 2013)."""
    average_decay: float = _key(0.998, 0.0, 0.99999)
    """Decay of the moving average of the weights; the average is what translates.  0 = last weights."""
    on_nan: str = _key("stop", choices=("stop", "skip"))
    """When a step's gradient is not finite: end the training at the checkpoint before it, or leave the batch out."""
    validate_every: int = _key(1000, 1)
    """Steps between validations on the dev pairs; there is always one at the end."""
    validate_minutes: float | None = _key(None, 0.0)
    """Minutes after which there is a validation however few steps were done; null = steps alone count."""
    validation_sentences: int = _key(200, 0)
    """Dev sentences translated at a validation for BLEU, chrF and ten samples in the log; 0 = dev loss only."""
    best_by: str = _key("loss", choices=("loss", "bleu", "chrf"))
    """The dev score by which the weights that translate are chosen."""
    patience: int | None = _key(None, 1)
    """Validations without a better score after which training ends; null = the budget alone counts."""
    checkpoint_minutes: float = _key(2.0, 0.0)
    """Minutes between checkpoints; there is always one after a validation and at an interruption."""
    keep_checkpoints: int = _key(2, 1)
    """Checkpoints kept; older ones are deleted."""
    log_every: int = _key(50, 1)
    """Steps between lines of the log and of metrics.jsonl."""


@dataclass(frozen=True)
class Config:
    """A whole experiment."""

    run: str = _key()
    """Directory of the run: config, subword models, checkpoints, metrics, best weights."""
    data: DataConfig = _key()
    seed: int = _key(1, 0, 2**31 - 1)
    """Seed of the initial weights, the order of the batches and dropout."""
    cleaning: CleaningConfig = CleaningConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()

    def __post_init__(self) -> None:
        """Check what only several keys together can be wrong about."""
        training = self.training
        if training.best_by != "loss" and not training.validation_sentences:
            raise InputError(
                f"training.best_by: {training.best_by} needs translations to score; set training.validation_sentences to 1 or more"
            )
