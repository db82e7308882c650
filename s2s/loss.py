"""The loss: output layer, softmax and cross-entropy in one, a few hundred tokens at a time.

With their gradient written by hand, the logits of a whole batch (the largest array there would be, tokens x
vocabulary) are never kept: each chunk's are turned into their gradient at once, while the processor's cache holds them.
"""

from typing import Any

from s2s.batches import CHUNK
from s2s.engine import tf
from s2s.lstm import Tensor
from s2s.tokenizer import PAD


def cross_entropy(
    features: Tensor, table: Tensor, bias: Tensor, labels: Tensor, smoothing: float, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """`weight` times the sum of the smoothed cross-entropy (nats), and the plain sum; over labels that are not PAD.

    features: [tokens, features], in the type to multiply in.  table: [vocabulary, features] and bias: [vocabulary],
    float32.  labels: ids [tokens].  Smoothing spreads a share of the target probability evenly over the vocabulary
    (Szegedy et al. 2016).  Only the first result has a gradient.
    """

    @tf.custom_gradient
    def run(features: Tensor, table: Tensor, bias: Tensor) -> Any:
        short = tf.cast(table, features.dtype)
        loss = plain = tf.zeros([])
        d_features, d_table, d_bias = [], tf.zeros_like(table), tf.zeros_like(bias)
        for start in range(0, features.shape[0], CHUNK):
            part, ids = features[start : start + CHUNK], labels[start : start + CHUNK]
            logits = tf.matmul(part, short, transpose_b=True)
            part_loss, part_plain, d_logits, d_part_bias = _softmax_gradient(logits, bias, ids, smoothing, weight)
            loss, plain, d_bias = loss + part_loss, plain + part_plain, d_bias + d_part_bias
            d_features.append(tf.matmul(d_logits, short))
            d_table += tf.cast(tf.matmul(d_logits, part, transpose_a=True), tf.float32)
        d_all = tf.concat(d_features, 0)

        def gradient(d_loss: Tensor, _: Tensor) -> tuple[Tensor, ...]:
            return tf.cast(d_loss, d_all.dtype) * d_all, d_loss * d_table, d_loss * d_bias

        return (loss, plain), gradient

    return run(features, table, bias)


@tf.function(jit_compile=True, autograph=False)
def _softmax_gradient(
    logits: Tensor, bias: Tensor, labels: Tensor, smoothing: float, weight: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weighted smoothed sum, plain sum, and the gradients of the first by logits (in their type) and bias."""
    kind, logits = logits.dtype, tf.cast(logits, tf.float32) + bias
    vocab = logits.shape[-1]
    real = tf.cast(labels != PAD, tf.float32)
    largest = tf.reduce_max(logits, -1, keepdims=True)
    powers = tf.exp(logits - largest)
    total = tf.reduce_sum(powers, -1, keepdims=True)
    normalizer = (tf.math.log(total) + largest)[:, 0]
    hit = tf.range(vocab, dtype=labels.dtype) == labels[:, None]
    picked = tf.reduce_sum(tf.where(hit, logits, 0.0), -1)
    smoothed = normalizer - (1.0 - smoothing) * picked - smoothing * tf.reduce_mean(logits, -1)
    scale = (weight * real)[:, None]
    wanted = tf.where(hit, 1.0 - smoothing, 0.0) + smoothing / vocab
    d_logits = scale * (powers / total - wanted)
    loss, plain = weight * tf.reduce_sum(smoothed * real), tf.reduce_sum((normalizer - picked) * real)
    return loss, plain, tf.cast(d_logits, kind), tf.reduce_sum(d_logits, 0)
