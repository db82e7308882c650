"""The size that suits some steps."""

import math

from s2s.config import ModelConfig
from s2s.training.size_law import SIZES, SizeLaw, best_size


def test_the_law_by_hand():
    law = SizeLaw(floor=1.0, size_factor=6.0, size_power=0.5, steps_factor=8.0, steps_power=1.0)
    assert law.loss(4.0, 2.0) == 1.0 + 6.0 / 2.0 + 8.0 / 2.0
    assert law.loss(4.0, 0.0) == math.inf  # no step fits into the minutes


def test_the_more_time_the_larger():
    def choose(steps: float) -> int:
        size = best_size(ModelConfig(), lambda model: steps / model.units**2)
        assert size.steps == steps / size.units**2
        return size.units

    sizes = [choose(10.0**power) for power in range(5, 14)]
    assert sizes == sorted(sizes) and sizes[0] == SIZES[0] and sizes[-1] == SIZES[-1]


def test_of_equal_steps_the_largest_learns_most():
    assert best_size(ModelConfig(), lambda _: 1000.0).units == SIZES[-1]
