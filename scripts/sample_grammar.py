"""The grammar of the sample corpus: inflected words, noun phrases and clauses, each in both languages.

Everything that means something is a `Both`: the Spanish words and the English words for it.  Sources of
the forms: the regular paradigms of the Nueva gramática de la lengua española (RAE), and the irregular forms listed
in the lexicon.
"""

from random import Random
from typing import NamedTuple

from sample_lexicon import AUXILIARY, CLASS_OF, MEN, NOUNS, WOMEN, Adjective, Noun, Verb, adjectives_of, es_plural


class Both(NamedTuple):
    """The same thing said in Spanish and in English."""

    es: str
    en: str


class Subject(NamedTuple):
    """Who a clause is about.  person: 0-5 for yo, tú, él, nosotros, vosotros, ellos."""

    es: str  # "" where Spanish leaves the pronoun out
    en: str
    person: int
    feminine: bool

    @property
    def plural(self) -> bool:
        """Whether it stands for several."""
        return self.person > 2


class Phrase(NamedTuple):
    """A noun phrase."""

    es: str
    en: str
    feminine: bool
    plural: bool


PRONOUNS = (
    Subject("yo", "I", 0, False), Subject("tú", "you", 1, False), Subject("él", "he", 2, False), Subject("ella", "she", 2, True),
    Subject("nosotros", "we", 3, False), Subject("nosotras", "we", 3, True), Subject("vosotros", "you", 4, False),
    Subject("ellos", "they", 5, False), Subject("ellas", "they", 5, True), Subject("usted", "you", 2, False),
    Subject("ustedes", "you", 5, False),
)  # fmt: skip
# Without a pronoun the third person singular could be he, she or it: only these are left out.
DROPPED = tuple(Subject("", english, person, False) for english, person in (("I", 0), ("you", 1), ("we", 3), ("you", 4), ("they", 5)))
POSSESSIVES = (("mi", "my"), ("tu", "your"), ("su", "his"), ("nuestro", "our"), ("vuestro", "your"), ("su", "their"))

_ENDINGS = {
    "present": {"ar": "o as a amos áis an", "er": "o es e emos éis en", "ir": "o es e imos ís en"},
    "preterite": {"ar": "é aste ó amos asteis aron", "er": "í iste ió imos isteis ieron", "ir": "í iste ió imos isteis ieron"},
    "imperfect": {"ar": "aba abas aba ábamos abais aban", "er": "ía ías ía íamos íais ían", "ir": "ía ías ía íamos íais ían"},
    "future": "é ás á emos éis án",
    "conditional": "ía ías ía íamos íais ían",
    "strong": "e iste o imos isteis ieron",
    "subjunctive": {"ar": "e es e emos éis en", "er": "a as a amos áis an", "ir": "a as a amos áis an"},
}  # fmt: skip
_STRESSED_STEM = (0, 1, 2, 5)
_STEM_CHANGES = {"ie": ("e", "ie"), "ue": ("o", "ue"), "i": ("e", "i")}


def conjugate(verb: Verb, tense: str, person: int) -> str:
    """The Spanish form of a simple tense, or of a compound one ("perfect", "progressive", "going to")."""
    if tense == "perfect":
        return f"{conjugate(AUXILIARY['haber'], 'present', person)} {participle(verb)}"
    if tense == "progressive":
        return f"{conjugate(AUXILIARY['estar'], 'present', person)} {gerund(verb)}"
    if tense == "going to":
        return f"{('voy', 'vas', 'va', 'vamos', 'vais', 'van')[person]} a {verb.es}"
    listed = {"present": "pres", "imperfect": "imp", "preterite": "past6", "subjunctive": "sub"}.get(tense, "")
    if listed in verb.irregular:
        return verb.irregular[listed].split(",")[person]
    if tense in ("future", "conditional"):
        return verb.irregular.get("future", verb.es) + _ENDINGS[tense].split()[person]  # type: ignore[union-attr]
    if tense == "preterite":
        return _preterite(verb, person)
    if tense == "present":
        return _present(verb, person)
    if tense == "subjunctive":
        return _subjunctive(verb, person)
    return verb.es[:-2] + _ENDINGS["imperfect"][verb.es[-2:]].split()[person]  # type: ignore[index]


def _present(verb: Verb, person: int) -> str:
    stem, kind, forms = verb.es[:-2], verb.es[-2:].replace("í", "i"), verb.irregular
    if person == 0 and "yo" in forms:
        return forms["yo"]
    if person == 4 and "pres2" in forms:
        return forms["pres2"]
    if person in _STRESSED_STEM:
        stem = _changed(stem, forms.get("stem", ""))
        if "accent" in forms:
            stem = stem[:-1] + forms["accent"]
    return stem + _ENDINGS["present"][kind].split()[person]  # type: ignore[index]


def _preterite(verb: Verb, person: int) -> str:
    stem, kind, forms = verb.es[:-2], verb.es[-2:], verb.irregular
    if "past" in forms:
        strong = forms["past"]
        ending = _ENDINGS["strong"].split()[person]  # type: ignore[union-attr]
        if person == 5 and strong.endswith("j"):
            ending = "eron"
        return ("hizo" if (strong, person) == ("hic", 2) else strong + ending)
    ending = _ENDINGS["preterite"][kind].split()[person]  # type: ignore[index]
    if forms.get("vowel") == "y":
        ending = {1: "íste", 2: "yó", 3: "ímos", 4: "ísteis", 5: "yeron"}.get(person, ending)
    if person == 0 and kind == "ar":
        stem = _before_e(stem)
    if kind == "ir" and person in (2, 5):
        stem = _closed(stem, forms.get("stem", ""))
    return stem + ending


def _subjunctive(verb: Verb, person: int) -> str:
    kind, forms = verb.es[-2:], verb.irregular
    change = forms.get("stem", "")
    if "yo" in forms:
        stem = forms["yo"][:-1]
    elif person in _STRESSED_STEM:
        stem = _present(verb, 0)[:-1]
    elif kind == "ir":
        stem = _closed(verb.es[:-2], change)
    else:
        stem = verb.es[:-2]
    return (_before_e(stem) if kind == "ar" else stem) + _ENDINGS["subjunctive"][kind].split()[person]  # type: ignore[index]


def participle(verb: Verb) -> str:
    """The past participle: comprado, leído, visto."""
    if "pp" in verb.irregular:
        return verb.irregular["pp"]
    ending = "ado" if verb.es.endswith("ar") else "ído" if verb.irregular.get("vowel") == "y" else "ido"
    return verb.es[:-2] + ending


def gerund(verb: Verb) -> str:
    """The gerund: comprando, leyendo, pidiendo."""
    if "ger" in verb.irregular:
        return verb.irregular["ger"]
    if verb.es.endswith("ar"):
        return verb.es[:-2] + "ando"
    stem = _closed(verb.es[:-2], verb.irregular.get("stem", "")) if verb.es.endswith("ir") else verb.es[:-2]
    return stem + ("yendo" if verb.irregular.get("vowel") == "y" else "iendo")


def imperative(verb: Verb, negative: bool) -> str:
    """What one tells a friend to do, or not to do: abre, no abras."""
    if negative:
        return f"no {conjugate(verb, 'subjunctive', 1)}"
    return verb.irregular.get("tu", conjugate(verb, "present", 2))


def _changed(stem: str, change: str) -> str:
    if not change:
        return stem
    old, new = _STEM_CHANGES[change]
    if stem == "jug":
        return "jueg"
    at = stem.rindex(old)
    return stem[:at] + new + stem[at + 1 :]


def _closed(stem: str, change: str) -> str:
    """The stem of -ir verbs where the stress is on an ending with a diphthong: pidió, durmió, prefirió."""
    if not change:
        return stem
    old, new = ("o", "u") if change == "ue" else ("e", "i")
    at = stem.rindex(old)
    return stem[:at] + new + stem[at + 1 :]


def _before_e(stem: str) -> str:
    """The spelling that keeps the sound of c, g, z before e: busqué, llegué, empecé."""
    for ending, spelled in (("c", "qu"), ("g", "gu"), ("z", "c")):
        if stem.endswith(ending):
            return stem[:-1] + spelled
    return stem


# ---- English verbs


def third_person(base: str) -> str:
    """he speaks, looks for, teaches, studies, goes."""
    verb, _, rest = base.partition(" ")
    if verb == "have":
        verb = "has"
    elif verb == "be":
        verb = "is"
    elif verb.endswith(("s", "x", "ch", "sh", "o")):
        verb += "es"
    elif verb.endswith("y") and verb[-2] not in "aeiou":
        verb = verb[:-1] + "ies"
    else:
        verb += "s"
    return f"{verb} {rest}".strip()


def ing(base: str) -> str:
    """speaking, writing, running."""
    verb, _, rest = base.partition(" ")
    if verb in {"cut", "run", "swim", "win", "get"}:
        verb += verb[-1]
    elif verb.endswith("e") and verb not in {"be", "see"}:
        verb = verb[:-1]
    return f"{verb}ing {rest}".strip()


def be(tense: str, person: int, english: str) -> str:
    """am, is, are, was, were."""
    if tense == "past":
        return "was" if person == 0 or (person == 2 and english != "you") else "were"
    return "am" if person == 0 else "is" if person == 2 and english != "you" else "are"


def english_verb(verb: Verb, tense: str, subject: Subject) -> tuple[str, str, str]:
    """(auxiliary, its negation, main verb); without an auxiliary in a plain statement the first is ""."""
    third = subject.person == 2 and subject.en != "you"
    now = be("present", subject.person, subject.en)
    if tense == "present":
        return ("does" if third else "do", "doesn't" if third else "don't", verb.en)
    if tense == "preterite":
        return ("did", "didn't", verb.en)
    if tense == "imperfect":
        return ("did", "didn't", f"use to {verb.en}")
    if tense == "perfect":
        return ("has" if third else "have", "hasn't" if third else "haven't", verb.participle)
    if tense in ("progressive", "going to"):
        negation = "am not" if now == "am" else f"{now}n't"
        return (now, negation, ing(verb.en) if tense == "progressive" else f"going to {verb.en}")
    return ("will", "won't", verb.en) if tense == "future" else ("would", "wouldn't", verb.en)


def plain_english(verb: Verb, tense: str, subject: Subject) -> str:
    """The verb of a statement without negation: reads, read, used to read, has read, is reading ..."""
    auxiliary, _, main = english_verb(verb, tense, subject)
    if tense == "present":
        return third_person(verb.en) if auxiliary == "does" else verb.en
    if tense == "preterite":
        return verb.past
    if tense == "imperfect":
        return f"used to {verb.en}"
    return f"{auxiliary} {main}"


# ---- clauses


def statement(subject: Subject, verb: Verb, tense: str, rest: Both, negative: bool = False, clitic: str = "") -> Both:
    """subject verb rest, without a capital or a full stop."""
    es = words(subject.es, "no" if negative else "", clitic, conjugate(verb, tense, subject.person), rest.es)
    if negative:
        _, auxiliary, main = english_verb(verb, tense, subject)
        return Both(es, words(subject.en, auxiliary, main, rest.en))
    return Both(es, words(subject.en, plain_english(verb, tense, subject), rest.en))


def question(subject: Subject, verb: Verb, tense: str, rest: Both, asked: Both = Both("", ""), clitic: str = "") -> Both:
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


# ---- noun phrases


def agree(adjective: str, feminine: bool, plural: bool) -> str:
    """An adjective in the gender and number of its noun."""
    if feminine:
        if adjective.endswith("o"):
            adjective = adjective[:-1] + "a"
        elif adjective in {"español", "trabajador"}:
            adjective += "a"
        elif adjective in {"francés", "inglés", "alemán"}:
            adjective = adjective.replace("é", "e").replace("án", "an") + "a"
    return es_plural(adjective) if plural else adjective


def indefinite(english: str) -> str:
    """With its article: a book, an apple, a university."""
    return ("an " if english[0] in "aeiou" and not english.startswith("uni") else "a ") + english


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
        return Phrase(f"{noun.es} {agree(adjective.es, noun.feminine, False)}", f"{adjective.en} {noun.en}", noun.feminine, False)
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
        number = random.choice((("dos", "two"), ("tres", "three"), ("cuatro", "four"), ("cinco", "five"), ("seis", "six")))
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
