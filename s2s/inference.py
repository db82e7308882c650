"""The trained network in NumPy: what draws and says, one step of many sentences at a time.

The same network as model.py, without what only training needs.  TensorFlow takes seconds to import and more to compile;
this is there in a tenth of a second, and its matrix products are as fast.  tests/test_decoding.py compares the two.
"""

import numpy as np
import numpy.typing as npt

from s2s.checkpoints import Arrays
from s2s.config import ModelConfig

Floats = npt.NDArray[np.float32]


class Stack:
    """The embedding and the stacked LSTM of one side."""

    def __init__(self, config: ModelConfig, weights: Arrays, side: str):
        """weights: those of the run, by name; side: `encoder` or `decoder`."""
        self.units, self.residual = config.units, config.residual
        # Scaled as in training, where it is done step by step.
        self.embedding: Floats = weights[f"{side}/embedding"] * np.float32(config.embedding_size**0.5)
        names = [f"{side}/stack/lstm_{index}" for index in range(config.layers)]
        # One product a layer: the input's kernel above the state's.
        self.kernels = [
            self._halved(np.concatenate([weights[f"{name}/kernel"], weights[f"{name}/recurrent"]])) for name in names
        ]
        self.biases = [self._halved(weights[f"{name}/bias"]) for name in names]

    def _halved(self, weight: Floats) -> Floats:
        # sigmoid(z) = (1 + tanh(z / 2)) / 2: with half of it in the weights of the gates i, f and o, one tanh does all four.
        weight = weight.copy()
        weight[..., : 2 * self.units] *= np.float32(0.5)
        weight[..., 3 * self.units :] *= np.float32(0.5)
        return weight

    def start(self, rows: int) -> tuple[Floats, Floats]:
        """H and c of nothing read, each [layers, rows, units]."""
        shape = len(self.kernels), rows, self.units
        return np.zeros(shape, np.float32), np.zeros(shape, np.float32)

    def step(self, ids: npt.NDArray[np.int64], h: Floats, c: Floats) -> Floats:
        """Read one subword in each row; h and c, [layers, rows, units], are changed in place.

        ids: [rows].  Returns the top layer's output, [rows, units].  The equations are those of lstm.py.
        """
        x: Floats = self.embedding[ids]
        units = self.units
        for index, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            gates = np.concatenate([x, h[index]], 1) @ kernel  # [rows, 4 * units]: i, f, g, o
            gates += bias
            np.tanh(gates, out=gates)
            for sigmoid in (gates[:, : 2 * units], gates[:, 3 * units :]):
                sigmoid *= np.float32(0.5)
                sigmoid += np.float32(0.5)
            i, f, g, o = (gates[:, gate * units : (gate + 1) * units] for gate in range(4))
            i *= g
            c[index] *= f
            c[index] += i
            np.tanh(c[index], out=h[index])
            h[index] *= o
            x = h[index] + x if self.residual and index else h[index]
        return x


class Network:
    """Encoder and decoder of a run."""

    def __init__(self, config: ModelConfig, source_vocab: int, target_vocab: int, weights: Arrays):
        """weights: by name.  Raises ValueError when names or shapes are not those of the config."""
        wanted = shapes(config, source_vocab, target_vocab)
        found = {name: weights[name].shape for name in weights if name in wanted}
        if wrong := [name for name, shape in wanted.items() if found.get(name) != shape]:
            raise ValueError(f"{wrong[0]} is {found.get(wrong[0], 'missing')}, not {wanted[wrong[0]]}")
        self.config, self.vocab_size = config, target_vocab
        weights = {name: np.asarray(weights[name], np.float32) for name in wanted}
        self.encoder, self.decoder = Stack(config, weights, "encoder"), Stack(config, weights, "decoder")
        self._narrow = weights.get("decoder/narrow")
        table = weights["decoder/embedding" if config.tie_output else "decoder/output_table"]
        self._table = np.ascontiguousarray(table.T)  # [features, vocabulary]
        self._bias = weights["decoder/output_bias"]

    def say(self, ids: npt.NDArray[np.int64], h: Floats, c: Floats, out: Floats) -> Floats:
        """A step of the decoder: unnormalised log-probabilities of what comes after `ids` [rows], in out [rows, vocabulary].

        h and c, [layers, rows, units], are changed in place.
        """
        outputs = self.decoder.step(ids, h, c)
        features = outputs if self._narrow is None else outputs @ self._narrow
        np.matmul(features, self._table, out=out)
        out += self._bias
        return out


def shapes(config: ModelConfig, source_vocab: int, target_vocab: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all weights of a network."""
    units, size = config.units, config.embedding_size
    found: dict[str, tuple[int, ...]] = {}
    for side, vocab in (("encoder", source_vocab), ("decoder", target_vocab)):
        found[f"{side}/embedding"] = (vocab, size)
        for index in range(config.layers):
            name, inputs = f"{side}/stack/lstm_{index}", units if index else size
            found |= {f"{name}/kernel": (inputs, 4 * units), f"{name}/recurrent": (units, 4 * units)}
            found[f"{name}/bias"] = (4 * units,)
    if config.tie_output:
        found["decoder/narrow"] = (units, size)
    else:
        found["decoder/output_table"] = (target_vocab, units)
    return found | {"decoder/output_bias": (target_vocab,)}
