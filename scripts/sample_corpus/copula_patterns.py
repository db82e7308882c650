"""Sentence patterns with ser, estar, hay and gustar: descriptions, professions, origins, locations, comparisons.

Each pattern generates a random clause as a `Pair`; its docstring is an example.
"""

from random import Random

from english import be, indefinite
from grammar import Pair, Subject, Verb
from lexicon import ADJECTIVES, AUXILIARY, CLASS_OF, INTRANSITIVE, NOUNS, adjectives_of
from phrases import EMPTY, complement, join, noun_phrase, random_name, random_subject, short_noun_phrase, words
from spanish import conjugate
from tables import CITIES, PREPOSITIONS
from verb_patterns import OWNABLE, PLACES, ROOMS


def be_statement(subject: Subject, verb: Verb, tense: str, rest: Pair, negative: bool) -> Pair:
    """A statement with ser or estar; both translate to "be".  Arguments as of `phrases.statement`."""
    es = words(subject.es, "no" * negative, conjugate(verb, tense, subject.person), rest.es)
    if tense == "future":
        return Pair(es, words(subject.en, "won't be" if negative else "will be", rest.en))
    form = be("present" if tense == "present" else "past", subject.person, subject.en)
    return Pair(es, words(subject.en, form + (" not" if form == "am" else "n't") * negative, rest.en))


def be_question(subject: Subject, verb: Verb, tense: str, rest: Pair, question_word: Pair = EMPTY) -> Pair:
    """A question with ser or estar; the Spanish subject is last.  Arguments as of `phrases.question`."""
    es = words(question_word.es, conjugate(verb, tense, subject.person), rest.es, subject.es)
    form = be("present" if tense == "present" else "past", subject.person, subject.en)
    return Pair(f"¿{es}?", f"{words(question_word.en, form, subject.en, rest.en)}?")


def description(random: Random) -> Pair:
    """Mi abuela es muy simpática. Estamos cansados."""
    subject = random_subject(random)
    verb, group = random.choice((("ser", "person"), ("estar", "mood"), ("ser", "origin")))
    adjective = complement(random.choice(ADJECTIVES[group]), subject)
    degree = random.choice((EMPTY, Pair("muy", "very"), EMPTY)) if group != "origin" else EMPTY
    if adjective.en in ("alone", "ready"):
        degree = EMPTY
    tense = random.choice(("present", "present", "imperfect") if group != "origin" else ("present",))
    rest = join(degree, adjective)
    if random.random() < 0.2 and subject.person not in (0, 3):
        return be_question(subject, AUXILIARY[verb], tense, rest)
    return be_statement(subject, AUXILIARY[verb], tense, rest, random.random() < 0.2)


def thing_description(random: Random) -> Pair:
    """Esta película es aburrida. La puerta está cerrada."""
    if random.random() < 0.3:
        noun = random.choice(NOUNS["opening"][:4] if random.random() < 0.6 else NOUNS["place"][5:11])
        adjective = random.choice(ADJECTIVES["state"][:2] if noun in NOUNS["place"] else ADJECTIVES["state"][:1])
        verb = AUXILIARY["estar"]
        if noun.es in ("puerta", "ventana", "caja", "maleta"):
            adjective = random.choice(ADJECTIVES["state"][:2])
    else:
        noun = random.choice(
            [noun for name in sorted(OWNABLE | {"art", "building", "matter", "place"}) for noun in NOUNS[name]]
        )
        adjective, verb = random.choice(adjectives_of(noun)), AUXILIARY["ser"]
        if CLASS_OF[noun.es] in ("clothing", "furniture", "vehicle") and random.random() < 0.2:
            adjective, verb = random.choice(ADJECTIVES["state"][5:]), AUXILIARY["estar"]
    phrase = short_noun_phrase(random, noun, "dtpm" if CLASS_OF[noun.es] in OWNABLE else "dt")
    subject = Subject(phrase.es, phrase.en, 5 if phrase.plural else 2, phrase.feminine)
    tense = random.choice(("present", "present", "imperfect"))
    degree = (
        Pair("muy", "very")
        if verb.es == "ser" and random.random() < 0.3 and adjective not in ADJECTIVES["color"]
        else EMPTY
    )
    rest = join(degree, complement(adjective, subject))
    if random.random() < 0.2:
        return be_question(subject, verb, tense, rest)
    return be_statement(subject, verb, tense, rest, random.random() < 0.2)


def profession(random: Random) -> Pair:
    """Mi prima es abogada."""
    noun = random.choice(NOUNS["person"])
    subject = random_subject(random, "pnf")
    if subject.feminine != noun.feminine or (noun.en in ("boy", "girl", "man", "woman") and subject.person != 2):
        return profession(random)
    rest = Pair(noun.es_plural, noun.en_plural) if subject.plural else Pair(noun.es, indefinite(noun.en))
    if noun.en in ("boy", "girl", "man", "woman", "tourist"):
        if subject.plural:
            return profession(random)
        rest = Pair(f"{'una' if noun.feminine else 'un'} {noun.es}", indefinite(noun.en))
    return be_statement(subject, AUXILIARY["ser"], random.choice(("present", "imperfect")), rest, random.random() < 0.2)


def origin(random: Random) -> Pair:
    """Somos de Sevilla. ¿De dónde es Carmen?"""
    subject = random_subject(random)
    if random.random() < 0.25 and subject.person not in (0, 3):
        return be_question(subject, AUXILIARY["ser"], "present", Pair("", "from"), Pair("de dónde", "where"))
    city = random.choice(CITIES)
    return be_statement(
        subject, AUXILIARY["ser"], "present", Pair(f"de {city[0]}", f"from {city[1]}"), random.random() < 0.25
    )


def random_place(random: Random) -> Pair:
    """A random place for a thing: on the table, behind the door."""
    es, en = random.choice(PREPOSITIONS).rsplit(" ", 1)
    nouns = [noun for noun in NOUNS["furniture"] if noun.es in ("mesa", "silla", "cama")]
    if es != "en" and es != "debajo de":
        nouns = NOUNS["furniture"] + NOUNS["opening"][:3]
    noun = random.choice(nouns)
    return Pair(words(es, "la" if noun.feminine else "el", noun.es), f"{en.replace('~', ' ')} the {noun.en}")


def location(random: Random) -> Pair:
    """Las llaves están en la mesa. ¿Dónde está el gato?"""
    noun = random.choice(NOUNS["thing"] + NOUNS["reading"] + NOUNS["clothing"] + NOUNS["animal"][:2] + NOUNS["device"])
    phrase = short_noun_phrase(random, noun, "ddmp")
    subject = Subject(phrase.es, phrase.en, 5 if phrase.plural else 2, phrase.feminine)
    tense = random.choice(("present", "present", "imperfect"))
    if random.random() < 0.2:
        return be_question(subject, AUXILIARY["estar"], tense, EMPTY, Pair("dónde", "where"))
    return be_statement(subject, AUXILIARY["estar"], tense, random_place(random), random.random() < 0.15)


def person_location(random: Random) -> Pair:
    """Mi madre está en la oficina. ¿Dónde están los niños?"""
    subject = random_subject(random)
    tense = random.choice(("present", "present", "imperfect", "future"))
    if random.random() < 0.25 and tense != "future" and subject.person != 0:
        return be_question(subject, AUXILIARY["estar"], tense, EMPTY, Pair("dónde", "where"))
    rest = random.choice([*PLACES, *ROOMS, Pair("en casa", "at home"), Pair("en el trabajo", "at work")])
    return be_statement(subject, AUXILIARY["estar"], tense, rest, random.random() < 0.2)


def existence(random: Random) -> Pair:
    """Hay tres libros en la mesa. Había un perro detrás de la puerta."""
    noun = random.choice(NOUNS["thing"] + NOUNS["reading"] + NOUNS["animal"][:2] + NOUNS["clothing"])
    past = random.random() < 0.3
    if random.random() < 0.2:
        return Pair(words("no", "había" if past else "hay", "ningún" if not noun.feminine else "ninguna", noun.es, (place := random_place(random)).es),
                    f"there {'was' if past else 'is'} no {noun.en} {place.en}")  # fmt: skip
    phrase = noun_phrase(random, noun, "inn")
    form = ("were" if past else "are") if phrase.plural else ("was" if past else "is")
    place = random_place(random)
    return Pair(words("había" if past else "hay", phrase.es, place.es), words("there", form, phrase.en, place.en))


def gustar(random: Random) -> Pair:
    """Me gusta el café. A Pedro no le gustan los gatos."""
    if random.random() < 0.35:
        verb = random.choice(
            [INTRANSITIVE[name] for name in ("bailar", "cantar", "nadar", "viajar", "correr", "caminar", "dormir")]
        )
        liked, plural = Pair(verb.es, f"to {verb.en}"), False
    else:
        noun = random.choice(NOUNS["food"] + NOUNS["drink"] + NOUNS["animal"] + NOUNS["art"][:2] + NOUNS["study"][5:])
        plural = not noun.mass
        article = ("el", "la", "los", "las")[noun.feminine + 2 * plural]
        liked = Pair(f"{article} {noun.es_plural if plural else noun.es}", noun.en_plural if plural else noun.en)
    if random.random() < 0.5:
        pronoun, who, es_who = random.choice((("me", "I", ""), ("te", "you", ""), ("nos", "we", ""), ("os", "you", "")))
    else:
        subject = random_subject(random, "nf")
        pronoun, who, es_who = "les" if subject.plural else "le", subject.en, words("a", subject.es)
    third, is_question = pronoun == "le", random.random() < 0.2 and who not in ("I", "we")
    negative = random.random() < 0.25
    es = words(es_who, "no" * negative, pronoun, "gustan" if plural else "gusta", liked.es)
    if is_question:
        return Pair(
            f"¿{words(es_who, pronoun, 'gustan' if plural else 'gusta', liked.es)}?",
            f"{'does' if third else 'do'} {who} like {liked.en}?",
        )
    verb_en = f"{'does' if third else 'do'}n't like" if negative else "likes" if third else "like"
    return Pair(es, words(who, verb_en, liked.en))


def comparison(random: Random) -> Pair:
    """Lucía es más alta que su hermano. Este libro es mejor que la película."""
    first, second = random_subject(random, "nf"), random_subject(random, "nf")
    if " y " in first.es or " y " in second.es:
        return comparison(random)
    adjective = random.choice([item for item in ADJECTIVES["person"] if item.es not in ("trabajador", "guapo")])
    if first.en == second.en:
        return comparison(random)
    takes_er = {"tall", "young", "nice", "kind", "rich", "poor", "strong", "shy"}
    irregular = {"funny": "funnier", "shy": "shyer", "nice": "nicer"}
    comparative = irregular.get(
        adjective.en, f"{adjective.en}er" if adjective.en in takes_er else f"more {adjective.en}"
    )
    es, en = f"más {complement(adjective, first).es} que {second.es}", f"{comparative} than {second.en}"
    if random.random() < 0.3:
        es, en = f"tan {complement(adjective, first).es} como {second.es}", f"as {adjective.en} as {second.en}"
    return be_statement(first, AUXILIARY["ser"], "present", Pair(es, en), random.random() < 0.2)


def possession(random: Random) -> Pair:
    """El coche de Marta es rojo. ¿De quién es esta maleta?"""
    noun = random.choice([noun for name in sorted(OWNABLE) for noun in NOUNS[name] if adjectives_of(noun)])
    if random.random() < 0.3:
        phrase = short_noun_phrase(random, noun, "t")
        form = "are" if phrase.plural else "is"
        return Pair(
            f"¿de quién {'son' if phrase.plural else 'es'} {phrase.es}?",
            f"whose {noun.en_plural if phrase.plural else noun.en} {form} {phrase.en.split()[0]}?",
        )
    name, _ = random_name(random)
    phrase = short_noun_phrase(random, noun, "dp")
    owned = phrase.en.removeprefix("the ")
    subject = Subject(f"{phrase.es} de {name}", f"{name}'s {owned}", 5 if phrase.plural else 2, phrase.feminine)
    adjective = random.choice(adjectives_of(noun))
    return be_statement(
        subject,
        AUXILIARY["ser"],
        random.choice(("present", "imperfect")),
        complement(adjective, subject),
        random.random() < 0.2,
    )
