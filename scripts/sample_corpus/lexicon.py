"""Nouns, adjectives and verbs read from the tables, with their plurals and English forms."""

from kinds import Adjective, Noun, Verb
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
    return [(head.strip(), rest.strip()) for head, rest in (line.split(":") for line in table.strip().splitlines())]


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
        # The stress stays where it was, so the accent of a last syllable is not written any more.
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
        words, objects, irregular = (part.strip() for part in line.split("|"))
        es, en = words.split(" ", 1)
        base, *forms = en.replace("~", " ").split("/")
        past, participle = forms or [_regular_past(base)] * 2
        pairs = dict(item.split("=") for item in irregular.split())
        verbs[es.rstrip("!")] = Verb(es.rstrip("!"), base, past, participle, pairs, tuple(objects.split()), "!" in es)
    return verbs


def _regular_past(base: str) -> str:
    verb, _, rest = base.partition(" ")
    past = verb + "d" if verb.endswith("e") else verb[:-1] + "ied" if verb in {"study", "cry"} else verb + "ed"
    return f"{past} {rest}".strip()


NOUNS: dict[str, list[Noun]] = {
    name: [_noun(item) for item in rest.split(", ")] for name, rest in _entries(NOUN_ENTRIES)
}
CLASS_OF: dict[str, str] = {noun.es: name for name, nouns in NOUNS.items() for noun in nouns}
NOUN: dict[str, Noun] = {noun.es: noun for nouns in NOUNS.values() for noun in nouns}
ADJECTIVES: dict[str, list[Adjective]] = {
    name: [Adjective(*item.split()) for item in rest.split(", ")] for name, rest in _entries(ADJECTIVE_ENTRIES)
}
TRANSITIVE, WITH_PERSON, INTRANSITIVE, AUXILIARY = map(
    _verbs, (TRANSITIVE_ENTRIES, WITH_PERSON_ENTRIES, INTRANSITIVE_ENTRIES, AUXILIARY_ENTRIES)
)


def objects_of(verb: Verb) -> list[Noun]:
    """The nouns that a transitive verb takes."""
    nouns: list[Noun] = []
    for word in verb.objects:
        nouns += NOUNS[word[1:]] if word.startswith("@") else [NOUN[word]]
    return nouns


def adjectives_of(noun: Noun) -> list[Adjective]:
    """The adjectives that go with a noun."""
    return [adjective for name in ADJECTIVES_OF.get(CLASS_OF[noun.es], ()) for adjective in ADJECTIVES[name]]


def lemma_count() -> int:
    """Different Spanish dictionary words in the tables."""
    verbs = set(TRANSITIVE) | set(WITH_PERSON) | set(INTRANSITIVE) | set(AUXILIARY)
    adjectives = {adjective.es for group in ADJECTIVES.values() for adjective in group}
    return len(set(NOUN) | verbs | adjectives) + len(NUMBERS) + len(DAYS) + len(MONTHS)
