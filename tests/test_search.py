"""The NumPy network against the one that learnt, and search against exhaustive search and a plain loop."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s.config import ModelConfig
from s2s.data.tokenizer import BOS, EOS, PAD, UNK
from s2s.translation import search as decoding
from s2s.translation.network import Network, shapes
from s2s.translation.search import encode, search
from s2s.translation.translator import Translator
from tests.test_model import VOCAB, make_model, state_of


def network_of(model):
    weights = {weight.path: weight.numpy() for weight in model.trainable_variables}
    return Network(model.config, 20, VOCAB, weights)


@pytest.fixture(scope="module")
def network():
    return network_of(make_model())


def draw(network, sentences):
    states = np.full((len(sentences), network.config.layers, 2, network.config.units), np.nan, np.float32)
    encode(network, sentences, iter(range(len(sentences))), states)
    return states


def run_search(network, states, limit, beam):
    ended = [[] for _ in states]
    search(network, states, np.full(len(states), limit), iter(range(len(states))), beam, ended)
    return [sorted(((end.log_prob / len(end.ids), tuple(end.ids)) for end in some), reverse=True) for some in ended]


def logits_of(network, state, ids):
    """Logits after BOS and each of `ids`, by one row alone."""
    h, c = network.decoder.start(1)
    h[:, 0], c[:, 0] = state[:, 0], state[:, 1]
    found = []
    for last in (BOS, *ids):
        found.append(network.say(np.array([last]), h, c, np.empty((1, VOCAB), np.float32))[0])
    return np.array(found)


def log_probability(network, state, ids):
    logits = logits_of(network, state, ids[:-1]).astype(np.float64)
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return sum(log_probs[t, i] for t, i in enumerate(ids))


SENTENCES = [[5, 6, 7, EOS], [9, EOS], [11, 12, 4, 4, 13, EOS], [EOS]]


@pytest.mark.parametrize("options", [{}, {"tie_output": False}, {"residual": False, "layers": 3}, {"layers": 1}])
def test_it_is_the_network_that_learnt(options):
    model = make_model(**options)
    network = network_of(model)
    states = draw(network, SENTENCES)
    target = np.array([BOS, 4, 5, 6, 4], np.int32)
    for ids, state in zip(SENTENCES, states, strict=True):
        drawing = state_of(model, ids)
        np.testing.assert_allclose(state, np.stack(drawing, 2)[0], atol=1e-6)
        features, _ = model.decoder(target, drawing, segments=((5, 1),))
        logits = features.numpy() @ model.decoder.table.numpy().T + model.decoder.output_bias.numpy()
        np.testing.assert_allclose(logits_of(network, state, target[1:]), logits, atol=1e-5)


def test_weights_that_do_not_fit_are_refused(network):
    config = ModelConfig(units=8, layers=2, embedding_size=6)
    good = {name: np.zeros(shape) for name, shape in shapes(config, 20, VOCAB).items()}
    Network(config, 20, VOCAB, good)
    with pytest.raises(ValueError, match=r"decoder/narrow is missing, not \(8, 6\)"):
        Network(config, 20, VOCAB, {name: array for name, array in good.items() if name != "decoder/narrow"})
    with pytest.raises(ValueError, match=r"encoder/embedding is \(20, 6\), not \(21, 6\)"):
        Network(config, 21, VOCAB, good)


def all_sentences(limit):
    words = [i for i in range(VOCAB) if i not in (PAD, UNK, BOS, EOS)]
    for length in range(limit):
        for start in itertools.product(words, repeat=length):
            yield (*start, EOS)


def test_a_wide_beam_is_exhaustive_search(network):
    states, limit = draw(network, SENTENCES), 4
    for state, found in zip(states, run_search(network, states, limit, beam=50), strict=True):
        ranked = sorted(((log_probability(network, state, s) / len(s), s) for s in all_sentences(limit)), reverse=True)
        assert len(ranked) == 40
        assert [ids for _, ids in found] == [ids for _, ids in ranked]
        np.testing.assert_allclose([score for score, _ in found], [score for score, _ in ranked], atol=1e-5)


def loops(ids):
    """Whether it ends with the same one to four subwords four times running."""
    return any(len(ids) >= 4 * size and ids[-4 * size :] == ids[-size:] * 4 for size in range(1, 5))


def plain_beam_search(network, state, limit, beam):
    """The rule of decoding.py, a sentence at a time."""
    going, ended = [(0.0, ())], []
    while going:
        tried = []
        for total, ids in going:
            logits = logits_of(network, state, ids)[-1].astype(np.float64)
            log_probs = logits - np.log(np.exp(logits).sum())
            allowed = [EOS] if len(ids) + 1 == limit else [EOS, *range(EOS + 1, VOCAB)]
            tried += [(total + log_probs[i], (*ids, i)) for i in allowed if not loops((*ids, i))]
        kept = sorted(tried, reverse=True)[: beam - len(ended)]
        ended += [(total / len(ids), ids) for total, ids in kept if ids[-1] == EOS]
        going = [(total, ids) for total, ids in kept if ids[-1] != EOS]
    return sorted(ended, reverse=True)


@pytest.mark.parametrize("beam", [1, 2, 3, 5])
def test_a_beam_is_the_rule_followed_by_hand(network, beam):
    states, limit = draw(network, SENTENCES), 7
    for state, found in zip(states, run_search(network, states, limit, beam), strict=True):
        wanted = plain_beam_search(network, state, limit, beam)
        assert [ids for _, ids in found] == [ids for _, ids in wanted]
        np.testing.assert_allclose([score for score, _ in found], [score for score, _ in wanted], atol=1e-5)


def test_what_is_said_again_and_again_is_said_less_than_four_times_running(network, monkeypatch):
    states = draw(network, SENTENCES)

    def stubborn(pattern):
        """Every subword of the pattern in turn, likelier than all else."""
        turn = itertools.count()

        def say(ids, h, c, out):
            out[:] = 0.0
            out[:, EOS] = -1.0
            out[:, pattern[next(turn) % len(pattern)]] = 9.0
            return out

        return say

    for pattern in ([4], [4, 5], [4, 5, 6, 5]):
        monkeypatch.setattr(network, "say", stubborn(pattern))
        ((_, ids),) = run_search(network, states[:1], 40, 1)[0]
        assert len(ids) <= 40
        assert not any(loops(ids[:end]) for end in range(1, len(ids) + 1)), (pattern, ids)
        assert ids[: 3 * len(pattern)] == tuple(pattern * 3)


sentences_of_words = st.lists(
    st.lists(st.integers(4, 19), max_size=9).map(lambda ids: [*ids, EOS]), min_size=1, max_size=30
)


def rows_alike():
    """Whether this machine's matrix product rounds all rows alike: OpenBLAS's for AVX-512 does, that for AVX2 does not."""
    random = np.random.default_rng(1)
    row, kernel = random.standard_normal((1, 48), np.float32), random.standard_normal((48, 192), np.float32)
    product = np.tile(row, (decoding.ROWS, 1)) @ kernel
    return (product == product[0]).all()


bit_for_bit = pytest.mark.skipif(not rows_alike(), reason="this machine's matrix product does not round all rows alike")


@bit_for_bit
@settings(max_examples=25, deadline=None)
@given(sentences_of_words, st.sampled_from([1, 3]), st.randoms(use_true_random=False), st.integers(3, 9))
def test_no_sentence_depends_on_the_others(network, sentences, beam, random, rows):
    """Nor does it matter where in the rows it comes to stand, or how many there are of it; not in one bit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "ROWS", rows)
        patch.setattr(decoding, "BEAM_ROWS", rows)
        states = draw(network, sentences)
        said = run_search(network, states, 12, beam)
        order = list(range(len(sentences)))
        random.shuffle(order)
        order = order[: random.randint(1, len(order))]
        again = draw(network, [sentences[i] for i in order])
        assert (again == states[order]).all()
        assert run_search(network, again, 12, beam) == [said[i] for i in order]


@bit_for_bit
def test_translations_do_not_depend_on_threads_or_companions(translator, sentences, monkeypatch):
    lines = [*sentences[:150], "", *sentences[:40]]
    together = {beam: translator.translate(lines, beam) for beam in (1, 4)}
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    for beam, said in together.items():
        assert translator.translate(lines[::-1], beam)[::-1] == said
        for row in (0, 7, 150):
            assert translator.translate([lines[row]], beam) == [said[row]]
    assert together[1][:40] == together[1][151:]


def test_translating_is_saying_what_was_drawn(translator, sentences):
    states = translator.encode(sentences[:50])
    assert isinstance(translator, Translator)
    for some, same in zip(translator.say(states, 3), translator.translate(sentences[:50], 3), strict=True):
        assert [end.text for end in some] == [end.text for end in same]
        assert [end.log_prob for end in some] == pytest.approx([end.log_prob for end in same], abs=1e-4)
