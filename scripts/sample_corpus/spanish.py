"""Spanish morphology: conjugation and agreement.

The regular paradigms are those of the Nueva gramática de la lengua española (RAE); tables.py lists irregular forms.
"""

from grammar import Verb
from lexicon import AUXILIARY, es_plural

_ENDINGS = {
    ("present", "ar"): "o as a amos áis an",
    ("present", "er"): "o es e emos éis en",
    ("present", "ir"): "o es e imos ís en",
    ("preterite", "ar"): "é aste ó amos asteis aron",
    ("preterite", "er"): "í iste ió imos isteis ieron",
    ("preterite", "ir"): "í iste ió imos isteis ieron",
    ("preterite", "strong"): "e iste o imos isteis ieron",
    ("imperfect", "ar"): "aba abas aba ábamos abais aban",
    ("imperfect", "er"): "ía ías ía íamos íais ían",
    ("imperfect", "ir"): "ía ías ía íamos íais ían",
    ("future", "any"): "é ás á emos éis án",
    ("conditional", "any"): "ía ías ía íamos íais ían",
    ("subjunctive", "ar"): "e es e emos éis en",
    ("subjunctive", "er"): "a as a amos áis an",
    ("subjunctive", "ir"): "a as a amos áis an",
}
_STRESSED_STEM = (0, 1, 2, 5)
_STEM_CHANGES = {"ie": ("e", "ie"), "ue": ("o", "ue"), "i": ("e", "i")}


def conjugate(verb: Verb, tense: str, person: int) -> str:
    """A finite form of a verb.

    Args:
        verb: the verb.
        tense: present, preterite, imperfect, future, conditional, subjunctive (present), perfect, progressive or
            "going to".
        person: 0-5 for yo, tú, él, nosotros, vosotros, ellos.
    """
    if tense == "perfect":
        return f"{conjugate(AUXILIARY['haber'], 'present', person)} {participle(verb)}"
    if tense == "progressive":
        return f"{conjugate(AUXILIARY['estar'], 'present', person)} {gerund(verb)}"
    if tense == "going to":
        return f"{('voy', 'vas', 'va', 'vamos', 'vais', 'van')[person]} a {verb.es}"
    table_key = {"present": "pres", "imperfect": "imp", "preterite": "past6", "subjunctive": "sub"}.get(tense, "")
    if table_key in verb.irregular:
        return verb.irregular[table_key].split(",")[person]
    if tense in ("future", "conditional"):
        return verb.irregular.get("future", verb.es) + _ending(tense, "any", person)
    if tense == "preterite":
        return _preterite(verb, person)
    if tense == "present":
        return _present(verb, person)
    if tense == "subjunctive":
        return _subjunctive(verb, person)
    return verb.es[:-2] + _ending("imperfect", verb.es[-2:], person)


def _ending(tense: str, kind: str, person: int) -> str:
    return _ENDINGS[tense, kind].split()[person]


def _present(verb: Verb, person: int) -> str:
    stem, kind, forms = verb.es[:-2], verb.es[-2:], verb.irregular
    if person == 0 and "yo" in forms:
        return forms["yo"]
    if person == 4 and "pres2" in forms:
        return forms["pres2"]
    if person in _STRESSED_STEM:
        stem = _change_stem(stem, forms.get("stem", ""))
        if "accent" in forms:
            stem = stem[:-1] + forms["accent"]
    return stem + _ending("present", kind, person)


def _preterite(verb: Verb, person: int) -> str:
    stem, kind, forms = verb.es[:-2], verb.es[-2:], verb.irregular
    if "past" in forms:
        strong = forms["past"]
        ending = _ending("preterite", "strong", person)
        if person == 5 and strong.endswith("j"):
            ending = "eron"
        return "hizo" if (strong, person) == ("hic", 2) else strong + ending
    ending = _ending("preterite", kind, person)
    if forms.get("vowel") == "y":
        ending = {1: "íste", 2: "yó", 3: "ímos", 4: "ísteis", 5: "yeron"}.get(person, ending)
    if person == 0 and kind == "ar":
        stem = _before_e(stem)
    if kind == "ir" and person in (2, 5):
        stem = _raise_vowel(stem, forms.get("stem", ""))
    return stem + ending


def _subjunctive(verb: Verb, person: int) -> str:
    kind, forms = verb.es[-2:], verb.irregular
    change = forms.get("stem", "")
    if "yo" in forms:
        stem = forms["yo"][:-1]
    elif person in _STRESSED_STEM:
        stem = _present(verb, 0)[:-1]
    elif kind == "ir":
        stem = _raise_vowel(verb.es[:-2], change)
    else:
        stem = verb.es[:-2]
    return (_before_e(stem) if kind == "ar" else stem) + _ending("subjunctive", kind, person)


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
    stem = _raise_vowel(verb.es[:-2], verb.irregular.get("stem", "")) if verb.es.endswith("ir") else verb.es[:-2]
    return stem + ("yendo" if verb.irregular.get("vowel") == "y" else "iendo")


def imperative(verb: Verb, negative: bool) -> str:
    """The imperative of tú: abre, no abras."""
    if negative:
        return f"no {conjugate(verb, 'subjunctive', 1)}"
    return verb.irregular.get("tu", conjugate(verb, "present", 2))


def _change_stem(stem: str, change: str) -> str:
    """The stem with its stressed vowel changed: duerm-, pid-, cierr-."""
    if not change:
        return stem
    old, new = _STEM_CHANGES[change]
    if stem == "jug":
        return "jueg"
    position = stem.rindex(old)
    return stem[:position] + new + stem[position + 1 :]


def _raise_vowel(stem: str, change: str) -> str:
    """The stem of -ir verbs before a stressed ending with a diphthong: pidió, durmió, prefirió."""
    if not change:
        return stem
    old, new = ("o", "u") if change == "ue" else ("e", "i")
    position = stem.rindex(old)
    return stem[:position] + new + stem[position + 1 :]


def _before_e(stem: str) -> str:
    """The stem respelled so that c, g, z keep their sound before e: busqué, llegué, empecé."""
    for consonant, respelled in (("c", "qu"), ("g", "gu"), ("z", "c")):
        if stem.endswith(consonant):
            return stem[:-1] + respelled
    return stem


def agree(adjective: str, feminine: bool, plural: bool) -> str:
    """The form of an adjective, given in the masculine singular, for a gender and a number."""
    if feminine:
        if adjective.endswith("o"):
            adjective = adjective[:-1] + "a"
        elif adjective in {"español", "trabajador"}:
            adjective += "a"
        elif adjective in {"francés", "inglés", "alemán"}:
            adjective = adjective.replace("é", "e").replace("án", "an") + "a"
    return es_plural(adjective) if plural else adjective
