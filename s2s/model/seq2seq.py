"""The network in Keras: the encoder reads a sentence into a state, the decoder sees only the state.

    source ids -> Encoder -> EncoderState -> Decoder -> features -> loss.cross_entropy

This is the network that is trained.  translation/network.py is the same network in NumPy, which translates.

Ids are packed (data/packing.py), [tokens], and so is everything inside: [tokens, features].
"""

from typing import Any, NamedTuple

from s2s.config import ModelConfig
from s2s.data.packing import BatchShape, Segments
from s2s.data.tokenizer import PAD
from s2s.model.backend import keras, tf
from s2s.model.dropout import dropout, fold
from s2s.model.lstm import LSTM, Tensor


class EncoderState(NamedTuple):
    """The hidden state: what the encoder returns, and all that the decoder is given.  In the game, the drawing.

    h, c: output and cell of every layer at the last time step, each [batch, layers, units].
    """

    h: Tensor
    c: Tensor

    @classmethod
    def of_layers(cls, pairs: list[tuple[Tensor, Tensor]]) -> "EncoderState":
        """From (h, c) of each layer, the bottom one first, each [batch, units]."""
        hs, cs = zip(*pairs, strict=True)
        return cls(tf.stack(hs, 1), tf.stack(cs, 1))


class LSTMStack(keras.layers.Layer):
    """Stacked LSTM layers with dropout before each and, if configured, residual connections."""

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
        self, x: Tensor, padding: Tensor | None, state: EncoderState, segments: Segments, seed: Tensor | None
    ) -> tuple[Tensor, EncoderState]:
        """Run the layers; returns the top layer's outputs, [tokens, units], and the state after each row's last step.

        Args:
            x: packed inputs, [tokens, features].
            padding: as in `LSTM`.
            state: the state to start from.
            segments: shape of the packed batch.
            seed: of dropout, int64 scalar; None = no dropout.
        """
        last = []
        for index, layer in enumerate(self.layers):
            inputs = dropout(x, self.rate, seed, index)
            h, c = tf.cast(state.h[:, index], x.dtype), state.c[:, index]
            outputs, last_h, last_c = layer(inputs, padding, h, c, segments=segments)
            # Not for the first layer: its input is an embedding, which has another size and another meaning.
            x = outputs + x if self.residual and index else outputs
            last.append((tf.cast(last_h, state.h.dtype), last_c))
        return x, EncoderState.of_layers(last)


class Encoder(keras.layers.Layer):
    """Reads the Spanish subwords into the hidden state.  In the game, player 1, who draws."""

    def __init__(self, config: ModelConfig, vocab_size: int, compute: str):
        super().__init__(name="encoder", autocast=False)
        self.config, self.vocab_size, self.compute = config, vocab_size, compute
        self.stack = LSTMStack(config, name="stack")

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; their shapes follow from the config."""
        self.embedding = _add_embedding(self, self.vocab_size, self.config.embedding_size)
        self.stack.build((None, self.config.embedding_size))

    def call(self, source: Tensor, segments: Segments, seed: Tensor | None = None) -> EncoderState:
        """The state of every row at its last token.

        Args:
            source: packed ids, [tokens], in reading order; PAD before a sentence that is shorter than its row.
            segments: shape of the packed batch.
            seed: of dropout, int64 scalar; None = no dropout.
        """
        zeros = tf.zeros([segments[0][1], self.config.layers, self.config.units])
        x = _embed(self.embedding, source, self.compute)
        _, state = self.stack(x, (source == PAD)[:, None], EncoderState(zeros, zeros), segments=segments, seed=seed)
        return state


class Decoder(keras.layers.Layer):
    """Predicts the English subwords from the hidden state.  In the game, player 2, who guesses from the drawing."""

    def __init__(self, config: ModelConfig, vocab_size: int, compute: str):
        super().__init__(name="decoder", autocast=False)
        self.config, self.vocab_size, self.compute = config, vocab_size, compute
        self.stack = LSTMStack(config, name="stack")

    def build(self, input_shape: Any = None) -> None:
        """Make the weights; their shapes follow from the config."""
        config = self.config
        self.embedding = _add_embedding(self, self.vocab_size, config.embedding_size)
        self.stack.build((None, config.embedding_size))
        if config.tie_output:
            # "narrow" is the name under which runs store it.
            self.output_projection = self.add_weight(shape=(config.units, config.embedding_size), name="narrow")
        else:
            self.output_table = self.add_weight(shape=(self.vocab_size, config.units), name="output_table")
        self.output_bias = self.add_weight(shape=(self.vocab_size,), initializer="zeros", name="output_bias")

    def call(
        self, target: Tensor, state: EncoderState, segments: Segments, seed: Tensor | None = None
    ) -> tuple[Tensor, EncoderState]:
        """Feed the target; returns the output layer's inputs, [tokens, features], and the state after each row's last step.

        Args:
            target: packed ids, [tokens], from BOS on.
            state: the state to start from: the encoder's.
            segments: shape of the packed batch.
            seed: of dropout, int64 scalar; None = no dropout.
        """
        config = self.config
        x = _embed(self.embedding, target, self.compute)
        outputs, state = self.stack(x, None, state, segments=segments, seed=seed)
        outputs = dropout(outputs, config.dropout, seed, config.layers)
        if config.tie_output:
            outputs = tf.matmul(outputs, tf.cast(self.output_projection, self.compute))
        return outputs, state

    @property
    def output_weights(self) -> Tensor:
        """The output layer's weights, one row a subword, [vocabulary, features]; if tied, the embeddings."""
        return tf.convert_to_tensor(self.embedding if self.config.tie_output else self.output_table)


class Seq2Seq(keras.layers.Layer):
    """Encoder and decoder, with all weights made.

    A layer, not a keras.Model: its batches are packed and its loss is computed outside, so `fit` has nothing to call.
    """

    def __init__(self, config: ModelConfig, source_vocab: int, target_vocab: int, compute: str = "float32"):
        """Make the layers and their weights.

        Args:
            config: sizes of the network.
            source_vocab: number of Spanish subwords.
            target_vocab: number of English subwords.
            compute: type of the matrix products: float32, bfloat16 or float16.  Weights, cells and losses are float32.
        """
        super().__init__(name="seq2seq", autocast=False)
        self.config = config
        self.encoder = Encoder(config, source_vocab, compute)
        self.decoder = Decoder(config, target_vocab, compute)
        # A compiled function may not make variables while it is traced.
        self.encoder.build()
        self.decoder.build()
        self.built = True

    def call(self, source: Tensor, target: Tensor, shape: BatchShape, seed: Tensor | None = None) -> Tensor:
        """The decoder's features at each target position, [target tokens, features].

        Args:
            source: packed ids, [source tokens].
            target: packed ids, [target tokens].
            shape: shape of the batch.
            seed: of dropout, int64 scalar; None = no dropout.
        """
        state = self.encoder(source, segments=shape.source, seed=fold(seed, 0))
        rows = tf.constant(shape.order)
        state = EncoderState(tf.gather(state.h, rows), tf.gather(state.c, rows))
        features, _ = self.decoder(target, state, segments=shape.target, seed=fold(seed, 1))
        return features


def _add_embedding(layer: keras.layers.Layer, vocab_size: int, size: int) -> Any:
    # Rows of norm about 1, so that the logits of the tied output layer start at a sane size.
    initializer = keras.initializers.RandomNormal(stddev=size**-0.5)
    return layer.add_weight(shape=(vocab_size, size), initializer=initializer, name="embedding")


def _embed(table: Tensor, ids: Tensor, compute: str) -> Tensor:
    # Scaled to components of about 1 (Vaswani et al. 2017); otherwise the gates hardly see them at first.
    # On Tatoeba, dev perplexity after one epoch was 7.7 with the scaling and 29.3 without.
    return tf.cast(tf.gather(table, ids) * table.shape[1] ** 0.5, compute)
