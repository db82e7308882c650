"""Dropout whose draw is a pure function of the seed, so that a resumed run draws what an uninterrupted one does.

TensorFlow's stateless generator (Philox) took 6 % of a training step.  A counter-based hash is enough here: each
element's index, mixed with the seed, goes through the finalizer of MurmurHash3 (Appleby 2011), which flips every
output bit with probability one half for each input bit.
"""

from s2s.engine import tf
from s2s.lstm import Tensor


def fold(seed: Tensor | None, number: int | Tensor) -> Tensor | None:
    """Another seed (int64 scalar) made of `seed` and `number`; None stays None."""
    if seed is None:
        return None
    return tf.cast(_mix(tf.cast(seed, tf.uint32) + _mix(tf.cast(number, tf.uint32) + _constant(0x9E3779B9))), tf.int64)


def dropout(x: Tensor, rate: float, seed: Tensor | None, site: int) -> Tensor:
    """Zero a share `rate` of x [rows, features] and scale the rest to keep its mean; seed None (not training) = x itself.

    seed: int64 scalar.  site: number of the place in the network, each with a draw of its own.
    """
    if seed is None or rate == 0.0:
        return x
    here = fold(seed, site)

    @tf.custom_gradient
    def drop(x: Tensor) -> Tensor:
        # Drawn again on the way back, which is faster than keeping it.
        return _drop(x, rate, here), lambda gradient: _drop(gradient, rate, here)

    return drop(x)


@tf.function(jit_compile=True, autograph=False)
def _drop(x: Tensor, rate: float, seed: Tensor) -> Tensor:
    index = tf.reshape(tf.range(x.shape[0] * x.shape[1]), x.shape)
    draw = _mix(tf.bitcast(index, tf.uint32) * _constant(0x9E3779B9) + tf.cast(seed, tf.uint32))
    kept = draw >= _constant(int(rate * 2**32))
    return tf.where(kept, x * tf.cast(1.0 / (1.0 - rate), x.dtype), tf.zeros([], x.dtype))


def _mix(value: Tensor) -> Tensor:
    """MurmurHash3's finalizer on uint32."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = tf.bitwise.bitwise_xor(value, tf.bitwise.right_shift(value, _constant(shift))) * _constant(factor)
    return tf.bitwise.bitwise_xor(value, tf.bitwise.right_shift(value, _constant(16)))


def _constant(value: int) -> Tensor:
    return tf.constant(value, tf.uint32)
