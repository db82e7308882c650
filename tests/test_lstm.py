"""The recurrent layer against a plain NumPy LSTM, autodiff of a naive loop, and keras.layers.LSTM."""

import numpy as np
import pytest

from s2s.engine import keras, tf
from s2s.lstm import LSTM, lstm

TIME, BATCH, INPUTS, UNITS = 5, 3, 4, 6


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_lstm(x, mask, h, c, kernel, recurrent, bias):
    outputs = []
    for t in range(len(x)):
        i, f, g, o = np.split(x[t] @ kernel + bias + h @ recurrent, 4, axis=-1)
        new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        new_h = sigmoid(o) * np.tanh(new_c)
        h, c = (np.where(mask[t] > 0, new, old) for new, old in ((new_h, h), (new_c, c)))
        outputs.append(h)
    return np.stack(outputs), h, c


def numbers(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def arguments(dtype=np.float64):
    return [
        numbers(TIME, BATCH, INPUTS, dtype=dtype),
        numbers(BATCH, UNITS, seed=1, dtype=dtype),
        numbers(BATCH, UNITS, seed=2, dtype=dtype),
        numbers(INPUTS, 4 * UNITS, dtype=dtype),
        numbers(UNITS, 4 * UNITS, seed=3, dtype=dtype),
        numbers(4 * UNITS, dtype=dtype),
    ]


MASKS = {
    "none": np.ones((TIME, BATCH, 1)),
    "left": (np.arange(TIME)[:, None, None] >= np.array([0, 2, 5])[:, None]).astype(float),
    "right": (np.arange(TIME)[:, None, None] < np.array([5, 1, 3])[:, None]).astype(float),
}


def run(x, h, c, kernel, recurrent, bias, mask):
    return lstm(tf.tensordot(x, kernel, 1) + bias, mask, h, c, recurrent)


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("jit", [False, True])
def test_values_are_those_of_a_plain_loop(name, jit):
    mask = MASKS[name]
    x, h, c, *weights = arguments()
    expected = numpy_lstm(x, mask, h, c, *weights)
    tensor_mask = None if name == "none" else tf.constant(mask)
    compiled = tf.function(lambda *a: run(*a, tensor_mask), jit_compile=jit)
    for got, want in zip(compiled(x, h, c, *weights), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


def naive(x, h, c, kernel, recurrent, bias, mask):
    outputs = []
    for t in range(TIME):
        i, f, g, o = tf.split(x[t] @ kernel + bias + h @ recurrent, 4, axis=-1)
        new_c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        new_h = tf.sigmoid(o) * tf.tanh(new_c)
        h, c = tf.where(mask[t] > 0, new_h, h), tf.where(mask[t] > 0, new_c, c)
        outputs.append(h)
    return tf.stack(outputs), h, c


def gradients(function, mask, tensors):
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs = function(*tensors, mask)
        # Every output counts, each with weights of its own.
        loss = tf.add_n([tf.reduce_sum(out * numbers(*out.shape, seed=9)) for out in outputs])
    return tape.gradient(loss, tensors)


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("jit", [False, True])
def test_gradients_are_those_of_autodiff(name, jit):
    mask = tf.constant(MASKS[name])
    tensors = [tf.constant(a) for a in arguments()]
    got = tf.function(lambda *t: gradients(run, None if name == "none" else mask, list(t)), jit_compile=jit)(*tensors)
    for mine, theirs in zip(got, gradients(naive, mask, tensors), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


def test_gradients_are_finite_differences():
    tensors = [tf.constant(a) for a in arguments()]
    mask = tf.constant(MASKS["left"])
    found = gradients(run, mask, tensors)

    def loss(values):
        outputs = numpy_lstm(values[0], MASKS["left"], *values[1:])
        return sum((out * numbers(*out.shape, seed=9)).sum() for out in outputs)

    values, step = arguments(), 1e-6
    for index, gradient in enumerate(found):
        place = tuple(np.random.default_rng(index).integers(values[index].shape))
        shifted = [[a.copy() for a in values] for _ in range(2)]
        shifted[0][index][place] += step
        shifted[1][index][place] -= step
        slope = (loss(shifted[0]) - loss(shifted[1])) / (2 * step)
        np.testing.assert_allclose(gradient.numpy()[place], slope, rtol=1e-5, atol=1e-7)


def test_same_weights_as_keras_give_the_same_outputs():
    x = numbers(TIME, BATCH, INPUTS, dtype=np.float32)
    ours = LSTM(UNITS, name="ours")
    ours.build(x.shape)
    theirs = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    theirs.build((BATCH, TIME, INPUTS))
    theirs.set_weights(ours.get_weights())
    zeros = np.zeros((BATCH, UNITS), np.float32)
    outputs, h, c = ours(x, None, zeros, zeros)
    want, want_h, want_c = theirs(np.swapaxes(x, 0, 1))
    np.testing.assert_allclose(np.swapaxes(outputs, 0, 1), want, atol=1e-6)
    np.testing.assert_allclose(h, want_h, atol=1e-6)
    np.testing.assert_allclose(c, want_c, atol=1e-6)


def test_the_forget_gate_starts_open():
    layer = LSTM(UNITS, name="fresh")
    layer.build((TIME, BATCH, INPUTS))
    bias = layer.bias.numpy().reshape(4, UNITS)
    assert (bias[1] == 1).all() and (bias[[0, 2, 3]] == 0).all()
