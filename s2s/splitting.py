"""Splitting a corpus into train, dev and test without leaks: no sentence stands in two of them, on either side."""

import numpy as np
import numpy.typing as npt

from s2s.cleaning import Keys

TRAIN, DEV, TEST = range(3)
"""The splits' numbers."""

SPLITS = ("train", "dev", "test")
"""Their names."""

NOWHERE = 255
"""Instead of a split: the pair is left out."""


def components(keys: Keys) -> npt.NDArray[np.int64]:
    """[pairs]: the number of the first pair of each pair's component.  keys: [pairs, 3], as `cleaning.Cleaned` has them.

    Pairs that share a sentence, directly or through others, are one component.  Every pair takes the least number
    among those that share a sentence with it, and then the one that pair has taken, until nothing changes.
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
    """[pairs]: the split of each; about dev_size and test_size pairs are held out, whole components drawn by the seed.

    Each size is cut to a tenth of the pairs.  A component of more than a hundredth of a split would not be a sample
    of the corpus and stays in train, so there may be fewer pairs than asked for.
    """
    first, numbers, sizes = np.unique(components(keys), return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(first))
    splits = np.zeros(len(first), np.uint8)
    for split, size in ((DEV, dev_size), (TEST, test_size)):
        wanted = min(size, len(keys) // 10)
        free = order[(splits[order] == TRAIN) & (sizes[order] <= max(wanted // 100, 2))]
        splits[free[np.cumsum(sizes[free]) <= wanted]] = split
    return splits[numbers]
