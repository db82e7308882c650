"""Splitting a corpus into train, dev and test without leaks: no sentence is in two of them, on either side."""

import numpy as np
import numpy.typing as npt

from s2s.data.cleaning import Keys

TRAIN, DEV, TEST = range(3)
"""Numbers of the splits."""

SPLITS = ("train", "dev", "test")
"""Names of the splits."""

NOWHERE = 255
"""In place of a split: the pair is left out."""


def components(keys: Keys) -> npt.NDArray[np.int64]:
    """[pairs]: the label of each pair's connected component, which is the number of the component's first pair.

    Pairs that share a sentence, directly or through other pairs, are one component.  Label propagation: every pair takes
    the least label among the pairs that share a sentence with it, then the label of that pair, until nothing changes.

    Args:
        keys: [pairs, 3], as in `cleaning.Cleaned`.
    """
    sides = [np.unique(keys[:, side], return_inverse=True)[1] for side in (1, 2)]
    labels = np.arange(len(keys))
    while True:
        before = labels
        for side in sides:
            least = np.full(len(keys), len(keys))
            np.minimum.at(least, side, labels)
            labels = least[side]
        labels = labels[labels]
        if (labels == before).all():
            return labels


def hold_out(keys: Keys, dev_size: int, test_size: int, seed: int) -> npt.NDArray[np.uint8]:
    """[pairs]: the split of each pair.  Whole components are held out, chosen by the seed.

    A component of more than a hundredth of a split would not be a sample of the corpus.  It stays in train, so there may
    be fewer pairs than asked for.

    Args:
        keys: [pairs, 3], as in `cleaning.Cleaned`.
        dev_size: pairs to hold out for dev; a tenth of all pairs at most.
        test_size: pairs to hold out for test; a tenth of all pairs at most.
        seed: the experiment's seed.
    """
    first, numbers, sizes = np.unique(components(keys), return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(first))
    splits = np.zeros(len(first), np.uint8)
    for split, size in ((DEV, dev_size), (TEST, test_size)):
        limit = min(size, len(keys) // 10)
        free = order[(splits[order] == TRAIN) & (sizes[order] <= max(limit // 100, 2))]
        splits[free[np.cumsum(sizes[free]) <= limit]] = split
    return splits[numbers]
