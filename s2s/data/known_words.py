"""The words of the training text, by which a word that it does not have is distinguished from one that it has in another form.

An unknown word with a capital within a sentence is a name.  Others, and those at the start of a sentence, are unknown unless
they may be forms of known words, or known words with other accents, a typo, letters repeated, or abbreviated as in messages;
the last four are read as the known words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import compress, islice
from pathlib import Path
from statistics import median_low
from typing import NamedTuple

from s2s.data.language import ABBREVIATIONS, SHORT_FORMS, SPANISH
from s2s.data.perturbation import without_accents
from s2s.data.spanish_forms import Forms
from s2s.errors import InputError
from s2s.files import read_small, require_readable

FILE = "known_words.txt"
"""Its name in a prepared corpus and in a run."""

_WORD = re.compile(r"[^\W_]+(?:[-'&][^\W_]+)*")
# Words that have more than small letters of Spanish: all that can be names.
_NO_SMALL_WORD = re.compile(rf"(?<![^\W_])(?=[^\W_a-záéíóúüñ]|[a-z]+[-'&]?[^\W_a-záéíóúüñ]){_WORD.pattern}")
_SENTENCE_START = frozenset('.!?…¿¡:"([')
# Or an initial.
_ABBREVIATION = re.compile(rf"(?<![^\W_])(?:{'|'.join(ABBREVIATIONS)}|(?-i:[A-ZÁÉÍÓÚÑ]))\.\s*$", re.IGNORECASE)
_LONGEST_ABBREVIATION = max(map(len, ABBREVIATIONS))
_LETTERS = "abcdefghijklmnñopqrstuvwxyz"
_LETTERS_ONLY = re.compile(r"[^\W\d_]+")
_JOINTS = re.compile("[-'&]")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
"""A letter three times or more, as no word has it: "holaaa"."""
_ROMAN = re.compile("[ivxlcdm]+")
_TYPO_LENGTHS = range(4, 31)
"""Letters of words in which a typo is mended.  In a longer one, which is no word, there would be too many places to try."""

_MOST_WORDS = 200_000
_MOST_COUNTED = 1_000_000
"""Words that are counted; rarer ones are forgotten.  Ten million pairs with a number in each took 4 GB without a limit."""
_START = "^"


class Word(NamedTuple):
    """A word of a sentence."""

    text: str
    start: int
    stop: int
    first: bool
    """Whether it begins a sentence, where every word has a capital."""


def words(text: str, small: bool = True) -> Iterator[Word]:
    """The words of a text, in order.

    Args:
        text: the text.
        small: whether to give words of small letters of Spanish too, which cannot be names.
    """
    for match in (_WORD if small else _NO_SMALL_WORD).finditer(text):
        yield Word(match[0], *match.span(), _is_first(text, match.start()))


def _is_first(text: str, start: int) -> bool:
    """Whether no word is between this place and the start of a sentence."""
    for place in range(start - 1, -1, -1):
        if text[place] in _SENTENCE_START:
            return text[place] != "." or not _ABBREVIATION.search(text, max(0, place - _LONGEST_ABBREVIATION), start)
        if text[place].isalnum():
            return False
    return True


class WordCounts(NamedTuple):
    """How often the words of a text occur, without regard to accents."""

    small: Counter[str]
    """In lower case."""
    first: Counter[str]
    """With a capital, at the start of a sentence."""
    inside: Counter[str]
    """With a capital, elsewhere."""
    spellings: Counter[str]
    """In any place, with their accents, written in lower case."""

    @classmethod
    def of(cls, sentences: Iterable[str]) -> "WordCounts":
        """The counts of sentences."""
        counts = cls(Counter(), Counter(), Counter(), Counter())
        for sentence in sentences:
            for word in words(sentence):
                kind = counts.small if not word.text[0].isupper() else counts.first if word.first else counts.inside
                kind[_key(word.text)] += 1
                counts.spellings[word.text.lower()] += 1
        return counts

    def add(self, other: "WordCounts") -> None:
        """Add the counts of another text.  Where words get too many, those no more frequent than the median are forgotten."""
        for mine, others in zip(self, other, strict=True):
            mine.update(others)
        if len(self.spellings) > _MOST_COUNTED:
            _forget_rare(self.small, self.first, self.inside)  # together, so that a name stays a name
            _forget_rare(self.spellings)


def _forget_rare(*counts: Counter[str]) -> None:
    """Forget the words that, in these counts together, are no more frequent than the median."""
    total = sum(counts, Counter[str]())
    rare = median_low(total.values())
    for word in [word for word, count in total.items() if count <= rare]:
        for part in counts:
            part.pop(word, None)


class KnownWords:
    """The words of a training text."""

    def __init__(self, words: Iterable[str]):
        """Known words, each spelling once.

        Args:
            words: the most frequent first.  Names, which nearly always have a capital, begin with one; others are in lower case,
                after ^ if they were only at the start of sentences, where names are too.
        """
        # Without frequent words, a small corpus would take some of them for names.
        self._lines = [*dict.fromkeys([*words, *sorted(SPANISH), *ABBREVIATIONS])]
        self.words = [line.removeprefix(_START) for line in self._lines]
        self._keys = [_key(word) for word in self.words]
        capitals = [word[:1].isupper() for word in self.words]
        self.common = frozenset(key for key, capital in zip(self._keys, capitals, strict=True) if not capital)
        self.names = frozenset(compress(self._keys, capitals)) - self.common
        begins = [line.startswith(_START) for line in self._lines]
        self._starts = frozenset(compress(self._keys, begins)) - {
            key for key, start in zip(self._keys, begins, strict=True) if not start
        }
        self._spellings = frozenset(word.lower() for word in self.words)

    @classmethod
    def of(cls, counts: WordCounts) -> "KnownWords":
        """The known words of a training text: at most 200,000.  A name is known that occurs twice, of very large texts more often."""
        names = {
            word
            for word, count in counts.inside.items()
            if count + counts.first[word] > 1 and 10 * counts.small[word] <= count
        }
        common = (set(counts.small) | set(counts.first) - set(counts.inside)) - names
        starts = set(counts.first) - set(counts.small)
        spellings = sorted(counts.spellings.items(), key=lambda item: (-item[1], item[0]))
        listed = (
            word[:1].upper() + word[1:] if key in names else f"{_START * (key in starts)}{word}"
            for word, key in ((word, _key(word)) for word, _ in spellings)
            if key in names or key in common
        )
        return cls(islice(listed, _MOST_WORDS))

    @classmethod
    def load(cls, path: Path) -> "KnownWords":
        """Read a file that `save` wrote; raises InputError when it is missing or damaged."""
        try:
            return cls(read_small(path, 1 << 28).decode("utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            require_readable(path, error)
            raise InputError(f"{path}: cannot read the known words: {error}") from None

    def save(self, path: Path) -> None:
        """Write a word a line, as the constructor takes them."""
        path.write_text("".join(f"{line}\n" for line in self._lines), encoding="utf-8")

    def __or__(self, other: "KnownWords") -> "KnownWords":
        """The words of both training texts; one that is common in either is."""
        return KnownWords([*self._lines, *other._lines])

    def is_unknown(self, word: Word) -> bool:
        """Whether the training text has neither this word nor one that it may stand for: a name, or a word like one."""
        key, capital = _key(word.text), word.text[0].isupper()
        if key in self.common or key in self.names:
            # Known from the start of sentences only, where all have capitals, it is a name with a capital elsewhere.
            return capital and not word.first and key in self._starts
        if len(key) < 2 or self._in_full(word.text.lower()):
            return False
        if not word.first and (capital or any(map(str.isdigit, word.text))):
            return True
        if key in self._forms:
            return False
        if capital:  # at the start of a sentence; of four letters, more are names than typos
            return len(key) < 5 or not self._without_typo(key)
        return not (self._without_typo(key) or self._forms.has_derived(key) or self._is_like_common(key))

    def is_name(self, word: Word) -> bool:
        """Whether a word is a name that the training text has."""
        return word.text[0].isupper() and _key(word.text) in self.names

    def respell(self, text: str) -> str:
        """A text in lower case with words that the training text does not have as those that they may stand for.

        In a word without accents, missing ones are mended, and n for ñ.  A typo is mended in words of four letters or more that
        are no form of a common word: a letter missing or doubled, or two exchanged, but not the first letter.  Letters
        repeated for emphasis are read once, and the short forms of messages ("tmb") in full.
        """
        return _WORD.sub(self._respelled, text)

    def _respelled(self, match: re.Match[str]) -> str:
        word = match[0]  # "e-mail" may be known
        return word if word in self._spellings else _LETTERS_ONLY.sub(self._respelled_part, word)

    def _respelled_part(self, match: re.Match[str]) -> str:
        word, key = match[0], _key(match[0])
        if word in self._spellings:
            return word
        return self._in_full(word) or (None if key in self._forms else self._without_typo(key)) or word

    def _in_full(self, word: str) -> str | None:
        """What an unknown spelling in lower case stands for, typos aside: the known word that it is without accents, with n for
        ñ, with repeated letters, or a short form of.  A word that has its accents stands for itself.
        """
        key = _key(word)
        known = self._by_key.get(key) or self._by_plain_key.get(key)
        if known:  # who types accents types them where they belong: "despreció" is not "desprecio"
            return word if key != word else known
        if _REPEATED.search(word) and not _ROMAN.fullmatch(word):
            for doubled in ("lr", "", word):  # "perrro" is "perro", "holaaa" is "hola", "leeeer" is "leer"
                shorter = _shortened(word, doubled)
                known = shorter if shorter in self._spellings else self._by_key.get(_key(shorter))
                if known and len(known) > 1:
                    return known
        return SHORT_FORMS.get(word)

    @lru_cache(maxsize=10_000)  # noqa: B019 - a process has few of these objects, and needs them to its end
    def _is_like_common(self, key: str) -> bool:
        """Whether this may be a compound of common words, or a form of one with a typo."""
        if len(parts := _JOINTS.split(key)) > 1 and all(part in self.common for part in parts):
            return True
        return len(key) in _TYPO_LENGTHS and any(word in self._forms for word in _mended(key))

    @cached_property
    def _forms(self) -> Forms:
        return Forms(self.common)

    @cached_property
    def _by_key(self) -> dict[str, str]:
        """The most frequent spelling of each known word."""
        return {key: word.lower() for key, word in zip(self._keys[::-1], self.words[::-1], strict=True)}

    @cached_property
    def _by_plain_key(self) -> dict[str, str]:
        """The same for words with ñ, by their keys with n."""
        return {key.replace("ñ", "n"): word for key, word in self._by_key.items() if "ñ" in key}

    @cached_property
    def _ranks(self) -> dict[str, int]:
        """The place of each common word among all; the most frequent has the highest."""
        return {key: rank for rank, key in enumerate(self._keys[::-1]) if key in self.common}

    def _without_typo(self, key: str) -> str | None:
        """The most frequent common word of which this one may be a misspelling."""
        return self._search_typo(key) if len(key) in _TYPO_LENGTHS else None  # no long text is kept

    @lru_cache(maxsize=10_000)  # noqa: B019 - as above
    def _search_typo(self, key: str) -> str | None:
        key_of_word = max(filter(self.common.__contains__, _mended(key)), key=self._ranks.__getitem__, default=None)
        return key_of_word and self._by_key[key_of_word]


def _shortened(word: str, doubled: str) -> str:
    """A word with each repeated letter twice if it is one of these, else once."""
    return _REPEATED.sub(lambda run: run[1] * (2 if run[1] in doubled else 1), word)


def _mended(word: str) -> Iterator[str]:
    """The words that this one may be a typo of; see `perturbation.with_typo`."""
    for place in range(1, len(word)):
        before, after = word[:place], word[place:]
        if before[-1] == after[0]:
            yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in _LETTERS:
            yield before + letter + after


def _key(word: str) -> str:
    """A word without regard to case and accents."""
    lower = word.lower()
    return lower if lower.isascii() else without_accents(lower)
