"""The recurrent layer against a plain NumPy LSTM, autodiff of a naive loop, and keras.layers.LSTM."""

import os
import subprocess
import sys

import numpy as np
import pytest

from s2s.model.backend import keras, tf
from s2s.model.lstm import FORGET_BIAS, LSTM, _backward, _forward, lstm

TIME, BATCH, INPUTS, UNITS = 5, 4, 4, 6

SEGMENTS = {
    "rectangle": ((TIME, BATCH),),
    "one by one": ((1, 4), (1, 4), (1, 4), (2, 4)),
    "falling": ((2, 4), (1, 2), (2, 1)),
    "a row without a token": ((1, 3), (4, 2)),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_lstm(x, h, c, kernel, recurrent, bias, segments):
    """Packed x -> packed outputs, last h and c; a plain loop over time and rows."""
    outputs, h, c, at = [], h.copy(), c.copy(), 0
    for steps, rows in segments:
        for _ in range(steps):
            for row in range(rows):
                i, f, g, o = np.split(x[at] @ kernel + bias + h[row] @ recurrent, 4)
                c[row] = sigmoid(f) * c[row] + sigmoid(i) * np.tanh(g)
                h[row] = sigmoid(o) * np.tanh(c[row])
                outputs.append(h[row].copy())
                at += 1
    return np.stack(outputs), h, c


def numbers(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def tokens(segments):
    return sum(steps * rows for steps, rows in segments)


def arguments(segments, dtype=np.float64):
    return [
        numbers(tokens(segments), INPUTS, dtype=dtype),
        numbers(BATCH, UNITS, seed=1, dtype=dtype),
        numbers(BATCH, UNITS, seed=2, dtype=dtype),
        numbers(INPUTS, 4 * UNITS, dtype=dtype),
        numbers(UNITS, 4 * UNITS, seed=3, dtype=dtype),
        numbers(4 * UNITS, dtype=dtype),
    ]


def run(x, h, c, kernel, recurrent, bias, segments):
    return lstm(x @ kernel + bias, h, c, recurrent, segments)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SEGMENTS)
def test_values_are_those_of_a_plain_loop(name, jit):
    segments = SEGMENTS[name]
    values = arguments(segments)
    compiled = tf.function(lambda *a: run(*a, segments), jit_compile=jit)
    for mine, theirs in zip(compiled(*values), numpy_lstm(*values, segments), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12)


def naive(x, h, c, kernel, recurrent, bias, segments):
    """The same by TensorFlow's own differentiation."""
    outputs, at = [], 0
    for steps, rows in segments:
        for _ in range(steps):
            i, f, g, o = tf.split(x[at : at + rows] @ kernel + bias + h[:rows] @ recurrent, 4, axis=-1)
            new_c = tf.sigmoid(f) * c[:rows] + tf.sigmoid(i) * tf.tanh(g)
            new_h = tf.sigmoid(o) * tf.tanh(new_c)
            h = tf.concat([new_h, h[rows:]], 0)
            c = tf.concat([new_c, c[rows:]], 0)
            outputs.append(new_h)
            at += rows
    return tf.concat(outputs, 0), h, c


def gradients(function, segments, tensors):
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs = function(*tensors, segments)
        # Every output has an influence, each with weights of its own.
        loss = tf.add_n([tf.reduce_sum(out * numbers(*out.shape, seed=9)) for out in outputs])
    return tape.gradient(loss, tensors)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SEGMENTS)
def test_gradients_are_those_of_autodiff(name, jit):
    segments = SEGMENTS[name]
    tensors = [tf.constant(a) for a in arguments(segments)]
    got = tf.function(lambda *t: gradients(run, segments, list(t)), jit_compile=jit)(*tensors)
    for mine, theirs in zip(got, gradients(naive, segments, tensors), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_one_trace_serves_all_shapes():
    layer = LSTM(UNITS + 1, name="other")  # of a size that no other test has
    layer.build((None, INPUTS))

    def traces():
        return [function.experimental_get_tracing_count() for function in (_forward, _backward)]

    def step(segments):
        zeros = tf.zeros([segments[0][1], UNITS + 1])
        with tf.GradientTape() as tape:
            outputs, _, _ = layer(tf.ones([tokens(segments), INPUTS]), None, zeros, zeros, segments=segments)
        return tape.gradient(outputs, layer.recurrent)

    for segments in SEGMENTS.values():
        step(segments)
    before = traces()
    step(((7, 9), (3, 5)))
    assert traces() == before


@pytest.mark.slow
def test_on_a_processor_with_avx2_alone_the_matrix_lies_transposed_and_the_values_are_the_same(tmp_path):
    (tmp_path / "cpuinfo").write_text("flags : avx avx2 fma\n")
    code = (
        "import pathlib, sys, pytest\nfrom s2s import machine\n"
        f"machine._CPU = pathlib.Path({str(tmp_path / 'cpuinfo')!r})\n"
        "from s2s.model import lstm\nassert lstm.TRANSPOSED, 'as it is'\n"
        f"sys.exit(pytest.main(['-p', 'no:cacheprovider', '-m', 'not slow', {__file__!r}]))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    process = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout + process.stderr
    switched_off = subprocess.run(
        [sys.executable, "-c", code], env=environment | {"TF_ENABLE_ONEDNN_OPTS": "0"}, capture_output=True, text=True
    )
    assert "as it is" in switched_off.stderr


def test_shorter_types_stay_close_and_keep_the_cell_in_float32():
    segments = SEGMENTS["falling"]
    x, h, c, *weights = arguments(segments, np.float32)
    expected = run(x, h, c, *weights, segments)
    for kind, tolerance in ((tf.bfloat16, 0.05), (tf.float16, 0.01)):
        short_x, short_h, *short = (tf.cast(a, kind) for a in (x, h, *weights))
        outputs, last_h, last_c = run(short_x, short_h, c, *short, segments)
        assert (outputs.dtype, last_h.dtype, last_c.dtype) == (kind, kind, tf.float32)
        np.testing.assert_allclose(tf.cast(outputs, tf.float32), expected[0], atol=tolerance)
        np.testing.assert_allclose(last_c, expected[2], atol=3 * tolerance)


def test_gradients_are_finite_differences():
    segments = SEGMENTS["falling"]
    values = arguments(segments)
    computed = gradients(run, segments, [tf.constant(a) for a in values])

    def loss(values):
        outputs = numpy_lstm(*values, segments)
        return sum((out * numbers(*out.shape, seed=9)).sum() for out in outputs)

    step = 1e-6
    for index, gradient in enumerate(computed):
        place = tuple(np.random.default_rng(index).integers(values[index].shape))
        shifted = [[a.copy() for a in values] for _ in range(2)]
        shifted[0][index][place] += step
        shifted[1][index][place] -= step
        slope = (loss(shifted[0]) - loss(shifted[1])) / (2 * step)
        np.testing.assert_allclose(gradient.numpy()[place], slope, rtol=1e-5, atol=1e-7)


def test_same_weights_as_keras_give_the_same_outputs():
    x = numbers(TIME, BATCH, INPUTS, dtype=np.float32)
    ours = LSTM(UNITS, name="ours")
    ours.build((None, INPUTS))
    theirs = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    theirs.build((BATCH, TIME, INPUTS))
    theirs.set_weights(ours.get_weights())
    zeros = np.zeros((BATCH, UNITS), np.float32)
    outputs, h, c = ours(x.reshape(-1, INPUTS), None, zeros, zeros, segments=((TIME, BATCH),))
    expected, expected_h, expected_c = theirs(np.swapaxes(x, 0, 1))
    np.testing.assert_allclose(np.swapaxes(np.reshape(outputs, (TIME, BATCH, UNITS)), 0, 1), expected, atol=1e-6)
    np.testing.assert_allclose(h, expected_h, atol=1e-6)
    np.testing.assert_allclose(c, expected_c, atol=1e-6)


def test_the_forget_gate_starts_open():
    layer = LSTM(UNITS, name="fresh")
    layer.build((None, INPUTS))
    bias = layer.bias.numpy().reshape(4, UNITS)
    assert (bias[1] == FORGET_BIAS).all() and (bias[[0, 2, 3]] == 0).all()
