"""The kinds of things in the corpus: words, noun phrases, subjects, and what is said in both languages."""

from typing import NamedTuple


class Noun(NamedTuple):
    """A Spanish noun and its English translation, with both plurals."""

    es: str
    en: str
    feminine: bool
    es_plural: str
    en_plural: str
    mass: bool  # no plural and no article when indefinite: "compro pan", "I buy bread"


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
    irregular: dict[str, str]  # see sample_grammar.conjugate
    objects: tuple[str, ...]  # nouns that it takes, or class names with @
    stative: bool  # a state: no progressive, no finished past


class Both(NamedTuple):
    """The same thing said in Spanish and in English."""

    es: str
    en: str


class Subject(NamedTuple):
    """Who a clause is about.  person: 0-5 for yo, tú, él, nosotros, vosotros, ellos."""

    es: str  # "" where Spanish leaves the pronoun out
    en: str
    person: int
    feminine: bool

    @property
    def plural(self) -> bool:
        """Whether it stands for several."""
        return self.person > 2


class Phrase(NamedTuple):
    """A noun phrase."""

    es: str
    en: str
    feminine: bool
    plural: bool
