"""Validation: which dev sentences are translated, what is reported of them, and the final scores of the best weights."""

import dataclasses
import json
from contextlib import closing

import pytest

from s2s.data.dataset import PreparedCorpus, content_hash, read_texts
from s2s.run import Run
from s2s.training.validation import Validation
from s2s.translation.evaluation import score
from s2s.translation.translator import Translator
from tests.conftest import SAMPLE, metrics, s2s, set_options, write_config
from tests.test_run import config_of


def with_training(run, **values):
    """The run with other values of the section `training`."""
    run.config = dataclasses.replace(run.config, training=dataclasses.replace(run.config.training, **values))
    return run


@pytest.fixture(scope="module")
def sorted_dev(tmp_path_factory):
    """Directory of an experiment with 399 sorted dev pairs, prepared, and with an empty run."""
    directory = tmp_path_factory.mktemp("sorted")
    config = write_config(directory)
    lines = (SAMPLE / "train.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (directory / "dev.tsv").write_text("".join(sorted(lines[:399])), encoding="utf-8")
    s2s("prepare", config, check=0)
    Run.begin(config_of(directory)).close()
    return directory


@pytest.fixture(scope="module")
def corpus(sorted_dev):
    """The prepared corpus of that experiment."""
    directory = sorted_dev / "prepared"
    with closing(PreparedCorpus.open(directory, content_hash(directory))) as corpus:
        yield corpus


def translated(sorted_dev, corpus, sentences, translates=True):
    """The dev pairs that a validation translates."""
    run = with_training(Run(sorted_dev / "run"), validation_sentences=sentences)
    return Validation(run, corpus, None, translates).texts


def test_the_sentences_translated_are_a_sample_of_the_whole_dev_file(sorted_dev, corpus):
    every = read_texts(sorted_dev / "prepared" / "dev.tsv")
    assert len(every) == 399
    texts = translated(sorted_dev, corpus, 200)
    places = [every.index(text) for text in texts]
    assert len(places) == 200 and places == sorted(places)
    # Of each fifth about a half, and not every other one.
    assert all(25 <= sum(start <= place < start + 80 for place in places) <= 55 for start in range(0, 399, 80))
    assert len({place % 2 for place in places}) == 2
    fewer = translated(sorted_dev, corpus, 50)
    assert len(fewer) == 50 and set(fewer) < set(texts)
    for sentences, translates in ((0, True), (200, False)):
        assert translated(sorted_dev, corpus, sentences, translates) == []


def test_equal_dev_pairs_crowd_no_other_ones_out(sorted_dev, corpus):
    pairs = [("Hola.", "Hello.")] * 60 + [(f"Frase {number}.", f"Sentence {number}.") for number in range(40)]
    for count in (1, 20, 99, 100, 300):
        texts = translated(sorted_dev, corpus._replace(dev_texts=pairs), count)
        assert len(texts) == min(count, 100)
    assert texts == pairs


@pytest.fixture(scope="module")
def validated(untrained, tmp_path_factory):
    """A run of a short training that translates 30 of 100 dev sentences, and its log."""
    run = tmp_path_factory.mktemp("validated") / "run"
    options = set_options(
        run=run, training__epochs=12, training__validate_every=40, training__validation_sentences=30, model__layers=1
    )
    return run, s2s("train", untrained / "tiny.yaml", *options, check=0).stderr.decode()


@pytest.mark.slow
def test_the_log_says_of_how_many_dev_sentences_bleu_is(validated):
    run, log = validated
    lines = [line for line in metrics(run) if "dev_loss" in line]
    assert len(lines) > 1
    for line in lines:
        assert line["dev_sentences"] == 30 and line["dev_all_sentences"] == 100
        scores = f"BLEU {line['dev_bleu']:.1f} ± {line['dev_bleu_interval']:.1f}  chrF {line['dev_chrf']:.1f}"
        assert f"{scores}  of 30 of 100 dev sentences" in log
    assert (run / "train.log").read_text(encoding="utf-8") == log


@pytest.mark.slow
def test_the_model_card_has_the_scores_of_the_best_weights_on_all_dev_sentences(validated, untrained):
    run, log = validated
    card = (run / "MODEL.md").read_text(encoding="utf-8")
    pairs = read_texts(untrained / "prepared" / "dev.tsv")
    translations = [best[0].text for best in Translator(Run(run)).translate([source for source, _ in pairs])]
    scores = score(translations, [[target] for _, target in pairs], confidence=True)
    bleu = f"BLEU {scores['bleu']:.1f} ± {scores['bleu_interval']:.1f}"
    assert f"{bleu} and chrF {scores['chrf']:.1f}, greedy, of all 100 sentences" in card
    assert f"{bleu}  chrF {scores['chrf']:.1f}  of all dev sentences" in log.splitlines()[-3]
    best = min((line for line in metrics(run) if "dev_loss" in line), key=lambda line: line["dev_loss"])
    assert f"after {best['step']:,} steps" in card and f"best weights: step {best['step']} " in log
    assert len({source for source, _ in pairs}) == 100  # so `evaluate` scores the same
    greedy = ["--beam", "1", "--json"]
    evaluated = json.loads(s2s("evaluate", run, untrained / "prepared" / "dev.tsv", *greedy, check=0).stdout)
    assert (evaluated["bleu"], evaluated["bleu_interval"]) == (scores["bleu"], scores["bleu_interval"])


def test_while_it_trains_the_model_card_says_of_how_many_sentences_its_scores_are(
    untrained, train_here, tmp_path, monkeypatch
):
    config = config_of(
        untrained, f"run={tmp_path}/run", "training.epochs=1", "training.validation_sentences=30", "model.layers=1"
    )
    card = tmp_path / "run" / "MODEL.md"
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Validation, "final_scores", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        train_here(config)
    assert "of 30 of 100 sentences" in card.read_text(encoding="utf-8")
    # It was not finished: trained on, it is, with all sentences.
    train_here(config)
    assert "of all 100 sentences" in card.read_text(encoding="utf-8")
