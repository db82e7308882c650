"""How exactly results can be compared on this machine: whether its matrix product rounds all rows alike.

OpenBLAS does with AVX-512.  With AVX2 it computes rows in blocks, and the last bits of a row depend on its place in the
block.  `OPENBLAS_CORETYPE=Haswell` in the environment shows it on any processor.
"""

from functools import cache

import numpy as np


@cache
def rounds_all_rows_alike():
    """Whether equal rows give equal products, tried with as many rows and columns as the tests have."""
    random = np.random.default_rng(1)
    for units in (8, 48):
        kernel = random.standard_normal((2 * units, 4 * units), np.float32)
        for rows in (*range(3, 14), 128, 256):
            product = np.tile(random.standard_normal((1, 2 * units), np.float32), (rows, 1)) @ kernel
            if not (product == product[0]).all():
                return False
    return True


def assert_same_numbers(numbers, expected):
    """Equal in every bit where all rows are rounded alike, else equal to 1e-6."""
    if rounds_all_rows_alike():
        np.testing.assert_array_equal(numbers, expected)
    else:
        np.testing.assert_allclose(numbers, expected, atol=1e-6, rtol=1e-6)


def assert_same_scored_lines(lines, expected):
    """Equal lines of output, which end in a score with four decimals and a text; the scores equal to their last decimal."""
    if rounds_all_rows_alike():
        assert lines == expected
        return
    rows, expected_rows = ([line.split("\t") for line in some] for some in (lines, expected))
    assert [row[:-2] + row[-1:] for row in rows] == [row[:-2] + row[-1:] for row in expected_rows]
    scores, expected_scores = ([float(row[-2]) for row in some] for some in (rows, expected_rows))
    np.testing.assert_allclose(scores, expected_scores, atol=1.1e-4, rtol=0)
