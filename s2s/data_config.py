"""The sections of the configuration that `s2s prepare` reads: data, cleaning, augmentation, tokenizer.  See config.py."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal

from s2s.errors import InputError

Format = Literal["auto", "tsv", "csv", "jsonl", "tmx"]
"""Formats of pair files; auto = detected."""


def config_key(
    default: Any = dataclasses.MISSING, low: float = -math.inf, high: float = math.inf, path: bool = False
) -> Any:
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
    """A file of sentence pairs, or two aligned files.  What it leaves open is as in the section `data`."""

    path: str = config_key(path=True)
    """The file; of two aligned files, the Spanish one."""
    target: str | None = config_key(None, path=True)
    """The English one of two aligned files."""
    format: Format | None = config_key(None)
    """Its format."""
    source_column: int | str | None = config_key(None, 1)
    """Its column of the Spanish sentence: a number from 1, or a name."""
    target_column: int | str | None = config_key(None, 1)
    """Its column of the English sentence."""
    weight: int = config_key(1, 1, 1000)
    """Of training pairs: how often each of them comes in an epoch.  Copies are made in proportion."""

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

    train: tuple[PairFile, ...] = config_key()
    """Training pairs: a path, {source: PATH, target: PATH} for two aligned files, or a list of these.
    {path: PATH, format: csv, source_column: es, target_column: en} gives a file a layout of its own.
    {path: PATH, weight: 5} has each of its pairs five times in an epoch; aligned files take a weight too.
    TSV, CSV, JSON lines, TMX or aligned plain text; plain, .gz, .bz2, .xz, .zst or in a .zip."""
    prepared: str = config_key(path=True)
    """Directory that `s2s prepare` writes and `s2s train` reads: tokenizers and encoded pairs."""
    dev: tuple[PairFile, ...] = config_key(())
    """Pairs that the best weights are chosen on, written like train.
    Without any, dev_size pairs of train are held out."""
    test: tuple[PairFile, ...] = config_key(())
    """Pairs for `s2s evaluate`, written like train.
    Without test and dev, test_size pairs of train are held out and written to test.tsv in `prepared`."""
    dev_size: int = config_key(2000, 1)
    """Pairs of train to hold out where there is no dev; at most a tenth of train.
    No pair that is held out shares a sentence with train."""
    test_size: int = config_key(2000, 0)
    """Pairs of train to hold out where there is neither dev nor test; at most a tenth of train."""
    format: Format = config_key("auto")
    """Format of the files that are not aligned plain text; auto = detected."""
    source_column: int | str | None = config_key(None, 1)
    """Column of the Spanish sentence: a number from 1, or a name; null = detected."""
    target_column: int | str | None = config_key(None, 1)
    """Column of the English sentence: a number from 1, or a name; null = detected."""
    max_length: int = config_key(60, 4, 1000)
    """Most subwords of a training sentence, on either side.  Longer pairs are left out and counted.
    `s2s translate` translates longer sentences in parts, at the latest from this length on."""

    def __post_init__(self) -> None:
        """Check that there is a training file and that the two columns go together."""
        if not self.train:
            raise InputError("data.train names no file; give at least one")
        if any(file.weight != 1 for file in self.dev + self.test):
            raise InputError("data.dev and data.test: their pairs are scored once each; weight is for data.train")
        _check_columns(self.source_column, self.target_column, "data.")


@dataclass(frozen=True)
class CleaningConfig:
    """The rules by which `s2s prepare` mends sentences and leaves out training pairs; report.json counts what each did.
    Dev and test pairs are mended too.  Dev and test pairs with an empty side are left out, and dev pairs longer than
    max_length.  unicode, typography, opening_marks, control_characters, white_space and spelling also apply to every text
    that a run reads.
    """

    markup: bool = config_key(True)
    """Mend: remove HTML tags and Anki's `[sound:...]`.  Those of blocks, line breaks and sounds become a space."""
    html_entities: bool = config_key(True)
    """Mend: replace `&amp;` and the like by the characters they stand for."""
    unicode: bool = config_key(True)
    """Mend: join letters and their accents into one character (NFC)."""
    typography: bool = config_key(True)
    """Mend: write quotation marks, dashes, the ellipsis, ligatures and full-width letters as a keyboard does: " ' - ..."""
    opening_marks: bool = config_key(True)
    """Mend: remove ¿ and ¡, which many people leave out.  The mark at the end means the same, and is added where it is missing."""
    control_characters: bool = config_key(True)
    """Mend: remove control characters and invisible characters."""
    white_space: bool = config_key(True)
    """Mend: replace every run of white space by one space."""
    spelling: bool = config_key(True)
    """Mend Spanish words that the training text does not have: read those that differ from one of its words in accents or
    by a typo (a letter missing or doubled, or two exchanged) as that word."""
    identical: bool = config_key(True)
    """Leave out pairs whose two sides are the same."""
    length_ratio: float | None = config_key(3.0, 1.0)
    """Leave out pairs with a side of more than 20 characters that has over this many times the characters of the other.
    null = leave out none for their lengths."""
    wrong_language: bool = config_key(True)
    """Leave out pairs with a side whose frequent words are those of the other language."""
    duplicates: bool = config_key(True)
    """Leave out all but the first of equal pairs."""
    near_duplicates: bool = config_key(True)
    """Leave out all but the first of pairs that differ only in case, accents, punctuation and spaces."""
    leaks: bool = config_key(True)
    """Leave out pairs that share a sentence with dev or test files, up to case, accents, punctuation and spaces."""


@dataclass(frozen=True)
class AugmentationConfig:
    """Changed copies and clauses of training pairs, made by `s2s prepare`, so that a model reads what people write.
    Each copy gets a random selection of the changes from phone to joined; marks and joined change both sides, the others the Spanish one.
    What the shares do to the scores: configs/README.md.
    """

    copies: float = config_key(0.25, 0.0, 10.0)
    """Copies, as a share of the training pairs; 0 = none."""
    phone: float = config_key(0.3, 0.0, 1.0)
    """Share of the copies as typed on a phone: in lower case, without accents and the final mark."""
    no_accents: float = config_key(0.3, 0.0, 1.0)
    """Share of the copies without accents; ñ stays."""
    no_final_mark: float = config_key(0.5, 0.0, 1.0)
    """Share of the copies without the final mark."""
    typo: float = config_key(0.2, 0.0, 1.0)
    """Share of the copies with a typo: a letter of a word of five or more is missing, doubled or exchanged with the next."""
    marks: float = config_key(0.05, 0.0, 1.0)
    """Share of the copies in quotation marks or brackets, on both sides."""
    joined: float = config_key(0.12, 0.0, 1.0)
    """Share of the copies that are two or three sentences, on both sides."""
    clauses: float = config_key(0.5, 0.0, 1.0)
    """Share of the clauses of training pairs that become pairs too, where both sides can be cut at a mark or a connective.
    They teach the model to translate the parts of long sentences."""
    known_names: float = config_key(0.15, 0.0, 1.0)
    """Share of all training pairs in which known names that both sides have become slots, as unknown names do.
    They teach the model to carry slots through its state."""


@dataclass(frozen=True)
class TokenizerConfig:
    """The sentencepiece tokenizers, which split words into subwords."""

    vocab_size: int = config_key(8000, 32, 100_000)
    """Largest number of subwords per language, with the four special ones.  A small corpus may give fewer.
    8000 was measured best of 4000, 6000, 8000 and 10000: configs/README.md."""
    type: Literal["unigram", "bpe"] = config_key("bpe")
    """Algorithm: a unigram language model (Kudo 2018) or byte-pair encoding (Sennrich et al. 2016).
    bpe was measured best: configs/README.md."""
    shared: bool = config_key(False)
    """Train one tokenizer on both languages, instead of one for each."""
    character_coverage: float = config_key(1.0, 0.9, 1.0)
    """Share of the text's characters that get a subword; rarer characters are unknown.  Below 1 for noisy corpora."""
    slots: int = config_key(9, 0, 9)
    """Number of slots: symbols that stand for numbers, addresses and unknown words, which are carried through; 0 = off."""
    learn_from: int = config_key(200_000, 1)
    """Largest number of training sentences per language to train the tokenizer on; the seed chooses them."""
    from_: str | None = config_key(None, path=True)
    """A run whose tokenizers are taken, so that training can begin with its weights (training.init_from).
    The other keys of this section then have no effect.  null = tokenizers are trained."""
