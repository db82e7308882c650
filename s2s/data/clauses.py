"""Clauses: where `translate` cuts long sentences, and of which `prepare` makes training pairs, so that the model has read such.

A sentence is cut after marks and before connectives: conjunctions, relative pronouns, some prepositions.  The English side of
a training pair is cut at the same mark, or before a translation of the connective, where that is the only one.
"""

import re
from collections.abc import Iterator

_PREPOSITION = "(?:(?:a|con|de|desde|en|hasta|para|por|sin|sobre) )?"

_CONNECTIVES = {
    "a menos que": "unless",
    "a pesar de que": "even though|although|though",
    "antes de(?: que)?": "before",
    "as[íi] que": "so",
    "cada vez que": "whenever|every time|each time",
    "desde que": "since",
    "despu[ée]s de(?: que)?": "after",
    "en cuanto": "as soon as",
    "hasta que": "until|till",
    "mientras(?: que)?": "while|whereas",
    "para que": "so",
    "sin(?: que)?": "without",
    "tan pronto como": "as soon as",
    "una vez que": "once",
    "ya que": "because|since",
    f"{_PREPOSITION}(?:el|la|los|las) (?:que|cual|cuales)": None,
    f"{_PREPOSITION}cuando": "whenever|when",
    f"{_PREPOSITION}donde": "wherever|where",
    f"{_PREPOSITION}lo que": "what",
    f"{_PREPOSITION}que": "that|who|which|whom",
    f"{_PREPOSITION}quien(?:es)?": "who|whom",
    "aunque": "even though|even if|although|though",
    "como": "like|as",
    "ni": "nor|or",
    "[ou]": "or",
    "para": "to|for",
    "pero|sino": "but",
    "porque|pues": "because|since",
    "si": "if|whether",
    "[ye]": "and",
}
"""Spanish connectives, and the English words that may stand for them; None: too many.  The first that matches counts."""

_CONNECTIVE = re.compile(rf"(?<=\S)\s+(?:{'|'.join(f'({spanish})' for spanish in _CONNECTIVES)})(?=\s)", re.IGNORECASE)
_TRANSLATIONS = [english and re.compile(rf"(?<=\S)\s+({english})\b") for english in _CONNECTIVES.values()]
# Words that a connective does not part from: "tengo que", "más que", "tan alto como", "y si".
_BOUND = re.compile(
    r"(?<!\w)(?:ten\w*|tien\w+|tuv\w+|hay|hab\w+|hub\w+|(?:m[áa]s|menos|tan|tant[oa]s?)(?: \w+)?|mejor|peor|mayor|menor|igual|mism\w+"
    r"|otr\w+|[aeouy]|ni|no|pero|porque|que|sino|con|de|en|por|para|el|la|lo|los|las|una?|mi|tu|su)$",
    re.IGNORECASE,
)
_LONGEST_BOUND = 30
_MARK = re.compile(r"(?<=[,;:)—–])\s+|(?<!\s)\s+(?=[—–(¿¡])")
_MARK_OF_BOTH = re.compile(r"(?<=[,;:])\s+")


def split_at_marks(text: str) -> list[str]:
    """A sentence in parts that end with a mark; only white space between them is lost."""
    return _split(text, [match.end() for match in _MARK.finditer(text)])


def split_at_connectives(text: str) -> list[str]:
    """A Spanish sentence in parts that begin with a connective; only white space between them is lost."""
    return _split(text, [place for place, _ in _connectives(text)])


def clause_pairs(source: str, target: str) -> list[tuple[str, str]]:
    """The clauses of a training pair, written as sentences; none of one word.

    Each way to cut a pair gives what stands before it and what stands after it.
    """
    clauses = []
    for places in _places_of_both(source, target):
        for spanish, english in zip(*map(_split, (source, target), ([place] for place in places)), strict=True):
            if " " in spanish:
                clauses.append((spanish, english[:1].upper() + english[1:] + "." * english[-1:].isalnum()))
    return clauses


def _places_of_both(source: str, target: str) -> Iterator[tuple[int, int]]:
    """Where both sides can be cut at the same place."""
    marks = [[match.end() for match in _MARK_OF_BOTH.finditer(text)] for text in (source, target)]
    if [source[place - 2] for place in marks[0]] == [target[place - 2] for place in marks[1]]:
        yield from zip(*marks, strict=True)
    connectives = [*_connectives(source)]
    kinds = [kind for _, kind in connectives]
    for place, kind in connectives:
        translation = _TRANSLATIONS[kind]
        places = [match.start(1) for match in translation.finditer(target)] if translation else []
        if kinds.count(kind) == len(places) == 1 and source[place - 2] not in ",;:":
            yield place, places[0]


def _connectives(text: str) -> Iterator[tuple[int, int]]:
    """Where connectives begin that a Spanish sentence can be cut before, and their numbers in _CONNECTIVES."""
    for match in _CONNECTIVE.finditer(text):
        if not _BOUND.search(text, max(0, match.start() - _LONGEST_BOUND), match.start()):
            number = match.lastindex or 0
            yield match.start(number), number - 1


def _split(text: str, places: list[int]) -> list[str]:
    """The parts of a text between these places, without white space around them."""
    parts = [text[start:stop].strip() for start, stop in zip([0, *places], [*places, len(text)], strict=True)]
    return [part for part in parts if part]
