"""Pair files in the tests: writing them, reading them with a layout, refusals."""

from collections import Counter

import pytest

from s2s.data.corpus import Layout, read_pairs
from s2s.data_config import PairFile
from s2s.errors import InputError

SPANISH = [
    "El gato está en la casa.",
    "¿Dónde está el perro?",
    "Los niños son muy pequeños.",
    "No sé qué es eso.",
    "Él también.",
]
ENGLISH = [
    "The cat is in the house.",
    "Where is the dog?",
    "The children are very small.",
    "I don't know what that is.",
    "Him too.",
]
BOTH = list(zip(SPANISH, ENGLISH, strict=True))


def pairs(file, columns=None, form="auto", notes=None):
    """The pairs of a file, or of two aligned ones; `notes`, a Counter, counts what is noted."""
    paths = map(str, file if isinstance(file, tuple) else (file,))
    counted = Counter() if notes is None else notes
    read = read_pairs([PairFile(*paths)], Layout(form, columns), lambda rule, pair: counted.update([rule]))
    return [(pair.source, pair.target) for pair in read]


def refused(file, *parts, columns=None, form="auto"):
    """Assert that a file is refused with a message of one or two lines that has all parts."""
    with pytest.raises(InputError) as error:
        pairs(file, columns, form)
    message = str(error.value)
    assert all(part in message for part in parts) and len(message.splitlines()) <= 2, message


def write(path, text, encoding="utf-8"):
    """Write a text; returns the path."""
    path.write_bytes(text.encode(encoding))
    return path
