"""The loss: output layer, softmax and cross-entropy in one function, LOGITS_CHUNK tokens at a time.

The logits of a whole batch, [tokens, vocabulary], would be the largest array of a training.  They are never stored: the
gradient is written by hand, and the logits of each chunk are turned into their gradient while the cache holds them.
"""

from typing import Any

from s2s.data.packing import LOGITS_CHUNK
from s2s.data.tokenizer import PAD
from s2s.model.backend import tf
from s2s.model.compiled import CompiledFunction
from s2s.model.lstm import Tensor


def cross_entropy(
    features: Tensor, output_weights: Tensor, bias: Tensor, labels: Tensor, smoothing: float, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """`weight` times the sum of the smoothed cross-entropy (nats), and the plain sum, over labels that are not PAD.

    Only the first result has a gradient.

    Args:
        features: inputs of the output layer, [tokens, features], in the type of the matrix products.
        output_weights: of the output layer, [vocabulary, features], float32.
        bias: of the output layer, [vocabulary], float32.
        labels: ids, [tokens].
        smoothing: share of the target probability that is spread over the vocabulary (Szegedy et al. 2016).
        weight: factor of the first result.
    """

    @tf.custom_gradient
    def run(features: Tensor, output_weights: Tensor, bias: Tensor) -> Any:
        short = tf.cast(output_weights, features.dtype)
        loss = plain = tf.zeros([])
        d_features, d_weights, d_bias = [], tf.zeros_like(output_weights), tf.zeros_like(bias)
        for start in range(0, features.shape[0], LOGITS_CHUNK):
            part, ids = features[start : start + LOGITS_CHUNK], labels[start : start + LOGITS_CHUNK]
            logits = tf.matmul(part, short, transpose_b=True)
            part_loss, part_plain, d_logits, d_part_bias = _softmax_gradient(logits, bias, ids, weight, smoothing)
            loss, plain, d_bias = loss + part_loss, plain + part_plain, d_bias + d_part_bias
            d_features.append(tf.matmul(d_logits, short))
            d_weights += tf.cast(tf.matmul(d_logits, part, transpose_a=True), tf.float32)
        d_all = tf.concat(d_features, 0)

        def gradient(d_loss: Tensor, _: Tensor) -> tuple[Tensor, ...]:
            return tf.cast(d_loss, d_all.dtype) * d_all, d_loss * d_weights, d_loss * d_bias

        return (loss, plain), gradient

    return run(features, output_weights, bias)


@tf.function(jit_compile=True, autograph=False, reduce_retracing=True)
def _softmax_gradient(
    logits: Tensor, bias: Tensor, labels: Tensor, weight: Tensor, smoothing: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of one chunk: `weight` times the smoothed sum, the plain sum, the first one's gradients by logits and by bias."""
    dtype, logits = logits.dtype, tf.cast(logits, tf.float32) + bias
    vocab = tf.shape(logits)[-1]
    real = tf.cast(labels != PAD, tf.float32)
    largest = tf.reduce_max(logits, -1, keepdims=True)
    powers = tf.exp(logits - largest)
    total = tf.reduce_sum(powers, -1, keepdims=True)
    normalizer = (tf.math.log(total) + largest)[:, 0]
    is_label = tf.range(vocab, dtype=labels.dtype) == labels[:, None]
    label_logit = tf.reduce_sum(tf.where(is_label, logits, 0.0), -1)
    smoothed = normalizer - (1.0 - smoothing) * label_logit - smoothing * tf.reduce_mean(logits, -1)
    scale = (weight * real)[:, None]
    expected = tf.where(is_label, 1.0 - smoothing, 0.0) + smoothing / tf.cast(vocab, tf.float32)
    d_logits = scale * (powers / total - expected)
    loss, plain = weight * tf.reduce_sum(smoothed * real), tf.reduce_sum((normalizer - label_logit) * real)
    return loss, plain, tf.cast(d_logits, dtype), tf.reduce_sum(d_logits, 0)


def compiled_softmax(vocabulary: int, compute: str, smoothing: float) -> CompiledFunction:
    """The function above, with logits of the type `compute`; its rows are tokens."""
    logits, labels = tf.TensorSpec([None, vocabulary], compute), tf.TensorSpec([None], tf.int32)
    scalar = tf.TensorSpec([], tf.float32)
    return CompiledFunction(_softmax_gradient, logits, tf.TensorSpec([vocabulary]), labels, scalar, smoothing)
