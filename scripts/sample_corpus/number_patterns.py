"""Sentence patterns with numbers: ages, prices, amounts, dates, times of day.

Each pattern generates a random clause as a `Pair`; its docstring is an example.
"""

from random import Random

from english import be, possessive
from grammar import Pair
from lexicon import INTRANSITIVE, NOUNS, TRANSITIVE
from phrases import DROPPED, EMPTY, question, random_subject, short_noun_phrase, statement, words
from spanish import agree, conjugate
from tables import DAYS, MONTHS, NUMBERS
from verb_patterns import random_hour


def clock(random: Random) -> Pair:
    """Son las dos y cuarto. La reunión empieza a las nueve."""
    hour = random_hour(random)
    if random.random() < 0.4:
        verb = "es" if "una" in hour.es else "son"
        return Pair(f"{verb} {hour.es[2:]}", f"it is {hour.en[3:]}")
    noun = random.choice(NOUNS["event"])
    phrase = short_noun_phrase(random, noun, "dt")
    verb, english = random.choice(
        (("empieza", "starts"), ("termina", "ends"), ("empezó", "started"), ("terminará", "will end"), ("es", "is"))
    )
    return Pair(f"{phrase.es} {verb} {hour.es}", f"{phrase.en} {english} {hour.en}")


def date(random: Random) -> Pair:
    """Hoy es lunes. Mi cumpleaños es el doce de mayo. Llegaremos el 3 de abril."""
    day, month = random.choice(DAYS), random.choice(MONTHS)
    number = random.randrange(2, 29)
    variant = random.randrange(5)
    if variant == 0:
        day_word, es_be, en_be = random.choice(
            (("hoy", "es", "today is"), ("mañana", "es", "tomorrow is"), ("ayer", "fue", "yesterday was"))
        )
        return Pair(f"{day_word} {es_be} {day[0]}", f"{en_be} {day[1]}")
    if variant == 1:
        return Pair(f"hoy es {day[0]}, {number} de {month[0]}", f"today is {day[1]}, {month[1]} {number}")
    if variant == 2:
        subject = random_subject(random, "nf")
        return Pair(
            words("el cumpleaños de", subject.es, f"es el {number} de {month[0]}"),
            f"{possessive(subject.en)} birthday is on {month[1]} {number}",
        )
    verb = random.choice([INTRANSITIVE[name] for name in ("llegar", "salir", "volver", "venir", "viajar")])
    tense = random.choice(("preterite", "future", "going to"))
    day_adverbial = (
        Pair(f"el {number} de {month[0]}", f"on {month[1]} {number}")
        if variant == 3
        else Pair(f"el {day[0]}", f"on {day[1]}")
    )
    return statement(random_subject(random), verb, tense, day_adverbial, random.random() < 0.1)


def quantity(random: Random) -> Pair:
    """Mi hija tiene quince años. El abrigo cuesta cien euros. ¿Cuántos libros has leído?"""
    variant = random.randrange(4)
    number = random.choice(NUMBERS)
    if variant == 0:
        subject = random_subject(random)
        tense = random.choice(("present", "present", "imperfect"))
        es = words(subject.es, conjugate(TRANSITIVE["tener"], tense, subject.person), number[0], "años")
        return Pair(
            es,
            words(
                subject.en,
                be("present" if tense == "present" else "past", subject.person, subject.en),
                number[1],
                "years old",
            ),
        )
    if variant == 1:
        subject = random_subject(random, "qnf")
        es = words("cuántos años", conjugate(TRANSITIVE["tener"], "present", subject.person), subject.es)
        return Pair(f"¿{es}?", f"how old {be('present', subject.person, subject.en)} {subject.en}?")
    noun = random.choice(NOUNS["clothing"] + NOUNS["thing"] + NOUNS["device"] + NOUNS["music"])
    phrase = short_noun_phrase(random, noun, "dtp")
    if variant == 2:
        if random.random() < 0.3:
            return Pair(
                f"¿cuánto {'cuestan' if phrase.plural else 'cuesta'} {phrase.es}?",
                f"how much {'do' if phrase.plural else 'does'} {phrase.en} cost?",
            )
        es = f"{phrase.es} {'cuestan' if phrase.plural else 'cuesta'} {number[0]} euros"
        return Pair(es, f"{phrase.en} {'cost' if phrase.plural else 'costs'} {number[1]} euros")
    verb = random.choice(
        [TRANSITIVE[name] for name in ("comprar", "vender", "perder", "buscar", "encontrar", "traer", "necesitar")]
    )
    how_many = agree("cuánto", noun.feminine, True)
    tense = "present" if verb.stative else random.choice(("preterite", "perfect", "going to"))
    return question(
        random.choice(DROPPED[1:]),
        verb,
        tense,
        EMPTY,
        Pair(f"{how_many} {noun.es_plural}", f"how many {noun.en_plural}"),
    )
