"""The recurrent layer: an LSTM whose time loop holds one matrix product and nothing else.

Keras' LSTM multiplies the input by its kernel inside the time loop, and cuDNN's has no XLA kernel.  Here the input of all
time steps is projected in one product before the loop.  The backward pass is written by hand: it carries dz through
time, and forms the gradients of all weights in single products after the loop.

The equations are those of Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000.  The gates are in Keras'
order (input, forget, cell, output), so weights can be exchanged with keras.layers.LSTM:

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of (x W + b + h U)
    c' = f * c + i * g
    h' = o * tanh(c')

Batches are packed (data/packing.py): every step has the rows whose sentences have not ended.
"""

from typing import Any

from s2s.data.packing import Segments
from s2s.model.backend import keras, tf

Tensor = Any  # tf.Tensor; TensorFlow ships no types


def lstm(
    projected: Tensor, mask: Tensor | None, h0: Tensor, c0: Tensor, recurrent: Tensor, segments: Segments
) -> tuple[Tensor, Tensor, Tensor]:
    """Run the time loop; returns the packed outputs, [tokens, units], and every row's last h and c, [rows, units].

    c and the gates are computed in the type of c0 (float32), the products in the type of the others, which may be shorter.

    Args:
        projected: x W + b of every token, packed, [tokens, 4 * units].
        mask: [tokens, 1], 1.0 for tokens and 0.0 for padding, which carries the state unchanged; None = all tokens.
        h0: output to start from, [rows, units].
        c0: cell to start from, [rows, units].
        recurrent: U, [units, 4 * units].
        segments: shape of the packed batch.
    """

    @tf.custom_gradient
    def run(projected: Tensor, h0: Tensor, c0: Tensor, recurrent: Tensor) -> Any:
        inputs = zip(_split_segments(projected, segments), _split_segments(mask, segments), segments, strict=True)
        h, c, all_hs, tape, last = h0, c0, [], [], []
        for z, mask_of_segment, (steps, rows) in inputs:
            last.append((h[rows:], c[rows:]))  # the rows that have ended
            hs, cs, gates = _forward(steps, z, mask_of_segment, h[:rows], c[:rows], recurrent)
            h, c = hs[-1], cs[-1]
            all_hs.append(hs)
            tape.append((mask_of_segment, cs, gates))
        last.append((h, c))
        last_h, last_c = (tf.concat(parts[::-1], 0) for parts in zip(*last, strict=True))

        def gradient(d_outputs: Tensor, dh_last: Tensor, dc_last: Tensor) -> tuple[Tensor, ...]:
            # Gradients of gathered rows come as slices.
            dh_last, dc_last = tf.convert_to_tensor(dh_last), tf.convert_to_tensor(dc_last)
            # Transposed once; a product with transpose_b would transpose in every step.
            transposed = tf.transpose(recurrent)
            dh, dc, dzs = dh_last[:0], dc_last[:0], []
            for (mask_of_segment, cs, gates), d_out in zip(
                reversed(tape), _split_segments(d_outputs, segments)[::-1], strict=True
            ):
                steps, rows = gates.shape[0], gates.shape[1]
                dh, dc = _add_ended_rows(dh, dh_last, rows), _add_ended_rows(dc, dc_last, rows)
                dz, dh, dc = _backward(steps, mask_of_segment, gates, cs, transposed, d_out, dh, dc)
                dzs.append(dz)
            dh, dc = _add_ended_rows(dh, dh_last, h0.shape[0]), _add_ended_rows(dc, dc_last, h0.shape[0])
            dz = _concat_segments(dzs[::-1])
            # U's gradient, summed over all steps, is one product of the packed steps.
            d_recurrent = tf.matmul(_concat_segments([hs[:-1] for hs in all_hs]), dz, transpose_a=True)
            return dz, dh, dc, d_recurrent

        return (_concat_segments([hs[1:] for hs in all_hs]), last_h, last_c), gradient

    return run(projected, h0, c0, recurrent)


def _split_segments(packed: Tensor | None, segments: Segments) -> list[Tensor | None]:
    """Packed [tokens, features] -> [steps, rows, features] for each segment."""
    if packed is None:
        return [None] * len(segments)
    sizes = [steps * rows for steps, rows in segments]
    parts = tf.split(packed, sizes) if len(sizes) > 1 else [packed]
    shapes = [(*segment, packed.shape[-1]) for segment in segments]
    return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]


def _concat_segments(parts: list[Tensor]) -> Tensor:
    """The inverse of `_split_segments`."""
    flat = [tf.reshape(part, [-1, part.shape[-1]]) for part in parts]
    return tf.concat(flat, 0) if len(flat) > 1 else flat[0]


def _add_ended_rows(gradient: Tensor, last: Tensor, rows: int) -> Tensor:
    """Going back in time, add the rows that end here, with the gradients of their last states."""
    return tf.concat([gradient, last[gradient.shape[0] : rows]], 0)


def _forward(
    steps: int, projected: Tensor, mask: Tensor | None, h0: Tensor, c0: Tensor, recurrent: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """H and c before each step and after the last, [steps + 1, rows, units]; the gates, [steps, rows, 4 * units]."""

    def step(t: Tensor, h: Tensor, c: Tensor, hs: Any, cs: Any, gates: Any) -> tuple[Any, ...]:
        mask_of_step = None if mask is None else mask[t]
        h, c, activated = _cell(projected[t], tf.matmul(h, recurrent), h, c, mask_of_step)
        return t + 1, h, c, hs.write(t + 1, h), cs.write(t + 1, c), gates.write(t, activated)

    hs, cs = (_array(steps + 1, start.dtype).write(0, start) for start in (h0, c0))
    *_, hs, cs, gates = _loop(steps, step, (tf.constant(0), h0, c0, hs, cs, _array(steps, h0.dtype)))
    return hs.stack(), cs.stack(), gates.stack()


def _backward(
    steps: int, mask: Tensor | None, gates: Tensor, cs: Tensor, transposed: Tensor, d_out: Tensor, dh: Tensor,
    dc: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Go back through time: dz of every step, [steps, rows, 4 * units], and the gradients of the first h and c."""

    def step(count: Tensor, dh: Tensor, dc: Tensor, dzs: Any) -> tuple[Any, ...]:
        t = steps - 1 - count
        mask_of_step = None if mask is None else mask[t]
        dz, carried_dh, dc = _cell_gradient(gates[t], cs[t], cs[t + 1], dh, d_out[t], dc, mask_of_step)
        dh = tf.matmul(dz, transposed)
        return count + 1, dh if carried_dh is None else dh + carried_dh, dc, dzs.write(t, dz)

    _, dh, dc, dzs = _loop(steps, step, (tf.constant(0), dh, dc, _array(steps, gates.dtype)))
    return dzs.stack(), dh, dc


# XLA compiles everything between the products into one pass over memory, even if the step around it is not compiled.


@tf.function(jit_compile=True, autograph=False)
def _cell(projected: Tensor, product: Tensor, h: Tensor, c: Tensor, mask: Tensor | None) -> tuple[Tensor, ...]:
    """One step: z = projected + product, both [rows, 4 * units] -> h, c [rows, units] and the gates."""
    i, f, g, o = tf.split(tf.cast(projected, c.dtype) + tf.cast(product, c.dtype), 4, axis=-1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    next_c = f * c + i * g
    next_h = tf.cast(o * tf.tanh(next_c), h.dtype)
    if mask is not None:
        next_h, next_c = tf.where(mask > 0, next_h, h), tf.where(mask > 0, next_c, c)
    return next_h, next_c, tf.cast(tf.concat([i, f, g, o], -1), h.dtype)


@tf.function(jit_compile=True, autograph=False)
def _cell_gradient(
    gates: Tensor, c_before: Tensor, c: Tensor, dh: Tensor, d_out: Tensor, dc: Tensor, mask: Tensor | None
) -> tuple[Tensor, Tensor | None, Tensor]:
    """The step's gradients: dz [rows, 4 * units]; dh that padding carries to the step before (None without mask); dc before."""
    i, f, g, o = tf.split(tf.cast(gates, c.dtype), 4, axis=-1)
    dh = tf.cast(dh, c.dtype) + tf.cast(d_out, c.dtype)
    # Padding carries the state, and so its gradient; no gradient enters the cell there.
    cell_dh, cell_dc = (dh, dc) if mask is None else (mask * dh, mask * dc)
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
    if mask is None:
        return dz, None, before_dc
    return dz, tf.cast((1.0 - mask) * dh, gates.dtype), before_dc + (1.0 - mask) * dc


def _array(steps: int, dtype: Any) -> Any:
    return tf.TensorArray(dtype, size=steps, dynamic_size=False, clear_after_read=False)


def _loop(steps: int, body: Any, variables: tuple[Any, ...]) -> tuple[Any, ...]:
    if steps == 1:  # as most segments have; a loop would only take time to build
        result: tuple[Any, ...] = body(*variables)
        return result
    # XLA needs the static bound to allocate the arrays.
    return tf.while_loop(lambda t, *_: t < steps, body, variables, maximum_iterations=steps)


class LSTM(keras.layers.Layer):
    """One LSTM layer over a packed batch, with explicit mask and state.

    Weights: kernel W [inputs, 4 * units] (Glorot uniform), recurrent U [units, 4 * units] (orthogonal), bias b [4 * units]
    (0; 1 for the forget gate, Jozefowicz et al. 2015).
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
        """Packed outputs, [tokens, units], and every row's last h and c, [rows, units]; products in the inputs' type.

        Args:
            inputs: packed, [tokens, features].
            mask: as in `lstm`.
            h0: as in `lstm`.
            c0: as in `lstm`.
            segments: shape of the packed batch.
        """
        kernel, recurrent, bias = (tf.cast(weight, inputs.dtype) for weight in (self.kernel, self.recurrent, self.bias))
        return lstm(tf.matmul(inputs, kernel) + bias, mask, h0, c0, recurrent, segments)
