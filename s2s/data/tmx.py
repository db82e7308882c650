"""Reading TMX (Translation Memory eXchange 1.4b) as a stream, in bounded memory."""

import html
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from s2s.data.compression import OpenText, explain_read_errors
from s2s.data.rows import Row
from s2s.errors import InputError

LANGUAGES = {
    "es": ("es", "spa", "esp", "spanish", "español", "castellano", "castilian"),
    "en": ("en", "eng", "english", "inglés", "ingles"),
}
"""How language codes of Spanish and of English begin, in lower case."""

_CODES = ("bpt", "ept", "it", "ph", "ut")
"""Inline elements whose content is code of the original format.  The text of all other elements is text."""

_STANDALONE = ("it", "ph", "ut")
"""Those of them that stand for something in the text, such as a line break, and so separate words."""

_MOST_BYTES = 1 << 22
"""Most bytes of a translation unit and of what is before it; more is an attack on the memory."""

_MOST_LANGUAGES = 1000
"""Most language codes that are counted."""


def read_tmx(text: OpenText) -> Iterator[Row]:
    """The segments of every translation unit, by language: `es` and `en`, also where the file has `es-MX` or `spa`.

    Of several variants in a language, the first one with text counts.  Entities are not expanded, and nothing outside
    the file is read.  Raises InputError for a file that is not TMX, or has no Spanish or no English.
    """
    languages: Counter[str] = Counter()
    units = 0
    for line, unit in _units(text):
        units += 1
        cells, notes = {"es": "", "en": ""}, []
        for variant in unit.iter("{*}tuv"):
            code = (variant.get("{http://www.w3.org/XML/1998/namespace}lang") or variant.get("lang") or "").strip()
            if code in languages or len(languages) < _MOST_LANGUAGES:
                languages[code] += 1
            language, (segment, joined) = _language(code), _segment(next(variant.iterchildren("{*}seg"), None))
            if language and not cells[language] and segment.strip():
                cells[language] = segment
                notes += ["inline_codes"] * joined
        yield Row(line, cells, tuple(notes[:1]))
    if not units:
        raise InputError(f"{text.name}: no translation unit (<tu>) in it; is it TMX?")
    for language, name in (("es", "Spanish"), ("en", "English")):
        if not any(_language(code) == language for code in languages):
            known = ", ".join(f"{code or 'none given'} ({count:,})" for code, count in languages.most_common(8))
            raise InputError(f"{text.name}: no {name} in this TMX; its languages: {known or 'none'}")


class _Limited:
    """A stream that refuses to read on when too much has been read since `forget`."""

    def __init__(self, text: OpenText):
        self._name, self._stream, self._read, self._line = text.name, text.stream, 0, 0

    def read(self, size: int) -> bytes:
        """Bytes of the stream."""
        data: bytes = self._stream.read(size)
        self._read += len(data)
        if self._read > _MOST_BYTES:
            where = f"after the unit of line {self._line}" if self._line else "at its start"
            raise InputError(f"{self._name}: {where}, {_MOST_BYTES:,} bytes without the end of a translation unit")
        return data

    def forget(self, line: int) -> None:
        """Begin to count at 0, as what was read is no longer in memory; line: that of the unit that was read last."""
        self._read, self._line = 0, line


def _units(text: OpenText) -> Iterator[tuple[int, Any]]:
    """Line and element of every translation unit; everything read before it is forgotten."""
    from lxml import etree  # here, because it takes time and other formats do not need it

    stream = _Limited(text)
    options = {"resolve_entities": False, "no_network": True, "remove_comments": True, "remove_pis": True}
    with explain_read_errors(text.name):
        events: Any = etree.iterparse(stream, events=("end",), tag="{*}tu", **options)
        try:
            for _, unit in events:
                line = unit.sourceline
                yield line, unit
                unit.clear()
                # Otherwise the empty elements would stay, and whatever is between the units.
                for element in (unit, *unit.iterancestors()):
                    while element.getprevious() is not None:
                        del element.getparent()[0]
                stream.forget(line)
        except etree.XMLSyntaxError as error:
            raise InputError(f"{text.name}: not well-formed TMX: {error.msg}") from None


@lru_cache(1000)
def _language(code: str) -> str | None:
    """`es`, `en` or None for a language code such as `es-MX`, `es_419`, `spa-ES`, `Spanish (Mexico)`."""
    main = code.lower().replace("_", "-").replace(" ", "-").replace(",", "-").split("-")[0]
    return next((language for language, names in LANGUAGES.items() if main in names), None)


def _segment(seg: Any) -> tuple[str, bool]:
    """The text of a segment, and whether a space was put between two words that only a code separated."""
    if seg is None:
        return "", False
    if not len(seg):
        return seg.text or "", False
    parts, last, separated, joined = [""], "", False, False
    for part in _parts(seg):
        if part is None:
            separated = True
        elif part:
            if separated and _ends_word(last) and _begins_word(part[0]):
                parts.append(" ")
                joined = True
            parts.append(part)
            last, separated = part[-1], False
    return "".join(parts), joined


def _parts(element: Any) -> Iterator[str | None]:
    """The pieces of an element's text; None for a code that separates words."""
    yield element.text or ""
    for child in element:
        if not isinstance(child.tag, str):  # an entity: those of HTML are characters
            text = html.unescape(child.text)
            yield None if text == child.text else text
        elif (name := child.tag.rpartition("}")[2]) in _CODES:
            if name in _STANDALONE:
                yield None
        else:
            yield from _parts(child)
        yield child.tail or ""


def _ends_word(character: str) -> bool:
    return character.isalnum() or (character != "" and character in ".,;:!?)]»”…%")


def _begins_word(character: str) -> bool:
    return character.isalnum() or character in "([¿¡«“"
