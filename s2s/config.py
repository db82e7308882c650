"""The experiment's configuration: frozen dataclasses <-> YAML, strictly checked.

A config file has the sections below as mappings.  An unknown key, a wrong type or a value out of
range is an InputError that names the key, what was given and what is allowed.  Every key is
described here and in the files under configs/.
"""

import dataclasses
import difflib
import reprlib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from s2s.errors import InputError


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

    train: tuple[str, ...] = _key()
    """Pair files to learn from: a path or a list of paths; TSV, `.gz` allowed."""
    dev: tuple[str, ...] = _key()
    """Pair files the best checkpoint is chosen on; not learnt from."""
    prepared: str = _key()
    """Directory `prepare` writes and `train` reads: subword models and encoded pairs."""
    test: tuple[str, ...] = _key(())
    """Pair files kept for `s2s evaluate`; `prepare` only checks that they can be read."""
    source_column: int = _key(1, 1)
    """Column of the Spanish sentence, counted from 1."""
    target_column: int = _key(2, 1)
    """Column of the English sentence, counted from 1."""
    max_length: int = _key(60, 4, 1000)
    """Longest training sentence on either side, in subwords; longer pairs are left out and counted."""


@dataclass(frozen=True)
class TokenizerConfig:
    """The sentencepiece subwords; one model per language."""

    vocab_size: int = _key(6000, 32, 100_000)
    """Most subwords per language, the four special ones included; a small corpus may give fewer."""


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network."""

    units: int = _key(384, 1, 8192)
    """Cells per LSTM layer: the length of the hidden state's vector."""
    layers: int = _key(2, 1, 16)
    """Stacked LSTM layers in the encoder, and as many in the decoder."""
    embedding_size: int = _key(256, 1, 8192)
    """Length of a subword's vector, on both sides."""
    dropout: float = _key(0.2, 0.0, 0.9)
    """Share of activations zeroed before every layer and the output while training (Zaremba et al. 2014)."""
    reverse_source: bool = _key(True)
    """Read the Spanish sentence from its end (Sutskever et al. 2014)."""
    residual: bool = _key(True)
    """Add a layer's input to its output from the second layer on (Wu et al. 2016)."""
    feed_state: bool = _key(True)
    """Show the decoder the encoder's state at every step, not only the first (Cho et al. 2014)."""
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
    weight_decay: float = _key(0.0, 0.0, 1.0)
    """AdamW: share of the weights, times the learning rate, that each step takes away."""
    precision: str = _key("float32", choices=("float32", "bfloat16", "float16"))
    """Type of the matrix products; weights, cells and losses are float32 always.  float16 is for GPUs."""
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


def load(path: Path, overrides: list[str] | None = None) -> Config:
    """Read a YAML config file and apply `section.key=value` overrides, whose values are YAML.

    Raises InputError for a file that cannot be read or parsed and for every wrong key or value.
    """
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)
    except OSError as error:
        raise InputError(f"{path}: cannot read the config: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; is this a YAML config?") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: {_yaml_reason(error)}") from None
    if not isinstance(tree, dict):
        raise InputError(f"{path}: a config is a mapping of keys to values; see the files in configs/")
    for override in overrides or []:
        _override(tree, override)
    return _build(Config, tree, str(path), "")


def dump(config: Config) -> str:
    """The config as YAML text that `load` reads back to an equal Config."""
    tree = dataclasses.asdict(config)
    tree["data"] = {k: list(v) if isinstance(v, tuple) else v for k, v in tree["data"].items()}
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key that stands twice is an error: the last one would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                mark = node.value[index][0].start_mark
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=mark)
        return super().construct_mapping(node, deep)


def _yaml_reason(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}not valid YAML: {getattr(error, 'problem', None) or error}"


def _override(tree: dict[str, Any], override: str) -> None:
    name, equals, text = override.partition("=")
    if not equals or not name:
        raise InputError(f"--set {override}: write it as section.key=value, e.g. training.epochs=3")
    try:
        value = yaml.load(text, _StrictLoader)
    except yaml.YAMLError as error:
        raise InputError(f"--set {name}: {_yaml_reason(error)}") from None
    *sections, last = name.split(".")
    for section in sections:
        # A section may be absent from the file; a scalar in its place is reported by _build.
        inner = tree.setdefault(section, {})
        if not isinstance(inner, dict):
            raise InputError(f"--set {override}: {section} is not a section")
        tree = inner
    tree[last] = value


def _build(kind: type, tree: Any, where: str, prefix: str) -> Any:
    if not isinstance(tree, dict):
        raise InputError(f"{where}: {prefix.rstrip('.')} must be a section of keys, not {reprlib.repr(tree)}")
    fields = {item.name: item for item in dataclasses.fields(kind)}
    for name in tree:
        if name not in fields:
            near = difflib.get_close_matches(str(name), fields, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known: {', '.join(fields)}"
            raise InputError(f"{where}: unknown key {prefix}{name}; {hint}")
    hints = typing.get_type_hints(kind)
    values = {}
    for name, item in fields.items():
        if dataclasses.is_dataclass(hints[name]) and (name in tree or item.default is dataclasses.MISSING):
            values[name] = _build(hints[name], tree.get(name, {}), where, f"{prefix}{name}.")
        elif name in tree:
            values[name] = _convert(tree[name], hints[name], item.metadata, f"{where}: {prefix}{name}")
        elif item.default is dataclasses.MISSING:
            raise InputError(f"{where}: the key {prefix}{name} is missing; add it")
    return kind(**values)


def _convert(value: Any, kind: Any, limits: typing.Mapping[str, Any], where: str) -> Any:
    """`value` as `kind` (int, float, bool, str, paths, or one of these or None), in its range."""
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        kind = typing.get_args(kind)[0]
    if kind == tuple[str, ...]:
        values = [value] if isinstance(value, str) else [] if value is None else value
        if isinstance(values, list) and all(isinstance(item, str) and item for item in values):
            return tuple(values)
        raise InputError(f"{where} must be a path or a list of paths, not {reprlib.repr(value)}")
    if kind is float:
        value = _number(value)
    if type(value) is not kind or value == "":
        names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
        raise InputError(f"{where} must be {names[kind]}, not {reprlib.repr(value)}")
    low, high = limits["low"], limits["high"]
    # Written so that NaN fails too.
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        allowed = f"at least {low}" if high is None else f"from {low} to {high}"
        raise InputError(f"{where} must be {allowed}, not {reprlib.repr(value)}")
    if limits["choices"] and value not in limits["choices"]:
        raise InputError(f"{where} must be one of {', '.join(limits['choices'])}, not {reprlib.repr(value)}")
    return value


def _number(value: Any) -> Any:
    """Whole numbers as floats, and 2e-3 too, which YAML 1.1 takes for a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        return float(value)
    except ValueError:
        return value
