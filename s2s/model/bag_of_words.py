"""An auxiliary task of the training: from the hidden state alone, predict which subwords the translation has.

The gradient of the decoder's loss reaches the encoder through all steps of the decoder.  That of this loss reaches it without
them: the state has to hold which subwords are to come, in any order (Weng et al. 2017, Neural Machine Translation with Word
Predictions).  Only the training has these weights; what translates does not.
"""

from typing import Any

from s2s.config import ModelConfig
from s2s.data.packing import Segments, row_of_tokens
from s2s.data.tokenizer import PAD
from s2s.model.backend import keras, tf
from s2s.model.lstm import Tensor
from s2s.model.seq2seq import Decoder, EncoderState


class BagOfWords(keras.layers.Layer):
    """A projection of the whole hidden state, all layers' h and c, to the inputs of the decoder's output layer."""

    def __init__(self, config: ModelConfig):
        super().__init__(name="bag_of_words", autocast=False)
        size = config.embedding_size if config.tie_output else config.units
        self.kernel = self.add_weight(shape=(2 * config.layers * config.units, size), name="kernel")
        self.built = True

    def loss(self, state: EncoderState, decoder: Decoder, labels: Tensor, segments: Segments) -> Tensor:
        """Cross-entropy (nats) between the subwords of each translation and one prediction for all of them, summed.

        EOS counts, and a subword as often as it occurs.

        Args:
            state: in the order of the target's rows.
            decoder: its output layer is used.
            labels: packed ids, [tokens]; PAD does not count.
            segments: shape of the packed labels.
        """
        flat = tf.cast(tf.concat([state.h, state.c], 1), decoder.compute)  # [rows, 2 * layers, units]
        features = tf.matmul(tf.reshape(flat, [flat.shape[0], -1]), tf.cast(self.kernel, decoder.compute))
        weights = tf.cast(decoder.output_weights, decoder.compute)
        logits = tf.cast(tf.matmul(features, weights, transpose_b=True), tf.float32) + decoder.output_bias
        rows: Any = tf.constant(row_of_tokens(segments), labels.dtype)
        chosen = tf.gather_nd(tf.nn.log_softmax(logits), tf.stack([rows, labels], 1))
        return -tf.reduce_sum(tf.where(labels == PAD, 0.0, chosen))
