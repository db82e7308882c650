"""Augmentation: changed copies and clauses of training pairs, so that a model reads what people write.

A copy is made of the Spanish side as people write it and of the English side as it should be.  What is changed is
pseudo-random, seeded by the seed and the pair, so that the same files give the same corpus byte for byte.

OpusTrainer (Mozilla's trainer of translation models) changes the text while it trains; here the changed text is
prepared, so that a training reads the same in every epoch, and resumes exactly.
"""

from itertools import compress
from random import Random
from typing import NamedTuple

from s2s.data import perturbation, slots
from s2s.data.clauses import clause_pairs
from s2s.data.cleaning import Keys, keys_of, leaks
from s2s.data.corpus import Pair
from s2s.data.known_words import KnownWords
from s2s.data_config import AugmentationConfig

KINDS = ("phone", "no_accents", "no_final_mark", "typo", "marks", "joined")
"""What a copy can differ in; keys of the section `augmentation`."""


class Copy(NamedTuple):
    """A changed copy of a pair."""

    pair: Pair
    kinds: tuple[str, ...]
    """Those of KINDS that were chosen.  A typo, for example, changes only a pair with a long word."""


def copies(pairs: list[Pair], config: AugmentationConfig, seed: int) -> list[Copy]:
    """Changed copies of some of the pairs.

    Args:
        pairs: training pairs; a joined copy takes the pairs that follow.
        config: how many for a pair of weight 1, and what is changed in them.
        seed: the experiment's seed.
    """
    made = []
    for index, pair in enumerate(pairs):
        random = _random(seed, "copies", pair)
        for _ in range(_count(config.copies * pair.weight, random)):
            copy = _change(pairs, index, config, random)
            if copy.pair[:2] != pair[:2]:
                made.append(copy)
    return made


def clauses(pairs: list[Pair], held_out: Keys, config: AugmentationConfig, seed: int) -> list[Pair]:
    """Clauses of some of the pairs, as pairs; none that is a dev or test sentence.

    Args:
        pairs: training pairs.
        held_out: [n, 3], keys of the dev and test pairs.
        config: the share of the clauses of a pair of weight 1.
        seed: the experiment's seed.
    """
    made = []
    for pair in pairs:
        random = _random(seed, "clauses", pair)
        for source, target in clause_pairs(*pair[:2]):
            clause = pair._replace(source=source, target=target)
            made += [clause] * _count(config.clauses * pair.weight, random)
    return list(compress(made, ~leaks(keys_of(made), held_out)))


def put_into_slots(
    pairs: list[Pair], known: KnownWords, symbols: list[str], config: AugmentationConfig, seed: int
) -> list[Pair]:
    """Training pairs with slots for numbers, addresses and unknown names, and, in some of them, for known names.

    The slots of a pair begin at a random number, so that the model learns all of them.
    """
    if not symbols:
        return pairs
    masked = []
    for pair in pairs:

        def choose(pair: Pair = pair) -> tuple[bool, list[str]]:
            random = _random(seed, "slots", pair)
            return random.random() < config.known_names, symbols[random.choice((0, random.randrange(len(symbols)))) :]

        source, target = (slots.escape(text) for text in pair[:2])
        source, target = slots.mask_pair(source, target, known, choose)
        masked.append(pair._replace(source=source, target=target))
    return masked


def _change(pairs: list[Pair], index: int, config: AugmentationConfig, random: Random) -> Copy:
    chosen = {kind for kind in KINDS if random.random() < getattr(config, kind)}
    source, target = pairs[index][:2]
    if "joined" in chosen:
        following = pairs[index + 1 : index + random.choice((2, 2, 3))]
        source, target = (
            " ".join(texts) for texts in zip((source, target), *(pair[:2] for pair in following), strict=True)
        )
    if "phone" in chosen:
        source = perturbation.as_on_a_phone(source)
    if "no_accents" in chosen:
        source = perturbation.without_accents(source)
    if "no_final_mark" in chosen:
        source = perturbation.without_final_mark(source)
    if "typo" in chosen:
        source = perturbation.with_typo(source, random)
    if "marks" in chosen:
        source, target = perturbation.in_marks(source, target, random)
    return Copy(pairs[index]._replace(source=source, target=target), tuple(kind for kind in KINDS if kind in chosen))


def _count(share: float, random: Random) -> int:
    """A whole number, on average this share."""
    return int(share) + (random.random() < share % 1)


def _random(seed: int, purpose: str, pair: Pair) -> Random:
    return Random(f"{seed}\t{purpose}\t{pair.source}\t{pair.target}")
