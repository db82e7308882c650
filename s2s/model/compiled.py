"""Functions that XLA compiles, each once for every number of rows that it is given."""

from typing import Any

from s2s.model.backend import tf


class CompiledFunction:
    """A function that XLA compiles, with its arguments for any number of rows; it is traced now."""

    def __init__(self, function: Any, *arguments: Any):
        """Trace it.

        Args:
            function: a tf.function with jit_compile and reduce_retracing.
            arguments: tf.TensorSpecs, in which None is the number of rows, and Python values after them.
        """
        self._specs = [one for one in arguments if isinstance(one, tf.TensorSpec)]
        values = arguments[len(self._specs) :]
        # Programs that are compiled within a graph, as those of a step are, are not shared with calls outside of one.
        self._graph = tf.function(lambda *tensors: function(*tensors, *values), autograph=False)
        self._graph = self._graph.get_concrete_function(*self._specs)

    def compile(self, rows: int) -> None:
        """Compile it for this number of rows, unless it is compiled: call it with zeros."""
        self._graph(*(tf.zeros([size or rows for size in spec.shape], spec.dtype) for spec in self._specs))
