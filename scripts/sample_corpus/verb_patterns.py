"""Sentence patterns with transitive and intransitive verbs: statements, questions, clitics, modal verbs, commands.

Each pattern generates a random clause as a `Pair`; its docstring is an example.
"""

from random import Random

from english import plain_english
from grammar import Noun, Pair, Phrase, Subject, Verb
from lexicon import AUXILIARY, CLASS_OF, INTRANSITIVE, NOUN, NOUNS, TRANSITIVE, WITH_PERSON, objects_of
from phrases import (
    DROPPED,
    EMPTY,
    as_pair,
    join,
    noun_phrase,
    owner_of,
    personal_a,
    question,
    random_name,
    random_person,
    random_subject,
    random_time,
    short_noun_phrase,
    statement,
    words,
)
from spanish import conjugate, imperative
from tables import CITIES, MEN, NUMBERS, TIMES, WOMEN

OWNABLE = {"reading", "device", "vehicle", "opening", "thing", "clothing", "animal", "music", "furniture"}
"""Classes of nouns that a person can own."""

INVOLUNTARY = {"perder", "olvidar", "romper", "encontrar", "recibir", "ganar"}
"""Verbs of involuntary events, which are natural in the preterite, the perfect and the future only."""

HABITUAL = {
    "leer", "escribir", "comprar", "vender", "comer", "beber", "cocinar", "preparar", "escuchar", "usar", "llevar", "limpiar", "lavar",
    "pintar", "dibujar", "tocar", "estudiar", "enseñar", "enviar", "traer", "hacer", "ver", "conducir", "hablar", "visitar", "ayudar",
    "llamar", "invitar", "esperar",
}  # fmt: skip
"""Verbs of habits, which are natural in the present and the imperfect too."""

VOLUNTARY_INTRANSITIVE = [verb for verb in INTRANSITIVE.values() if verb.es != "llorar"]
"""Intransitive verbs of voluntary actions."""

VOLUNTARY_TRANSITIVE = [verb for verb in TRANSITIVE.values() if not verb.stative and verb.es not in INVOLUNTARY]
"""Transitive verbs of voluntary actions."""


def in_place(noun: Noun) -> Pair:
    """En el hotel, at the hotel; en el parque, in the park."""
    preposition = "at" if noun in NOUNS["place"] and noun.es not in ("parque", "plaza") else "in"
    return Pair(f"en {'la' if noun.feminine else 'el'} {noun.es}", f"{preposition} the {noun.en}")


PLACES = [in_place(noun) for noun in NOUNS["place"]]
ROOMS = [in_place(noun) for noun in NOUNS["room"]]


def random_tense(random: Random, verb: Verb) -> str:
    """A random tense that is natural for the verb: stative verbs, for example, have no progressive."""
    if verb.stative:
        return random.choice(("present", "present", "future") if verb.es != "conocer" else ("present",))
    if verb.es in INVOLUNTARY:
        return random.choice(("preterite", "perfect", "preterite", "future"))
    habitual_tenses = ("present", "imperfect") if verb.es in HABITUAL else ()
    return random.choice(
        ("present", "preterite", "future", "perfect", "progressive", "going to", "conditional", *habitual_tenses)
    )


def random_object(random: Random, verb: Verb, subject: Subject) -> Phrase:
    """A random noun phrase that the verb takes as its object."""
    noun = random.choice(objects_of(verb))
    noun_class = CLASS_OF[noun.es]
    if noun_class == "study":
        return Phrase(noun.es, noun.en, noun.feminine, False)
    if noun_class in ("food", "drink"):
        return noun_phrase(random, noun, "ddipn")
    if verb.es == "tocar":
        return short_noun_phrase(random, noun, "ddo", owner_of(subject))
    determiners = "ddit" if noun_class in ("event", "room", "matter", "building", "town", "place") else "ddiiptn"
    return noun_phrase(random, noun, determiners + "oo" * (noun_class in OWNABLE), owner_of(subject))


def transitive(random: Random) -> Pair:
    """Ana lee un libro interesante."""
    verb = random.choice(list(TRANSITIVE.values()))
    subject, tense = random_subject(random), random_tense(random, verb)
    rest = join(
        as_pair(random_object(random, verb, subject)), random_time(random, tense, 0.0 if verb.stative else 0.35)
    )
    return statement(subject, verb, tense, rest, random.random() < 0.2)


def transitive_question(random: Random) -> Pair:
    """¿Vas a leer el libro?"""
    verb = random.choice(list(TRANSITIVE.values()))
    subject, tense = random_subject(random, "qqqnf"), random_tense(random, verb)
    if subject.es and tense in ("perfect", "going to", "progressive"):
        # Spanish puts no subject between an auxiliary and its verb.
        subject = random.choice(DROPPED[1:])
    return question(
        subject,
        verb,
        tense,
        join(as_pair(random_object(random, verb, subject)), random_time(random, tense, 0.0 if verb.stative else 0.2)),
    )


def what_question(random: Random) -> Pair:
    """¿Qué compró tu hermana ayer?"""
    verb = random.choice([TRANSITIVE[name] for name in (
        "leer", "escribir", "comprar", "vender", "comer", "beber", "cocinar", "preparar", "buscar", "dibujar", "estudiar", "pintar",
        "aprender", "traer", "enviar", "recibir", "llevar", "necesitar", "reparar", "perder", "limpiar")])  # fmt: skip
    subject, tense = random_subject(random, "qqqnf"), random_tense(random, verb)
    return question(subject, verb, tense, random_time(random, tense, 0.0 if verb.stative else 0.4), Pair("qué", "what"))


def personal_object(random: Random) -> Pair:
    """Visitamos a nuestros abuelos los fines de semana."""
    verb = random.choice(list(WITH_PERSON.values()))
    subject, tense = random_subject(random, "ppddn"), random_tense(random, verb)
    name = random.choice(MEN + WOMEN)
    person = random_person(random) if random.random() < 0.7 else Phrase(name, name, False, False)
    if person.es == subject.es:
        return personal_object(random)
    rest = join(personal_a(person), random_time(random, tense, 0.0 if verb.stative else 0.25))
    return statement(subject, verb, tense, rest, random.random() < 0.2)


def random_adverbial(random: Random, verb: Verb, tense: str) -> Pair:
    """A random adverbial of place, time or company that fits the verb."""
    adverbial = random.choice(verb.objects)
    city, place = random.choice(CITIES), random.choice(NOUNS["place"])
    article = "la" if place.feminine else "el"
    if adverbial == "to":
        return Pair(words("a", article, place.es), f"to the {place.en}")
    if adverbial in NOUN:
        return in_place(NOUN[adverbial])
    if adverbial == "city":
        return Pair(f"en {city[0]}", f"in {city[1]}")
    if adverbial == "to_city":
        return Pair(f"a {city[0]}", f"to {city[1]}")
    if adverbial == "with":
        person = random_person(random)
        return Pair(words("con", person.es), f"with {person.en}")
    hours = {"desayunar": (7, 10), "cenar": (8, 10)}.get(verb.es, (1, 12))
    return random_hour(random, *hours) if adverbial == "hour" else random_time(random, tense, 1.0)


def intransitive(random: Random) -> Pair:
    """Trabajábamos en el hospital los fines de semana."""
    verb = random.choice(list(INTRANSITIVE.values()))
    tenses = ["present", "present", "preterite", "imperfect", "future", "perfect", "conditional"]
    if verb.es != "ir":  # "estoy yendo" is not idiomatic
        tenses += ["progressive", "going to"]
    tense = random.choice(tenses)
    adverbial = random_adverbial(random, verb, tense)
    # A clause has one time adverbial at most.
    has_time = adverbial.en.endswith(("o'clock", *(number[1] for number in NUMBERS))) or adverbial in {
        Pair(*time) for time in TIMES[tense]
    }
    rest = join(adverbial, EMPTY if has_time or verb.es == "vivir" else random_time(random, tense, 0.25))
    return statement(random_subject(random), verb, tense, rest, random.random() < 0.2)


def adverb_question(random: Random) -> Pair:
    """¿Dónde trabaja tu primo? ¿Cuándo llegará María?"""
    verb = INTRANSITIVE[
        random.choice(("trabajar", "vivir", "cenar", "desayunar", "dormir", "jugar", "nadar", "bailar", "correr"))
    ]
    question_word = Pair("dónde", "where")
    if random.random() < 0.5:
        question_word = Pair("cuándo", "when")
        verb = INTRANSITIVE[random.choice(("llegar", "salir", "volver", "venir", "viajar", "descansar", "cenar"))]
    if random.random() < 0.2:
        question_word = Pair("por qué", "why")
        verb = INTRANSITIVE[random.choice(("llorar", "correr", "cantar", "descansar", "viajar", "esperar", "salir"))]
    tense = random.choice(("present", "preterite", "future", "going to", "perfect"))
    return question(random_subject(random, "qqqnf"), verb, tense, EMPTY, question_word)


def subject_question(random: Random) -> Pair:
    """¿Quién ha roto el vaso?"""
    verb = random.choice(list(TRANSITIVE.values()))
    tense = random.choice(("present", "preterite", "future", "perfect") if not verb.stative else ("present",))
    who = Subject("", "who", 2, False)
    direct_object = as_pair(random_object(random, verb, Subject("yo", "I", 0, False)))
    return Pair(
        f"¿{words('quién', conjugate(verb, tense, 2), direct_object.es)}?",
        f"{words('who', plain_english(verb, tense, who), direct_object.en)}?",
    )


def clitic(random: Random) -> Pair:
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
    subject = random_subject(random)
    if (pronoun in ("me", "nos") and subject.person in (0, 3)) or (pronoun in ("te", "os") and subject.en == "you"):
        return clitic(random)
    tense = random_tense(random, verb)
    return statement(
        subject,
        verb,
        tense,
        join(Pair("", english), random_time(random, tense, 0.0 if verb.stative else 0.2)),
        random.random() < 0.25,
        pronoun,
    )


def ditransitive(random: Random) -> Pair:
    """Mi tío me dio un reloj nuevo. Le enviaré la carta a Elena."""
    verb = random.choice((AUXILIARY["dar"], AUXILIARY["dar"], TRANSITIVE["enviar"], TRANSITIVE["traer"]))
    noun = random.choice(NOUNS["reading"] + NOUNS["thing"] + NOUNS["art"][2:])
    subject = random_subject(random)
    gift = noun_phrase(random, noun, "diip")
    tense = random.choice(("present", "preterite", "preterite", "future", "perfect", "going to"))
    if random.random() < 0.5:
        pronoun, english = random.choice((("me", "me"), ("te", "you"), ("nos", "us")))
        if subject.person in (0, 3) or subject.en == "you":
            pronoun, english = ("te", "you") if subject.en != "you" else ("me", "me")
        return statement(subject, verb, tense, Pair(gift.es, f"{english} {gift.en}"), False, pronoun)
    name, _ = random_name(random)
    if name in subject.es:
        return ditransitive(random)
    return statement(
        subject, verb, tense, Pair(f"{gift.es} a {name}", f"{gift.en} to {name}"), random.random() < 0.2, "le"
    )


def modal(random: Random) -> Pair:
    """Quiero comprar un coche nuevo. Tenemos que estudiar. No puedes abrir la ventana."""
    subject = random_subject(random)
    if random.random() < 0.7:
        verb = random.choice([*VOLUNTARY_TRANSITIVE, TRANSITIVE["encontrar"], TRANSITIVE["ganar"]])
        rest = as_pair(random_object(random, verb, subject))
    else:
        verb = random.choice(VOLUNTARY_INTRANSITIVE)
        rest = random_adverbial(random, verb, "future")
    third = subject.person == 2 and subject.en != "you"
    modal_verb = random.choice(("querer", "querer", "tener que", "poder", "deber", "preferir"))
    negative = random.random() < 0.25 and modal_verb != "preferir"
    conjugated = TRANSITIVE["tener"] if modal_verb == "tener que" else AUXILIARY[modal_verb]
    es = words(
        subject.es,
        "no" * negative,
        conjugate(conjugated, "present", subject.person),
        "que" * (modal_verb == "tener que"),
        verb.es,
        rest.es,
    )
    if modal_verb in ("poder", "deber"):
        en = {"poder": ("can", "can't"), "deber": ("should", "shouldn't")}[modal_verb][negative]
    else:
        base = {"querer": "want", "tener que": "have", "preferir": "prefer"}[modal_verb]
        positive = {"want": "wants", "have": "has", "prefer": "prefers"}[base] if third else base
        en = f"{'does' if third else 'do'}n't {base} to" if negative else f"{positive} to"
    return Pair(es, words(subject.en, en, verb.en, rest.en))


def command(random: Random) -> Pair:
    """Abre la ventana, por favor. No comas el pastel."""
    negative = random.random() < 0.4
    verbs = VOLUNTARY_TRANSITIVE + [TRANSITIVE["perder"], TRANSITIVE["olvidar"], TRANSITIVE["romper"]] * negative
    verb = random.choice(verbs)
    noun = random.choice(objects_of(verb))
    direct_object = (
        Pair(noun.es, noun.en) if CLASS_OF[noun.es] == "study" else as_pair(noun_phrase(random, noun, "dddt"))
    )
    please = random.random() < 0.3
    es = words(imperative(verb, negative), direct_object.es) + ", por favor" * please
    return Pair(es, words("don't" * negative, verb.en, direct_object.en) + ", please" * please)


def random_hour(random: Random, first: int = 1, last: int = 12) -> Pair:
    """A random time of day, its hour from `first` to `last`: a las tres y media, at half past three."""
    number = random.randint(first, last)
    es, en = ("la una", "one") if number == 1 else (f"las {NUMBERS[number - 2][0]}", NUMBERS[number - 2][1])
    quarter = random.choice(
        (
            Pair("", "{} o'clock"),
            Pair(" y media", "half past {}"),
            Pair(" y cuarto", "a quarter past {}"),
            Pair(" menos cuarto", "a quarter to {}"),
        )
    )
    return Pair(f"a {es}{quarter.es}", f"at {quarter.en.format(en)}")
