"""Encoder, decoder and search: the state depends on the sentence alone, and search finds the best sentence."""

import itertools

import numpy as np
import pytest

from s2s.config import ModelConfig
from s2s.decoding import search
from s2s.engine import keras, tf
from s2s.model import EncoderState, Seq2Seq
from s2s.optimizer import cross_entropy
from s2s.tokenizer import BOS, EOS, PAD, UNK

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


def state_of(model, ids):
    return model.encoder(np.array([ids], np.int32))


def test_the_state_does_not_depend_on_padding(model):
    plain = state_of(model, [5, 6, 7, EOS])
    for padded in ([5, 6, 7, EOS, PAD, PAD], [PAD, 5, 6, 7, EOS], [PAD, PAD, 5, 6, 7, EOS, PAD]):
        np.testing.assert_allclose(state_of(model, padded).to_array(), plain.to_array(), atol=1e-6)


def test_the_state_depends_on_order_and_direction(model):
    forward = make_model(reverse_source=False)
    forward.encoder.set_weights(model.encoder.get_weights())
    assert not np.allclose(state_of(model, [5, 6, 7]).top, state_of(model, [7, 6, 5]).top)
    np.testing.assert_allclose(state_of(model, [5, 6, 7]).top, state_of(forward, [7, 6, 5]).top, atol=1e-6)


def test_states_keep_their_parts_as_arrays(model):
    state = state_of(model, [5, 6, 7])
    array = state.to_array().numpy()
    assert array.shape == (1, 2, 2, 8)
    assert (array[:, -1, 0] == state.top.numpy()).all()
    assert all((a == b).numpy().all() for a, b in zip(EncoderState.from_array(array), state, strict=True))


@pytest.mark.parametrize(
    "options", [{}, {"tie_output": False}, {"feed_state": False}, {"residual": False, "layers": 3}]
)
def test_step_by_step_decoding_is_whole_sentence_decoding(options):
    model = make_model(**options)
    target = np.array([[BOS, 4, 5, 6, 4]], np.int32)
    drawing = state_of(model, [5, 6, 7, EOS])
    seen = model.decoder.look(drawing)
    whole, _ = model.decoder(target, drawing, seen)
    state, steps = drawing, []
    for t in range(target.shape[1]):
        hidden, state = model.decoder(target[:, t : t + 1], state, seen)
        steps.append(hidden[0])
    np.testing.assert_allclose(tf.stack(steps), whole, atol=1e-5)
    assert model.decoder.logits(whole).shape == (5, 1, VOCAB)


def test_dropout_only_with_a_seed_and_the_same_for_the_same_seed():
    model = make_model(dropout=0.5)
    source, target = np.array([[5, 6, EOS]], np.int32), np.array([[BOS, 4]], np.int32)
    seeds = [None, None, tf.constant([1, 2], tf.int64), tf.constant([1, 2], tf.int64), tf.constant([1, 3], tf.int64)]
    a, b, c, d, e = (model(source, target, seed=seed).numpy() for seed in seeds)
    assert (a == b).all() and (c == d).all()
    assert not np.allclose(a, c) and not np.allclose(c, e)


def test_loss_against_numpy_and_without_weight_at_padding():
    random = np.random.default_rng(0)
    logits = random.normal(size=(4, 3, VOCAB)).astype(np.float32)
    labels = random.integers(4, VOCAB, size=(4, 3))
    labels[2:, 1] = PAD
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    real = labels != PAD
    picked = np.take_along_axis(log_probs, labels[..., None], -1)[..., 0]
    smoothed, plain, tokens = cross_entropy(tf.constant(logits), tf.constant(labels), 0.1)
    assert tokens == real.sum() == 10
    np.testing.assert_allclose(plain, -(picked * real).sum(), rtol=1e-5)
    np.testing.assert_allclose(smoothed, -((0.9 * picked + 0.1 * log_probs.mean(-1)) * real).sum(), rtol=1e-5)


def log_probability(model, drawing, ids):
    """The sum of the log-probabilities of `ids`, from a model that may not say PAD, UNK or BOS."""
    target = np.array([[BOS, *ids[:-1]]], np.int32)
    hidden, _ = model.decoder(target, drawing, model.decoder.look(drawing))
    log_probs = tf.nn.log_softmax(model.decoder.logits(hidden))[:, 0].numpy()
    return sum(log_probs[t, i] for t, i in enumerate(ids))


def all_sentences(limit):
    words = [i for i in range(VOCAB) if i not in (PAD, UNK, BOS, EOS)]
    for length in range(limit):
        for start in itertools.product(words, repeat=length):
            yield (*start, EOS)


def run_search(model, drawing, limit, beam):
    compiled = tf.function(
        lambda h, c: search(model.decoder, EncoderState(h, c), tf.constant([True]), limit, beam), jit_compile=True
    )
    ids, scores = compiled(drawing.h, drawing.c)
    return [tuple(i for i in row if i != PAD) for row in ids.numpy()[0].tolist()], scores.numpy()[0]


@pytest.mark.parametrize("ids", [[5, 6, 7, EOS], [9, EOS], [11, 12, 4, 4, 13, EOS]])
def test_a_wide_beam_is_exhaustive_search(model, ids):
    drawing, limit = state_of(model, ids), 4
    ranked = sorted(
        ((log_probability(model, drawing, s) / len(s), s) for s in all_sentences(limit)), reverse=True
    )  # fmt: skip
    found, scores = run_search(model, drawing, limit, beam=40)
    assert len(ranked) == 40
    assert found == [sentence for _, sentence in ranked]
    np.testing.assert_allclose(scores, [score for score, _ in ranked], atol=1e-4)


@pytest.mark.parametrize("ids", [[5, 6, 7, EOS], [9, EOS]])
def test_a_beam_of_one_takes_the_best_subword_each_time(model, ids):
    drawing, limit = state_of(model, ids), 6
    seen, state, said = model.decoder.look(drawing), drawing, [BOS]
    while said[-1] != EOS and len(said) <= limit:
        hidden, state = model.decoder(np.array([[said[-1]]], np.int32), state, seen)
        logits = model.decoder.logits(hidden)[0, 0].numpy()
        logits[[PAD, UNK, BOS]] = -np.inf
        said.append(EOS if len(said) == limit else int(logits.argmax()))
    found, scores = run_search(model, drawing, limit, beam=1)
    assert found == [tuple(said[1:])]
    np.testing.assert_allclose(scores[0], log_probability(model, drawing, said[1:]) / len(said[1:]), atol=1e-4)
