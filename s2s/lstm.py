"""The recurrent layer: an LSTM whose time loop holds one matrix product and nothing else.

Keras' own LSTM multiplies the input by its kernel inside the time loop, and cuDNN's has no XLA
kernel.  Here the input of all time steps is projected in one product before the loop, and the
backward pass, written by hand, only carries dz through time and forms the gradients of all
weights in single products after the loop.

The equations are those of Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000,
gates in Keras' order (input, forget, cell, output), so weights can be exchanged with keras.layers.LSTM:

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of (x W + b + h U)
    c' = f * c + i * g
    h' = o * tanh(c')

Everything is time-major, [time, batch, features]: a time step is then one contiguous block.
"""

from typing import Any

from s2s.engine import keras, tf

Tensor = Any  # tf.Tensor; TensorFlow ships no types


def lstm(projected: Tensor, mask: Tensor | None, h0: Tensor, c0: Tensor, recurrent: Tensor) -> tuple[Tensor, ...]:
    """Run the time loop; returns the outputs [time, batch, units] and the last h and c [batch, units].

    projected: x W + b of every step, [time, batch, 4 * units]; `time` must be static under XLA.
    mask: [time, batch, 1], 1.0 for tokens and 0.0 for padding, through which the state is carried
        unchanged; None = all tokens.
    h0, c0: the state to start from, [batch, units].  recurrent: U, [units, 4 * units].
    """
    steps = projected.shape[0]

    @tf.custom_gradient
    def run(projected: Tensor, h0: Tensor, c0: Tensor, recurrent: Tensor) -> Any:
        hs, cs, gates = _forward(steps, projected, mask, h0, c0, recurrent)

        def gradient(dhs: Tensor, dh: Tensor, dc: Tensor) -> tuple[Tensor, ...]:
            previous_c = tf.concat([c0[None], cs[:-1]], 0)
            dzs, dh, dc = _backward(steps, mask, gates, cs, previous_c, recurrent, dhs, dh, dc)
            # U's gradient, summed over all steps, is one product of the stacked steps.
            previous_h = tf.concat([h0[None], hs[:-1]], 0)
            units = h0.shape[-1]
            d_recurrent = tf.matmul(
                tf.reshape(previous_h, [-1, units]), tf.reshape(dzs, [-1, 4 * units]), transpose_a=True
            )
            return dzs, dh, dc, d_recurrent

        return (hs, hs[-1], cs[-1]), gradient

    return run(projected, h0, c0, recurrent)


def _forward(
    steps: int, projected: Tensor, mask: Tensor | None, h0: Tensor, c0: Tensor, recurrent: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """H and c after every step, [time, batch, units], and the activated gates, [time, batch, 4 * units]."""

    def step(t: Tensor, h: Tensor, c: Tensor, hs: Any, cs: Any, gates: Any) -> tuple[Any, ...]:
        z = projected[t] + tf.matmul(h, recurrent)  # [batch, 4 * units]
        i, f, g, o = tf.split(z, 4, axis=-1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        next_c = f * c + i * g
        next_h = o * tf.tanh(next_c)
        if mask is not None:
            next_h = h + mask[t] * (next_h - h)
            next_c = c + mask[t] * (next_c - c)
        return (
            t + 1,
            next_h,
            next_c,
            hs.write(t, next_h),
            cs.write(t, next_c),
            gates.write(t, tf.concat([i, f, g, o], -1)),
        )

    arrays = [_array(steps, h0.dtype) for _ in range(3)]
    *_, hs, cs, gates = _loop(steps, step, (tf.constant(0), h0, c0, *arrays))
    return hs.stack(), cs.stack(), gates.stack()


def _backward(
    steps: int,
    mask: Tensor | None,
    gates: Tensor,
    cs: Tensor,
    previous_c: Tensor,
    recurrent: Tensor,
    dhs: Tensor,
    dh: Tensor,
    dc: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Walk back through time: dz of every step, [time, batch, 4 * units], and the gradients of h0 and c0."""

    def step(count: Tensor, dh: Tensor, dc: Tensor, dzs: Any) -> tuple[Any, ...]:
        t = steps - 1 - count
        dh = dh + dhs[t]
        i, f, g, o = tf.split(gates[t], 4, axis=-1)
        # At padding the state was carried: its gradient passes by (`kept`), and none enters the cell.
        live_dh, live_dc = (dh, dc) if mask is None else (mask[t] * dh, mask[t] * dc)
        kept_dh, kept_dc = (0.0, 0.0) if mask is None else (dh - live_dh, dc - live_dc)
        tanh_c = tf.tanh(cs[t])
        live_dc = live_dc + live_dh * o * (1.0 - tanh_c * tanh_c)
        dz = tf.concat(
            [
                live_dc * g * i * (1.0 - i),
                live_dc * previous_c[t] * f * (1.0 - f),
                live_dc * i * (1.0 - g * g),
                live_dh * tanh_c * o * (1.0 - o),
            ],
            -1,
        )
        before_dh = tf.matmul(dz, recurrent, transpose_b=True) + kept_dh
        return count + 1, before_dh, live_dc * f + kept_dc, dzs.write(t, dz)

    _, dh, dc, dzs = _loop(steps, step, (tf.constant(0), dh, dc, _array(steps, dh.dtype)))
    return dzs.stack(), dh, dc


def _array(steps: int, dtype: Any) -> Any:
    return tf.TensorArray(dtype, size=steps, dynamic_size=False, clear_after_read=False)


def _loop(steps: int, body: Any, variables: tuple[Any, ...]) -> tuple[Any, ...]:
    # XLA needs the static bound to lay out the arrays.
    return tf.while_loop(lambda t, *_: t < steps, body, variables, maximum_iterations=steps)


class LSTM(keras.layers.Layer):
    """One LSTM layer over a time-major sequence, with explicit mask and state.

    Weights: kernel W [inputs, 4 * units] (Glorot uniform), recurrent U [units, 4 * units]
    (orthogonal), bias b [4 * units] (0; 1 for the forget gate, Jozefowicz et al. 2015).
    """

    def __init__(self, units: int, name: str):
        super().__init__(name=name)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of shape [time, batch, input_shape[-1]]."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], 4 * self.units), initializer="glorot_uniform", name="kernel"
        )
        self.recurrent = self.add_weight(shape=(self.units, 4 * self.units), initializer="orthogonal", name="recurrent")
        self.bias = self.add_weight(shape=(4 * self.units,), initializer=self._initial_bias, name="bias")

    def _initial_bias(self, shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        gates = [tf.zeros(self.units), tf.ones(self.units), tf.zeros(2 * self.units)]
        return tf.cast(tf.concat(gates, 0), dtype)

    def call(self, inputs: Tensor, mask: Tensor | None, h0: Tensor, c0: Tensor) -> tuple[Tensor, ...]:
        """Inputs [time, batch, features] -> outputs [time, batch, units], last h and c [batch, units]."""
        time, _, features = inputs.shape
        flat = tf.reshape(inputs, [-1, features])
        projected = tf.matmul(flat, self.kernel) + self.bias
        return lstm(
            tf.reshape(projected, [time, -1, 4 * self.units]), mask, h0, c0, tf.convert_to_tensor(self.recurrent)
        )
