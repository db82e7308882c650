"""The Keras network: the state depends on the sentence alone; packed batches; dropout; the loss."""

import itertools

import numpy as np
import pytest

from s2s.config import ModelConfig
from s2s.data.packing import BatchShape
from s2s.data.tokenizer import BOS, EOS, PAD
from s2s.model.backend import keras, tf
from s2s.model.dropout import dropout
from s2s.model.loss import LOGITS_CHUNK, cross_entropy
from s2s.model.seq2seq import Seq2Seq

VOCAB = 7


def make_model(**options):
    keras.utils.set_random_seed(5)
    model = Seq2Seq(ModelConfig(**({"units": 8, "layers": 2, "embedding_size": 6} | options)), 20, VOCAB)
    for weight in model.trainable_variables:
        # Large weights make the sentences' probabilities differ.
        weight.assign(weight * 3.0)
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


def encoder_state(model, ids):
    """The state of ids in the order of reading."""
    return model.encoder(np.array(ids, np.int32), segments=((len(ids), 1),))


def test_the_state_does_not_depend_on_padding(model):
    plain = encoder_state(model, [5, 6, 7, EOS])
    for padded in ([PAD, 5, 6, 7, EOS], [PAD] * 9 + [5, 6, 7, EOS]):
        np.testing.assert_allclose(encoder_state(model, padded), plain, atol=1e-6)
    assert not np.any(encoder_state(model, [PAD, PAD]))


def test_padding_has_no_gradient(model):
    def gradients(ids):
        with tf.GradientTape() as tape:
            state = encoder_state(model, ids)
            loss = tf.reduce_sum(state.h * np.arange(8)) + tf.reduce_sum(state.c)
        return [tf.convert_to_tensor(g) for g in tape.gradient(loss, model.encoder.trainable_variables)]

    for padded, plain in zip(gradients([PAD, PAD, PAD, 5, 6, EOS]), gradients([5, 6, EOS]), strict=True):
        np.testing.assert_allclose(padded, plain, rtol=1e-5, atol=1e-6)


def test_the_state_depends_on_order_and_not_on_batch_mates(model):
    assert not np.allclose(encoder_state(model, [5, 6, 7]).h, encoder_state(model, [7, 6, 5]).h)
    packed = model.encoder(np.array([5, 9, 6, EOS, 7, EOS], np.int32), segments=((2, 2), (2, 1)))
    for row, ids in enumerate(([5, 6, 7, EOS], [9, EOS])):
        np.testing.assert_allclose(np.stack(packed)[:, row], np.stack(encoder_state(model, ids))[:, 0], atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"tie_output": False}, {"residual": False, "layers": 3}])
def test_step_by_step_decoding_is_whole_sentence_decoding(options):
    model = make_model(**options)
    target = np.array([BOS, 4, 5, 6, 4], np.int32)
    state = encoder_state(model, [5, 6, 7, EOS])
    whole, _ = model.decoder(target, state, segments=((5, 1),))
    steps = []
    for t in range(len(target)):
        features, state = model.decoder(target[t : t + 1], state, segments=((1, 1),))
        steps.append(features)
    np.testing.assert_allclose(tf.concat(steps, 0), whole, atol=1e-5)


SHAPE = BatchShape(source=((2, 2), (1, 1)), target=((2, 2), (2, 1)), order=(1, 0))
SOURCE, TARGET = np.array([5, 9, 6, EOS, EOS], np.int32), np.array([BOS, BOS, 4, 5, 6, 4], np.int32)


def test_a_packed_batch_is_its_sentences_one_by_one(model):
    features = model(SOURCE, TARGET, shape=SHAPE)
    # The rows of the target are sorted by length too: its first row belongs to the second row of the source.
    for source, target, places in (([9, EOS], [BOS, 4, 6, 4], [0, 2, 4, 5]), ([5, 6, EOS], [BOS, 5], [1, 3])):
        state = encoder_state(model, source)
        alone, _ = model.decoder(np.array(target, np.int32), state, segments=((len(target), 1),))
        np.testing.assert_allclose(tf.gather(features, places), alone, atol=1e-6)


def test_dropout_only_with_a_seed_and_the_same_for_the_same_seed():
    model = make_model(dropout=0.5)
    seeds = [None, None, *(tf.constant(n, tf.int64) for n in (1, 1, 2))]
    a, b, c, d, e = (model(SOURCE, TARGET, shape=SHAPE, seed=seed).numpy() for seed in seeds)
    assert (a == b).all() and (c == d).all()
    assert not np.allclose(a, c) and not np.allclose(c, e)


def test_dropout_masks_have_their_share_and_are_independent():
    ones = tf.ones([500, 400])
    masks = {
        (seed, site): dropout(ones, 0.3, tf.constant(seed, tf.int64), site).numpy()
        for seed in (1, 2)
        for site in (0, 1)
    }
    for mask in masks.values():
        assert set(np.unique(mask).tolist()) == {0.0, np.float32(1 / 0.7)}
        # Five standard deviations of 200,000 elements.
        assert abs((mask > 0).mean() - 0.7) < 5 * (0.3 * 0.7 / mask.size) ** 0.5
        assert abs((mask > 0).mean(0) - 0.7).max() < 5 * (0.3 * 0.7 / 500) ** 0.5
        assert abs((mask > 0).mean(1) - 0.7).max() < 5 * (0.3 * 0.7 / 400) ** 0.5
    for one, other in itertools.combinations(masks.values(), 2):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / one.size**0.5
    shifted = next(iter(masks.values())).ravel()
    assert abs(np.corrcoef(shifted[1:], shifted[:-1])[0, 1]) < 5 / shifted.size**0.5


def test_dropout_passes_the_gradient_where_it_passes_the_value():
    x = tf.Variable(numbers(20, 30))
    with tf.GradientTape() as tape:
        y = dropout(x, 0.4, tf.constant(3, tf.int64), 0)
    kept = np.where(y.numpy() == 0.0, 0.0, 1 / 0.6)
    np.testing.assert_allclose(tape.gradient(y, x), kept, rtol=1e-6)


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("tokens", [12, pytest.param(LOGITS_CHUNK + 300, marks=pytest.mark.slow)])
def test_loss_and_gradient_are_those_of_numpy_without_padding(tokens):
    features, table, bias = numbers(tokens, 5), numbers(VOCAB, 5), numbers(VOCAB)
    labels = np.random.default_rng(0).integers(4, VOCAB, tokens).astype(np.int32)
    labels[2:5] = PAD
    real = labels != PAD
    with tf.GradientTape() as tape:
        variables = [tf.Variable(array) for array in (features, table, bias)]
        tensors = [tf.convert_to_tensor(variable) for variable in variables]
        loss, plain = cross_entropy(*tensors, labels, 0.1, tf.constant(0.5))
        loss = 2.0 * loss
    logits = features.astype(np.float64) @ table.T + bias
    powers = np.exp(logits)
    log_probs = logits - np.log(powers.sum(-1, keepdims=True))
    picked = log_probs[np.arange(tokens), labels]
    smoothed = 0.9 * picked + 0.1 * log_probs.mean(-1)
    np.testing.assert_allclose(plain, -(picked * real).sum(), rtol=1e-5)
    np.testing.assert_allclose(loss, -(smoothed * real).sum(), rtol=1e-5)
    target = 0.9 * np.eye(VOCAB)[labels] + 0.1 / VOCAB
    d_logits = (powers / powers.sum(-1, keepdims=True) - target) * real[:, None]
    expected = d_logits @ table, d_logits.T @ features, d_logits.sum(0)
    for mine, theirs in zip(tape.gradient(loss, variables), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-3 if tokens > LOGITS_CHUNK else 1e-5)
