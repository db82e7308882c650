"""States in NumPy: rows are set, copied and moved as plain indexing would."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.config import ModelConfig
from s2s.translation.state import RowStates, sentence_vectors, state_shape

CONFIG = ModelConfig(units=3, layers=2, embedding_size=4)


def random_states(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, *state_shape(CONFIG))).astype(np.float32)


def stored(rows, count):
    """What `store` gives of the first `count` rows; NaN where it wrote nothing."""
    states = np.full((count, *state_shape(CONFIG)), np.nan, np.float32)
    for row in range(count):
        rows.store(row, states[row])
    return states


def loaded(states):
    rows = RowStates(CONFIG, len(states))
    for row, state in enumerate(states):
        rows.load(row, state)
    return rows


def test_a_state_is_h_then_c_of_every_layer():
    assert state_shape(CONFIG) == (2, 2, 3)
    states = random_states(5)
    rows = loaded(states)
    for row, layer in np.ndindex(5, 2):
        assert (rows.h[layer, row] == states[row, layer, 0]).all()
        assert (rows.c[layer, row] == states[row, layer, 1]).all()
    # The vector of a sentence is h of the top layer.
    assert (sentence_vectors(states) == rows.h[-1]).all()


def test_what_is_loaded_is_stored():
    states = random_states(5)
    assert (stored(loaded(states), 5) == states).all()
    assert (stored(RowStates(CONFIG, 4), 4) == 0).all()


def test_rows_are_copies():
    states = random_states(2)
    rows, before = loaded(states), states.copy()
    states[:] = 9.0
    assert (stored(rows, 2) == before).all()
    written = stored(rows, 2)
    rows.clear(0)
    assert (written == before).all()


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))))
def test_clearing_a_row_leaves_the_others(size):
    count, row = size
    expected = random_states(count)
    rows = loaded(expected)
    rows.clear(row)
    expected[row] = 0.0
    assert (stored(rows, count) == expected).all()


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1), max_size=n))))
def test_gathered_rows_come_first_and_the_rest_stays(sizes):
    count, chosen = sizes
    states = random_states(count)
    rows = loaded(states)
    rows.gather(np.array(chosen, np.int64))
    assert (stored(rows, count) == np.concatenate([states[chosen], states[len(chosen) :]])).all()


def test_a_state_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="broadcast"):
        RowStates(CONFIG, 2).load(0, np.zeros((2, 2, 4), np.float32))
