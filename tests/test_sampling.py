"""Sampling: the model's own distribution, sampled by (seed, line, sample, step) and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.translation.sampling import Sampling
from s2s.translation.search import SearchOptions
from tests.conftest import s2s


def sampled(logits, count, **options):
    """How often each subword is sampled in the first step of `count` lines."""
    sampling = Sampling(**options)
    keys = sampling.keys(np.arange(count), np.zeros(count, np.int64))
    ids = sampling.sample(np.tile(np.array(logits, np.float32), (count, 1)), keys, np.zeros(count, np.int64))
    return np.bincount(ids, minlength=len(logits))


def chi_square(counts, probabilities):
    expected = counts.sum() * np.asarray(probabilities)
    return (((counts - expected) ** 2) / expected).sum()


def test_at_temperature_one_samples_have_the_models_distribution():
    probabilities = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
    counts = sampled(np.log(probabilities) + 3.0, 20_000)
    assert chi_square(counts, probabilities) < 15.1  # the 99 % quantile at five degrees of freedom
    # The test can fail: so it does for another distribution.
    assert chi_square(counts, np.array([0.37, 0.33, 0.15, 0.1, 0.04, 0.01])) > 15.1
    hot = probabilities**0.5 / (probabilities**0.5).sum()
    assert chi_square(sampled(np.log(probabilities), 20_000, temperature=2.0), hot) < 15.1


def test_top_k_and_top_p_leave_the_least_probable_out():
    logits = np.log([0.4, 0.3, 0.15, 0.1, 0.05])
    assert (sampled(logits, 2000, top_k=2)[:2] > 0).all() and sampled(logits, 2000, top_k=2)[2:].sum() == 0
    assert (sampled(logits, 2000, top_p=0.75)[:3] > 0).all() and sampled(logits, 2000, top_p=0.75)[3:].sum() == 0
    assert sampled(logits, 100, top_p=0.001)[0] == sampled(logits, 100, top_k=1)[0] == 100
    assert sampled(logits, 100, temperature=0.01)[0] == 100
    assert sampled([-np.inf, 0.0, -np.inf], 100, temperature=5.0, top_k=3)[1] == 100


@given(st.integers(0, 2**32), st.integers(0, 2**40), st.integers(0, 100))
def test_a_sample_depends_on_its_numbers_only(seed, line, step):
    logits = np.log(np.arange(1, 51, dtype=np.float32))[None]
    alone = Sampling(seed=seed).keys(np.array([line]), np.array([0]))
    among = Sampling(seed=seed, samples=3).keys(np.array([line + 1, line]), np.array([0, 0]))
    assert among[3] == alone[0] and len(set(among.tolist())) == 6
    steps = np.full(6, step)
    together = Sampling(seed=seed).sample(np.repeat(logits, 6, 0), among, steps)
    assert together[3] == Sampling(seed=seed).sample(logits, alone, steps[:1])[0]


def test_near_zero_temperature_is_greedy_and_batches_do_not_matter(untrained_translator, sentences):
    translator = untrained_translator
    cold = SearchOptions(sampling=Sampling(temperature=1e-6))
    greedy = [best[0].text for best in translator.translate(sentences[:40])]
    assert [best[0].text for best in translator.translate(sentences[:40], cold)] == greedy
    warm = SearchOptions(sampling=Sampling(samples=2))
    together = translator.translate(sentences[:40], warm)
    assert translator.translate(sentences[17:18], warm, first=17) == together[17:18]
    states = translator.encode(sentences[:40])
    assert [len(samples) for samples in translator.decode(states, warm)] == [2] * 40


def test_samples_from_the_command_line(untrained):
    text = b"Hola.\nEstamos listos.\n\n"
    arguments = ["translate", untrained / "run", "--sample", "--n-best", "3", "--seed", "4"]
    rows = [line.split("\t") for line in s2s(*arguments, stdin=text, check=0).stdout.decode().splitlines()]
    assert [row[0] for row in rows] == ["1"] * 3 + ["2"] * 3 + ["3"]
    assert len({row[2] for row in rows[:3]}) == 3
    single = s2s("translate", untrained / "run", "--sample", "--seed", "4", stdin=text, check=0).stdout.decode()
    assert single.splitlines()[0] == rows[0][2]


@pytest.mark.parametrize(
    "options",
    [
        ["--sample", "--beam", "2"],
        ["--sample", "--beam", "1"],
        ["--temperature", "2"],
        ["--top-k", "3"],
        ["--top-p", "0.5"],
        ["--seed", "2"],
    ],
)
def test_options_that_do_not_go_together_are_refused(untrained, options):
    error = s2s("translate", untrained / "run", *options, stdin=b"", check=2).stderr.decode()
    assert "--sample and --beam exclude each other" in error
