"""Subjects, noun phrases and clauses, each said in both languages.

Everything that means something is a `Both`: the Spanish words and the English words for it.
"""

from random import Random

from english import english_verb, indefinite, plain_english
from kinds import Adjective, Both, Noun, Phrase, Subject, Verb
from lexicon import CLASS_OF, NOUNS, adjectives_of
from spanish import agree, conjugate
from tables import MEN, TIMES, WOMEN

NOTHING = Both("", "")

PRONOUNS = (
    Subject("yo", "I", 0, False), Subject("tú", "you", 1, False), Subject("él", "he", 2, False), Subject("ella", "she", 2, True),
    Subject("nosotros", "we", 3, False), Subject("nosotras", "we", 3, True), Subject("vosotros", "you", 4, False),
    Subject("ellos", "they", 5, False), Subject("ellas", "they", 5, True), Subject("usted", "you", 2, False),
    Subject("ustedes", "you", 5, False),
)  # fmt: skip
# Without a pronoun the third person singular could be he, she or it: only these are left out.
DROPPED = tuple(
    Subject("", english, person, False)
    for english, person in (("I", 0), ("you", 1), ("we", 3), ("you", 4), ("they", 5))
)
POSSESSIVES = (("mi", "my"), ("tu", "your"), ("su", "his"), ("nuestro", "our"), ("vuestro", "your"), ("su", "their"))


def statement(subject: Subject, verb: Verb, tense: str, rest: Both, negative: bool = False, clitic: str = "") -> Both:
    """Subject verb rest, without a capital or a full stop."""
    es = words(subject.es, "no" if negative else "", clitic, conjugate(verb, tense, subject.person), rest.es)
    if negative:
        _, auxiliary, main = english_verb(verb, tense, subject)
        return Both(es, words(subject.en, auxiliary, main, rest.en))
    return Both(es, words(subject.en, plain_english(verb, tense, subject), rest.en))


def question(subject: Subject, verb: Verb, tense: str, rest: Both, asked: Both = NOTHING, clitic: str = "") -> Both:
    """[asked] verb subject rest?, without a capital, with its marks."""
    auxiliary, _, main = english_verb(verb, tense, subject)
    es = words(asked.es, clitic, conjugate(verb, tense, subject.person), subject.es, rest.es)
    return Both(f"¿{es}?", words(asked.en, auxiliary, subject.en, main, rest.en) + "?")


def words(*parts: str) -> str:
    """The parts that are there, with spaces; a + el and de + el contracted."""
    text = " ".join(part for part in parts if part)
    return f" {text}".replace(" a el ", " al ").replace(" de el ", " del ").strip()


def sentence(clause: Both) -> Both:
    """With a capital and, where nothing ends it, a full stop."""

    def finish(text: str) -> str:
        start = 1 if text[0] in "¿¡" else 0
        text = text[:start] + text[start].upper() + text[start + 1 :]
        return text if text[-1] in "?!." else f"{text}."

    return Both(finish(clause.es), finish(clause.en))


def noun_phrase(random: Random, noun: Noun, kinds: str, owner: tuple[str, str] | None = None) -> Phrase:
    """A noun with a determiner out of `kinds`, some with an adjective.

    kinds: letters of d(efinite), i(ndefinite), t(his), o(wn: `owner` from `owner_of`), p(lural definite), n(umber),
    m(y or your).
    """
    kind = random.choice(kinds)
    several = CLASS_OF[noun.es] in ("thing", "clothing", "reading", "animal") and random.random() < 0.25
    plural = kind in "pn" or (kind in "to" and several)
    if noun.mass and kind in "pni":
        return _bare(random, noun)
    es, en = (noun.es_plural, noun.en_plural) if plural else (noun.es, noun.en)
    adjectives = adjectives_of(noun)
    if adjectives and random.random() < 0.3:
        adjective = random.choice(adjectives)
        es = f"{es} {agree(adjective.es, noun.feminine, plural)}"
        en = f"{adjective.en} {en}"
    return _determined(random, kind, es, en, noun.feminine, plural, owner)


def _bare(random: Random, noun: Noun) -> Phrase:
    adjectives = adjectives_of(noun)
    if adjectives and random.random() < 0.3:
        adjective = random.choice(adjectives)
        return Phrase(
            f"{noun.es} {agree(adjective.es, noun.feminine, False)}", f"{adjective.en} {noun.en}", noun.feminine, False
        )
    return Phrase(noun.es, noun.en, noun.feminine, False)


def _determined(
    random: Random, kind: str, es: str, en: str, feminine: bool, plural: bool, owner: tuple[str, str] | None
) -> Phrase:
    if kind in "om":
        own, english = owner if kind == "o" and owner else random.choice(POSSESSIVES[:2])
        own = agree(own, feminine, plural) if own.endswith("o") else own + "s" * plural
        return Phrase(f"{own} {es}", f"{english} {en}", feminine, plural)
    if kind == "t":
        far = random.random() < 0.3
        spanish = ("ese", "esa", "esos", "esas") if far else ("este", "esta", "estos", "estas")
        english = (("that", "those") if far else ("this", "these"))[plural]
        return Phrase(f"{spanish[feminine + 2 * plural]} {es}", f"{english} {en}", feminine, plural)
    if kind == "n":
        number = random.choice(
            (("dos", "two"), ("tres", "three"), ("cuatro", "four"), ("cinco", "five"), ("seis", "six"))
        )
        return Phrase(f"{number[0]} {es}", f"{number[1]} {en}", feminine, True)
    if kind == "i":
        return Phrase(f"{'una' if feminine else 'un'} {es}", indefinite(en), feminine, False)
    return Phrase(f"{('el', 'la', 'los', 'las')[feminine + 2 * plural]} {es}", f"the {en}", feminine, plural)


def owner_of(subject: Subject) -> tuple[str, str]:
    """The possessives for what is the subject's own: ("su", "her")."""
    es, en = POSSESSIVES[subject.person]
    return es, "your" if subject.en == "you" else "her" if subject.person == 2 and subject.feminine else en


def a_subject(random: Random, kinds: str = "ppddnf") -> Subject:
    """A subject out of `kinds`: p(ronoun), d(ropped pronoun), q (dropped, for questions), n(ame), f(amily or other person)."""
    kind = random.choice(kinds)
    if kind == "p":
        return random.choice(PRONOUNS[:9] if random.random() < 0.9 else PRONOUNS)
    if kind == "d":
        return random.choice(DROPPED)
    if kind == "q":
        # One does not ask oneself.
        return random.choice(DROPPED[1:])
    if kind == "n":
        if random.random() < 0.15:
            first, second = random.sample(MEN + WOMEN, 2)
            return Subject(f"{first} y {second}", f"{first} and {second}", 5, {first, second} <= set(WOMEN))
        name = random.choice(MEN + WOMEN)
        return Subject(name, name, 2, name in WOMEN)
    phrase = a_person(random)
    return Subject(phrase.es, phrase.en, 5 if phrase.plural else 2, phrase.feminine)


def a_person(random: Random) -> Phrase:
    """Somebody known: a relative of the speaker's or the listener's, or a person with an article."""
    if random.random() < 0.6:
        return noun_phrase(random, random.choice(NOUNS["family"]), "m")
    phrase = noun_phrase(random, random.choice(NOUNS["person"]), "ddp")
    return phrase


def complement(adjective: Adjective, subject: Subject) -> Both:
    """An adjective after ser or estar, agreeing with the subject."""
    return Both(agree(adjective.es, subject.feminine, subject.plural), adjective.en)


def bare_phrase(random: Random, noun: Noun, kinds: str, owner: tuple[str, str] | None = None) -> Phrase:
    """A noun phrase without an adjective."""
    while True:
        phrase = noun_phrase(random, noun, kinds, owner)
        if len(phrase.es.split()) <= 2:
            return phrase


def a_time(random: Random, tense: str, share: float = 0.35) -> Both:
    """When it happens, or nothing; what would happen needs no time unless it is asked for by a share of 1."""
    if random.random() >= share or (tense == "conditional" and share < 1.0):
        return NOTHING
    return Both(*random.choice(TIMES[tense]))


def join(*parts: Both) -> Both:
    """The parts one after the other."""
    return Both(words(*(part.es for part in parts)), words(*(part.en for part in parts)))


def both(phrase: Phrase) -> Both:
    """A noun phrase as text."""
    return Both(phrase.es, phrase.en)


def to_person(phrase: Phrase) -> Both:
    """A person as an object, with the personal a."""
    return Both(words("a", phrase.es), phrase.en)


def a_name(random: Random) -> tuple[str, bool]:
    """A first name, and whether it is a woman's."""
    name = random.choice(MEN + WOMEN)
    return name, name in WOMEN


def pronoun_of(subject: Subject) -> str:
    """The English pronoun for a subject that has been named."""
    return (
        subject.en
        if subject.en in ("I", "you", "we")
        else "they"
        if subject.plural
        else "she"
        if subject.feminine
        else "he"
    )
