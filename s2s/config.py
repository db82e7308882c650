"""The experiment's configuration: every key, its meaning, range and default.

data_config.py has the sections that `s2s prepare` reads.  `config_file.py` reads a YAML file into these classes, and
`config_reference.py` makes configs/reference.yaml of the text below each key.
"""

from dataclasses import dataclass
from typing import Literal

from s2s.data_config import AugmentationConfig, CleaningConfig, DataConfig, TokenizerConfig, config_key
from s2s.errors import InputError

Part = Literal["encoder", "decoder", "embeddings"]
"""Parts of the network that `training.freeze` can name."""


@dataclass(frozen=True)
class ModelConfig:
    """The shape of the network."""

    units: int = config_key(384, 1, 8192)
    """Cells per LSTM layer, which is the length of its hidden state."""
    layers: int = config_key(2, 1, 16)
    """Stacked LSTM layers in the encoder, and as many in the decoder."""
    embedding_size: int = config_key(256, 1, 8192)
    """Length of a subword's embedding vector, in both languages."""
    dropout: float = config_key(0.1, 0.0, 0.9)
    """Share of activations zeroed in training, before every layer and before the output (Zaremba et al. 2014).
    0.1 was measured best: configs/README.md."""
    reverse_source: bool = config_key(True)
    """Read the Spanish sentence from its end (Sutskever et al. 2014)."""
    residual: bool = config_key(True)
    """Add a layer's input to its output, from the second layer on (Wu et al. 2016)."""
    tie_output: bool = config_key(True)
    """Project to the embedding size and use the target embeddings as output weights (Press & Wolf 2017)."""


@dataclass(frozen=True)
class TrainingConfig:
    """Optimization, budget, validation and checkpoints.
    Training ends when the first of epochs, steps, minutes and patience is reached.  One of the first three is needed,
    or patience with the schedule inverse_sqrt.
    """

    init_from: str | None = config_key(None, path=True)
    """A run with whose best weights the training begins (fine-tuning); it is not needed again.
    Its section model must be the same, and its subwords (tokenizer.from).  null = random weights, by the seed."""
    freeze: tuple[Part, ...] = config_key(())
    """Parts of the network that stay as they are; the embeddings are parts of encoder and decoder too."""
    epochs: int | None = config_key(None, 1)
    """Budget: passes over the training pairs; null = no limit."""
    steps: int | None = config_key(None, 1)
    """Budget: steps, which compare processors of any speed; null = no limit."""
    minutes: float | None = config_key(None, 0.0)
    """Budget: wall-clock minutes, with compilation and validation; null = no limit."""
    tokens_per_batch: int = config_key(1536, 8)
    """Target tokens (subwords) per batch, without padding."""
    micro_batches: int = config_key(1, 1, 1024)
    """Parts that a batch is split into: computed one after the other to save memory, or shared among devices."""
    buckets: int = config_key(4, 1, 64)
    """Largest number of batch shapes.  Each takes a compilation; more of them mean less padding."""
    learning_rate: float = config_key(0.003, 0.0)
    """Adam's peak learning rate (Kingma & Ba 2015)."""
    warmup_steps: int = config_key(300, 0)
    """Steps in which the learning rate rises from 0 to its peak."""
    schedule: Literal["linear", "cosine", "inverse_sqrt"] = config_key("linear")
    """Decay of the learning rate after the warmup: to 0 over the budget, in a line or a half cosine;
    or in proportion to sqrt(warmup_steps / step).  Linear and cosine need a budget."""
    weight_decay: float = config_key(0.3, 0.0, 1.0)
    """AdamW (Loshchilov & Hutter 2019): each step subtracts learning rate * weight_decay * weight.
    0.3 was measured best: configs/README.md."""
    precision: Literal["auto", "float32", "bfloat16", "float16"] = config_key("auto")
    """Type of the matrix products; weights, cells and losses are always float32.  float16 is for GPUs.
    auto = bfloat16 on an NVIDIA GPU and on processors with instructions for it, float32 on others.
    auto was measured fastest: configs/README.md."""
    compile: Literal["auto", "xla", "graph"] = config_key("auto")
    """What XLA compiles: xla = the whole step, graph = all but the matrix products.
    auto = xla on a GPU, graph elsewhere."""
    distribute: Literal["none", "mirrored", "multi_worker"] = config_key("none")
    """Devices: none = one, mirrored = all GPUs of this machine, multi_worker = those of the machines in TF_CONFIG."""
    wait_minutes: float = config_key(10.0, 0.0)
    """With multi_worker: minutes to wait for the other workers at the start."""
    label_smoothing: float = config_key(0.1, 0.0, 0.9)
    """Share of the target probability that is spread over the vocabulary (Szegedy et al. 2016)."""
    clip_norm: float = config_key(1.0, 1e-6)
    """Largest global norm of the gradients; larger ones are scaled down to it (Pascanu et al. 2013)."""
    average_decay: float = config_key(0.998, 0.0, 0.99999)
    """Decay of the moving average of the weights.  The average is validated and translates; 0 = the last weights do."""
    on_nan: Literal["stop", "skip"] = config_key("stop")
    """When a gradient is not finite: stop = end the training at the checkpoint before, skip = leave the batch out."""
    validate_every: int = config_key(1000, 1)
    """Steps between validations on the dev pairs.  The last step is always validated."""
    validate_minutes: float | None = config_key(None, 0.0)
    """Minutes after which a validation is due, however few the steps; null = only steps count."""
    validation_sentences: int = config_key(1000, 0)
    """Dev sentences that a validation translates, for BLEU, chrF and ten samples in the log; 0 = dev loss only, with
    best_by: loss."""
    best_by: Literal["loss", "bleu", "chrf"] = config_key("chrf")
    """Dev score that decides which weights are the best, and so translate.  The loss can rise while translations still
    improve: configs/README.md."""
    patience: int | None = config_key(None, 1)
    """Validations without a better score after which training ends; null = only the budget counts."""
    checkpoint_minutes: float = config_key(2.0, 0.0)
    """Minutes between checkpoints.  There is also one after every validation and at an interruption."""
    keep_checkpoints: int = config_key(2, 1)
    """Number of checkpoints kept; older ones are deleted."""
    log_every: int = config_key(50, 1)
    """Steps between lines of the log and of metrics.jsonl."""


@dataclass(frozen=True)
class Config:
    """A whole experiment."""

    run: str = config_key(path=True)
    """Directory of the run: config, tokenizers, checkpoints, metrics, best weights."""
    data: DataConfig = config_key()
    seed: int = config_key(1, 0, 2**31 - 1)
    """Seed of the random numbers: initial weights, order of the batches, dropout, the pairs that are held out."""
    cleaning: CleaningConfig = CleaningConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()

    def __post_init__(self) -> None:
        """Check keys that exclude each other."""
        training = self.training
        if {"encoder", "decoder"} <= set(training.freeze):
            raise InputError("training.freeze: nothing is left to train; leave encoder or decoder out")
        if training.best_by != "loss" and not training.validation_sentences:
            raise InputError(
                f"training.best_by: {training.best_by} needs translations, and training.validation_sentences is 0; "
                "set training.best_by=loss"
            )
