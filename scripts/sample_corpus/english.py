"""English morphology: verb forms, auxiliaries, articles, possessives."""

from grammar import Subject, Verb
from tables import MEN, WOMEN


def third_person(base: str) -> str:
    """The third person singular of the present: speaks, looks for, teaches, studies, goes."""
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
    """The present participle: speaking, writing, running."""
    verb, _, rest = base.partition(" ")
    if verb in {"cut", "run", "swim", "win", "get"}:
        verb += verb[-1]
    elif verb.endswith("e") and verb not in {"be", "see"}:
        verb = verb[:-1]
    return f"{verb}ing {rest}".strip()


def be(tense: str, person: int, english: str) -> str:
    """A form of "be": am, is, are, was, were.

    Args:
        tense: "present" or "past".
        person: 0-5, the Spanish person.
        english: the English subject; "you" takes the plural form.
    """
    if tense == "past":
        return "was" if person == 0 or (person == 2 and english != "you") else "were"
    return "am" if person == 0 else "is" if person == 2 and english != "you" else "are"


def english_verb(verb: Verb, tense: str, subject: Subject) -> tuple[str, str, str]:
    """(auxiliary, negated auxiliary, main verb), as in questions and negated statements; tenses of `spanish.conjugate`."""
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
    """The verb of an affirmative statement: reads, read, used to read, has read, is reading ..."""
    auxiliary, _, main = english_verb(verb, tense, subject)
    if tense == "present":
        return third_person(verb.en) if auxiliary == "does" else verb.en
    if tense == "preterite":
        return verb.past
    if tense == "imperfect":
        return f"used to {verb.en}"
    return f"{auxiliary} {main}"


def indefinite(english: str) -> str:
    """A noun phrase with the indefinite article: a book, an apple, a university."""
    return ("an " if english[0] in "aeiou" and not english.startswith("uni") else "a ") + english


def possessive(english: str) -> str:
    """The possessive of a noun phrase: Ana's, my parents'."""
    return english + (
        "'"
        if english.endswith("s")
        and " " in english
        and not english.endswith(("boss", "waitress"))
        and english.rsplit(maxsplit=1)[-1] not in MEN + WOMEN
        else "'s"
    )
