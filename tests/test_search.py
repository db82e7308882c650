"""The NumPy network against the Keras one, and search against exhaustive search and a plain loop."""

import itertools
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.config import ModelConfig
from s2s.data.tokenizer import BOS, EOS, PAD, UNK
from s2s.translation import network as network_module
from s2s.translation import search as search_module
from s2s.translation.network import Cancelled, Network, WorkQueue, encode, feed_rows, trace, weight_shapes
from s2s.translation.requests import Requests, Slots
from s2s.translation.sampling import Sampling
from s2s.translation.search import SearchOptions, score, search
from s2s.translation.state import RowStates, state_shape
from tests.conftest import examples
from tests.rounding import assert_same_numbers
from tests.test_seq2seq import VOCAB, encoder_state, make_model


def network_of(model):
    weights = {weight.path: weight.numpy() for weight in model.trainable_variables}
    return Network(model.config, 20, VOCAB, weights)


@pytest.fixture(scope="module")
def network():
    return network_of(make_model())


def encode_all(network, sentences):
    states = np.full((len(sentences), *state_shape(network.config)), np.nan, np.float32)
    encode(network, sentences, WorkQueue(range(len(sentences))), states)
    return states


SENTENCES = [[5, 6, 7, EOS], [9, EOS], [11, 12, 4, 4, 13, EOS], [EOS]]
NO_SLOTS = Slots.any_of(len(SENTENCES), 0)


def run_search(network, states, limit, beam, slots=None):
    """For each state its hypotheses, best first: score and ids."""
    slots = slots or Slots.any_of(len(states), 0)
    finished, queue = [[] for _ in states], WorkQueue(range(len(states)))
    requests = Requests(states, np.full(len(states), limit), slots, np.zeros(0, np.uint64))
    search(network, requests, queue, SearchOptions(beam), finished)
    return [sorted(((h.log_prob / len(h.ids), tuple(h.ids)) for h in some), reverse=True) for some in finished]


def logits_of(network, state, ids):
    """Logits after BOS and each of `ids`, computed in one row alone."""
    rows = RowStates(network.config, 1)
    rows.load(0, state)
    logits = []
    for last in (BOS, *ids):
        logits.append(network.decoder_step(np.array([last]), rows, np.empty((1, VOCAB), np.float32))[0])
    return np.array(logits)


def log_probability(network, state, ids):
    logits = logits_of(network, state, ids[:-1]).astype(np.float64)
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return sum(log_probs[t, i] for t, i in enumerate(ids))


@pytest.mark.parametrize("options", [{}, {"tie_output": False}, {"residual": False, "layers": 3}, {"layers": 1}])
def test_it_computes_what_the_keras_network_computes(options):
    model = make_model(**options)
    network = network_of(model)
    states = encode_all(network, SENTENCES)
    target = np.array([BOS, 4, 5, 6, 4], np.int32)
    for ids, state in zip(SENTENCES, states, strict=True):
        keras_state = encoder_state(model, ids)
        np.testing.assert_allclose(state, np.stack(keras_state, 2)[0], atol=1e-6)
        features, _ = model.decoder(target, keras_state, segments=((5, 1),))
        logits = features.numpy() @ model.decoder.output_weights.numpy().T + model.decoder.output_bias.numpy()
        np.testing.assert_allclose(logits_of(network, state, target[1:]), logits, atol=1e-5)


def test_weights_that_do_not_fit_are_refused(network):
    config = ModelConfig(units=8, layers=2, embedding_size=6)
    good = {name: np.zeros(shape) for name, shape in weight_shapes(config, 20, VOCAB).items()}
    Network(config, 20, VOCAB, good)
    with pytest.raises(ValueError, match=r"decoder/narrow is missing, not \(8, 6\)"):
        Network(config, 20, VOCAB, {name: array for name, array in good.items() if name != "decoder/narrow"})
    with pytest.raises(ValueError, match=r"encoder/embedding is \(20, 6\), not \(21, 6\)"):
        Network(config, 21, VOCAB, good)
    for array in (np.full((20, 6), np.nan), np.full((20, 6), np.inf), np.zeros((20, 6), np.int64)):
        with pytest.raises(ValueError, match="encoder/embedding holds numbers that are not finite floats"):
            Network(config, 20, VOCAB, good | {"encoder/embedding": array})


def test_a_cancelled_queue_ends_the_work(network):
    states, queue = encode_all(network, SENTENCES), WorkQueue(range(len(SENTENCES)))
    queue.cancel()
    with pytest.raises(Cancelled):
        encode(network, SENTENCES, queue, states)
    with pytest.raises(Cancelled):
        score(network, states, SENTENCES, queue, np.zeros(len(states), np.float32))
    requests = Requests(states, np.full(len(states), 9), NO_SLOTS, np.zeros(0, np.uint64))
    with pytest.raises(Cancelled):
        search(network, requests, queue, SearchOptions(2), [[] for _ in states])


def test_rows_are_fed_every_sentence_once_and_in_order(monkeypatch):
    monkeypatch.setattr(network_module, "ROWS", 3)
    fed, current, finished = {}, [None] * 3, []

    def refill(row, old, new):
        assert current[row] == old
        current[row] = new
        if old is not None:
            finished.append(old)

    for ids, numbers in feed_rows(SENTENCES, WorkQueue([2, 0, 3, 1]), refill):
        assert numbers == current
        for row, number in enumerate(numbers):
            if number is None:
                assert ids[row] == PAD
            else:
                fed.setdefault(number, []).append(int(ids[row]))
    assert fed == dict(enumerate(SENTENCES)) and sorted(finished) == [0, 1, 2, 3]


def test_a_trace_ends_in_the_state(network):
    for ids, states, state in zip(SENTENCES, trace(network, SENTENCES), encode_all(network, SENTENCES), strict=True):
        assert states.shape == (len(ids), 8)
        np.testing.assert_allclose(states[-1], state[-1, 0], atol=1e-6)
        np.testing.assert_allclose(states[0], encode_all(network, [ids[:1]])[0, -1, 0], atol=1e-6)


def all_sentences(limit):
    words = [i for i in range(VOCAB) if i not in (PAD, UNK, BOS, EOS)]
    for length in range(limit):
        for start in itertools.product(words, repeat=length):
            yield (*start, EOS)


def test_a_wide_beam_is_exhaustive_search(network):
    states, limit = encode_all(network, SENTENCES), 4
    for state, hypotheses in zip(states, run_search(network, states, limit, beam=50), strict=True):
        ranked = sorted(((log_probability(network, state, s) / len(s), s) for s in all_sentences(limit)), reverse=True)
        assert len(ranked) == 40
        assert [ids for _, ids in hypotheses] == [ids for _, ids in ranked]
        np.testing.assert_allclose([s for s, _ in hypotheses], [s for s, _ in ranked], atol=1e-5)


def test_forced_decoding_gives_the_log_probability(network, monkeypatch):
    monkeypatch.setattr(search_module, "ROWS", 3)
    monkeypatch.setattr(network_module, "ROWS", 3)
    targets = [*all_sentences(4)]
    states = encode_all(network, SENTENCES)[np.arange(len(targets)) % len(SENTENCES)]
    log_probs = np.zeros(len(targets), np.float32)
    score(network, states, targets, WorkQueue(range(len(targets))), log_probs)
    expected = [log_probability(network, state, ids) for state, ids in zip(states, targets, strict=True)]
    np.testing.assert_allclose(log_probs, expected, atol=1e-4)


def repeats(ids):
    """Whether it ends with the same one to four subwords four times in a row."""
    return any(len(ids) >= 4 * size and ids[-4 * size :] == ids[-size:] * 4 for size in range(1, 5))


def allowed_subwords(logits, ids, limit, slots, required):
    """What may follow `ids` of the slots' symbols (all that there are), of which those of the sentence are given."""
    missing = [slot for slot in slots if slot not in ids]
    others = [i for i in range(EOS + 1, VOCAB) if i not in ALL_SLOTS]
    if required and missing:
        forced = len(ids) + len(missing) + 1 >= limit
        best = max([EOS, *missing, *others], key=lambda i: logits[i])
        return missing if forced or best == EOS else missing + others
    return [EOS] if len(ids) + 1 == limit else [EOS, *missing, *others]


ALL_SLOTS = ()


def plain_beam_search(network, state, limit, beam, slots=(), required=True):
    """The algorithm of search.py, one sentence at a time."""
    unfinished, finished = [(0.0, ())], []
    while unfinished:
        candidates = []
        for total, ids in unfinished:
            logits = logits_of(network, state, ids)[-1].astype(np.float64)
            log_probs = logits - np.log(np.exp(logits).sum())
            allowed = allowed_subwords(logits, ids, limit, slots, required)
            candidates += [(total + log_probs[i], (*ids, i)) for i in allowed if not repeats((*ids, i))]
        kept = sorted(candidates, reverse=True)[: beam - len(finished)]
        finished += [(total / len(ids), ids) for total, ids in kept if ids[-1] == EOS]
        unfinished = [(total, ids) for total, ids in kept if ids[-1] != EOS]
    return sorted(finished, reverse=True)


@pytest.mark.parametrize("beam", [1, 2, 3, 5])
def test_a_beam_finds_what_plain_beam_search_finds(network, beam):
    states, limit = encode_all(network, SENTENCES), 7
    for state, hypotheses in zip(states, run_search(network, states, limit, beam), strict=True):
        expected = plain_beam_search(network, state, limit, beam)
        assert [ids for _, ids in hypotheses] == [ids for _, ids in expected]
        np.testing.assert_allclose([s for s, _ in hypotheses], [s for s, _ in expected], atol=1e-5)


@pytest.mark.parametrize("beam", [1, 2, 3, 8])
def test_each_slot_of_the_sentence_is_generated_once_and_no_other(network, beam, monkeypatch):
    states, limit, counts = encode_all(network, SENTENCES), 7, [0, 1, 2, 2]
    monkeypatch.setattr(sys.modules[__name__], "ALL_SLOTS", (4, 5))
    found = run_search(network, states, limit, beam, Slots.each_of(counts, 2))
    for state, count, hypotheses in zip(states, counts, found, strict=True):
        expected = plain_beam_search(network, state, limit, beam, [4, 5][:count])
        assert [ids for _, ids in hypotheses] == [ids for _, ids in expected]
        for _, ids in hypotheses:
            assert [ids.count(slot) for slot in (4, 5)] == [1] * count + [0] * (2 - count)
    # From a state alone, any slot may come, once, and none has to.
    for state, hypotheses in zip(states, run_search(network, states, limit, beam, Slots.any_of(4, 2)), strict=True):
        expected = plain_beam_search(network, state, limit, beam, [4, 5], required=False)
        assert [ids for _, ids in hypotheses] == [ids for _, ids in expected]


def test_an_ngram_is_repeated_less_than_four_times_in_a_row(network, monkeypatch):
    states = encode_all(network, SENTENCES)

    def stubborn(pattern):
        """A decoder to which the subwords of the pattern, in turn, are likelier than all others."""
        turn = itertools.count()

        def decoder_step(ids, state, out):
            out[:] = 0.0
            out[:, EOS] = -1.0
            out[:, pattern[next(turn) % len(pattern)]] = 9.0
            return out

        return decoder_step

    for pattern in ([4], [4, 5], [4, 5, 6, 5]):
        monkeypatch.setattr(network, "decoder_step", stubborn(pattern))
        ((_, ids),) = run_search(network, states[:1], 40, 1)[0]
        assert len(ids) <= 40
        assert not any(repeats(ids[:end]) for end in range(1, len(ids) + 1)), (pattern, ids)
        assert ids[: 3 * len(pattern)] == tuple(pattern * 3)


sentences_of_ids = st.lists(
    st.lists(st.integers(4, 19), max_size=9).map(lambda ids: [*ids, EOS]), min_size=1, max_size=30
)


@examples(25)
@given(sentences_of_ids, st.sampled_from([1, 3]), st.randoms(use_true_random=False), st.integers(3, 9))
def test_no_sentence_depends_on_the_others(network, sentences, beam, random, rows):
    """Nor on the row it is computed in, or on the number of times that it occurs."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (network_module, search_module):
            patch.setattr(module, "ROWS", rows)
        patch.setattr(search_module, "BEAM_ROWS", rows)
        states = encode_all(network, sentences)
        hypotheses = run_search(network, states, 12, beam)
        order = list(range(len(sentences)))
        random.shuffle(order)
        order = order[: random.randint(1, len(order))]
        again = encode_all(network, [sentences[i] for i in order])
        assert_same_numbers(again, states[order])
        for some, same in zip(run_search(network, again, 12, beam), (hypotheses[i] for i in order), strict=True):
            assert [ids for _, ids in some] == [ids for _, ids in same]
            assert_same_numbers([s for s, _ in some], [s for s, _ in same])


def test_samples_of_whole_sentences_have_the_models_distribution(network):
    """Of all sentences of two subwords, against their exact probabilities: chi-square."""
    count, state = 20_000, encode_all(network, SENTENCES[:1])
    sampling = Sampling(temperature=1.0, samples=count)
    requests = Requests(state, np.array([3]), Slots.any_of(1, 0), sampling.keys(np.array([0]), np.array([0])))
    finished = [[] for _ in range(count)]
    options = SearchOptions(sampling=sampling)
    search(network, requests.repeat(count), WorkQueue(range(count)), options, finished)
    sampled = Counter(tuple(hypothesis.ids) for (hypothesis,) in finished)

    def probabilities(ids):
        logits = logits_of(network, state[0], ids)[-1].astype(np.float64)
        logits[[PAD, UNK, BOS]] = -np.inf
        return np.exp(logits) / np.exp(logits).sum()

    first = probabilities(())
    exact = {(EOS,): first[EOS]}
    for one in np.flatnonzero(first):
        if one != EOS:
            second = probabilities((one,))
            exact |= {(one, EOS): first[one] * second[EOS]}
            exact |= {(one, two, EOS): first[one] * second[two] for two in np.flatnonzero(second) if two != EOS}
    assert sum(exact.values()) == pytest.approx(1.0) and sampled.keys() <= exact.keys()
    # Sentences that are expected less than five times count as one.
    common = {ids: count * p for ids, p in exact.items() if count * p >= 5}
    rest = count - sum(common.values())
    differences = [(sampled[ids] - expected) ** 2 / expected for ids, expected in common.items()]
    rare = count - sum(sampled[ids] for ids in common)
    statistic, freedom = sum(differences) + ((rare - rest) ** 2 / rest if rest >= 5 else 0.0), len(common)
    assert statistic < freedom + 3.5 * (2 * freedom) ** 0.5  # mean and deviation of chi-square
    for hypotheses in finished[:50]:
        assert hypotheses[0].log_prob == pytest.approx(log_probability(network, state[0], hypotheses[0].ids), abs=1e-4)
