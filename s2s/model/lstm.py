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

import os
from typing import Any, NamedTuple

from s2s.data.packing import Segments, packed_size
from s2s.machine import cpu_flags
from s2s.model.backend import keras, tf
from s2s.model.compiled import CompiledFunction

Tensor = Any  # tf.Tensor; TensorFlow ships no types

TRANSPOSED = (
    {"avx2", "avx512f"} & cpu_flags() == {"avx2"} and os.environ["TF_ENABLE_ONEDNN_OPTS"] in ("1", "true")
)  # fmt: skip
"""Whether the time loop's second factor is stored transposed, as oneDNN likes it on processors with AVX2 and no AVX-512.

GFLOP/s of oneDNN's product of [rows, 512] and [512, 2048], the second as it is and transposed, two cores of an EPYC with
AVX-512 (and oneDNN limited to AVX2 by ONEDNN_MAX_CPU_ISA), by scripts/benchmarks/products.py:

    rows    AVX2, float32   AVX-512, float32   AVX-512, bfloat16
    128        94, 197          180, 121           367, 387
    64         91, 181          195, 88            335, 374
    32         89, 165          196, 55            284, 328
    8          73, 94           160, 143           136, 188
"""


FORGET_BIAS = 2.0
"""What the forget gate's bias begins with, so that a sentence is not forgotten before the training has begun to remember it.

Jozefowicz et al. 2015 propose 1; 2 has a lower loss: configs/README.md.
"""


def lstm(
    projected: Tensor, h0: Tensor, c0: Tensor, recurrent: Tensor, segments: Segments
) -> tuple[Tensor, Tensor, Tensor]:
    """Run the time loop; returns the packed outputs, [tokens, units], and every row's last h and c, [rows, units].

    c and the gates are computed in the type of c0 (float32), the products in the type of the others, which may be shorter.

    Args:
        projected: x W + b of every token, packed, [tokens, 4 * units].
        h0: output to start from, [rows, units].
        c0: cell to start from, [rows, units].
        recurrent: U, [units, 4 * units].
        segments: shape of the packed batch.
    """

    @tf.custom_gradient
    def run(projected: Tensor, h0: Tensor, c0: Tensor, recurrent: Tensor) -> Any:
        last, passed = (h0, c0), []
        factor = tf.transpose(recurrent) if TRANSPOSED else recurrent
        for z in _split_segments(projected, segments):
            passed.append(_forward(z, *last, factor))
            last = passed[-1].last
        ended = [segment.ended for segment in passed]
        last_h, last_c = (tf.concat(parts[::-1], 0) for parts in zip(*ended, last, strict=True))

        def gradient(d_outputs: Tensor, dh_last: Tensor, dc_last: Tensor) -> tuple[Tensor, ...]:
            # Gradients of gathered rows come as slices.
            dh_last, dc_last = tf.convert_to_tensor(dh_last), tf.convert_to_tensor(dc_last)
            factor = recurrent if TRANSPOSED else tf.transpose(recurrent)
            dh, dc, dzs = dh_last[:0], dc_last[:0], []
            for segment, d_out in zip(passed[::-1], _split_segments(d_outputs, segments)[::-1], strict=True):
                dz, dh, dc = _backward(segment.cs, segment.gates, factor, d_out, dh, dc, dh_last, dc_last)
                dzs.append(dz)
            dh, dc = _add_ended_rows(dh, dh_last, h0.shape[0]), _add_ended_rows(dc, dc_last, h0.shape[0])
            dz = tf.concat(dzs[::-1], 0)
            # U's gradient, summed over all steps, is one product of the packed steps.
            before = tf.concat([segment.before for segment in passed], 0)
            d_recurrent = tf.matmul(before, dz, transpose_a=True)
            return dz, dh, dc, d_recurrent

        return (tf.concat([segment.outputs for segment in passed], 0), last_h, last_c), gradient

    results = run(projected, h0, c0, recurrent)
    # The loops are traced for all shapes at once, so they do not know theirs.
    shapes = ([packed_size(segments), h0.shape[1]], h0.shape, c0.shape)
    outputs, last_h, last_c = (tf.ensure_shape(*pair) for pair in zip(results, shapes, strict=True))
    return outputs, last_h, last_c


def _split_segments(packed: Tensor, segments: Segments) -> list[Tensor]:
    """Packed [tokens, features] -> [steps, rows, features] for each segment."""
    sizes = [steps * rows for steps, rows in segments]
    parts = tf.split(packed, sizes) if len(sizes) > 1 else [packed]
    return [tf.reshape(part, (*segment, -1)) for part, segment in zip(parts, segments, strict=True)]


def _add_ended_rows(gradient: Tensor, last: Tensor, rows: Tensor) -> Tensor:
    """Going back in time, add the rows that end here, with the gradients of their last states."""
    return tf.concat([gradient, last[tf.shape(gradient)[0] : rows]], 0)


def _flat(stacked: Tensor) -> Tensor:
    """[steps, rows, features] -> packed [tokens, features]."""
    return tf.reshape(stacked, [-1, tf.shape(stacked)[-1]])


class _SegmentResult(NamedTuple):
    """What the forward pass through a segment returns."""

    outputs: Tensor
    """h after each step, packed."""
    before: Tensor
    """h before each step, packed."""
    ended: tuple[Tensor, Tensor]
    """h and c of the rows that have ended before the segment."""
    last: tuple[Tensor, Tensor]
    """h and c of its own rows, after its last step."""
    cs: Tensor
    """c before each step and after the last, [steps + 1, rows, units]."""
    gates: Tensor
    """[steps, rows, 4 * units]."""


_shared_graph = tf.function(autograph=False, reduce_retracing=True, experimental_attributes={"_noinline": True})
"""Shares a graph among the segments of all layers and batch shapes, once it has been traced for two or three shapes.

A quick training had 172 loops of its own before, and began 12 seconds later.
"""


@_shared_graph
def _forward(projected: Tensor, h: Tensor, c: Tensor, factor: Tensor) -> _SegmentResult:
    """Go through a segment.

    Args:
        projected: [steps, rows, 4 * units].
        h: output before the segment, of its rows and of those that have ended.
        c: cell likewise.
        factor: U, transposed if `TRANSPOSED`.
    """
    steps, rows = tf.unstack(tf.shape(projected)[:2])

    def step(t: Tensor, h: Tensor, c: Tensor, hs: Any, cs: Any, gates: Any) -> tuple[Any, ...]:
        h, c, activated = _cell(projected[t], tf.matmul(h, factor, transpose_b=TRANSPOSED), c)
        return t + 1, h, c, hs.write(t + 1, h), cs.write(t + 1, c), gates.write(t, activated)

    first = (h[:rows], c[:rows])
    hs, cs = (_array(steps + 1, start).write(0, start) for start in first)
    *_, hs, cs, gates = _loop(steps, step, (tf.constant(0), *first, hs, cs, _array(steps, projected[0])))
    hs, cs = hs.stack(), cs.stack()
    return _SegmentResult(_flat(hs[1:]), _flat(hs[:-1]), (h[rows:], c[rows:]), (hs[-1], cs[-1]), cs, gates.stack())


@_shared_graph
def _backward(
    cs: Tensor, gates: Tensor, factor: Tensor, d_out: Tensor, dh: Tensor, dc: Tensor, dh_last: Tensor, dc_last: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Go back through a segment: packed dz, [tokens, 4 * units], and the gradients of h and c before it.

    Args:
        cs: as in `_SegmentResult`.
        gates: as in `_SegmentResult`.
        factor: U transposed, or U if `TRANSPOSED`.
        d_out: gradient of the outputs, [steps, rows, units].
        dh: gradient of h after the segment, of the rows that have not ended.
        dc: gradient of c likewise.
        dh_last: gradient of every row's last h.
        dc_last: gradient of every row's last c.
    """
    steps, rows = tf.unstack(tf.shape(gates)[:2])

    def step(count: Tensor, dh: Tensor, dc: Tensor, dzs: Any) -> tuple[Any, ...]:
        t = steps - 1 - count
        dz, dc = _cell_gradient(gates[t], cs[t], cs[t + 1], dh, d_out[t], dc)
        return count + 1, tf.matmul(dz, factor, transpose_b=TRANSPOSED), dc, dzs.write(t, dz)

    first = _add_ended_rows(dh, dh_last, rows), _add_ended_rows(dc, dc_last, rows)
    _, dh, dc, dzs = _loop(steps, step, (tf.constant(0), *first, _array(steps, gates[0])))
    return _flat(dzs.stack()), dh, dc


# XLA compiles everything between the products into one pass over memory, even if the step around it is not compiled.


@tf.function(jit_compile=True, autograph=False, reduce_retracing=True)
def _cell(projected: Tensor, product: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One step: z = projected + product, both [rows, 4 * units] -> h, c [rows, units] and the gates.

    All gates are one operation, as sigmoid(z) = tanh(z / 2) / 2 + 1 / 2: XLA compiles it in half of the time.
    """
    half = tf.repeat(tf.constant([0.5, 0.5, 1.0, 0.5], c.dtype), tf.shape(c)[1])
    gates = half * tf.tanh(half * (tf.cast(projected, c.dtype) + tf.cast(product, c.dtype))) + (1.0 - half)
    i, f, g, o = tf.split(gates, 4, axis=-1)
    c = f * c + i * g
    return tf.cast(o * tf.tanh(c), product.dtype), c, tf.cast(gates, product.dtype)


@tf.function(jit_compile=True, autograph=False, reduce_retracing=True)
def _cell_gradient(
    gates: Tensor, c_before: Tensor, c: Tensor, dh: Tensor, d_out: Tensor, dc: Tensor
) -> tuple[Tensor, Tensor]:
    """The step's gradients: dz, [rows, 4 * units], and that of the cell before, [rows, units]."""
    i, f, g, o = tf.split(tf.cast(gates, c.dtype), 4, axis=-1)
    dh = tf.cast(dh, c.dtype) + tf.cast(d_out, c.dtype)
    tanh_c = tf.tanh(c)
    dc = dc + dh * o * (1.0 - tanh_c * tanh_c)
    dz = [dc * g * i * (1.0 - i), dc * c_before * f * (1.0 - f), dc * i * (1.0 - g * g), dh * tanh_c * o * (1.0 - o)]
    return tf.concat([tf.cast(part, gates.dtype) for part in dz], -1), dc * f


def compiled_cells(units: int, compute: str) -> list[CompiledFunction]:
    """The two functions above, with products of the type `compute`."""
    gates, short, long = (
        tf.TensorSpec([None, size], kind) for size, kind in ((4 * units, compute), (units, compute), (units, "float32"))
    )
    return [
        CompiledFunction(_cell, gates, gates, long),
        CompiledFunction(_cell_gradient, gates, long, long, short, short, long),
    ]


def _array(steps: Tensor, element: Tensor) -> Any:
    """An empty array of elements like this one."""
    return tf.TensorArray(
        element.dtype, size=steps, dynamic_size=False, clear_after_read=False, element_shape=element.shape
    )


def _loop(steps: Tensor, body: Any, variables: tuple[Any, ...]) -> tuple[Any, ...]:
    def step(*before: Any) -> tuple[Any, ...]:
        after: tuple[Any, ...] = body(*before)
        for old, new in zip(before, after, strict=True):
            if isinstance(old, tf.Tensor):
                new.set_shape(old.shape)  # a product of matrices of unknown shape does not know it
        return after

    # XLA needs the bound to allocate the arrays.
    result: tuple[Any, ...] = tf.while_loop(lambda t, *_: t < steps, step, variables, maximum_iterations=steps)
    return result


class LSTM(keras.layers.Layer):
    """One LSTM layer over a packed batch, with explicit padding and state.

    Weights: kernel W [inputs, 4 * units] (Glorot uniform), recurrent U [units, 4 * units] (orthogonal), bias b [4 * units]
    (0; FORGET_BIAS for the forget gate).
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
        gates = [tf.zeros(self.units), FORGET_BIAS * tf.ones(self.units), tf.zeros(2 * self.units)]
        return tf.cast(tf.concat(gates, 0), dtype)

    def call(
        self, inputs: Tensor, padding: Tensor | None, h0: Tensor, c0: Tensor, segments: Segments
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Packed outputs, [tokens, units], and every row's last h and c, [rows, units]; products in the inputs' type.

        Padding stands before a sentence and begins with a state of zeros.  Its projection is set to zeros, so g = tanh(0) = 0
        and the state stays zeros until the sentence begins.

        Args:
            inputs: packed, [tokens, features].
            padding: [tokens, 1], True for padding; None = there is none, or it comes last and nobody uses the state after it.
            h0: as in `lstm`.
            c0: as in `lstm`.
            segments: shape of the packed batch.
        """
        kernel, recurrent, bias = (tf.cast(weight, inputs.dtype) for weight in (self.kernel, self.recurrent, self.bias))
        projected = tf.nn.bias_add(tf.matmul(inputs, kernel), bias)
        if padding is not None:
            projected = tf.where(padding, tf.zeros([], inputs.dtype), projected)
        return lstm(projected, h0, c0, recurrent, segments)
