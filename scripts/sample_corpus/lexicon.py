"""The lexicon: nouns, adjectives and verbs parsed from tables.py, with plurals and English past forms."""

from grammar import Adjective, Noun, Verb
from tables import (
    ADJECTIVE_ENTRIES,
    ADJECTIVES_OF,
    AUXILIARY_ENTRIES,
    DAYS,
    INTRANSITIVE_ENTRIES,
    MONTHS,
    NOUN_ENTRIES,
    NUMBERS,
    TRANSITIVE_ENTRIES,
    WITH_PERSON_ENTRIES,
)


def _entries(table: str) -> list[tuple[str, str]]:
    """(class, entries) of each line `class: entries`."""
    lines = (line.split(":") for line in table.strip().splitlines())
    return [(word_class.strip(), entries.strip()) for word_class, entries in lines]


_IRREGULAR_PLURALS = {"examen": "exámenes", "joven": "jóvenes", "país": "países", "paraguas": "paraguas"}


def es_plural(word: str) -> str:
    """The plural of a Spanish noun or adjective."""
    if word[-1] in "aeiouéá":
        return word + "s"
    if word.endswith("z"):
        return word[:-1] + "ces"
    if word in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[word]
    for accented, plain in zip("áéíóú", "aeiou", strict=True):
        # The plural keeps the stress, so a final stressed syllable loses its written accent: canción, canciones.
        if len(word) > 1 and word[-2] == accented:
            return word[:-2] + plain + word[-1] + "es"
    return word + "es"


def _en_plural(word: str) -> str:
    if word.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _noun(entry: str) -> Noun:
    gender, es, en = entry.split()
    en, _, irregular = en.replace("~", " ").partition("/")
    mass = en.endswith("=")
    en = en.removesuffix("=")
    return Noun(es, en, gender == "f", es_plural(es), irregular or _en_plural(en), mass)


def _verbs(table: str) -> dict[str, Verb]:
    verbs = {}
    for line in table.strip().splitlines():
        translation, objects, irregular = (column.strip() for column in line.split("|"))
        es, en = translation.split(" ", 1)
        base, *past_forms = en.replace("~", " ").split("/")
        past, participle = past_forms or [_regular_past(base)] * 2
        forms_by_key = dict(item.split("=") for item in irregular.split())
        verbs[es.rstrip("!")] = Verb(
            es.rstrip("!"), base, past, participle, forms_by_key, tuple(objects.split()), "!" in es
        )
    return verbs


def _regular_past(base: str) -> str:
    verb, _, rest = base.partition(" ")
    past = verb + "d" if verb.endswith("e") else verb[:-1] + "ied" if verb in {"study", "cry"} else verb + "ed"
    return f"{past} {rest}".strip()


NOUNS: dict[str, list[Noun]] = {
    name: [_noun(entry) for entry in entries.split(", ")] for name, entries in _entries(NOUN_ENTRIES)
}
"""Nouns by class."""
CLASS_OF: dict[str, str] = {noun.es: name for name, nouns in NOUNS.items() for noun in nouns}
"""Class of each noun, by its Spanish singular."""
NOUN: dict[str, Noun] = {noun.es: noun for nouns in NOUNS.values() for noun in nouns}
"""Nouns by their Spanish singular."""
ADJECTIVES: dict[str, list[Adjective]] = {
    name: [Adjective(*entry.split()) for entry in entries.split(", ")] for name, entries in _entries(ADJECTIVE_ENTRIES)
}
"""Adjectives by class."""
TRANSITIVE, WITH_PERSON, INTRANSITIVE, AUXILIARY = map(
    _verbs, (TRANSITIVE_ENTRIES, WITH_PERSON_ENTRIES, INTRANSITIVE_ENTRIES, AUXILIARY_ENTRIES)
)
"""Verbs by their Spanish infinitive; WITH_PERSON are the verbs whose object is a person."""


def objects_of(verb: Verb) -> list[Noun]:
    """The nouns that a transitive verb takes as its object."""
    nouns: list[Noun] = []
    for word in verb.objects:
        nouns += NOUNS[word[1:]] if word.startswith("@") else [NOUN[word]]
    return nouns


def adjectives_of(noun: Noun) -> list[Adjective]:
    """The adjectives that can modify a noun."""
    return [adjective for name in ADJECTIVES_OF.get(CLASS_OF[noun.es], ()) for adjective in ADJECTIVES[name]]


def lemma_count() -> int:
    """Number of distinct Spanish dictionary words in the tables."""
    verbs = set(TRANSITIVE) | set(WITH_PERSON) | set(INTRANSITIVE) | set(AUXILIARY)
    adjectives = {adjective.es for group in ADJECTIVES.values() for adjective in group}
    return len(set(NOUN) | verbs | adjectives) + len(NUMBERS) + len(DAYS) + len(MONTHS)
