"""The network: the encoder draws the sentence as a vector, the decoder sees only the vector.

    source ids -> Encoder -> EncoderState -> Decoder -> features -> loss.cross_entropy

This is what learns.  What translates is the same network in NumPy, inference.py.

Ids come in packed (see lstm.py), [tokens]; inside, everything is packed too, [tokens, features].
"""

from typing import Any, NamedTuple

from s2s.batches import Segments, Shape
from s2s.config import ModelConfig
from s2s.dropout import dropout, fold
from s2s.engine import keras, tf
from s2s.lstm import LSTM, Tensor
from s2s.tokenizer import PAD


class EncoderState(NamedTuple):
    """The drawing: what the encoder returns, and all that the decoder is given.

    h, c: output and cell of every layer's last time step, each [batch, layers, units].
    """

    h: Tensor
    c: Tensor

    @classmethod
    def of_layers(cls, pairs: list[tuple[Tensor, Tensor]]) -> "EncoderState":
        """From (h, c) of each layer, bottom first, each [batch, units]."""
        hs, cs = zip(*pairs, strict=True)
        return cls(tf.stack(hs, 1), tf.stack(cs, 1))


class Stack(keras.layers.Layer):
    """Stacked LSTM layers with dropout before each and, if asked for, residual connections."""

    def __init__(self, config: ModelConfig, name: str):
        super().__init__(name=name, autocast=False)
        self.residual, self.rate = config.residual, config.dropout
        self.layers = [LSTM(config.units, name=f"lstm_{i}") for i in range(config.layers)]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights of all layers for packed inputs, [tokens, input_shape[-1]]."""
        for layer in self.layers:
            layer.build(input_shape)
            input_shape = (None, layer.units)

    def call(
        self, x: Tensor, mask: Tensor | None, state: EncoderState, segments: Segments, seed: Tensor | None
    ) -> tuple[Tensor, EncoderState]:
        """Run packed x [tokens, features] from `state` -> top outputs [tokens, units], each row's state after its last step."""
        ends = []
        for index, layer in enumerate(self.layers):
            inputs = dropout(x, self.rate, seed, index)
            h, c = tf.cast(state.h[:, index], x.dtype), state.c[:, index]
            outputs, *end = layer(inputs, mask, h, c, segments=segments)
            # The first layer's input is an embedding, of another size and kind.
            x = outputs + x if self.residual and index else outputs
            ends.append((tf.cast(end[0], state.h.dtype), end[1]))
        return x, EncoderState.of_layers(ends)


class Encoder(keras.layers.Layer):
    """Player 1: reads the Spanish subwords and draws."""

    def __init__(self, config: ModelConfig, vocab_size: int, compute: str):
        super().__init__(name="encoder", autocast=False)
        self.config, self.vocab_size, self.compute = config, vocab_size, compute
        self.stack = Stack(config, name="stack")

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; their shapes follow from the config alone."""
        self.embedding = _add_embedding(self, self.vocab_size, self.config.embedding_size)
        self.stack.build((None, self.config.embedding_size))

    def call(self, source: Tensor, segments: Segments, seed: Tensor | None = None) -> EncoderState:
        """source: packed ids [tokens] in the order of reading, PAD where a sentence is shorter than its row.

        Returns each row's state at its last token.  Through padding the state is carried unchanged, so it depends on
        nothing but the sentence.
        """
        mask = tf.cast(source != PAD, tf.float32)[:, None]
        zeros = tf.zeros([segments[0][1], self.config.layers, self.config.units])
        x = _embed(self.embedding, source, self.compute)
        _, state = self.stack(x, mask, EncoderState(zeros, zeros), segments=segments, seed=seed)
        return state


class Decoder(keras.layers.Layer):
    """Player 2: sees the drawing and says the sentence, one subword after the other."""

    def __init__(self, config: ModelConfig, vocab_size: int, compute: str):
        super().__init__(name="decoder", autocast=False)
        self.config, self.vocab_size, self.compute = config, vocab_size, compute
        self.stack = Stack(config, name="stack")

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; their shapes follow from the config alone."""
        config = self.config
        self.embedding = _add_embedding(self, self.vocab_size, config.embedding_size)
        self.stack.build((None, config.embedding_size))
        if config.tie_output:
            self.narrow = self.add_weight(shape=(config.units, config.embedding_size), name="narrow")
        else:
            self.output_table = self.add_weight(shape=(self.vocab_size, config.units), name="output_table")
        self.output_bias = self.add_weight(shape=(self.vocab_size,), initializer="zeros", name="output_bias")

    def call(
        self, target: Tensor, state: EncoderState, segments: Segments, seed: Tensor | None = None
    ) -> tuple[Tensor, EncoderState]:
        """Feed the packed ids `target` [tokens] from `state`, the drawing at first.

        Returns the features that the output layer scores, [tokens, features], and each row's state after its last step.
        """
        config = self.config
        x = _embed(self.embedding, target, self.compute)
        outputs, state = self.stack(x, None, state, segments=segments, seed=seed)
        outputs = dropout(outputs, config.dropout, seed, config.layers)
        if config.tie_output:
            outputs = tf.matmul(outputs, tf.cast(self.narrow, self.compute))
        return outputs, state

    @property
    def table(self) -> Tensor:
        """The output layer's weights, one row a subword, [vocabulary, features]; tied, they are the embeddings."""
        return tf.convert_to_tensor(self.embedding if self.config.tie_output else self.output_table)


class Seq2Seq(keras.Model):
    """Encoder and decoder; built, with all weights made, when the constructor returns.

    compute: type of the matrix products, float32, bfloat16 or float16.  Weights, cells and losses are float32 always.
    """

    def __init__(self, config: ModelConfig, source_vocab: int, target_vocab: int, compute: str = "float32"):
        super().__init__(name="seq2seq", autocast=False)
        self.config = config
        self.encoder = Encoder(config, source_vocab, compute)
        self.decoder = Decoder(config, target_vocab, compute)
        # No variable may be made while a compiled function is traced.
        self.encoder.build()
        self.decoder.build()
        self.built = True

    def call(self, source: Tensor, target: Tensor, shape: Shape, seed: Tensor | None = None) -> Tensor:
        """source, target: packed ids of a batch; shape: its batches.Shape.

        Returns the decoder's features at each target position, [target tokens, features].
        """
        drawing = self.encoder(source, segments=shape.source, seed=fold(seed, 0))
        rows = tf.constant(shape.order)
        drawing = EncoderState(tf.gather(drawing.h, rows), tf.gather(drawing.c, rows))
        features, _ = self.decoder(target, drawing, segments=shape.target, seed=fold(seed, 1))
        return features


def _add_embedding(layer: keras.layers.Layer, vocab_size: int, size: int) -> Any:
    # Rows of norm about 1, so that the tied output layer starts with logits of a sane size.
    initializer = keras.initializers.RandomNormal(stddev=size**-0.5)
    return layer.add_weight(shape=(vocab_size, size), initializer=initializer, name="embedding")


def _embed(table: Tensor, ids: Tensor, compute: str) -> Tensor:
    # Scaled to components of about 1 (Vaswani et al. 2017), without which the gates see next to nothing in the
    # beginning: on Tatoeba, dev perplexity after one epoch was 7.7 with it and 29.3 without.
    return tf.cast(tf.gather(table, ids) * table.shape[1] ** 0.5, compute)
