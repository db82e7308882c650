"""Patterns of several clauses: that, because, if, when, while, who, and, but."""

from random import Random

from being import be_statement
from doing import ACTIONS, OWN, PLACES, PLANS, ROOMS, an_adverbial, an_object, intransitive, transitive, wishing
from english import be, plain_english
from kinds import Both, Subject
from lexicon import ADJECTIVES, AUXILIARY, CLASS_OF, INTRANSITIVE, NOUNS, TRANSITIVE, adjectives_of, objects_of
from phrases import a_subject, both, complement, pronoun_of, statement, words
from spanish import agree, conjugate


def clause(random: Random) -> Both:
    """A short statement to stand inside another one."""
    kind = random.choice((intransitive, describing_statement, locating_person_statement, transitive))
    return kind(random)


def describing_statement(random: Random) -> Both:
    """Somebody's mood or character, as a statement."""
    subject = a_subject(random)
    verb, group = random.choice((("ser", "person"), ("estar", "mood")))
    return be_statement(
        subject,
        AUXILIARY[verb],
        "present",
        complement(random.choice(ADJECTIVES[group]), subject),
        random.random() < 0.2,
    )


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
        inner = Both(
            words(subject.es, conjugate(verb, "subjunctive", subject.person), rest.es),
            words(subject.en, plain_english(verb, "present", subject), rest.en),
        )
    if es == "no sabía":
        subject, verb = (
            a_subject(random),
            INTRANSITIVE[random.choice(("trabajar", "vivir", "bailar", "cantar", "nadar"))],
        )
        rest = an_adverbial(random, verb, "imperfect")
        inner = Both(
            words(subject.es, conjugate(verb, "imperfect", subject.person), rest.es),
            words(subject.en, verb.past, rest.en),
        )
    return Both(f"{es} que {inner.es}", f"{en} that {inner.en}")


def wanting(random: Random) -> Both:
    """Quiero que leas este libro. Ella quiere que vayamos a la playa."""
    wish_es, wish_en = random.choice(
        (
            ("quiero que", "I want"),
            ("queremos que", "we want"),
            ("ella quiere que", "she wants"),
            ("él quiere que", "he wants"),
            ("quieren que", "they want"),
            ("necesito que", "I need"),
        )
    )
    subject = a_subject(random, "pddnf")
    if subject.en in wish_en.split()[0].lower() or subject.en == wish_en.split()[0]:
        return wanting(random)
    verb = random.choice([*ACTIONS, *PLANS])
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


def whenever(random: Random) -> Both:
    """Cuando era niña, jugaba en el parque. Si tengo tiempo, leeré la novela. Mientras Ana cocina, Luis lee."""
    kind = random.randrange(3)
    if kind == 0:
        subject = a_subject(random, "dpnf")
        verb = random.choice(list(INTRANSITIVE.values()))
        child = agree("niño", subject.feminine, subject.plural)
        was, rest = be("past", subject.person, subject.en), an_adverbial(random, verb, "imperfect")
        first = Both(
            words("cuando", subject.es, conjugate(AUXILIARY["ser"], "imperfect", subject.person), child),
            words("when", subject.en, was, "children" if subject.plural else "a child"),
        )
        return Both(
            words(f"{first.es},", conjugate(verb, "imperfect", subject.person), rest.es),
            words(f"{first.en},", pronoun_of(subject), "used to", verb.en, rest.en),
        )
    if kind == 1:
        subject = a_subject(random, "dp")
        verb = random.choice(ACTIONS)
        thing = both(an_object(random, verb, subject))
        has = "has" if subject.en in ("he", "she") else "have"
        es_have, en_have = random.choice((("tiempo", "time"), ("dinero", "money")))
        first = Both(
            words("si", subject.es, conjugate(TRANSITIVE["tener"], "present", subject.person), es_have),
            words("if", subject.en, has, en_have),
        )
        return Both(
            words(f"{first.es},", conjugate(verb, "future", subject.person), thing.es),
            words(f"{first.en},", subject.en, "will", verb.en, thing.en),
        )
    first_subject, second_subject = a_subject(random, "nf"), a_subject(random, "nf")
    one, two = random.sample(ACTIONS, 2)
    if first_subject.en == second_subject.en:
        return whenever(random)
    halves = [
        statement(s, v, "progressive", both(an_object(random, v, s)))
        for s, v in ((first_subject, one), (second_subject, two))
    ]
    return Both(f"mientras {halves[0].es}, {halves[1].es}", f"while {halves[0].en}, {halves[1].en}")


def relative(random: Random) -> Both:
    """El hombre que trabaja en el banco es mi vecino. La carta que escribió Ana es muy larga."""
    if random.random() < 0.5:
        noun = random.choice(NOUNS["person"][2:])
        person = Subject(f"{'la' if noun.feminine else 'el'} {noun.es}", f"the {noun.en}", 2, noun.feminine)
        verb = INTRANSITIVE[random.choice(("trabajar", "vivir", "cantar", "bailar", "correr", "cenar", "nadar"))]
        place = an_adverbial(random, verb, "present")
        who = Subject(
            f"{person.es} que {conjugate(verb, 'present', 2)} {place.es}",
            f"{person.en} who {plain_english(verb, 'present', person)} {place.en}",
            2,
            noun.feminine,
        )
        other = random.choice([item for item in NOUNS["family"][6:] if item.feminine == noun.feminine])
        rest = (
            Both(f"mi {other.es}", f"my {other.en}")
            if random.random() < 0.5
            else complement(random.choice(ADJECTIVES["person"]), who)
        )
        return be_statement(who, AUXILIARY["ser"], "present", rest, random.random() < 0.15)
    verb = random.choice(
        [
            TRANSITIVE[name]
            for name in ("comprar", "leer", "escribir", "encontrar", "vender", "recibir", "pintar", "reparar", "traer")
        ]
    )
    noun = random.choice(
        [noun for noun in objects_of(verb) if CLASS_OF[noun.es] in OWN | {"art", "building"} and adjectives_of(noun)]
    )
    subject, tense = a_subject(random, "ddn"), random.choice(("preterite", "perfect"))
    inner_es = words("que", conjugate(verb, tense, subject.person), subject.es)
    whole = Subject(
        f"{'la' if noun.feminine else 'el'} {noun.es} {inner_es}",
        f"the {noun.en} that {subject.en} {plain_english(verb, tense, subject)}",
        2,
        noun.feminine,
    )
    adjective = random.choice(adjectives_of(noun))
    return be_statement(whole, AUXILIARY["ser"], "present", complement(adjective, whole), random.random() < 0.15)


def coordinated(random: Random) -> Both:
    """Ana está triste, pero Luis está contento. Yo leeré el libro y tú escribirás la carta."""
    first_subject, second_subject = a_subject(random, "pnf"), a_subject(random, "pnf")
    if pronoun_of(first_subject) == pronoun_of(second_subject):
        return coordinated(random)
    if random.random() < 0.4:
        one, two = random.sample(ADJECTIVES["mood"], 2)
        halves = [
            be_statement(s, AUXILIARY["estar"], "present", complement(a, s), False)
            for s, a in ((first_subject, one), (second_subject, two))
        ]
        return Both(f"{halves[0].es}, pero {halves[1].es}", f"{halves[0].en}, but {halves[1].en}")
    tense = random.choice(("preterite", "future", "progressive", "going to", "perfect"))
    verbs = random.sample(ACTIONS, 2)
    halves = [
        statement(s, v, tense, both(an_object(random, v, s)))
        for s, v in zip((first_subject, second_subject), verbs, strict=True)
    ]
    return Both(f"{halves[0].es} y {halves[1].es}", f"{halves[0].en} and {halves[1].en}")


def long_sentence(random: Random) -> Both:
    """Several clauses in a row: what one thinks, why, but what somebody wants, and what somebody else will do."""
    es, en = random.choice(
        (
            ("Creo", "I think"),
            ("Sé", "I know"),
            ("Sabemos", "we know"),
            ("Dicen", "they say"),
            ("Es verdad", "it is true"),
        )
    )
    reason, wish = because(random), wishing(random)
    verb, subject = random.choice(ACTIONS), a_subject(random, "nf")
    plan = statement(subject, verb, random.choice(("future", "going to")), both(an_object(random, verb, subject)))
    return Both(
        f"{es} que {reason.es}, pero {wish.es} y {plan.es}", f"{en} that {reason.en}, but {wish.en} and {plan.en}"
    )
