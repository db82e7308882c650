"""Patterns with numbers: ages, prices, amounts, dates, times of day."""

from random import Random

from doing import an_hour
from english import be, possessive
from kinds import Both
from lexicon import INTRANSITIVE, NOUNS, TRANSITIVE
from phrases import DROPPED, NOTHING, a_subject, bare_phrase, question, statement, words
from spanish import agree, conjugate
from tables import DAYS, MONTHS, NUMBERS


def clock(random: Random) -> Both:
    """Son las dos y cuarto. La reunión empieza a las nueve."""
    hour = an_hour(random)
    if random.random() < 0.4:
        verb = "es" if "una" in hour.es else "son"
        return Both(f"{verb} {hour.es[2:]}", f"it is {hour.en[3:]}")
    noun = random.choice([noun for noun in NOUNS["event"]])
    phrase = bare_phrase(random, noun, "dt")
    verb, english = random.choice(
        (("empieza", "starts"), ("termina", "ends"), ("empezó", "started"), ("terminará", "will end"), ("es", "is"))
    )
    return Both(f"{phrase.es} {verb} {hour.es}", f"{phrase.en} {english} {hour.en}")


def date(random: Random) -> Both:
    """Hoy es lunes. Mi cumpleaños es el doce de mayo. Llegaremos el 3 de abril."""
    day, month = random.choice(DAYS), random.choice(MONTHS)
    number = random.randrange(2, 29)
    kind = random.randrange(5)
    if kind == 0:
        when, es_is, en_is = random.choice(
            (("hoy", "es", "today is"), ("mañana", "es", "tomorrow is"), ("ayer", "fue", "yesterday was"))
        )
        return Both(f"{when} {es_is} {day[0]}", f"{en_is} {day[1]}")
    if kind == 1:
        return Both(f"hoy es {day[0]}, {number} de {month[0]}", f"today is {day[1]}, {month[1]} {number}")
    if kind == 2:
        subject = a_subject(random, "nf")
        return Both(
            words("el cumpleaños de", subject.es, f"es el {number} de {month[0]}"),
            f"{possessive(subject.en)} birthday is on {month[1]} {number}",
        )
    verb = random.choice([INTRANSITIVE[name] for name in ("llegar", "salir", "volver", "venir", "viajar")])
    tense = random.choice(("preterite", "future", "going to"))
    on_day = (
        Both(f"el {number} de {month[0]}", f"on {month[1]} {number}")
        if kind == 3
        else Both(f"el {day[0]}", f"on {day[1]}")
    )
    return statement(a_subject(random), verb, tense, on_day, random.random() < 0.1)


def counting(random: Random) -> Both:
    """Mi hija tiene quince años. El abrigo cuesta cien euros. ¿Cuántos libros has leído?"""
    kind = random.randrange(4)
    number = random.choice(NUMBERS)
    if kind == 0:
        subject = a_subject(random)
        tense = random.choice(("present", "present", "imperfect"))
        es = words(subject.es, conjugate(TRANSITIVE["tener"], tense, subject.person), number[0], "años")
        return Both(
            es,
            words(
                subject.en,
                be("present" if tense == "present" else "past", subject.person, subject.en),
                number[1],
                "years old",
            ),
        )
    if kind == 1:
        subject = a_subject(random, "qnf")
        es = words("cuántos años", conjugate(TRANSITIVE["tener"], "present", subject.person), subject.es)
        return Both(f"¿{es}?", f"how old {be('present', subject.person, subject.en)} {subject.en}?")
    noun = random.choice(NOUNS["clothing"] + NOUNS["thing"] + NOUNS["device"] + NOUNS["music"])
    phrase = bare_phrase(random, noun, "dtp")
    if kind == 2:
        if random.random() < 0.3:
            return Both(
                f"¿cuánto {'cuestan' if phrase.plural else 'cuesta'} {phrase.es}?",
                f"how much {'do' if phrase.plural else 'does'} {phrase.en} cost?",
            )
        es = f"{phrase.es} {'cuestan' if phrase.plural else 'cuesta'} {number[0]} euros"
        return Both(es, f"{phrase.en} {'cost' if phrase.plural else 'costs'} {number[1]} euros")
    verb = random.choice(
        [TRANSITIVE[name] for name in ("comprar", "vender", "perder", "buscar", "encontrar", "traer", "necesitar")]
    )
    many = agree("cuánto", noun.feminine, True)
    tense = "present" if verb.stative else random.choice(("preterite", "perfect", "going to"))
    return question(
        random.choice(DROPPED[1:]), verb, tense, NOTHING, Both(f"{many} {noun.es_plural}", f"how many {noun.en_plural}")
    )
