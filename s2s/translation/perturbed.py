"""How well a run reads text as people write it: scores on perturbed sentences, and whether numbers and names come through."""

from random import Random
from typing import Any

from s2s.data.known_words import words
from s2s.data.perturbation import PERTURBATIONS, without_quotes
from s2s.data.slots import fixed_texts, has_text
from s2s.errors import InputError

_SEED = 1
"""Seed of the typos, so that every run is scored on the same ones."""

NONE = "none"
"""The sentences as they are."""


def parse_names(text: str) -> tuple[str, ...]:
    """The perturbations that a text names, with commas between them; `all` = every one.  Raises InputError for others."""
    names = tuple(PERTURBATIONS) if text == "all" else tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in PERTURBATIONS:
            raise InputError(f"--perturb: no perturbation {name!r}; there are all, {', '.join(PERTURBATIONS)}")
    return names


def perturb(name: str, sources: list[str]) -> list[str]:
    """Sentences as one of PERTURBATIONS makes them; the same in every call."""
    return [PERTURBATIONS[name](source, Random(f"{_SEED}\t{name}\t{source}")) for source in sources]


def comparable(name: str, translations: list[str], references: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Translations of perturbed sentences, and the references that they are compared with.

    Of a sentence in quotation marks, what stands between them is compared; of one in capitals, the reference in capitals.
    """
    if name == "quotes":
        translations = [without_quotes(text) for text in translations]
    if name == "capitals":
        references = [[text.upper() for text in texts] for texts in references]
    return translations, references


def kept(sources: list[str], references: list[list[str]], translations: list[str]) -> dict[str, Any]:
    """How many numbers (with addresses and the like) and names that a sentence shares with a reference are translated as such.

    Names are words with a capital that no sentence has in lower case.

    Args:
        sources: the Spanish sentences, as they are.
        references: each sentence's references.
        translations: each sentence's translation; case does not matter.
    """
    lower = {word.text for source in sources for word in words(source) if word.text[0].islower()}
    counts = {"numbers_kept": 0, "numbers_shared": 0, "names_kept": 0, "names_shared": 0}
    for source, targets, translation in zip(sources, references, translations, strict=True):
        names = {word.text for word in words(source) if word.text[0].isupper() and word.text.lower() not in lower}
        for kind, texts in (("numbers", {*fixed_texts(source)}), ("names", names)):
            shared = [text for text in texts if any(has_text(text, target) for target in targets)]
            counts[f"{kind}_shared"] += len(shared)
            counts[f"{kind}_kept"] += sum(has_text(text.upper(), translation.upper()) for text in shared)
    return counts


def format_kept(scores: dict[str, Any]) -> list[str]:
    """The counts of `kept` for a person: the shares of numbers and of names."""
    return [
        f"{scores[f'{kind}_kept'] / scores[f'{kind}_shared']:.1%} of {scores[f'{kind}_shared']:,}"
        if scores[f"{kind}_shared"]
        else "-"
        for kind in ("numbers", "names")
    ]


def format_perturbed(rows: list[dict[str, Any]]) -> list[str]:
    """The rows of `evaluate --perturb` as lines for a person."""
    return ["perturbation       BLEU   chrF   numbers kept     names kept"] + [
        f"{row['perturbation']:16}  {row['bleu']:5.1f}  {row['chrf']:5.1f}"
        + "".join(f"  {share:>13}" for share in format_kept(row))
        for row in rows
    ]
