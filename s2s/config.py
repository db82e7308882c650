"""The experiment's configuration: every key, its meaning, range and default.

`config_file.py` reads a YAML file into these classes, and `config_reference.py` makes configs/reference.yaml of the text below each key.
"""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal

from s2s.errors import InputError

Format = Literal["auto", "tsv", "csv", "jsonl", "tmx"]
"""Formats of pair files; auto = detected."""


def _key(default: Any = dataclasses.MISSING, low: float = -math.inf, high: float = math.inf, path: bool = False) -> Any:
    """A config key.

    Args:
        default: its value where the file has none; without it the key is required.
        low: the smallest number allowed.
        high: the largest number allowed.
        path: whether a leading `~` stands for the home directory.
    """
    return field(default=default, metadata={"low": low, "high": high, "path": path})


def _check_columns(source: int | str | None, target: int | str | None, section: str = "") -> None:
    keys = f"{section}source_column and {section}target_column"
    if type(source) is not type(target):
        raise InputError(f"{keys} go together: two numbers, two names, or both null")
    if source is not None and source == target:
        raise InputError(f"{keys} are the same; one is Spanish, one English")


@dataclass(frozen=True)
class PairFile:
    """A file of sentence pairs, or two aligned files.  What it leaves open is as the section `data` says."""

    path: str = _key(path=True)
    """The file; of two aligned files, the Spanish one."""
    target: str | None = _key(None, path=True)
    """The English one of two aligned files."""
    format: Format | None = _key(None)
    """Its format."""
    source_column: int | str | None = _key(None, 1)
    """Its column of the Spanish sentence: a number from 1, or a name."""
    target_column: int | str | None = _key(None, 1)
    """Its column of the English sentence."""

    def __post_init__(self) -> None:
        """Check that the two columns go together, and that aligned files have none."""
        _check_columns(self.source_column, self.target_column)
        if self.target is not None and (self.format, self.source_column) != (None, None):
            raise InputError(f"{self.path} and {self.target}: two aligned files have neither a format nor columns")

    @property
    def paths(self) -> list[str]:
        """The path, or both paths of two aligned files."""
        return [self.path] if self.target is None else [self.path, self.target]


@dataclass(frozen=True)
class DataConfig:
    """The sentence pairs: their files, and which of them are used."""

    train: tuple[PairFile, ...] = _key()
    """Training pairs: a path, {source: PATH, target: PATH} for two aligned files, or a list of these.
    {path: PATH, format: csv, source_column: es, target_column: en} gives a file a layout of its own.
    TSV, CSV, JSON lines, TMX or aligned plain text; plain, .gz, .bz2, .xz, .zst or in a .zip."""
    prepared: str = _key(path=True)
    """Directory that `s2s prepare` writes and `s2s train` reads: tokenizers and encoded pairs."""
    dev: tuple[PairFile, ...] = _key(())
    """Pairs that the best weights are chosen on, written like train.
    Without any, dev_size pairs of train are held out."""
    test: tuple[PairFile, ...] = _key(())
    """Pairs for `s2s evaluate`, written like train.
    Without test and dev, test_size pairs of train are held out and written to test.tsv in `prepared`."""
    dev_size: int = _key(2000, 1)
    """Pairs of train to hold out where there is no dev; at most a tenth of train.
    No pair that is held out shares a sentence with train."""
    test_size: int = _key(2000, 0)
    """Pairs of train to hold out where there is neither dev nor test; at most a tenth of train."""
    format: Format = _key("auto")
    """Format of the files that are not aligned plain text; auto = detected."""
    source_column: int | str | None = _key(None, 1)
    """Column of the Spanish sentence: a number from 1, or a name; null = detected."""
    target_column: int | str | None = _key(None, 1)
    """Column of the English sentence: a number from 1, or a name; null = detected."""
    max_length: int = _key(60, 4, 1000)
    """Most subwords of a training sentence, on either side.  Longer pairs are left out and counted.
    `s2s translate` translates longer lines in parts, at the latest from this length on."""

    def __post_init__(self) -> None:
        """Check that there is a training file and that the two columns go together."""
        if not self.train:
            raise InputError("data.train names no file; give at least one")
        _check_columns(self.source_column, self.target_column, "data.")


@dataclass(frozen=True)
class CleaningConfig:
    """The rules by which `s2s prepare` mends sentences and leaves out training pairs; report.json counts what each did.
    Dev and test pairs are mended too.  Dev and test pairs with an empty side are left out, and dev pairs longer than
    max_length.  unicode, typography, opening_marks, control_characters and white_space also apply to every text that a run
    reads.
    """

    markup: bool = _key(True)
    """Mend: remove HTML tags and Anki's `[sound:...]`.  Those of blocks, line breaks and sounds become a space."""
    html_entities: bool = _key(True)
    """Mend: replace `&amp;` and the like by the characters they stand for."""
    unicode: bool = _key(True)
    """Mend: join letters and their accents into one character (NFC)."""
    typography: bool = _key(True)
    """Mend: write quotation marks, dashes, the ellipsis, ligatures and full-width letters as a keyboard does: " ' - ..."""
    opening_marks: bool = _key(True)
    """Mend: remove ¿ and ¡, which many people leave out.  The mark at the end says the same."""
    control_characters: bool = _key(True)
    """Mend: remove control characters and invisible characters."""
    white_space: bool = _key(True)
    """Mend: replace every stretch of white space by one space."""
    identical: bool = _key(True)
    """Leave out pairs whose two sides are the same."""
    length_ratio: float | None = _key(3.0, 1.0)
    """Leave out pairs with a side of more than 20 characters that has over this many times the characters of the other.
    null = leave out none for their lengths."""
    wrong_language: bool = _key(True)
    """Leave out pairs with a side whose frequent words are those of the other language."""
    duplicates: bool = _key(True)
    """Leave out all but the first of equal pairs."""
    near_duplicates: bool = _key(True)
    """Leave out all but the first of pairs that differ only in case, accents, punctuation and spaces."""
    leaks: bool = _key(True)
    """Leave out pairs that share a sentence with dev or test files, up to case, accents, punctuation and spaces."""


@dataclass(frozen=True)
class AugmentationConfig:
    """Changed copies of training pairs, made by `s2s prepare`, so that a model reads what people write.
    Each copy is changed in what is drawn for it; all but marks and joined change the Spanish side only.
    What the shares do to the scores: configs/README.md.
    """

    copies: float = _key(0.5, 0.0, 10.0)
    """Copies, as a share of the training pairs; 0 = none."""
    phone: float = _key(0.15, 0.0, 1.0)
    """Share of the copies as typed on a phone: in lower case, without accents and the final mark."""
    no_accents: float = _key(0.4, 0.0, 1.0)
    """Share of the copies without accents; ñ stays."""
    no_final_mark: float = _key(0.35, 0.0, 1.0)
    """Share of the copies without the final mark."""
    typo: float = _key(0.5, 0.0, 1.0)
    """Share of the copies with a typo: a letter of a word of five or more is missing, doubled or exchanged with the next."""
    marks: float = _key(0.04, 0.0, 1.0)
    """Share of the copies in quotation marks or brackets, on both sides."""
    joined: float = _key(0.08, 0.0, 1.0)
    """Share of the copies that are two or three sentences, on both sides."""
    known_names: float = _key(0.15, 0.0, 1.0)
    """Share of all training pairs in which known names that both sides have become slots, as unknown names do.
    They teach the model to carry slots through its state."""


@dataclass(frozen=True)
class TokenizerConfig:
    """The sentencepiece tokenizers, which split words into subwords."""

    vocab_size: int = _key(6000, 32, 100_000)
    """Largest number of subwords per language, with the four special ones.  A small corpus may give fewer."""
    type: Literal["unigram", "bpe"] = _key("bpe")
    """Algorithm: a unigram language model (Kudo 2018) or byte-pair encoding (Sennrich et al. 2016).
    bpe was measured best: configs/README.md."""
    shared: bool = _key(False)
    """Train one tokenizer on both languages, instead of one for each."""
    character_coverage: float = _key(1.0, 0.9, 1.0)
    """Share of the text's characters that get a subword; rarer characters are unknown.  Below 1 for noisy corpora."""
    slots: int = _key(9, 0, 9)
    """Number of slots: symbols that stand for numbers, addresses and unknown names, which are carried through; 0 = off."""
    learn_from: int = _key(200_000, 1)
    """Largest number of training sentences per language to train the tokenizer on; the seed draws them."""


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network."""

    units: int = _key(384, 1, 8192)
    """Cells per LSTM layer, which is the length of its hidden state."""
    layers: int = _key(2, 1, 16)
    """Stacked LSTM layers in the encoder, and as many in the decoder."""
    embedding_size: int = _key(256, 1, 8192)
    """Length of a subword's embedding vector, in both languages."""
    dropout: float = _key(0.1, 0.0, 0.9)
    """Share of activations zeroed in training, before every layer and before the output (Zaremba et al. 2014).
    0.1 was measured best: configs/README.md."""
    reverse_source: bool = _key(True)
    """Read the Spanish sentence from its end (Sutskever et al. 2014)."""
    residual: bool = _key(True)
    """Add a layer's input to its output, from the second layer on (Wu et al. 2016)."""
    tie_output: bool = _key(True)
    """Project to the embedding size and use the target embeddings as output weights (Press & Wolf 2017)."""


@dataclass(frozen=True)
class TrainingConfig:
    """Optimization, budget, validation and checkpoints.
    Training ends when the first of epochs, minutes and patience is reached; without any, when it is interrupted.
    """

    epochs: int | None = _key(None, 1)
    """Budget: passes over the training pairs; null = no limit."""
    minutes: float | None = _key(None, 0.0)
    """Budget: wall-clock minutes, with compilation and validation; null = no limit."""
    tokens_per_batch: int = _key(1536, 8)
    """Target tokens (subwords) per batch, without padding."""
    micro_batches: int = _key(1, 1, 1024)
    """Parts that a batch is split into: computed one after the other to save memory, or shared among devices."""
    buckets: int = _key(4, 1, 64)
    """Largest number of batch shapes.  Each takes a compilation; more of them mean less padding."""
    learning_rate: float = _key(0.002, 0.0)
    """Adam's peak learning rate (Kingma & Ba 2015)."""
    warmup_steps: int = _key(300, 0)
    """Steps in which the learning rate rises from 0 to its peak."""
    schedule: Literal["linear", "cosine", "inverse_sqrt"] = _key("linear")
    """Decay of the learning rate after the warmup: to 0 over the budget, in a line or a half cosine;
    or in proportion to sqrt(warmup_steps / step).  Without a budget, linear and cosine stay at the peak."""
    weight_decay: float = _key(0.3, 0.0, 1.0)
    """AdamW (Loshchilov & Hutter 2019): each step subtracts learning rate * weight_decay * weight.
    0.3 was measured best: configs/README.md."""
    precision: Literal["auto", "float32", "bfloat16", "float16"] = _key("auto")
    """Type of the matrix products; weights, cells and losses are always float32.  float16 is for GPUs.
    auto = bfloat16 on an NVIDIA GPU and on processors with instructions for it, float32 on others.
    auto was measured fastest: configs/README.md."""
    compile: Literal["auto", "xla", "graph"] = _key("auto")
    """What XLA compiles: xla = the whole step, graph = all but the matrix products.
    auto = xla on a GPU, graph elsewhere."""
    distribute: Literal["none", "mirrored", "multi_worker"] = _key("none")
    """Devices: none = one, mirrored = all GPUs of this machine, multi_worker = those of the machines in TF_CONFIG."""
    wait_minutes: float = _key(10.0, 0.0)
    """With multi_worker: minutes to wait for the other workers at the start."""
    label_smoothing: float = _key(0.1, 0.0, 0.9)
    """Share of the target probability that is spread over the vocabulary (Szegedy et al. 2016)."""
    clip_norm: float = _key(1.0, 1e-6)
    """Largest global norm of the gradients; larger ones are scaled down to it (Pascanu et al. 2013)."""
    average_decay: float = _key(0.998, 0.0, 0.99999)
    """Decay of the moving average of the weights.  The average is validated and translates; 0 = the last weights do."""
    on_nan: Literal["stop", "skip"] = _key("stop")
    """When a gradient is not finite: stop = end the training at the checkpoint before, skip = leave the batch out."""
    validate_every: int = _key(1000, 1)
    """Steps between validations on the dev pairs.  The last step is always validated."""
    validate_minutes: float | None = _key(None, 0.0)
    """Minutes after which a validation is due, however few the steps; null = only steps count."""
    validation_sentences: int = _key(200, 0)
    """Dev sentences that a validation translates, for BLEU, chrF and ten samples in the log; 0 = dev loss only."""
    best_by: Literal["loss", "bleu", "chrf"] = _key("loss")
    """Dev score that decides which weights are the best, and so translate."""
    patience: int | None = _key(None, 1)
    """Validations without a better score after which training ends; null = only the budget counts."""
    checkpoint_minutes: float = _key(2.0, 0.0)
    """Minutes between checkpoints.  There is also one after every validation and at an interruption."""
    keep_checkpoints: int = _key(2, 1)
    """Number of checkpoints kept; older ones are deleted."""
    log_every: int = _key(50, 1)
    """Steps between lines of the log and of metrics.jsonl."""


@dataclass(frozen=True)
class Config:
    """A whole experiment."""

    run: str = _key(path=True)
    """Directory of the run: config, tokenizers, checkpoints, metrics, best weights."""
    data: DataConfig = _key()
    seed: int = _key(1, 0, 2**31 - 1)
    """Seed of the random numbers: initial weights, order of the batches, dropout, the pairs that are held out."""
    cleaning: CleaningConfig = CleaningConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()

    def __post_init__(self) -> None:
        """Check best_by and validation_sentences together."""
        training = self.training
        if training.best_by != "loss" and not training.validation_sentences:
            raise InputError(
                f"training.best_by: {training.best_by} needs translations; training.validation_sentences is 0"
            )
