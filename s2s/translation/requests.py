"""What is to be decoded: states, and what the translation of each may be."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from s2s.data.dataset import Indices
from s2s.translation.sampling import Keys
from s2s.translation.state import Floats


class Slots(NamedTuple):
    """The slots (data/slots.py) that the hypotheses of each state may have, once each."""

    allowed: npt.NDArray[np.bool_]
    """[n, slots]."""
    required: bool
    """Whether a hypothesis must have them all before it may end."""

    @classmethod
    def any_of(cls, states: int, slots: int) -> "Slots":
        """Of each state any slots, as its sentence is not known."""
        return cls(np.ones((states, slots), bool), False)

    @classmethod
    def each_of(cls, counts: Sequence[int], slots: int) -> "Slots":
        """Of each state the first slots, as many as its sentence has."""
        return cls(np.arange(slots) < np.array(counts, int).reshape(-1, 1), True)


class Requests(NamedTuple):
    """States to decode."""

    states: Floats
    """[n, layers, 2, units]"""
    limits: Indices
    """[n], most subwords of a hypothesis, EOS included."""
    slots: Slots
    """The slots that hypotheses have."""
    keys: Keys
    """[n times samples], of the samples of `options.sampling`; empty without sampling."""

    def repeat(self, count: int) -> "Requests":
        """Each state `count` times, one after the other."""
        if count == 1:
            return self
        slots = self.slots._replace(allowed=np.repeat(self.slots.allowed, count, 0))
        return Requests(np.repeat(self.states, count, 0), np.repeat(self.limits, count), slots, self.keys)
