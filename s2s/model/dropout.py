"""Dropout whose mask is a pure function of the seed, so that a resumed training has the masks of an uninterrupted one.

TensorFlow's stateless generator (Philox) took 6 % of a training step.  A counter-based hash is enough here: the mask of
an element is the finalizer of MurmurHash3 (Appleby 2011) of its index and the seed.  The finalizer flips every output bit
with probability one half for each input bit.
"""

from s2s.model.backend import tf
from s2s.model.compiled import CompiledFunction
from s2s.model.lstm import Tensor


def fold(seed: Tensor | None, number: int | Tensor) -> Tensor | None:
    """A new seed (int64 scalar) derived from `seed` and `number`; None stays None."""
    if seed is None:
        return None
    return tf.cast(_mix(tf.cast(seed, tf.uint32) + _mix(tf.cast(number, tf.uint32) + _constant(0x9E3779B9))), tf.int64)


def dropout(x: Tensor, rate: float, seed: Tensor | None, site: int) -> Tensor:
    """Zero a share of x and scale the rest so that the mean stays.

    Args:
        x: [rows, features].
        rate: the share, from 0 to below 1.
        seed: int64 scalar; None = not training, x is returned as it is.
        site: number of the place in the network; each place has a mask of its own.
    """
    if seed is None or rate == 0.0:
        return x
    site_seed = fold(seed, site)

    @tf.custom_gradient
    def drop(x: Tensor) -> Tensor:
        # The backward pass computes the mask again, which is faster than storing it.
        return _drop(x, site_seed, rate), lambda gradient: _drop(gradient, site_seed, rate)

    return drop(x)


@tf.function(jit_compile=True, autograph=False, reduce_retracing=True)
def _drop(x: Tensor, seed: Tensor, rate: float) -> Tensor:
    index = tf.reshape(tf.range(tf.size(x)), tf.shape(x))
    random = _mix(tf.bitcast(index, tf.uint32) * _constant(0x9E3779B9) + tf.cast(seed, tf.uint32))
    kept = random >= _constant(int(rate * 2**32))
    return tf.where(kept, x * tf.cast(1.0 / (1.0 - rate), x.dtype), tf.zeros([], x.dtype))


def compiled_drop(features: int, compute: str, rate: float) -> CompiledFunction:
    """The function above, for rows with these features, of the type `compute`."""
    return CompiledFunction(_drop, tf.TensorSpec([None, features], compute), tf.TensorSpec([], tf.int64), rate)


def _mix(value: Tensor) -> Tensor:
    """MurmurHash3's finalizer, on uint32."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = tf.bitwise.bitwise_xor(value, tf.bitwise.right_shift(value, _constant(shift))) * _constant(factor)
    return tf.bitwise.bitwise_xor(value, tf.bitwise.right_shift(value, _constant(16)))


def _constant(value: int) -> Tensor:
    return tf.constant(value, tf.uint32)
