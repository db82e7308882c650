"""Normalization: one spelling for marks, spaces and accents that Unicode writes in many ways.

The same function is applied to the training text by `prepare` and to every text that a run reads, so that the model meets
the characters that it has learnt.  Letters, digits, fractions and exponents stay as they are: sentencepiece's own
normalization, which would rewrite them (NFKC), is off.
"""

import re
import unicodedata
from collections.abc import Callable

from s2s.data.perturbation import without_opening_marks
from s2s.data_config import CleaningConfig

NORMALIZES = ("unicode", "typography", "opening_marks", "control_characters", "white_space")
"""Rules of `cleaning` that apply to the training text and to every text that a run reads."""

# Pictures and arrows; what varies, joins or colours them; flags; a digit in a key.
_PICTURE = "\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_JOINER = "\u200d"
_VARIANT = "\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f"
EMOJI = f"(?:[{_PICTURE}{_JOINER}{_VARIANT}]|[0-9#*]\ufe0f?\u20e3)"
"""Pattern of a character of an emoji."""

_PEOPLE_AND_THINGS = "\u2600-\u2604\u2614\u2615\u2639\u263a\u2640\u2642\u2665\u2708\u2728\u2764\U0001f1e6-\U0001faff"
EMOJI_AS_DECORATION = re.compile(
    f"(?:(?![\U0001f500-\U0001f506\U0001f519-\U0001f524\U0001f53c\U0001f53d])[{_PEOPLE_AND_THINGS}][{_JOINER}{_VARIANT}]*)+"
)
"""Emoji that a sentence has its meaning without: no arrows, keys, symbols."""

# Control characters except white space; soft hyphen, zero-width spaces and joiners, direction marks, byte order mark.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
    f"|(?<![{_PICTURE}{_VARIANT}]){_JOINER}"
)

_PLAIN = {
    '"': "“”„‟«»″〝〞",
    "'": "‘’‚‛‹›′´",
    "-": "‐‑‒–—―−",
    "...": "…",
    "fi": "\ufb01", "fl": "\ufb02", "ff": "\ufb00", "ffi": "\ufb03", "ffl": "\ufb04",
}  # fmt: skip
_TYPOGRAPHY = {ord(mark): plain for plain, marks in _PLAIN.items() for mark in marks}
_TYPOGRAPHY |= {0xFF01 + offset: chr(0x21 + offset) for offset in range(94)}  # full-width forms of ASCII

# The last ¿ or ¡ and what follows it, if that has no mark of an end; quotation marks and brackets at the end stay there.
_WITHOUT_END = re.compile(r"([¿¡])[^¿¡?!.…]*[^¿¡?!.…\s\"')\]](?=[\"')\]\s]*$)")


def _unchanged(rule: str) -> None:
    pass


def normalize(text: str, config: CleaningConfig, changed: Callable[[str], None] = _unchanged) -> str:
    """The text in the spelling of the training text.

    Args:
        text: a sentence.
        config: which of NORMALIZES apply.
        changed: called with the name of each rule that changes the text.
    """
    if not text.isascii():
        if config.unicode and not unicodedata.is_normalized("NFC", text):
            text = _report(unicodedata.normalize("NFC", text), text, "unicode", changed)
        if config.typography:
            text = _report(text.translate(_TYPOGRAPHY), text, "typography", changed)
        if config.opening_marks:
            text = _report(without_opening_marks(_with_closing_marks(text)), text, "opening_marks", changed)
    if config.control_characters and not text.isprintable():
        text = _report(_INVISIBLE.sub("", text), text, "control_characters", changed)
    if config.white_space:
        text = _report(" ".join(text.split()), text, "white_space", changed)
    return text


def _with_closing_marks(text: str) -> str:
    """The text with ? or ! at its end where ¿ or ¡ has none, so that a question is one without its opening mark too."""
    return _WITHOUT_END.sub(lambda match: f"{match[0]}{'?' if match[1] == '¿' else '!'}", text)


def _report(after: str, before: str, rule: str, changed: Callable[[str], None]) -> str:
    if after != before:
        changed(rule)
    return after
