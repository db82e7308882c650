"""The words of the training text, by which a name that it does not have is told from a word that it has in another form.

An unknown word with a capital within a sentence is a name.  At the start of a sentence every word has a capital: there it
is a name unless it may be a form of a known word or a known word with a typo.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from s2s.data.language import SPANISH
from s2s.data.perturbation import without_accents
from s2s.errors import InputError
from s2s.files import read_small

FILE = "known_words.txt"
"""Its name in a prepared corpus and in a run."""

_WORD = re.compile(r"[^\W_]+(?:[-'&][^\W_]+)*")
# Words that have more than small letters of Spanish: all that can be names.
_NO_SMALL_WORD = re.compile(rf"(?<![^\W_])(?=[^\W_a-záéíóúüñ]|[a-z]+[-'&]?[^\W_a-záéíóúüñ]){_WORD.pattern}")
_SENTENCE_START = frozenset('.!?…¿¡:"([')
_LETTERS = "abcdefghijklmnñopqrstuvwxyz"
_INFINITIVES = ("ar", "er", "ir", "ado", "ido", "ando", "iendo", "arse", "erse", "irse")
_CLITICS = ("", "me", "te", "se", "lo", "la", "los", "las", "le", "les", "nos", "os")
# Endings of Spanish verbs, without accents; the future is an infinitive with an ending.
_ENDINGS = frozenset(
    [
        "",
        "o",
        "a",
        "e",
        "i",
        "as",
        "es",
        "an",
        "en",
        "amos",
        "emos",
        "imos",
        "ais",
        "eis",
        "is",
        "aba",
        "abas",
        "abamos",
        "abais",
        "aban",
        "ia",
        "ias",
        "iamos",
        "iais",
        "ian",
        "aste",
        "o",
        "amos",
        "asteis",
        "aron",
        "iste",
        "io",
        "isteis",
        "ieron",
        "eron",
        "are",
        "ares",
        "aremos",
        "areis",
        "aren",
        "iere",
        "ieres",
        "ieremos",
        "ara",
        "aras",
        "aramos",
        "arais",
        "aran",
        "iera",
        "ieras",
        "ieramos",
        "ierais",
        "ieran",
        "ase",
        "ases",
        "asemos",
        "asen",
        "iese",
        "ieses",
        "iesemos",
        "iesen",
        "ad",
        "ed",
        "id",
        "d",
        "ando",
        "iendo",
        "yendo",
        "ado",
        "ada",
        "ados",
        "adas",
        "ido",
        "ida",
        "idos",
        "idas",
        "ar",
        "er",
        "ir",
    ]
) | {
    f"{infinitive}{ending}"
    for infinitive in ("ar", "er", "ir")
    for ending in ("e", "as", "a", "emos", "eis", "an", "ia", "ias", "iamos", "iais", "ian")
}


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
            return True
        if text[place].isalnum():
            return False
    return True


class KnownWords:
    """The words of a training text."""

    def __init__(self, common: Iterable[str], names: Iterable[str]):
        """Known words, as `_key` spells them.

        Args:
            common: words that occur in lower case, or only at the start of sentences.
            names: words that nearly always have a capital.
        """
        # Without frequent words, a small corpus would take some of them for names.
        self.common, self.names = frozenset(common) | set(map(_key, SPANISH)), frozenset(names)

    @classmethod
    def count(cls, sentences: Iterable[str]) -> "KnownWords":
        """The known words of a training text.  A name is known that occurs twice."""
        lower, start, inside = Counter[str](), Counter[str](), Counter[str]()
        for sentence in sentences:
            for word in words(sentence):
                kind = lower if not word.text[0].isupper() else start if word.first else inside
                kind[_key(word.text)] += 1
        names = {word for word, count in inside.items() if count + start[word] > 1 and 10 * lower[word] <= count}
        return cls((set(lower) | set(start) - set(inside)) - names, names)

    def __or__(self, other: "KnownWords") -> "KnownWords":
        """The words of both training texts; one that is common in either is."""
        common = self.common | other.common
        return KnownWords(common, (self.names | other.names) - common)

    @classmethod
    def load(cls, path: Path) -> "KnownWords":
        """Read a file that `save` wrote; raises InputError when it is missing or damaged."""
        try:
            lines = read_small(path, 1 << 28).decode("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot read the known words: {error}") from None
        names = {line for line in lines if line[:1].isupper()}
        return cls(set(lines) - names, map(_key, names))

    def save(self, path: Path) -> None:
        """Write a word a line, names with a capital."""
        lines = sorted(self.common) + sorted(name[:1].upper() + name[1:] for name in self.names)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def is_unknown_name(self, word: Word) -> bool:
        """Whether a word is a name that the training text does not have."""
        if not word.text[0].isupper() and not any(map(str.isdigit, word.text)):
            return False
        key = _key(word.text)
        if key in self.common or key in self.names:
            return False
        return not (word.first and (len(key) < 2 or self._is_form(key) or self._has_typo(key)))

    def is_name(self, word: Word) -> bool:
        """Whether a word is a name that the training text has."""
        return word.text[0].isupper() and _key(word.text) in self.names

    def _is_form(self, key: str) -> bool:
        """Whether a word may be a form of a common word: a verb, a plural, an adverb."""
        if key.endswith("mente") or (key.endswith("s") and key[:-1] in self.common):
            return True
        for clitics in {first + second for first in _CLITICS for second in _CLITICS}:
            if key.endswith(clitics):
                verb = key[: len(key) - len(clitics)]
                for size in range(max(2, len(verb) - 7), len(verb) + 1):
                    stem = verb[:size]
                    if verb[size:] in _ENDINGS and not self.common.isdisjoint(stem + end for end in _INFINITIVES):
                        return True
        return False

    def _has_typo(self, key: str) -> bool:
        """Whether a word may be a common one with a letter missing or doubled, or with two letters exchanged."""
        if len(key) < 5:
            return False
        for place in range(1, len(key)):
            before, after = key[:place], key[place:]
            if key[place - 1] == key[place] and before + after[1:] in self.common:
                return True
            if before + after[1:2] + after[:1] + after[2:] in self.common:
                return True
            if not self.common.isdisjoint(f"{before}{letter}{after}" for letter in _LETTERS):
                return True
        return False


def _key(word: str) -> str:
    """A word without regard to case and accents."""
    return without_accents(word.lower())
