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

A batch is packed, [tokens, features]: sentences sorted from the longest to the shortest, all their first
subwords, then all their second ones, and so on; the rows that are left get fewer as sentences end.
`Segments` says where: ((3, 8), (2, 5)) are three steps of all eight sentences, then two steps of the
first five.  It is static, so every step is a product of known shape, and what is not there costs nothing.
"""

from typing import Any

from s2s.batches import Segments
from s2s.engine import keras, tf

Tensor = Any  # tf.Tensor; TensorFlow ships no types


def lstm(
    projected: Tensor, mask: Tensor | None, h0: Tensor, c0: Tensor, recurrent: Tensor, segments: Segments
) -> tuple[Tensor, Tensor, Tensor]:
    """Run the time loop; returns the packed outputs [tokens, units] and every row's last h and c [rows, units].

    projected: x W + b of every token, packed, [tokens, 4 * units].
    mask: [tokens, 1], 1.0 for tokens and 0.0 for padding, through which the state is carried
        unchanged; None = all tokens.
    h0, c0: the state to start from, [rows, units].  recurrent: U, [units, 4 * units].
    c and the gates are computed in c0's type (float32), the products in that of the others, which may be a shorter one.
    """

    @tf.custom_gradient
    def run(projected: Tensor, h0: Tensor, c0: Tensor, recurrent: Tensor) -> Any:
        pieces = list(zip(_cut(projected, segments), _cut(mask, segments), segments, strict=True))
        h, c, all_hs, tape, ended = h0, c0, [], [], []
        for z, live, (steps, rows) in pieces:
            ended.append((h[rows:], c[rows:]))
            hs, cs, gates = _forward(steps, z, live, h[:rows], c[:rows], recurrent)
            h, c = hs[-1], cs[-1]
            all_hs.append(hs)
            tape.append((live, cs, gates))
        ended.append((h, c))
        last_h, last_c = (tf.concat(parts[::-1], 0) for parts in zip(*ended, strict=True))

        def gradient(d_outputs: Tensor, dh_last: Tensor, dc_last: Tensor) -> tuple[Tensor, ...]:
            # What comes from picked rows comes as slices.
            dh_last, dc_last = tf.convert_to_tensor(dh_last), tf.convert_to_tensor(dc_last)
            # One transposition, where the product with transposed U would do one in each step.
            back = tf.transpose(recurrent)
            dh, dc, dzs = dh_last[:0], dc_last[:0], []
            for (live, cs, gates), d_out in zip(reversed(tape), _cut(d_outputs, segments)[::-1], strict=True):
                steps, rows = gates.shape[0], gates.shape[1]
                dh, dc = _rejoin(dh, dh_last, rows), _rejoin(dc, dc_last, rows)
                dz, dh, dc = _backward(steps, live, gates, cs, back, d_out, dh, dc)
                dzs.append(dz)
            dh, dc = _rejoin(dh, dh_last, h0.shape[0]), _rejoin(dc, dc_last, h0.shape[0])
            dz = _join(dzs[::-1])
            # U's gradient, summed over all steps, is one product of the packed steps.
            return dz, dh, dc, tf.matmul(_join([hs[:-1] for hs in all_hs]), dz, transpose_a=True)

        return (_join([hs[1:] for hs in all_hs]), last_h, last_c), gradient

    return run(projected, h0, c0, recurrent)


def _cut(packed: Tensor | None, segments: Segments) -> list[Tensor | None]:
    """Packed [tokens, features] -> one [steps, rows, features] for each segment."""
    if packed is None:
        return [None] * len(segments)
    sizes = [steps * rows for steps, rows in segments]
    parts = tf.split(packed, sizes) if len(sizes) > 1 else [packed]
    shapes = [(*segment, packed.shape[-1]) for segment in segments]
    return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]


def _join(pieces: list[Tensor]) -> Tensor:
    """The reverse of `_cut`."""
    flat = [tf.reshape(piece, [-1, piece.shape[-1]]) for piece in pieces]
    return tf.concat(flat, 0) if len(flat) > 1 else flat[0]


def _rejoin(gradient: Tensor, last: Tensor, rows: int) -> Tensor:
    """Going back in time, the rows that ended meanwhile come in, with the gradients of their last states."""
    return tf.concat([gradient, last[gradient.shape[0] : rows]], 0)


def _forward(
    steps: int, projected: Tensor, mask: Tensor | None, h0: Tensor, c0: Tensor, recurrent: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """State h and c before each step and after the last, [steps + 1, rows, units]; the gates, [steps, rows, 4 * units]."""

    def step(t: Tensor, h: Tensor, c: Tensor, hs: Any, cs: Any, gates: Any) -> tuple[Any, ...]:
        live = None if mask is None else mask[t]
        h, c, activated = _cell(projected[t], tf.matmul(h, recurrent), h, c, live)
        return t + 1, h, c, hs.write(t + 1, h), cs.write(t + 1, c), gates.write(t, activated)

    hs, cs = (_array(steps + 1, start.dtype).write(0, start) for start in (h0, c0))
    *_, hs, cs, gates = _loop(steps, step, (tf.constant(0), h0, c0, hs, cs, _array(steps, h0.dtype)))
    return hs.stack(), cs.stack(), gates.stack()


def _backward(
    steps: int, mask: Tensor | None, gates: Tensor, cs: Tensor, back: Tensor, d_out: Tensor, dh: Tensor, dc: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Walk back through time: dz of every step, [steps, rows, 4 * units], and the gradients of the first h and c."""

    def step(count: Tensor, dh: Tensor, dc: Tensor, dzs: Any) -> tuple[Any, ...]:
        t = steps - 1 - count
        live = None if mask is None else mask[t]
        dz, kept_dh, dc = _cell_gradient(gates[t], cs[t], cs[t + 1], dh, d_out[t], dc, live)
        dh = tf.matmul(dz, back)
        return count + 1, dh if kept_dh is None else dh + kept_dh, dc, dzs.write(t, dz)

    _, dh, dc, dzs = _loop(steps, step, (tf.constant(0), dh, dc, _array(steps, gates.dtype)))
    return dzs.stack(), dh, dc


# What is not a matrix product is compiled by XLA into one pass over memory, also where the step around it is not.


@tf.function(jit_compile=True, autograph=False)
def _cell(projected: Tensor, product: Tensor, h: Tensor, c: Tensor, live: Tensor | None) -> tuple[Tensor, ...]:
    """One step: z = projected + product, both [rows, 4 * units] -> h, c [rows, units] and the gates."""
    i, f, g, o = tf.split(tf.cast(projected, c.dtype) + tf.cast(product, c.dtype), 4, axis=-1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    next_c = f * c + i * g
    next_h = tf.cast(o * tf.tanh(next_c), h.dtype)
    if live is not None:
        next_h, next_c = tf.where(live > 0, next_h, h), tf.where(live > 0, next_c, c)
    return next_h, next_c, tf.cast(tf.concat([i, f, g, o], -1), h.dtype)


@tf.function(jit_compile=True, autograph=False)
def _cell_gradient(
    gates: Tensor, c_before: Tensor, c: Tensor, dh: Tensor, d_out: Tensor, dc: Tensor, live: Tensor | None
) -> tuple[Tensor, Tensor | None, Tensor]:
    """The step's gradients: dz [rows, 4 * units], what of dh passes padding by (None without mask), dc before it."""
    i, f, g, o = tf.split(tf.cast(gates, c.dtype), 4, axis=-1)
    dh = tf.cast(dh, c.dtype) + tf.cast(d_out, c.dtype)
    # At padding the state was carried: its gradient is kept, and none enters the cell.
    cell_dh, cell_dc = (dh, dc) if live is None else (live * dh, live * dc)
    tanh_c = tf.tanh(c)
    cell_dc = cell_dc + cell_dh * o * (1.0 - tanh_c * tanh_c)
    dz = tf.concat(
        [
            cell_dc * g * i * (1.0 - i),
            cell_dc * c_before * f * (1.0 - f),
            cell_dc * i * (1.0 - g * g),
            cell_dh * tanh_c * o * (1.0 - o),
        ],
        -1,
    )
    dz, before_dc = tf.cast(dz, gates.dtype), cell_dc * f
    if live is None:
        return dz, None, before_dc
    return dz, tf.cast((1.0 - live) * dh, gates.dtype), before_dc + (1.0 - live) * dc


def _array(steps: int, dtype: Any) -> Any:
    return tf.TensorArray(dtype, size=steps, dynamic_size=False, clear_after_read=False)


def _loop(steps: int, body: Any, variables: tuple[Any, ...]) -> tuple[Any, ...]:
    if steps == 1:  # Most segments are: a loop would only take time to build.
        done: tuple[Any, ...] = body(*variables)
        return done
    # XLA needs the static bound to lay out the arrays.
    return tf.while_loop(lambda t, *_: t < steps, body, variables, maximum_iterations=steps)


class LSTM(keras.layers.Layer):
    """One LSTM layer over a packed batch, with explicit mask and state.

    Weights: kernel W [inputs, 4 * units] (Glorot uniform), recurrent U [units, 4 * units]
    (orthogonal), bias b [4 * units] (0; 1 for the forget gate, Jozefowicz et al. 2015).
    """

    def __init__(self, units: int, name: str):
        super().__init__(name=name, autocast=False)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of shape [tokens, input_shape[-1]]."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], 4 * self.units), initializer="glorot_uniform", name="kernel"
        )
        self.recurrent = self.add_weight(shape=(self.units, 4 * self.units), initializer="orthogonal", name="recurrent")
        self.bias = self.add_weight(shape=(4 * self.units,), initializer=self._initial_bias, name="bias")

    def _initial_bias(self, shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        gates = [tf.zeros(self.units), tf.ones(self.units), tf.zeros(2 * self.units)]
        return tf.cast(tf.concat(gates, 0), dtype)

    def call(
        self, inputs: Tensor, mask: Tensor | None, h0: Tensor, c0: Tensor, segments: Segments
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Packed inputs [tokens, features] -> packed outputs [tokens, units], every row's last h and c [rows, units].

        The products are computed in the inputs' type.
        """
        kernel, recurrent, bias = (tf.cast(weight, inputs.dtype) for weight in (self.kernel, self.recurrent, self.bias))
        return lstm(tf.matmul(inputs, kernel) + bias, mask, h0, c0, recurrent, segments)
