"""Nearest neighbours of sentence vectors by cosine: exact, in matrix products of bounded size."""

import numpy as np

from s2s.data.dataset import Indices
from s2s.translation.state import Floats, unit_vectors

QUERIES, CORPUS_BLOCK = 1024, 4096
"""Most queries and most vectors of the corpus in one matrix product."""


def nearest(queries: Floats, corpus: Floats, count: int) -> tuple[Indices, Floats]:
    """Places in the corpus and cosines of the nearest vectors, [m, count], nearest first; ties go by place.

    Args:
        queries: [m, units].
        corpus: [n, units].
        count: neighbours of each query; n at most.
    """
    count = min(count, len(corpus))
    places, cosines = np.empty((len(queries), count), np.int64), np.empty((len(queries), count), np.float32)
    for start in range(0, len(queries), QUERIES):
        part = slice(start, start + QUERIES)
        places[part], cosines[part] = _nearest_of_block(unit_vectors(queries[part]), corpus, count)
    return places, cosines


def _nearest_of_block(queries: Floats, corpus: Floats, count: int) -> tuple[Indices, Floats]:
    places, best = np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
    for start in range(0, len(corpus), CORPUS_BLOCK):
        cosines = queries @ unit_vectors(corpus[start : start + CORPUS_BLOCK]).T
        width = min(count, cosines.shape[1])
        near = np.argpartition(-cosines, width - 1, 1)[:, :width]
        places = np.concatenate([places, near + start], 1)
        best = np.concatenate([best, np.take_along_axis(cosines, near, 1)], 1)
        order = np.lexsort((places, -best))[:, :count]
        places, best = np.take_along_axis(places, order, 1), np.take_along_axis(best, order, 1)
    return places, best
