"""Data types of the generator: words, subjects, noun phrases, and texts in both languages."""

from typing import NamedTuple


class Noun(NamedTuple):
    """A Spanish noun, its English translation, and the plurals of both."""

    es: str
    en: str
    feminine: bool
    es_plural: str
    en_plural: str
    mass: bool  # a mass noun has no plural, and no article when indefinite: "compro pan", "I buy bread"


class Adjective(NamedTuple):
    """A Spanish adjective (masculine singular) and its English translation."""

    es: str
    en: str


class Verb(NamedTuple):
    """A Spanish verb, its irregular forms, and its English translation."""

    es: str
    en: str
    past: str
    participle: str
    irregular: dict[str, str]  # irregular Spanish forms by the keys that tables.py lists
    objects: tuple[str, ...]  # nouns that the verb takes, or noun classes with @; see tables.py
    stative: bool  # a stative verb has no progressive and no preterite


class Pair(NamedTuple):
    """A Spanish text and its English translation: a word, a phrase, a clause or a sentence."""

    es: str
    en: str


class Subject(NamedTuple):
    """The subject of a clause."""

    es: str  # "" where the Spanish pronoun is dropped
    en: str
    person: int  # 0-5: yo, tú, él, nosotros, vosotros, ellos
    feminine: bool

    @property
    def plural(self) -> bool:
        """Whether the subject is plural."""
        return self.person > 2


class Phrase(NamedTuple):
    """A Spanish noun phrase, its English translation, and its Spanish gender and number."""

    es: str
    en: str
    feminine: bool
    plural: bool
