"""The sentence patterns of the sample corpus: each function makes one random sentence in both languages."""

from collections.abc import Callable
from random import Random

from sample_grammar import (
    DROPPED,
    Both,
    Phrase,
    Subject,
    a_person,
    a_subject,
    agree,
    be,
    complement,
    conjugate,
    english_verb,
    imperative,
    indefinite,
    noun_phrase,
    owner_of,
    plain_english,
    question,
    statement,
    words,
)
from sample_lexicon import (
    ADJECTIVES,
    AUXILIARY,
    CITIES,
    CLASS_OF,
    DAYS,
    INTRANSITIVE,
    MEN,
    MONTHS,
    NOUN,
    NOUNS,
    NUMBERS,
    PREPOSITIONS,
    TIMES,
    TRANSITIVE,
    WITH_PERSON,
    WOMEN,
    Noun,
    Verb,
    adjectives_of,
    objects_of,
)

NOTHING = Both("", "")
TENSES = ("present", "preterite", "imperfect", "future", "perfect", "progressive", "going to", "conditional")
OWN = {"reading", "device", "vehicle", "opening", "thing", "clothing", "animal", "music", "furniture"}
PLACES = [Both(f"en {'la' if noun.feminine else 'el'} {noun.es}", f"at the {noun.en}") for noun in NOUNS["place"]]
ROOMS = [Both(f"en {'la' if noun.feminine else 'el'} {noun.es}", f"in the {noun.en}") for noun in NOUNS["room"]]
ACCIDENTS = {"perder", "olvidar", "romper", "encontrar", "recibir", "ganar"}
"""Verbs for what one does not set out to do."""
HABITS = {
    "leer", "escribir", "comprar", "vender", "comer", "beber", "cocinar", "preparar", "escuchar", "usar", "llevar", "limpiar", "lavar",
    "pintar", "dibujar", "tocar", "estudiar", "enseñar", "enviar", "traer", "hacer", "ver", "conducir", "hablar", "visitar", "ayudar",
    "llamar", "invitar", "esperar",
}  # fmt: skip
"""Verbs for what one used to do."""
ACTIONS = [verb for verb in TRANSITIVE.values() if not verb.stative and verb.es not in ACCIDENTS]


def a_tense(random: Random, verb: Verb) -> str:
    """A tense that the verb is natural in: a state is not in progress, nor an accident planned."""
    if verb.stative:
        return random.choice(("present", "present", "future") if verb.es != "conocer" else ("present",))
    if verb.es in ACCIDENTS:
        return random.choice(("preterite", "perfect", "preterite", "future"))
    habit = ("present", "imperfect") if verb.es in HABITS else ()
    return random.choice(("present", "preterite", "future", "perfect", "progressive", "going to", "conditional", *habit))


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


def a_time(random: Random, tense: str, share: float = 0.35) -> Both:
    """When it happens, or nothing."""
    return Both(*random.choice(TIMES[tense])) if random.random() < share else NOTHING


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
    return question(subject, verb, tense, join(both(an_object(random, verb, subject)), a_time(random, tense, 0.0 if verb.stative else 0.2)))


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
    person = a_person(random) if random.random() < 0.7 else Phrase(*[random.choice(MEN + WOMEN)] * 2, False, False)
    if person.es == subject.es:
        return with_somebody(random)
    rest = join(to_person(person), a_time(random, tense, 0.0 if verb.stative else 0.25))
    return statement(subject, verb, tense, rest, random.random() < 0.2)


def an_adverbial(random: Random, verb: Verb, tense: str) -> Both:
    """Where, when or with whom, as fits the verb."""
    kind = random.choice(verb.objects)
    city, place = random.choice(CITIES), random.choice(NOUNS["place"])
    article = "la" if place.feminine else "el"
    if kind in ("to", "with_to"):
        return Both(words("a", article, place.es), f"to the {place.en}")
    if kind in NOUN:
        place = NOUN[kind]
        near = "at" if place in NOUNS["place"] else "in"
        return Both(f"en {'la' if place.feminine else 'el'} {place.es}", f"{near} the {place.en}")
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
    tense = random.choice(("present", *(t for t in TENSES if verb.es != "ir" or t not in ("progressive", "going to"))))
    place = an_adverbial(random, verb, tense)
    # One time is enough.
    timed = place.en.endswith(("o'clock", *(number[1] for number in NUMBERS))) or place in {Both(*time) for time in TIMES[tense]}
    rest = join(place, NOTHING if timed else a_time(random, tense, 0.25))
    return statement(a_subject(random), verb, tense, rest, random.random() < 0.2)


def place_question(random: Random) -> Both:
    """¿Dónde trabaja tu primo? ¿Cuándo llegará María?"""
    verb = INTRANSITIVE[random.choice(("trabajar", "vivir", "cenar", "desayunar", "dormir", "jugar", "nadar", "bailar", "correr"))]
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
        f"¿{words('quién', conjugate(verb, tense, 2), thing.es)}?", f"{words('who', plain_english(verb, tense, who), thing.en)}?"
    )


def clitic(random: Random) -> Both:
    """No lo he leído. La vemos todos los días."""
    if random.random() < 0.5:
        pronoun, english = random.choice((("me", "me"), ("te", "you"), ("nos", "us"), ("os", "you"), ("la", "her"), ("los", "them")))
        verb = random.choice([WITH_PERSON[name] for name in ("ayudar", "llamar", "visitar", "esperar", "invitar", "ver", "conocer")])
    else:
        pronoun, english = random.choice((("lo", "it"), ("las", "them"), ("los", "them"), ("lo", "it")))
        verb = random.choice([verb for verb in TRANSITIVE.values() if verb.es not in ("tener", "hablar", "llevar")])
    subject = a_subject(random)
    if (pronoun in ("me", "nos") and subject.person in (0, 3)) or (pronoun in ("te", "os") and subject.en == "you"):
        return clitic(random)
    tense = a_tense(random, verb)
    return statement(
        subject, verb, tense, join(Both("", english), a_time(random, tense, 0.0 if verb.stative else 0.2)), random.random() < 0.25, pronoun
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
    return statement(subject, verb, tense, Both(f"{thing.es} a {name}", f"{thing.en} to {name}"), random.random() < 0.2, "le")


def wishing(random: Random) -> Both:
    """Quiero comprar un coche nuevo. Tenemos que estudiar. No puedes abrir la ventana."""
    subject = a_subject(random)
    if random.random() < 0.7:
        verb = random.choice([*ACTIONS, TRANSITIVE["encontrar"], TRANSITIVE["ganar"]])
        rest = both(an_object(random, verb, subject))
    else:
        verb = random.choice(list(INTRANSITIVE.values()))
        rest = an_adverbial(random, verb, "future")
    third = subject.person == 2 and subject.en != "you"
    kind = random.choice(("querer", "querer", "tener que", "poder", "deber", "preferir"))
    negative = random.random() < 0.25 and kind != "preferir"
    main = TRANSITIVE["tener"] if kind == "tener que" else AUXILIARY[kind]
    es = words(subject.es, "no" * negative, conjugate(main, "present", subject.person), "que" * (kind == "tener que"), verb.es, rest.es)
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


# ---- being


def be_statement(subject: Subject, verb: Verb, tense: str, rest: Both, negative: bool) -> Both:
    """A statement with ser or estar, which are both "to be"."""
    es = words(subject.es, "no" * negative, conjugate(verb, tense, subject.person), rest.es)
    if tense == "future":
        return Both(es, words(subject.en, "won't be" if negative else "will be", rest.en))
    form = be("present" if tense == "present" else "past", subject.person, subject.en)
    return Both(es, words(subject.en, form + (" not" if form == "am" else "n't") * negative, rest.en))


def be_question(subject: Subject, verb: Verb, tense: str, rest: Both, asked: Both = NOTHING) -> Both:
    """A question with ser or estar; the subject stands last in Spanish."""
    es = words(asked.es, conjugate(verb, tense, subject.person), rest.es, subject.es)
    form = be("present" if tense == "present" else "past", subject.person, subject.en)
    return Both(f"¿{es}?", f"{words(asked.en, form, subject.en, rest.en)}?")


def describing(random: Random) -> Both:
    """Mi abuela es muy simpática. Estamos cansados."""
    subject = a_subject(random)
    verb, group = random.choice((("ser", "person"), ("estar", "mood"), ("ser", "origin")))
    adjective = complement(random.choice(ADJECTIVES[group]), subject)
    degree = random.choice((NOTHING, Both("muy", "very"), NOTHING)) if group != "origin" else NOTHING
    if adjective.en in ("alone", "ready"):
        degree = NOTHING
    tense = random.choice(("present", "present", "imperfect") if group != "origin" else ("present",))
    rest = join(degree, adjective)
    if random.random() < 0.2 and subject.person not in (0, 3):
        return be_question(subject, AUXILIARY[verb], tense, rest)
    return be_statement(subject, AUXILIARY[verb], tense, rest, random.random() < 0.2)


def describing_thing(random: Random) -> Both:
    """Esta película es aburrida. La puerta está cerrada."""
    if random.random() < 0.3:
        noun = random.choice(NOUNS["opening"][:4] if random.random() < 0.6 else NOUNS["place"][5:11])
        adjective = random.choice(ADJECTIVES["state"][:2] if noun in NOUNS["place"] else ADJECTIVES["state"][:1])
        verb = AUXILIARY["estar"]
        if noun.es in ("puerta", "ventana", "caja", "maleta"):
            adjective = random.choice(ADJECTIVES["state"][:2])
    else:
        noun = random.choice([noun for name in sorted(OWN | {"art", "building", "matter", "place"}) for noun in NOUNS[name]])
        adjective, verb = random.choice(adjectives_of(noun)), AUXILIARY["ser"]
        if CLASS_OF[noun.es] in ("clothing", "furniture", "vehicle") and random.random() < 0.2:
            adjective, verb = random.choice(ADJECTIVES["state"][5:]), AUXILIARY["estar"]
    phrase = bare_phrase(random, noun, "dtpm" if CLASS_OF[noun.es] in OWN else "dt")
    subject = Subject(phrase.es, phrase.en, 5 if phrase.plural else 2, phrase.feminine)
    tense = random.choice(("present", "present", "imperfect"))
    degree = Both("muy", "very") if verb.es == "ser" and random.random() < 0.3 and adjective not in ADJECTIVES["color"] else NOTHING
    rest = join(degree, complement(adjective, subject))
    if random.random() < 0.2:
        return be_question(subject, verb, tense, rest)
    return be_statement(subject, verb, tense, rest, random.random() < 0.2)


def bare_phrase(random: Random, noun: Noun, kinds: str, owner: tuple[str, str] | None = None) -> Phrase:
    """A noun phrase without an adjective."""
    while True:
        phrase = noun_phrase(random, noun, kinds, owner)
        if len(phrase.es.split()) <= 2:
            return phrase


def profession(random: Random) -> Both:
    """Mi prima es abogada."""
    noun = random.choice(NOUNS["person"])
    subject = a_subject(random, "pnf")
    if subject.feminine != noun.feminine or (noun.en in ("boy", "girl", "man", "woman") and subject.person != 2):
        return profession(random)
    rest = Both(noun.es_plural, noun.en_plural) if subject.plural else Both(noun.es, indefinite(noun.en))
    if noun.en in ("boy", "girl", "man", "woman", "tourist"):
        if subject.plural:
            return profession(random)
        rest = Both(f"{'una' if noun.feminine else 'un'} {noun.es}", indefinite(noun.en))
    return be_statement(subject, AUXILIARY["ser"], random.choice(("present", "imperfect")), rest, random.random() < 0.2)


def origin(random: Random) -> Both:
    """Somos de Sevilla. ¿De dónde es Carmen?"""
    subject = a_subject(random)
    if random.random() < 0.25 and subject.person not in (0, 3):
        return be_question(subject, AUXILIARY["ser"], "present", Both("", "from"), Both("de dónde", "where"))
    city = random.choice(CITIES)
    return be_statement(subject, AUXILIARY["ser"], "present", Both(f"de {city[0]}", f"from {city[1]}"), random.random() < 0.25)


def a_place(random: Random) -> Both:
    """Somewhere for a thing: on the table, behind the door."""
    es, en = random.choice(PREPOSITIONS).rsplit(" ", 1)
    nouns = [noun for noun in NOUNS["furniture"] if noun.es in ("mesa", "silla", "cama")]
    if es != "en" and es != "debajo de":
        nouns = NOUNS["furniture"] + NOUNS["opening"][:3]
    noun = random.choice(nouns)
    return Both(words(es, "la" if noun.feminine else "el", noun.es), f"{en.replace('~', ' ')} the {noun.en}")


def locating(random: Random) -> Both:
    """Las llaves están en la mesa. ¿Dónde está el gato?"""
    noun = random.choice(NOUNS["thing"] + NOUNS["reading"] + NOUNS["clothing"] + NOUNS["animal"][:2] + NOUNS["device"])
    phrase = bare_phrase(random, noun, "ddmp")
    subject = Subject(phrase.es, phrase.en, 5 if phrase.plural else 2, phrase.feminine)
    tense = random.choice(("present", "present", "imperfect"))
    if random.random() < 0.2:
        return be_question(subject, AUXILIARY["estar"], tense, NOTHING, Both("dónde", "where"))
    return be_statement(subject, AUXILIARY["estar"], tense, a_place(random), random.random() < 0.15)


def locating_person(random: Random) -> Both:
    """Mi madre está en la oficina. ¿Dónde están los niños?"""
    subject = a_subject(random)
    tense = random.choice(("present", "present", "imperfect", "future"))
    if random.random() < 0.25 and tense != "future" and subject.person != 0:
        return be_question(subject, AUXILIARY["estar"], tense, NOTHING, Both("dónde", "where"))
    rest = random.choice([*PLACES, *ROOMS, Both("en casa", "at home"), Both("en el trabajo", "at work")])
    return be_statement(subject, AUXILIARY["estar"], tense, rest, random.random() < 0.2)


def existing(random: Random) -> Both:
    """Hay tres libros en la mesa. Había un perro detrás de la puerta."""
    noun = random.choice(NOUNS["thing"] + NOUNS["reading"] + NOUNS["animal"][:2] + NOUNS["clothing"])
    past = random.random() < 0.3
    if random.random() < 0.2:
        return Both(words("no", "había" if past else "hay", "ningún" if not noun.feminine else "ninguna", noun.es, (place := a_place(random)).es),
                    f"there {'was' if past else 'is'} no {noun.en} {place.en}")  # fmt: skip
    phrase = noun_phrase(random, noun, "inn")
    form = ("were" if past else "are") if phrase.plural else ("was" if past else "is")
    place = a_place(random)
    return Both(words("había" if past else "hay", phrase.es, place.es), words("there", form, phrase.en, place.en))


def liking(random: Random) -> Both:
    """Me gusta el café. A Pedro no le gustan los gatos."""
    if random.random() < 0.35:
        verb = random.choice([INTRANSITIVE[name] for name in ("bailar", "cantar", "nadar", "viajar", "correr", "caminar", "dormir")])
        thing, plural = Both(verb.es, f"to {verb.en}"), False
    else:
        noun = random.choice(NOUNS["food"] + NOUNS["drink"] + NOUNS["animal"] + NOUNS["art"][:2] + NOUNS["study"][5:])
        plural = not noun.mass
        article = ("el", "la", "los", "las")[noun.feminine + 2 * plural]
        thing = Both(f"{article} {noun.es_plural if plural else noun.es}", noun.en_plural if plural else noun.en)
    if random.random() < 0.5:
        pronoun, who, es_who = random.choice((("me", "I", ""), ("te", "you", ""), ("nos", "we", ""), ("os", "you", "")))
    else:
        subject = a_subject(random, "nf")
        pronoun, who, es_who = "les" if subject.plural else "le", subject.en, words("a", subject.es)
    third, asks = pronoun == "le", random.random() < 0.2 and who not in ("I", "we")
    negative = random.random() < 0.25
    es = words(es_who, "no" * negative, pronoun, "gustan" if plural else "gusta", thing.es)
    if asks:
        return Both(f"¿{words(es_who, pronoun, 'gustan' if plural else 'gusta', thing.es)}?", f"{'does' if third else 'do'} {who} like {thing.en}?")
    verb_en = f"{'does' if third else 'do'}n't like" if negative else "likes" if third else "like"
    return Both(es, words(who, verb_en, thing.en))


def comparing(random: Random) -> Both:
    """Lucía es más alta que su hermano. Este libro es mejor que la película."""
    first, second = a_subject(random, "nf"), a_subject(random, "nf")
    if " y " in first.es or " y " in second.es:
        return comparing(random)
    adjective = random.choice([a for a in ADJECTIVES["person"] if a.es not in ("trabajador", "guapo")])
    if first.en == second.en:
        return comparing(random)
    short = {"tall", "young", "nice", "kind", "rich", "poor", "strong", "shy"}
    double = {"funny": "funnier", "shy": "shyer", "nice": "nicer"}
    more = double.get(adjective.en, f"{adjective.en}er" if adjective.en in short else f"more {adjective.en}")
    es, en = f"más {complement(adjective, first).es} que {second.es}", f"{more} than {second.en}"
    if random.random() < 0.3:
        es, en = f"tan {complement(adjective, first).es} como {second.es}", f"as {adjective.en} as {second.en}"
    return be_statement(first, AUXILIARY["ser"], "present", Both(es, en), random.random() < 0.2)


def belonging(random: Random) -> Both:
    """El coche de Marta es rojo. ¿De quién es esta maleta?"""
    noun = random.choice([noun for name in sorted(OWN) for noun in NOUNS[name] if adjectives_of(noun)])
    if random.random() < 0.3:
        phrase = bare_phrase(random, noun, "t")
        form = "are" if phrase.plural else "is"
        return Both(f"¿de quién {'son' if phrase.plural else 'es'} {phrase.es}?", f"whose {noun.en_plural if phrase.plural else noun.en} {form} {phrase.en.split()[0]}?")
    name, _ = a_name(random)
    phrase = bare_phrase(random, noun, "dp")
    bare = phrase.en.removeprefix("the ")
    subject = Subject(f"{phrase.es} de {name}", f"{name}'s {bare}", 5 if phrase.plural else 2, phrase.feminine)
    adjective = random.choice(adjectives_of(noun))
    return be_statement(subject, AUXILIARY["ser"], random.choice(("present", "imperfect")), complement(adjective, subject), random.random() < 0.2)


# ---- numbers, dates, times


def an_hour(random: Random, first: int = 1, last: int = 12) -> Both:
    """a las tres y media, at half past three."""
    number = random.randint(first, last)
    es, en = ("la una", "one") if number == 1 else (f"las {NUMBERS[number - 2][0]}", NUMBERS[number - 2][1])
    part = random.choice((Both("", "{} o'clock"), Both(" y media", "half past {}"), Both(" y cuarto", "a quarter past {}"), Both(" menos cuarto", "a quarter to {}")))
    return Both(f"a {es}{part.es}", f"at {part.en.format(en)}")


def clock(random: Random) -> Both:
    """Son las dos y cuarto. La reunión empieza a las nueve."""
    hour = an_hour(random)
    if random.random() < 0.4:
        verb = "es" if "una" in hour.es else "son"
        return Both(f"{verb} {hour.es[2:]}", f"it is {hour.en[3:]}")
    noun = random.choice([noun for noun in NOUNS["event"]])
    phrase = bare_phrase(random, noun, "dt")
    verb, english = random.choice((("empieza", "starts"), ("termina", "ends"), ("empezó", "started"), ("terminará", "will end"), ("es", "is")))
    return Both(f"{phrase.es} {verb} {hour.es}", f"{phrase.en} {english} {hour.en}")


def date(random: Random) -> Both:
    """Hoy es lunes. Mi cumpleaños es el doce de mayo. Llegaremos el 3 de abril."""
    day, month = random.choice(DAYS), random.choice(MONTHS)
    number = random.randrange(2, 29)
    kind = random.randrange(5)
    if kind == 0:
        when, es_is, en_is = random.choice((("hoy", "es", "today is"), ("mañana", "es", "tomorrow is"), ("ayer", "fue", "yesterday was")))
        return Both(f"{when} {es_is} {day[0]}", f"{en_is} {day[1]}")
    if kind == 1:
        return Both(f"hoy es {day[0]}, {number} de {month[0]}", f"today is {day[1]}, {month[1]} {number}")
    if kind == 2:
        subject = a_subject(random, "nf")
        return Both(words("el cumpleaños de", subject.es, f"es el {number} de {month[0]}"), f"{possessive(subject.en)} birthday is on {month[1]} {number}")
    verb = random.choice([INTRANSITIVE[name] for name in ("llegar", "salir", "volver", "venir", "viajar")])
    tense = random.choice(("preterite", "future", "going to"))
    when = Both(f"el {number} de {month[0]}", f"on {month[1]} {number}") if kind == 3 else Both(f"el {day[0]}", f"on {day[1]}")
    return statement(a_subject(random), verb, tense, when, random.random() < 0.1)


def possessive(english: str) -> str:
    """Ana's, my parents'."""
    return english + ("'" if english.endswith("s") and " " in english and not english.endswith(("boss", "waitress")) and english.split()[-1] not in MEN + WOMEN else "'s")


def counting(random: Random) -> Both:
    """Mi hija tiene quince años. El abrigo cuesta cien euros. ¿Cuántos libros has leído?"""
    kind = random.randrange(4)
    number = random.choice(NUMBERS)
    if kind == 0:
        subject = a_subject(random)
        tense = random.choice(("present", "present", "imperfect"))
        es = words(subject.es, conjugate(TRANSITIVE["tener"], tense, subject.person), number[0], "años")
        return Both(es, words(subject.en, be("present" if tense == "present" else "past", subject.person, subject.en), number[1], "years old"))
    if kind == 1:
        subject = a_subject(random, "qnf")
        es = words("cuántos años", conjugate(TRANSITIVE["tener"], "present", subject.person), subject.es)
        return Both(f"¿{es}?", f"how old {be('present', subject.person, subject.en)} {subject.en}?")
    noun = random.choice(NOUNS["clothing"] + NOUNS["thing"] + NOUNS["device"] + NOUNS["music"])
    phrase = bare_phrase(random, noun, "dtp")
    if kind == 2:
        if random.random() < 0.3:
            return Both(f"¿cuánto {'cuestan' if phrase.plural else 'cuesta'} {phrase.es}?", f"how much {'do' if phrase.plural else 'does'} {phrase.en} cost?")
        es = f"{phrase.es} {'cuestan' if phrase.plural else 'cuesta'} {number[0]} euros"
        return Both(es, f"{phrase.en} {'cost' if phrase.plural else 'costs'} {number[1]} euros")
    verb = random.choice([TRANSITIVE[name] for name in ("comprar", "vender", "perder", "buscar", "encontrar", "traer", "necesitar")])
    many = agree("cuánto", noun.feminine, True)
    tense = "present" if verb.stative else random.choice(("preterite", "perfect", "going to"))
    return question(random.choice(DROPPED[1:]), verb, tense, NOTHING, Both(f"{many} {noun.es_plural}", f"how many {noun.en_plural}"))


# ---- sentences in sentences


def clause(random: Random) -> Both:
    """A short statement to stand inside another one."""
    kind = random.choice((intransitive, describing_statement, locating_person_statement, transitive))
    return kind(random)


def describing_statement(random: Random) -> Both:
    """Somebody's mood or character, as a statement."""
    subject = a_subject(random)
    verb, group = random.choice((("ser", "person"), ("estar", "mood")))
    return be_statement(subject, AUXILIARY[verb], "present", complement(random.choice(ADJECTIVES[group]), subject), random.random() < 0.2)


def locating_person_statement(random: Random) -> Both:
    """Where somebody is, as a statement."""
    rest = random.choice([*PLACES, *ROOMS, Both("en casa", "at home")])
    return be_statement(a_subject(random), AUXILIARY["estar"], "present", rest, random.random() < 0.2)


def thinking(random: Random) -> Both:
    """Creo que Luis vive en Roma. Sabemos que estás cansada."""
    es, en = random.choice((
        ("creo", "I think"), ("sé", "I know"), ("creemos", "we think"), ("sabemos", "we know"), ("él dice", "he says"), ("ella dice", "she says"),
        ("dicen", "they say"), ("ella cree", "she thinks"), ("no sabía", "I didn't know"), ("es verdad", "it is true"), ("espero", "I hope"),
    ))  # fmt: skip
    inner = clause(random)
    if es == "espero":
        subject, verb = a_subject(random), random.choice(list(INTRANSITIVE.values()))
        rest = an_adverbial(random, verb, "future")
        inner = Both(words(subject.es, conjugate(verb, "subjunctive", subject.person), rest.es), words(subject.en, plain_english(verb, "present", subject), rest.en))
    if es == "no sabía":
        subject, verb = a_subject(random), INTRANSITIVE[random.choice(("trabajar", "vivir", "bailar", "cantar", "nadar"))]
        rest = an_adverbial(random, verb, "imperfect")
        inner = Both(words(subject.es, conjugate(verb, "imperfect", subject.person), rest.es), words(subject.en, verb.past, rest.en))
    return Both(f"{es} que {inner.es}", f"{en} that {inner.en}")


def wanting(random: Random) -> Both:
    """Quiero que leas este libro. Ella quiere que vayamos a la playa."""
    wish_es, wish_en = random.choice((("quiero que", "I want"), ("queremos que", "we want"), ("ella quiere que", "she wants"), ("él quiere que", "he wants"), ("quieren que", "they want"), ("necesito que", "I need")))
    subject = a_subject(random, "pddnf")
    if subject.en in wish_en.split()[0].lower() or subject.en == wish_en.split()[0]:
        return wanting(random)
    verb = random.choice([*ACTIONS, *INTRANSITIVE.values()])
    rest = an_adverbial(random, verb, "future") if verb.es in INTRANSITIVE else both(an_object(random, verb, subject))
    object_form = {"I": "me", "he": "him", "she": "her", "we": "us", "they": "them"}.get(subject.en, subject.en)
    es = words(wish_es, subject.es, conjugate(verb, "subjunctive", subject.person), rest.es)
    return Both(es, words(wish_en, object_form, "to", verb.en, rest.en))


_REASONS = (
    ("descansar", False, "cansado enfermo"), ("trabajar", True, "enfermo cansado"), ("llorar", False, "triste nervioso"),
    ("cantar", False, "feliz"), ("bailar", False, "feliz"), ("dormir", True, "preocupado nervioso"), ("viajar", True, "ocupado enfermo"),
    ("ir", True, "cansado ocupado enfermo"), ("venir", True, "ocupado enfermo cansado"), ("salir", True, "cansado enfermo ocupado"),
    ("dormir", False, "cansado"), ("correr", True, "cansado enfermo"), ("caminar", False, "nervioso tranquilo"),
    ("jugar", True, "cansado triste"), ("nadar", True, "enfermo cansado"), ("desayunar", True, "nervioso enfermo"),
)  # fmt: skip


def because(random: Random) -> Both:
    """No voy al teatro porque estoy enfermo."""
    name, negative, moods = random.choice(_REASONS)
    subject, verb = a_subject(random), INTRANSITIVE[name]
    first = statement(subject, verb, "present", an_adverbial(random, verb, "present"), negative)
    # The same person goes on, without being named again.
    again = Subject("", pronoun_of(subject), subject.person, subject.feminine)
    mood = random.choice([adjective for adjective in ADJECTIVES["mood"] if adjective.es in moods.split()])
    second = be_statement(again, AUXILIARY["estar"], "present", complement(mood, subject), False)
    es_link, en_link = random.choice((("porque", "because"), ("porque", "because"), ("cuando", "when"), ("si", "if")))
    return Both(f"{first.es} {es_link} {second.es}", f"{first.en} {en_link} {second.en}")


def pronoun_of(subject: Subject) -> str:
    """The English pronoun for a subject that has been named."""
    return subject.en if subject.en in ("I", "you", "we") else "they" if subject.plural else "she" if subject.feminine else "he"


def whenever(random: Random) -> Both:
    """Cuando era niña, jugaba en el parque. Si tengo tiempo, leeré la novela. Mientras Ana cocina, Luis lee."""
    kind = random.randrange(3)
    if kind == 0:
        subject = a_subject(random, "dpnf")
        verb = random.choice(list(INTRANSITIVE.values()))
        child = agree("niño", subject.feminine, subject.plural)
        was, rest = be("past", subject.person, subject.en), an_adverbial(random, verb, "imperfect")
        first = Both(words("cuando", subject.es, conjugate(AUXILIARY["ser"], "imperfect", subject.person), child), words("when", subject.en, was, "children" if subject.plural else "a child"))
        return Both(words(f"{first.es},", conjugate(verb, "imperfect", subject.person), rest.es), words(f"{first.en},", pronoun_of(subject), "used to", verb.en, rest.en))
    if kind == 1:
        subject = a_subject(random, "dp")
        verb = random.choice(ACTIONS)
        thing = both(an_object(random, verb, subject))
        has = "has" if subject.en in ("he", "she") else "have"
        es_have, en_have = random.choice((("tiempo", "time"), ("dinero", "money")))
        first = Both(words("si", subject.es, conjugate(TRANSITIVE["tener"], "present", subject.person), es_have), words("if", subject.en, has, en_have))
        return Both(words(f"{first.es},", conjugate(verb, "future", subject.person), thing.es), words(f"{first.en},", subject.en, "will", verb.en, thing.en))
    first_subject, second_subject = a_subject(random, "nf"), a_subject(random, "nf")
    one, two = random.sample(ACTIONS, 2)
    if first_subject.en == second_subject.en:
        return whenever(random)
    halves = [statement(s, v, "progressive", both(an_object(random, v, s))) for s, v in ((first_subject, one), (second_subject, two))]
    return Both(f"mientras {halves[0].es}, {halves[1].es}", f"while {halves[0].en}, {halves[1].en}")


def relative(random: Random) -> Both:
    """El hombre que trabaja en el banco es mi vecino. La carta que escribió Ana es muy larga."""
    if random.random() < 0.5:
        noun = random.choice(NOUNS["person"][2:])
        person = Subject(f"{'la' if noun.feminine else 'el'} {noun.es}", f"the {noun.en}", 2, noun.feminine)
        verb = INTRANSITIVE[random.choice(("trabajar", "vivir", "cantar", "bailar", "correr", "cenar", "nadar"))]
        place = an_adverbial(random, verb, "present")
        who = Subject(f"{person.es} que {conjugate(verb, 'present', 2)} {place.es}", f"{person.en} who {plain_english(verb, 'present', person)} {place.en}", 2, noun.feminine)
        other = random.choice([item for item in NOUNS["family"][6:] if item.feminine == noun.feminine])
        rest = Both(f"mi {other.es}", f"my {other.en}") if random.random() < 0.5 else complement(random.choice(ADJECTIVES["person"]), who)
        return be_statement(who, AUXILIARY["ser"], "present", rest, random.random() < 0.15)
    verb = random.choice([TRANSITIVE[name] for name in ("comprar", "leer", "escribir", "encontrar", "vender", "recibir", "pintar", "reparar", "traer")])
    noun = random.choice([noun for noun in objects_of(verb) if CLASS_OF[noun.es] in OWN | {"art", "building"} and adjectives_of(noun)])
    subject, tense = a_subject(random, "ddn"), random.choice(("preterite", "perfect"))
    inner_es = words("que", conjugate(verb, tense, subject.person), subject.es)
    whole = Subject(f"{'la' if noun.feminine else 'el'} {noun.es} {inner_es}", f"the {noun.en} that {subject.en} {plain_english(verb, tense, subject)}", 2, noun.feminine)
    adjective = random.choice(adjectives_of(noun))
    return be_statement(whole, AUXILIARY["ser"], "present", complement(adjective, whole), random.random() < 0.15)


def coordinated(random: Random) -> Both:
    """Ana está triste, pero Luis está contento. Yo leeré el libro y tú escribirás la carta."""
    first_subject, second_subject = a_subject(random, "pnf"), a_subject(random, "pnf")
    if pronoun_of(first_subject) == pronoun_of(second_subject):
        return coordinated(random)
    if random.random() < 0.4:
        one, two = random.sample(ADJECTIVES["mood"], 2)
        halves = [be_statement(s, AUXILIARY["estar"], "present", complement(a, s), False) for s, a in ((first_subject, one), (second_subject, two))]
        return Both(f"{halves[0].es}, pero {halves[1].es}", f"{halves[0].en}, but {halves[1].en}")
    tense = random.choice(("preterite", "future", "progressive", "going to", "perfect"))
    verbs = random.sample(ACTIONS, 2)
    halves = [statement(s, v, tense, both(an_object(random, v, s))) for s, v in zip((first_subject, second_subject), verbs, strict=True)]
    return Both(f"{halves[0].es} y {halves[1].es}", f"{halves[0].en} and {halves[1].en}")


def long_sentence(random: Random) -> Both:
    """Several clauses in a row: what one thinks, why, but what somebody wants, and what somebody else will do."""
    es, en = random.choice((("Creo", "I think"), ("Sé", "I know"), ("Sabemos", "we know"), ("Dicen", "they say"), ("Es verdad", "it is true")))
    reason, wish = because(random), wishing(random)
    verb, subject = random.choice(ACTIONS), a_subject(random, "nf")
    plan = statement(subject, verb, random.choice(("future", "going to")), both(an_object(random, verb, subject)))
    return Both(f"{es} que {reason.es}, pero {wish.es} y {plan.es}", f"{en} that {reason.en}, but {wish.en} and {plan.en}")


PATTERNS: tuple[tuple[int, Callable[[Random], Both]], ...] = (
    (24, transitive), (7, transitive_question), (4, what_question), (7, with_somebody), (13, intransitive), (4, place_question),
    (4, subject_question), (8, clitic), (5, giving), (8, wishing), (5, commanding), (6, describing), (6, describing_thing),
    (3, profession), (3, origin), (5, locating), (4, locating_person), (3, existing), (5, liking), (4, comparing), (4, belonging),
    (4, clock), (4, date), (6, counting), (6, thinking), (6, wanting), (4, because), (5, whenever), (5, relative), (3, coordinated),
)  # fmt: skip
"""The patterns with their shares."""
