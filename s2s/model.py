"""The network: the encoder draws the sentence as a vector, the decoder sees only the vector.

    source ids -> Encoder -> EncoderState -> Decoder -> hidden -> Decoder.logits -> target ids

Ids come in as [batch, time]; inside, everything is time-major, [time, batch, features].
"""

from typing import Any, NamedTuple

from s2s.config import ModelConfig
from s2s.engine import keras, tf
from s2s.lstm import LSTM, Tensor
from s2s.tokenizer import PAD


class EncoderState(NamedTuple):
    """The drawing: what the encoder returns, and all that the decoder is given.

    h, c: output and cell of every layer's last time step, each [batch, layers, units].
    """

    h: Tensor
    c: Tensor

    @property
    def top(self) -> Tensor:
        """H of the top layer, [batch, units]: the sentence's vector."""
        return self.h[:, -1]

    @classmethod
    def of_layers(cls, pairs: list[tuple[Tensor, Tensor]]) -> "EncoderState":
        """From (h, c) of each layer, bottom first, each [batch, units]."""
        hs, cs = zip(*pairs, strict=True)
        return cls(tf.stack(hs, 1), tf.stack(cs, 1))

    @classmethod
    def from_array(cls, array: Any) -> "EncoderState":
        """From the form in which states are saved, [batch, layers, 2, units] (h, then c)."""
        return cls(array[:, :, 0], array[:, :, 1])

    def to_array(self) -> Tensor:
        """The form in which states are saved, [batch, layers, 2, units] (h, then c)."""
        return tf.stack([self.h, self.c], 2)


def dropout(x: Tensor, rate: float, seed: Tensor | None) -> Tensor:
    """Zero a share `rate` of x and scale the rest to keep its mean; seed None (not training) = x itself.

    The draw is a pure function of `seed` ([2] int64), so a resumed run draws what an uninterrupted one does.
    """
    if seed is None or rate == 0.0:
        return x
    return tf.nn.experimental.stateless_dropout(x, rate, seed)


class Stack(keras.layers.Layer):
    """Stacked LSTM layers with dropout before each and, if asked for, residual connections."""

    def __init__(self, config: ModelConfig, name: str):
        super().__init__(name=name)
        self.residual, self.rate = config.residual, config.dropout
        self.layers = [LSTM(config.units, name=f"lstm_{i}") for i in range(config.layers)]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights of all layers for inputs of shape [time, batch, input_shape[-1]]."""
        for layer in self.layers:
            layer.build(input_shape)
            input_shape = (None, None, layer.units)

    def call(
        self, x: Tensor, mask: Tensor | None, state: EncoderState, seed: Tensor | None
    ) -> tuple[Tensor, EncoderState]:
        """Run x [time, batch, features] from `state` -> top outputs [time, batch, units], the state after the last step."""
        ends = []
        for index, layer in enumerate(self.layers):
            fold = None if seed is None else tf.random.experimental.stateless_fold_in(seed, index)
            inputs = dropout(x, self.rate, fold)
            outputs, *end = layer(inputs, mask, state.h[:, index], state.c[:, index])
            # The first layer's input is an embedding, of another size and kind.
            x = outputs + x if self.residual and index else outputs
            ends.append(tuple(end))
        return x, EncoderState.of_layers(ends)


class Encoder(keras.layers.Layer):
    """Player 1: reads the Spanish subwords and draws."""

    def __init__(self, config: ModelConfig, vocab_size: int):
        super().__init__(name="encoder")
        self.config, self.vocab_size = config, vocab_size
        self.stack = Stack(config, name="stack")

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; their shapes follow from the config alone."""
        self.embedding = _add_embedding(self, self.vocab_size, self.config.embedding_size)
        self.stack.build((None, None, self.config.embedding_size))

    def call(self, source: Tensor, seed: Tensor | None = None) -> EncoderState:
        """source: ids [batch, time], padded with PAD on either side.  Returns the state at its last token.

        Through padding the state is carried unchanged, so it depends on nothing but the sentence.
        """
        ids = tf.transpose(source)  # [time, batch]
        if self.config.reverse_source:
            ids = ids[::-1]
        mask = tf.cast(ids != PAD, tf.float32)[:, :, None]
        zeros = tf.zeros([tf.shape(source)[0], self.config.layers, self.config.units])
        _, state = self.stack(_embed(self.embedding, ids), mask, EncoderState(zeros, zeros), seed)
        return state


class Decoder(keras.layers.Layer):
    """Player 2: sees the drawing and says the sentence, one subword after the other."""

    def __init__(self, config: ModelConfig, vocab_size: int):
        super().__init__(name="decoder")
        self.config, self.vocab_size = config, vocab_size
        self.stack = Stack(config, name="stack")
        if config.feed_state:
            self.glance = keras.layers.Dense(config.embedding_size, use_bias=False, name="glance")
        width = config.embedding_size if config.tie_output else vocab_size
        self.dense = keras.layers.Dense(width, use_bias=False, name="dense")

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; their shapes follow from the config alone."""
        self.embedding = _add_embedding(self, self.vocab_size, self.config.embedding_size)
        self.output_bias = self.add_weight(shape=(self.vocab_size,), initializer="zeros", name="output_bias")
        self.stack.build((None, None, self.config.embedding_size))
        if self.config.feed_state:
            self.glance.build((None, 2 * self.config.layers * self.config.units))
        self.dense.build((None, self.config.units))

    def look(self, drawing: EncoderState) -> Tensor | None:
        """What the decoder sees of the drawing at every step, [batch, embedding]; None without `feed_state`."""
        if not self.config.feed_state:
            return None
        size = 2 * self.config.layers * self.config.units
        return self.glance(tf.reshape(drawing.to_array(), [-1, size]))

    def call(
        self, target: Tensor, state: EncoderState, seen: Tensor | None, seed: Tensor | None = None
    ) -> tuple[Tensor, EncoderState]:
        """Feed the ids `target` [batch, time] from `state`; `seen` comes from `look`.

        Returns the top layer's outputs [time, batch, units] and the state after the last step.
        """
        x = _embed(self.embedding, tf.transpose(target))  # [time, batch, embedding]
        if seen is not None:
            x = x + seen
        outputs, state = self.stack(x, None, state, seed)
        return dropout(outputs, self.config.dropout, seed), state

    def logits(self, hidden: Tensor) -> Tensor:
        """Unnormalised log-probabilities of the next subword: [..., units] -> [..., vocabulary]."""
        projected = self.dense(hidden)
        if self.config.tie_output:
            projected = tf.tensordot(projected, tf.transpose(self.embedding), 1)
        return projected + self.output_bias


class Seq2Seq(keras.Model):
    """Encoder and decoder; built, with all weights made, when the constructor returns."""

    def __init__(self, config: ModelConfig, source_vocab: int, target_vocab: int):
        super().__init__(name="seq2seq")
        self.config = config
        self.encoder = Encoder(config, source_vocab)
        self.decoder = Decoder(config, target_vocab)
        # No variable may be made while a compiled function is traced.
        self.encoder.build()
        self.decoder.build()
        self.built = True

    def call(self, source: Tensor, target: Tensor, seed: Tensor | None = None) -> Tensor:
        """Source [batch, source time], target [batch, target time] (starting with BOS).

        Returns the logits of the subword after each target position, [target time, batch, vocabulary].
        """
        seeds = (
            [None, None] if seed is None else [tf.random.experimental.stateless_fold_in(seed, 100 + i) for i in (0, 1)]
        )
        drawing = self.encoder(source, seeds[0])
        hidden, _ = self.decoder(target, drawing, self.decoder.look(drawing), seeds[1])
        return self.decoder.logits(hidden)


def _add_embedding(layer: keras.layers.Layer, vocab_size: int, size: int) -> Any:
    # Rows of norm about 1, so that the tied output layer starts with logits of a sane size.
    initializer = keras.initializers.RandomNormal(stddev=size**-0.5)
    return layer.add_weight(shape=(vocab_size, size), initializer=initializer, name="embedding")


def _embed(table: Tensor, ids: Tensor) -> Tensor:
    # Scaled to components of about 1 (Vaswani et al. 2017), without which the gates see next to nothing in the
    # beginning: on Tatoeba, dev perplexity after one epoch was 7.7 with it and 29.3 without.
    return tf.gather(table, ids) * table.shape[1] ** 0.5
