"""Where a sentence can be cut into clauses.  `translate` cuts long sentences there, and `prepare` makes training pairs of clauses.

A sentence can be cut after marks and before connectives: conjunctions, relative and interrogative pronouns, some prepositions.
The English side of a training pair is cut at the same mark, or before a translation of the connective if it has exactly one.
"""

import re
from collections.abc import Iterator

_PREPOSITION = "(?:(?:a|con|contra|de|desde|en|entre|hacia|hasta|para|por|según|sin|sobre|tras) )?"
_ENGLISH_PREPOSITION = "(?:(?:about|at|by|for|from|in|of|on|to|with) )?"

_CONNECTIVES = {
    "a fin de que|para que": "so",
    "a medida que": "as",
    "a menos que": "unless",
    "a pesar de que|aunque": "even though|even if|although|though",
    "antes de(?: que)?": "before",
    "as[íi] que|de (?:forma|manera|modo) que": "so",
    "(?:aun|incluso) si": "even if",
    "cada vez que": "whenever|every time|each time",
    "como si": "as if|as though",
    "con tal de que": "as long as|provided",
    "dado que|porque|pues|puesto que|ya que": "because|since",
    "desde que": "since",
    "despu[ée]s de(?: que)?": "after",
    "en cuanto|tan pronto como": "as soon as",
    "(?:excepto|salvo) que": "except",
    "hasta que": "until|till",
    "mientras(?: que)?": "while|whereas",
    "siempre que": "whenever|as long as",
    "sin(?: que)?": "without",
    "una vez que": "once",
    f"(?:{_PREPOSITION}(?:el|la|los|las)|al|del) (?:que|cual|cuales)|(?:por )?lo cual|por lo que|cuy[oa]s?": None,
    f"{_PREPOSITION}cuando": "whenever|when",
    f"{_PREPOSITION}donde": "wherever|where",
    f"{_PREPOSITION}lo que": f"{_ENGLISH_PREPOSITION}what",
    f"{_PREPOSITION}que": f"{_ENGLISH_PREPOSITION}(?:that|who|which|whom)",
    f"{_PREPOSITION}quien(?:es)?": f"{_ENGLISH_PREPOSITION}(?:who|whom)",
    "por qué": "why",
    f"{_PREPOSITION}cuál(?:es)?": f"{_ENGLISH_PREPOSITION}(?:which|what)",
    f"{_PREPOSITION}cuándo": "when",
    f"{_PREPOSITION}cuánt[oa]s?": "how many|how much|how long",
    f"{_PREPOSITION}cómo": "how",
    f"{_PREPOSITION}dónde": "where",
    f"{_PREPOSITION}qué": f"{_ENGLISH_PREPOSITION}(?:what|which)",
    f"{_PREPOSITION}quién(?:es)?": f"{_ENGLISH_PREPOSITION}(?:who|whom)",
    "(?:as[íi] |tal y )?como": "like|as",
    "ni": "nor|or",
    "[ou]": "or",
    "para": "to|for",
    "pero|sino": "but",
    "si": "if|whether",
    "[ye](?! (?:cuarto|medi[ao])\\b)": "and",
}
"""Spanish connectives, and the English words that may stand for them; None: too many.  The first that matches counts."""

_CONNECTIVE = re.compile(
    rf"(?:^|(?<=[^\s.!?…])\s+)(?:{'|'.join(f'({spanish})' for spanish in _CONNECTIVES)})(?=\s)", re.IGNORECASE
)
_TRANSLATIONS = [english and re.compile(rf"(?<=\S)\s+({english})(?=[\s'])") for english in _CONNECTIVES.values()]
# A sentence is not cut after these words, nor before que and como after the others.
_BOUND = re.compile(
    r"(?<!\w)(?:al?|con|como|del?|e|el|en|entre|las?|los?|mi|ni|no|o|para|pero|por|porque|que|si|sin|sino|su|tal|tu|u|un|una|vez|y"
    r"|(?:trei|cuare|cincue|sese|sete|oche|nove)nta)$",
    re.IGNORECASE,
)
_BOUND_TO_QUE = re.compile(
    r"(?<!\w)(?:teng\w+|tienes?|tienen|ten(?:er|emos|éis|ía\w*|drá\w*|dré|dría\w*)|tuv\w+|hay|haya|había|hubo|habrá|habría"
    r"|(?:m[áa]s|menos|tan|tant[oa]s?)(?: \w+)?|mejor|peor|mayor|menor|igual|mism[oa]s?|otr[oa]s?|s[íi])$",
    re.IGNORECASE,
)
_QUE = re.compile(r"(?:(?:de lo )?que|como)\s", re.IGNORECASE)
_LONGEST_BOUND = 30
"""Characters before a connective that are searched, so that the time is linear."""
_MARK = re.compile(r"(?<=[,;:)—–])\s+|(?<=\w-)\s+|(?<!\s)\s+(?=[—–(¿¡]|-[^\W\d]|- )")
_MARK_OF_BOTH = re.compile(r"(?<=[,;:])\s+")
_QUOTE_OR_SENTENCE_END = re.compile(r"\"|[.!?…]\W*\s")


def split_at_marks(text: str) -> list[str]:
    """A sentence in parts, cut after marks and before those that open; only white space between parts is lost."""
    return _split(text, [match.end() for match in _MARK.finditer(text)])


def split_at_connectives(text: str) -> list[str]:
    """A Spanish sentence in parts, cut before connectives; only white space between parts is lost."""
    return _split(text, [place for place, _ in _connectives(text)])


def clause_pairs(source: str, target: str) -> list[tuple[str, str]]:
    """The clauses of a training pair that have two words or more on both sides.

    Each cut gives two clauses: the text before it and the text after it.  The English side begins with a capital and ends
    with a mark.  A pair of several sentences, or with quotation marks, has none.
    """
    if _QUOTE_OR_SENTENCE_END.search(source):
        return []
    mark = target[-1:] if target[-1:] in "!?" else "."
    clauses = []
    for spanish_place, english_place in _places_of_both(source, target):
        before = source[:spanish_place].rstrip(), target[:english_place].rstrip()
        for spanish, english in (before, (source[spanish_place:], target[english_place:])):
            if " " in spanish and " " in english:
                clauses.append((spanish, english[:1].upper() + english[1:] + mark * english[-1:].isalnum()))
    return clauses


def _places_of_both(source: str, target: str) -> Iterator[tuple[int, int]]:
    """Where both sides can be cut at the same place."""
    spanish, english = ([*_MARK_OF_BOTH.finditer(text)] for text in (source, target))
    cut = set()
    if [source[mark.start() - 1] for mark in spanish] == [target[mark.start() - 1] for mark in english]:
        cut = {mark.end() for mark in spanish}
        yield from ((one.end(), other.end()) for one, other in zip(spanish, english, strict=True))
    connectives = [*_connectives(source)]
    kinds = [kind for _, kind in connectives]
    for place, kind in connectives:
        translation = _TRANSLATIONS[kind]
        translations = [*translation.finditer(target)] if translation else []
        if place not in cut and kinds.count(kind) == len(translations) == 1:
            yield place, translations[0].start(1)


def _connectives(text: str) -> Iterator[tuple[int, int]]:
    """Where a Spanish sentence can be cut before a connective, and the number of this in _CONNECTIVES."""
    for match in _CONNECTIVE.finditer(text):
        number = match.lastindex or 0  # the group of the connective; there always is one
        place, start = match.start(number), max(0, match.start() - _LONGEST_BOUND)
        bound = _BOUND.search(text, start, match.start())
        if not bound and _QUE.match(text, place):
            bound = _BOUND_TO_QUE.search(text, start, match.start())
        if place and not bound:
            yield place, number - 1


def _split(text: str, places: list[int]) -> list[str]:
    """The parts of a text between these places, without white space around them."""
    parts = [text[start:stop].strip() for start, stop in zip([0, *places], [*places, len(text)], strict=True)]
    return [part for part in parts if part]
