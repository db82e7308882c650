"""Patterns about what somebody does: transitive and intransitive verbs, questions, clitics, wishes, commands."""

from random import Random

from english import plain_english
from kinds import Both, Noun, Phrase, Subject, Verb
from lexicon import AUXILIARY, CLASS_OF, INTRANSITIVE, NOUN, NOUNS, TRANSITIVE, WITH_PERSON, objects_of
from phrases import (
    DROPPED,
    NOTHING,
    a_name,
    a_person,
    a_subject,
    a_time,
    bare_phrase,
    both,
    join,
    noun_phrase,
    owner_of,
    question,
    statement,
    to_person,
    words,
)
from spanish import conjugate, imperative
from tables import CITIES, MEN, NUMBERS, TIMES, WOMEN

OWN = {"reading", "device", "vehicle", "opening", "thing", "clothing", "animal", "music", "furniture"}
ACCIDENTS = {"perder", "olvidar", "romper", "encontrar", "recibir", "ganar"}
"""Verbs for what one does not set out to do."""
HABITS = {
    "leer", "escribir", "comprar", "vender", "comer", "beber", "cocinar", "preparar", "escuchar", "usar", "llevar", "limpiar", "lavar",
    "pintar", "dibujar", "tocar", "estudiar", "enseñar", "enviar", "traer", "hacer", "ver", "conducir", "hablar", "visitar", "ayudar",
    "llamar", "invitar", "esperar",
}  # fmt: skip
"""Verbs for what one used to do."""
PLANS = [verb for verb in INTRANSITIVE.values() if verb.es != "llorar"]
ACTIONS = [verb for verb in TRANSITIVE.values() if not verb.stative and verb.es not in ACCIDENTS]


def in_place(noun: Noun) -> Both:
    """En el hotel, at the hotel; en el parque, in the park."""
    near = "at" if noun in NOUNS["place"] and noun.es not in ("parque", "plaza") else "in"
    return Both(f"en {'la' if noun.feminine else 'el'} {noun.es}", f"{near} the {noun.en}")


PLACES = [in_place(noun) for noun in NOUNS["place"]]
ROOMS = [in_place(noun) for noun in NOUNS["room"]]


def a_tense(random: Random, verb: Verb) -> str:
    """A tense that the verb is natural in: a state is not in progress, nor an accident planned."""
    if verb.stative:
        return random.choice(("present", "present", "future") if verb.es != "conocer" else ("present",))
    if verb.es in ACCIDENTS:
        return random.choice(("preterite", "perfect", "preterite", "future"))
    habit = ("present", "imperfect") if verb.es in HABITS else ()
    return random.choice(
        ("present", "preterite", "future", "perfect", "progressive", "going to", "conditional", *habit)
    )


def an_object(random: Random, verb: Verb, subject: Subject) -> Phrase:
    """A noun phrase that the verb takes."""
    noun = random.choice(objects_of(verb))
    name = CLASS_OF[noun.es]
    if name == "study":
        return Phrase(noun.es, noun.en, noun.feminine, False)
    if name in ("food", "drink"):
        return noun_phrase(random, noun, "ddipn")
    if verb.es == "tocar":
        return bare_phrase(random, noun, "ddo", owner_of(subject))
    kinds = "ddit" if name in ("event", "room", "matter", "building", "town", "place") else "ddiiptn"
    return noun_phrase(random, noun, kinds + "oo" * (name in OWN), owner_of(subject))


# ---- doing things


def transitive(random: Random) -> Both:
    """Ana lee un libro interesante."""
    verb = random.choice(list(TRANSITIVE.values()))
    subject, tense = a_subject(random), a_tense(random, verb)
    rest = join(both(an_object(random, verb, subject)), a_time(random, tense, 0.0 if verb.stative else 0.35))
    return statement(subject, verb, tense, rest, random.random() < 0.2)


def transitive_question(random: Random) -> Both:
    """¿Vas a leer el libro?"""
    verb = random.choice(list(TRANSITIVE.values()))
    subject, tense = a_subject(random, "qqqnf"), a_tense(random, verb)
    if subject.es and tense in ("perfect", "going to", "progressive"):
        # Nothing stands between the two parts of a verb.
        subject = random.choice(DROPPED[1:])
    return question(
        subject,
        verb,
        tense,
        join(both(an_object(random, verb, subject)), a_time(random, tense, 0.0 if verb.stative else 0.2)),
    )


def what_question(random: Random) -> Both:
    """¿Qué compró tu hermana ayer?"""
    verb = random.choice([TRANSITIVE[name] for name in (
        "leer", "escribir", "comprar", "vender", "comer", "beber", "cocinar", "preparar", "buscar", "dibujar", "estudiar", "pintar",
        "aprender", "traer", "enviar", "recibir", "llevar", "necesitar", "reparar", "perder", "limpiar")])  # fmt: skip
    subject, tense = a_subject(random, "qqqnf"), a_tense(random, verb)
    return question(subject, verb, tense, a_time(random, tense, 0.0 if verb.stative else 0.4), Both("qué", "what"))


def with_somebody(random: Random) -> Both:
    """Visitamos a nuestros abuelos los fines de semana."""
    verb = random.choice(list(WITH_PERSON.values()))
    subject, tense = a_subject(random, "ppddn"), a_tense(random, verb)
    name = random.choice(MEN + WOMEN)
    person = a_person(random) if random.random() < 0.7 else Phrase(name, name, False, False)
    if person.es == subject.es:
        return with_somebody(random)
    rest = join(to_person(person), a_time(random, tense, 0.0 if verb.stative else 0.25))
    return statement(subject, verb, tense, rest, random.random() < 0.2)


def an_adverbial(random: Random, verb: Verb, tense: str) -> Both:
    """Where, when or with whom, as fits the verb."""
    kind = random.choice(verb.objects)
    city, place = random.choice(CITIES), random.choice(NOUNS["place"])
    article = "la" if place.feminine else "el"
    if kind == "to":
        return Both(words("a", article, place.es), f"to the {place.en}")
    if kind in NOUN:
        return in_place(NOUN[kind])
    if kind == "city":
        return Both(f"en {city[0]}", f"in {city[1]}")
    if kind == "to_city":
        return Both(f"a {city[0]}", f"to {city[1]}")
    if kind == "with":
        person = a_person(random)
        return Both(words("con", person.es), f"with {person.en}")
    hours = {"desayunar": (7, 10), "cenar": (8, 10)}.get(verb.es, (1, 12))
    return an_hour(random, *hours) if kind == "hour" else a_time(random, tense, 1.0)


def intransitive(random: Random) -> Both:
    """Trabajábamos en el hospital los fines de semana."""
    verb = random.choice(list(INTRANSITIVE.values()))
    tenses = ["present", "present", "preterite", "imperfect", "future", "perfect", "conditional"]
    if verb.es != "ir":  # "voy a ir" is said, but not "estoy yendo"
        tenses += ["progressive", "going to"]
    tense = random.choice(tenses)
    place = an_adverbial(random, verb, tense)
    # One time is enough.
    timed = place.en.endswith(("o'clock", *(number[1] for number in NUMBERS))) or place in {
        Both(*time) for time in TIMES[tense]
    }
    rest = join(place, NOTHING if timed or verb.es == "vivir" else a_time(random, tense, 0.25))
    return statement(a_subject(random), verb, tense, rest, random.random() < 0.2)


def place_question(random: Random) -> Both:
    """¿Dónde trabaja tu primo? ¿Cuándo llegará María?"""
    verb = INTRANSITIVE[
        random.choice(("trabajar", "vivir", "cenar", "desayunar", "dormir", "jugar", "nadar", "bailar", "correr"))
    ]
    asked = Both("dónde", "where")
    if random.random() < 0.5:
        asked = Both("cuándo", "when")
        verb = INTRANSITIVE[random.choice(("llegar", "salir", "volver", "venir", "viajar", "descansar", "cenar"))]
    if random.random() < 0.2:
        asked = Both("por qué", "why")
        verb = INTRANSITIVE[random.choice(("llorar", "correr", "cantar", "descansar", "viajar", "esperar", "salir"))]
    tense = random.choice(("present", "preterite", "future", "going to", "perfect"))
    return question(a_subject(random, "qqqnf"), verb, tense, NOTHING, asked)


def subject_question(random: Random) -> Both:
    """¿Quién ha roto el vaso?"""
    verb = random.choice(list(TRANSITIVE.values()))
    tense = random.choice(("present", "preterite", "future", "perfect") if not verb.stative else ("present",))
    who = Subject("", "who", 2, False)
    thing = both(an_object(random, verb, Subject("yo", "I", 0, False)))
    return Both(
        f"¿{words('quién', conjugate(verb, tense, 2), thing.es)}?",
        f"{words('who', plain_english(verb, tense, who), thing.en)}?",
    )


def clitic(random: Random) -> Both:
    """No lo he leído. La vemos todos los días."""
    if random.random() < 0.5:
        pronoun, english = random.choice(
            (("me", "me"), ("te", "you"), ("nos", "us"), ("os", "you"), ("la", "her"), ("los", "them"))
        )
        verb = random.choice(
            [WITH_PERSON[name] for name in ("ayudar", "llamar", "visitar", "esperar", "invitar", "ver", "conocer")]
        )
    else:
        pronoun, english = random.choice((("lo", "it"), ("las", "them"), ("los", "them"), ("lo", "it")))
        verb = random.choice(
            [verb for verb in TRANSITIVE.values() if verb.es not in ("tener", "hablar", "llevar", "ver")]
        )
    subject = a_subject(random)
    if (pronoun in ("me", "nos") and subject.person in (0, 3)) or (pronoun in ("te", "os") and subject.en == "you"):
        return clitic(random)
    tense = a_tense(random, verb)
    return statement(
        subject,
        verb,
        tense,
        join(Both("", english), a_time(random, tense, 0.0 if verb.stative else 0.2)),
        random.random() < 0.25,
        pronoun,
    )


def giving(random: Random) -> Both:
    """Mi tío me dio un reloj nuevo. Le enviaré la carta a Elena."""
    verb = random.choice((AUXILIARY["dar"], AUXILIARY["dar"], TRANSITIVE["enviar"], TRANSITIVE["traer"]))
    noun = random.choice(NOUNS["reading"] + NOUNS["thing"] + NOUNS["art"][2:])
    subject = a_subject(random)
    thing = noun_phrase(random, noun, "diip")
    tense = random.choice(("present", "preterite", "preterite", "future", "perfect", "going to"))
    if random.random() < 0.5:
        pronoun, english = random.choice((("me", "me"), ("te", "you"), ("nos", "us")))
        if subject.person in (0, 3) or subject.en == "you":
            pronoun, english = ("te", "you") if subject.en != "you" else ("me", "me")
        return statement(subject, verb, tense, Both(thing.es, f"{english} {thing.en}"), False, pronoun)
    name, _ = a_name(random)
    if name in subject.es:
        return giving(random)
    return statement(
        subject, verb, tense, Both(f"{thing.es} a {name}", f"{thing.en} to {name}"), random.random() < 0.2, "le"
    )


def wishing(random: Random) -> Both:
    """Quiero comprar un coche nuevo. Tenemos que estudiar. No puedes abrir la ventana."""
    subject = a_subject(random)
    if random.random() < 0.7:
        verb = random.choice([*ACTIONS, TRANSITIVE["encontrar"], TRANSITIVE["ganar"]])
        rest = both(an_object(random, verb, subject))
    else:
        verb = random.choice(PLANS)
        rest = an_adverbial(random, verb, "future")
    third = subject.person == 2 and subject.en != "you"
    kind = random.choice(("querer", "querer", "tener que", "poder", "deber", "preferir"))
    negative = random.random() < 0.25 and kind != "preferir"
    main = TRANSITIVE["tener"] if kind == "tener que" else AUXILIARY[kind]
    es = words(
        subject.es,
        "no" * negative,
        conjugate(main, "present", subject.person),
        "que" * (kind == "tener que"),
        verb.es,
        rest.es,
    )
    if kind in ("poder", "deber"):
        en = {"poder": ("can", "can't"), "deber": ("should", "shouldn't")}[kind][negative]
    else:
        base = {"querer": "want", "tener que": "have", "preferir": "prefer"}[kind]
        positive = {"want": "wants", "have": "has", "prefer": "prefers"}[base] if third else base
        en = f"{'does' if third else 'do'}n't {base} to" if negative else f"{positive} to"
    return Both(es, words(subject.en, en, verb.en, rest.en))


def commanding(random: Random) -> Both:
    """Abre la ventana, por favor. No comas el pastel."""
    negative = random.random() < 0.4
    verbs = ACTIONS + [TRANSITIVE["perder"], TRANSITIVE["olvidar"], TRANSITIVE["romper"]] * negative
    verb = random.choice(verbs)
    noun = random.choice(objects_of(verb))
    thing = Both(noun.es, noun.en) if CLASS_OF[noun.es] == "study" else both(noun_phrase(random, noun, "dddt"))
    please = random.random() < 0.3
    es = words(imperative(verb, negative), thing.es) + ", por favor" * please
    return Both(es, words("don't" * negative, verb.en, thing.en) + ", please" * please)


def an_hour(random: Random, first: int = 1, last: int = 12) -> Both:
    """A las tres y media, at half past three."""
    number = random.randint(first, last)
    es, en = ("la una", "one") if number == 1 else (f"las {NUMBERS[number - 2][0]}", NUMBERS[number - 2][1])
    part = random.choice(
        (
            Both("", "{} o'clock"),
            Both(" y media", "half past {}"),
            Both(" y cuarto", "a quarter past {}"),
            Both(" menos cuarto", "a quarter to {}"),
        )
    )
    return Both(f"a {es}{part.es}", f"at {part.en.format(en)}")
