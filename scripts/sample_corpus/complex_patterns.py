"""Sentence patterns of several clauses: that, because, if, when, while, who, and, but.

Each pattern generates a random clause as a `Pair`; its docstring is an example.
"""

from random import Random

from copula_patterns import be_statement
from english import be, plain_english
from grammar import Pair, Subject
from lexicon import ADJECTIVES, AUXILIARY, CLASS_OF, INTRANSITIVE, NOUNS, TRANSITIVE, adjectives_of, objects_of
from phrases import as_pair, complement, pronoun_of, random_subject, statement, words
from spanish import agree, conjugate
from verb_patterns import (
    OWNABLE,
    PLACES,
    ROOMS,
    VOLUNTARY_INTRANSITIVE,
    VOLUNTARY_TRANSITIVE,
    intransitive,
    modal,
    random_adverbial,
    random_object,
    transitive,
)


def clause(random: Random) -> Pair:
    """A random statement for a subordinate clause."""
    pattern = random.choice((intransitive, description_statement, location_statement, transitive))
    return pattern(random)


def description_statement(random: Random) -> Pair:
    """A statement about a mood or a trait: Ana está cansada."""
    subject = random_subject(random)
    verb, group = random.choice((("ser", "person"), ("estar", "mood")))
    return be_statement(
        subject,
        AUXILIARY[verb],
        "present",
        complement(random.choice(ADJECTIVES[group]), subject),
        random.random() < 0.2,
    )


def location_statement(random: Random) -> Pair:
    """A statement about the place of a person: Ana está en casa."""
    rest = random.choice([*PLACES, *ROOMS, Pair("en casa", "at home")])
    return be_statement(random_subject(random), AUXILIARY["estar"], "present", rest, random.random() < 0.2)


def that_clause(random: Random) -> Pair:
    """Creo que Luis vive en Roma. Sabemos que estás cansada."""
    es, en = random.choice((
        ("creo", "I think"), ("sé", "I know"), ("creemos", "we think"), ("sabemos", "we know"), ("él dice", "he says"), ("ella dice", "she says"),
        ("dicen", "they say"), ("ella cree", "she thinks"), ("no sabía", "I didn't know"), ("es verdad", "it is true"), ("espero", "I hope"),
    ))  # fmt: skip
    subordinate = clause(random)
    if es == "espero":
        subject, verb = random_subject(random), random.choice(list(INTRANSITIVE.values()))
        rest = random_adverbial(random, verb, "future")
        subordinate = Pair(
            words(subject.es, conjugate(verb, "subjunctive", subject.person), rest.es),
            words(subject.en, plain_english(verb, "present", subject), rest.en),
        )
    if es == "no sabía":
        subject, verb = (
            random_subject(random),
            INTRANSITIVE[random.choice(("trabajar", "vivir", "bailar", "cantar", "nadar"))],
        )
        rest = random_adverbial(random, verb, "imperfect")
        subordinate = Pair(
            words(subject.es, conjugate(verb, "imperfect", subject.person), rest.es),
            words(subject.en, verb.past, rest.en),
        )
    return Pair(f"{es} que {subordinate.es}", f"{en} that {subordinate.en}")


def subjunctive_clause(random: Random) -> Pair:
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
    subject = random_subject(random, "pddnf")
    if subject.en in wish_en.split()[0].lower() or subject.en == wish_en.split()[0]:
        return subjunctive_clause(random)
    verb = random.choice([*VOLUNTARY_TRANSITIVE, *VOLUNTARY_INTRANSITIVE])
    rest = (
        random_adverbial(random, verb, "future")
        if verb.es in INTRANSITIVE
        else as_pair(random_object(random, verb, subject))
    )
    object_form = {"I": "me", "he": "him", "she": "her", "we": "us", "they": "them"}.get(subject.en, subject.en)
    es = words(wish_es, subject.es, conjugate(verb, "subjunctive", subject.person), rest.es)
    return Pair(es, words(wish_en, object_form, "to", verb.en, rest.en))


_REASONS = (
    ("descansar", False, "cansado enfermo"), ("trabajar", True, "enfermo cansado"), ("llorar", False, "triste nervioso"),
    ("cantar", False, "feliz"), ("bailar", False, "feliz"), ("dormir", True, "preocupado nervioso"), ("viajar", True, "ocupado enfermo"),
    ("ir", True, "cansado ocupado enfermo"), ("venir", True, "ocupado enfermo cansado"), ("salir", True, "cansado enfermo ocupado"),
    ("dormir", False, "cansado"), ("correr", True, "cansado enfermo"), ("caminar", False, "nervioso tranquilo"),
    ("jugar", True, "cansado triste"), ("nadar", True, "enfermo cansado"), ("desayunar", True, "nervioso enfermo"),
)  # fmt: skip


def causal_clause(random: Random) -> Pair:
    """No voy al teatro porque estoy enfermo."""
    name, negative, moods = random.choice(_REASONS)
    subject, verb = random_subject(random), INTRANSITIVE[name]
    main_clause = statement(subject, verb, "present", random_adverbial(random, verb, "present"), negative)
    # The second clause has the same subject: dropped in Spanish, a pronoun in English.
    same_subject = Subject("", pronoun_of(subject), subject.person, subject.feminine)
    mood = random.choice([adjective for adjective in ADJECTIVES["mood"] if adjective.es in moods.split()])
    reason = be_statement(same_subject, AUXILIARY["estar"], "present", complement(mood, subject), False)
    es_conjunction, en_conjunction = random.choice(
        (("porque", "because"), ("porque", "because"), ("cuando", "when"), ("si", "if"))
    )
    return Pair(f"{main_clause.es} {es_conjunction} {reason.es}", f"{main_clause.en} {en_conjunction} {reason.en}")


def subordinate_clause(random: Random) -> Pair:
    """Cuando era niña, jugaba en el parque. Si tengo tiempo, leeré la novela. Mientras Ana cocina, Luis lee."""
    variant = random.randrange(3)
    if variant == 0:
        subject = random_subject(random, "dpnf")
        verb = random.choice(list(INTRANSITIVE.values()))
        child = agree("niño", subject.feminine, subject.plural)
        was, rest = be("past", subject.person, subject.en), random_adverbial(random, verb, "imperfect")
        condition = Pair(
            words("cuando", subject.es, conjugate(AUXILIARY["ser"], "imperfect", subject.person), child),
            words("when", subject.en, was, "children" if subject.plural else "a child"),
        )
        return Pair(
            words(f"{condition.es},", conjugate(verb, "imperfect", subject.person), rest.es),
            words(f"{condition.en},", pronoun_of(subject), "used to", verb.en, rest.en),
        )
    if variant == 1:
        subject = random_subject(random, "dp")
        verb = random.choice(VOLUNTARY_TRANSITIVE)
        direct_object = as_pair(random_object(random, verb, subject))
        has = "has" if subject.en in ("he", "she") else "have"
        es_have, en_have = random.choice((("tiempo", "time"), ("dinero", "money")))
        condition = Pair(
            words("si", subject.es, conjugate(TRANSITIVE["tener"], "present", subject.person), es_have),
            words("if", subject.en, has, en_have),
        )
        return Pair(
            words(f"{condition.es},", conjugate(verb, "future", subject.person), direct_object.es),
            words(f"{condition.en},", subject.en, "will", verb.en, direct_object.en),
        )
    first_subject, second_subject = random_subject(random, "nf"), random_subject(random, "nf")
    first_verb, second_verb = random.sample(VOLUNTARY_TRANSITIVE, 2)
    if first_subject.en == second_subject.en:
        return subordinate_clause(random)
    clauses = [
        statement(subject, verb, "progressive", as_pair(random_object(random, verb, subject)))
        for subject, verb in ((first_subject, first_verb), (second_subject, second_verb))
    ]
    return Pair(f"mientras {clauses[0].es}, {clauses[1].es}", f"while {clauses[0].en}, {clauses[1].en}")


def relative_clause(random: Random) -> Pair:
    """El hombre que trabaja en el banco es mi vecino. La carta que escribió Ana es muy larga."""
    if random.random() < 0.5:
        noun = random.choice(NOUNS["person"][2:])
        person = Subject(f"{'la' if noun.feminine else 'el'} {noun.es}", f"the {noun.en}", 2, noun.feminine)
        verb = INTRANSITIVE[random.choice(("trabajar", "vivir", "cantar", "bailar", "correr", "cenar", "nadar"))]
        place = random_adverbial(random, verb, "present")
        who = Subject(
            f"{person.es} que {conjugate(verb, 'present', 2)} {place.es}",
            f"{person.en} who {plain_english(verb, 'present', person)} {place.en}",
            2,
            noun.feminine,
        )
        relative = random.choice([item for item in NOUNS["family"][6:] if item.feminine == noun.feminine])
        rest = (
            Pair(f"mi {relative.es}", f"my {relative.en}")
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
        [
            noun
            for noun in objects_of(verb)
            if CLASS_OF[noun.es] in OWNABLE | {"art", "building"} and adjectives_of(noun)
        ]
    )
    subject, tense = random_subject(random, "ddn"), random.choice(("preterite", "perfect"))
    modifier_es = words("que", conjugate(verb, tense, subject.person), subject.es)
    modified = Subject(
        f"{'la' if noun.feminine else 'el'} {noun.es} {modifier_es}",
        f"the {noun.en} that {subject.en} {plain_english(verb, tense, subject)}",
        2,
        noun.feminine,
    )
    adjective = random.choice(adjectives_of(noun))
    return be_statement(modified, AUXILIARY["ser"], "present", complement(adjective, modified), random.random() < 0.15)


def coordination(random: Random) -> Pair:
    """Ana está triste, pero Luis está contento. Yo leeré el libro y tú escribirás la carta."""
    first_subject, second_subject = random_subject(random, "pnf"), random_subject(random, "pnf")
    if pronoun_of(first_subject) == pronoun_of(second_subject):
        return coordination(random)
    if random.random() < 0.4:
        first_mood, second_mood = random.sample(ADJECTIVES["mood"], 2)
        clauses = [
            be_statement(subject, AUXILIARY["estar"], "present", complement(mood, subject), False)
            for subject, mood in ((first_subject, first_mood), (second_subject, second_mood))
        ]
        return Pair(f"{clauses[0].es}, pero {clauses[1].es}", f"{clauses[0].en}, but {clauses[1].en}")
    tense = random.choice(("preterite", "future", "progressive", "going to", "perfect"))
    verbs = random.sample(VOLUNTARY_TRANSITIVE, 2)
    clauses = [
        statement(subject, verb, tense, as_pair(random_object(random, verb, subject)))
        for subject, verb in zip((first_subject, second_subject), verbs, strict=True)
    ]
    return Pair(f"{clauses[0].es} y {clauses[1].es}", f"{clauses[0].en} and {clauses[1].en}")


def long_sentence(random: Random) -> Pair:
    """A sentence of four clauses: Creo que ... porque ..., pero quiero ... y Ana leerá ..."""
    es, en = random.choice(
        (
            ("Creo", "I think"),
            ("Sé", "I know"),
            ("Sabemos", "we know"),
            ("Dicen", "they say"),
            ("Es verdad", "it is true"),
        )
    )
    reason, wish = causal_clause(random), modal(random)
    verb, subject = random.choice(VOLUNTARY_TRANSITIVE), random_subject(random, "nf")
    plan = statement(
        subject, verb, random.choice(("future", "going to")), as_pair(random_object(random, verb, subject))
    )
    return Pair(
        f"{es} que {reason.es}, pero {wish.es} y {plan.es}", f"{en} that {reason.en}, but {wish.en} and {plan.en}"
    )
