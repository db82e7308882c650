"""Subjects, noun phrases and clauses in both languages.

A `Pair` holds a text in Spanish and in English.  Clauses have no capital and no full stop; `sentence` adds both.
"""

from random import Random

from english import english_verb, indefinite, plain_english
from grammar import Adjective, Noun, Pair, Phrase, Subject, Verb
from lexicon import CLASS_OF, NOUNS, adjectives_of
from spanish import agree, conjugate
from tables import MEN, TIMES, WOMEN

EMPTY = Pair("", "")

PRONOUNS = (
    Subject("yo", "I", 0, False), Subject("tú", "you", 1, False), Subject("él", "he", 2, False), Subject("ella", "she", 2, True),
    Subject("nosotros", "we", 3, False), Subject("nosotras", "we", 3, True), Subject("vosotros", "you", 4, False),
    Subject("ellos", "they", 5, False), Subject("ellas", "they", 5, True), Subject("usted", "you", 2, False),
    Subject("ustedes", "you", 5, False),
)  # fmt: skip
# A dropped pronoun of the third person singular would be ambiguous in English (he, she or it), so it is never dropped.
DROPPED = tuple(
    Subject("", english, person, False)
    for english, person in (("I", 0), ("you", 1), ("we", 3), ("you", 4), ("they", 5))
)
POSSESSIVES = (("mi", "my"), ("tu", "your"), ("su", "his"), ("nuestro", "our"), ("vuestro", "your"), ("su", "their"))


def statement(subject: Subject, verb: Verb, tense: str, rest: Pair, negative: bool = False, clitic: str = "") -> Pair:
    """A declarative clause.

    Args:
        subject: the subject.
        verb: the verb.
        tense: a tense of `spanish.conjugate`.
        rest: the text after the verb: object, adverbials.
        negative: whether the clause is negated.
        clitic: the Spanish object pronoun before the verb, "" for none.
    """
    es = words(subject.es, "no" if negative else "", clitic, conjugate(verb, tense, subject.person), rest.es)
    if negative:
        _, auxiliary, main = english_verb(verb, tense, subject)
        return Pair(es, words(subject.en, auxiliary, main, rest.en))
    return Pair(es, words(subject.en, plain_english(verb, tense, subject), rest.en))


def question(
    subject: Subject, verb: Verb, tense: str, rest: Pair, question_word: Pair = EMPTY, clitic: str = ""
) -> Pair:
    """An interrogative clause with its question marks.

    Args:
        subject: the subject.
        verb: the verb.
        tense: a tense of `spanish.conjugate`.
        rest: the text after verb and subject.
        question_word: "qué", "what"; EMPTY for a yes-no question.
        clitic: the Spanish object pronoun before the verb, "" for none.
    """
    auxiliary, _, main = english_verb(verb, tense, subject)
    es = words(question_word.es, clitic, conjugate(verb, tense, subject.person), subject.es, rest.es)
    return Pair(f"¿{es}?", words(question_word.en, auxiliary, subject.en, main, rest.en) + "?")


def words(*texts: str) -> str:
    """The non-empty texts, joined by spaces; a + el and de + el contract to al and del."""
    text = " ".join(text for text in texts if text)
    return f" {text}".replace(" a el ", " al ").replace(" de el ", " del ").strip()


def sentence(clause: Pair) -> Pair:
    """The clause with a capital and, unless it ends with a punctuation mark, a full stop."""

    def finish(text: str) -> str:
        start = 1 if text[0] in "¿¡" else 0
        text = text[:start] + text[start].upper() + text[start + 1 :]
        return text if text[-1] in "?!." else f"{text}."

    return Pair(finish(clause.es), finish(clause.en))


def noun_phrase(random: Random, noun: Noun, determiners: str, owner: tuple[str, str] | None = None) -> Phrase:
    """A noun with a random determiner; three in ten have an adjective.

    Args:
        random: the random generator.
        noun: the noun.
        determiners: the determiners to choose from, a letter each: d(efinite article), i(ndefinite article), t(his or
            that), o(wner's possessive), p (definite plural), n(umeral), m(y or your).
        owner: the possessives for the letter o, from `owner_of`.
    """
    determiner = random.choice(determiners)
    plural_by_chance = CLASS_OF[noun.es] in ("thing", "clothing", "reading", "animal") and random.random() < 0.25
    plural = determiner in "pn" or (determiner in "to" and plural_by_chance)
    if noun.mass and determiner in "pni":
        return _without_determiner(random, noun)
    es, en = (noun.es_plural, noun.en_plural) if plural else (noun.es, noun.en)
    adjectives = adjectives_of(noun)
    if adjectives and random.random() < 0.3:
        adjective = random.choice(adjectives)
        es = f"{es} {agree(adjective.es, noun.feminine, plural)}"
        en = f"{adjective.en} {en}"
    return _add_determiner(random, determiner, es, en, noun.feminine, plural, owner)


def _without_determiner(random: Random, noun: Noun) -> Phrase:
    """A singular noun without a determiner; three in ten have an adjective."""
    adjectives = adjectives_of(noun)
    if adjectives and random.random() < 0.3:
        adjective = random.choice(adjectives)
        return Phrase(
            f"{noun.es} {agree(adjective.es, noun.feminine, False)}", f"{adjective.en} {noun.en}", noun.feminine, False
        )
    return Phrase(noun.es, noun.en, noun.feminine, False)


def _add_determiner(
    random: Random, determiner: str, es: str, en: str, feminine: bool, plural: bool, owner: tuple[str, str] | None
) -> Phrase:
    if determiner in "om":
        spanish, english = owner if determiner == "o" and owner else random.choice(POSSESSIVES[:2])
        spanish = agree(spanish, feminine, plural) if spanish.endswith("o") else spanish + "s" * plural
        return Phrase(f"{spanish} {es}", f"{english} {en}", feminine, plural)
    if determiner == "t":
        far = random.random() < 0.3
        demonstratives = ("ese", "esa", "esos", "esas") if far else ("este", "esta", "estos", "estas")
        english = (("that", "those") if far else ("this", "these"))[plural]
        return Phrase(f"{demonstratives[feminine + 2 * plural]} {es}", f"{english} {en}", feminine, plural)
    if determiner == "n":
        numeral = random.choice(
            (("dos", "two"), ("tres", "three"), ("cuatro", "four"), ("cinco", "five"), ("seis", "six"))
        )
        return Phrase(f"{numeral[0]} {es}", f"{numeral[1]} {en}", feminine, True)
    if determiner == "i":
        return Phrase(f"{'una' if feminine else 'un'} {es}", indefinite(en), feminine, False)
    return Phrase(f"{('el', 'la', 'los', 'las')[feminine + 2 * plural]} {es}", f"the {en}", feminine, plural)


def owner_of(subject: Subject) -> tuple[str, str]:
    """The Spanish and the English possessive of a subject: ("su", "her") for Ana."""
    es, en = POSSESSIVES[subject.person]
    return es, "your" if subject.en == "you" else "her" if subject.person == 2 and subject.feminine else en


def random_subject(random: Random, types: str = "ppddnf") -> Subject:
    """A random subject.

    Args:
        random: the random generator.
        types: the types to choose from, a letter each: p(ronoun), d(ropped pronoun), q (dropped pronoun other than
            "I", for questions), n(ame), f (noun phrase: a family member or another person).
    """
    subject_type = random.choice(types)
    if subject_type == "p":
        return random.choice(PRONOUNS[:9] if random.random() < 0.9 else PRONOUNS)
    if subject_type == "d":
        return random.choice(DROPPED)
    if subject_type == "q":
        return random.choice(DROPPED[1:])
    if subject_type == "n":
        if random.random() < 0.15:
            first, second = random.sample(MEN + WOMEN, 2)
            return Subject(f"{first} y {second}", f"{first} and {second}", 5, {first, second} <= set(WOMEN))
        name = random.choice(MEN + WOMEN)
        return Subject(name, name, 2, name in WOMEN)
    phrase = random_person(random)
    return Subject(phrase.es, phrase.en, 5 if phrase.plural else 2, phrase.feminine)


def random_person(random: Random) -> Phrase:
    """A noun phrase for a person: a relative with "my" or "your", or a person with the definite article."""
    if random.random() < 0.6:
        return noun_phrase(random, random.choice(NOUNS["family"]), "m")
    return noun_phrase(random, random.choice(NOUNS["person"]), "ddp")


def complement(adjective: Adjective, subject: Subject) -> Pair:
    """A predicate adjective, which agrees with the subject in Spanish."""
    return Pair(agree(adjective.es, subject.feminine, subject.plural), adjective.en)


def short_noun_phrase(random: Random, noun: Noun, determiners: str, owner: tuple[str, str] | None = None) -> Phrase:
    """A noun phrase without an adjective; arguments as of `noun_phrase`."""
    while True:
        phrase = noun_phrase(random, noun, determiners, owner)
        if len(phrase.es.split()) <= 2:
            return phrase


def random_time(random: Random, tense: str, share: float = 0.35) -> Pair:
    """A time adverbial that fits the tense, or EMPTY.

    Args:
        random: the random generator.
        tense: a tense of `spanish.conjugate`.
        share: probability of an adverbial; the conditional has one only if it is 1.
    """
    if random.random() >= share or (tense == "conditional" and share < 1.0):
        return EMPTY
    return Pair(*random.choice(TIMES[tense]))


def join(*pairs: Pair) -> Pair:
    """The concatenation of pairs, in both languages."""
    return Pair(words(*(pair.es for pair in pairs)), words(*(pair.en for pair in pairs)))


def as_pair(phrase: Phrase) -> Pair:
    """The texts of a noun phrase."""
    return Pair(phrase.es, phrase.en)


def personal_a(phrase: Phrase) -> Pair:
    """A person as a direct object, with the Spanish preposition a."""
    return Pair(words("a", phrase.es), phrase.en)


def random_name(random: Random) -> tuple[str, bool]:
    """A random first name, and whether it is feminine."""
    name = random.choice(MEN + WOMEN)
    return name, name in WOMEN


def pronoun_of(subject: Subject) -> str:
    """The English subject pronoun for a subject."""
    return (
        subject.en
        if subject.en in ("I", "you", "we")
        else "they"
        if subject.plural
        else "she"
        if subject.feminine
        else "he"
    )
