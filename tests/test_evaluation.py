"""`s2s evaluate`: its scores are sacreBLEU's, and forced decoding agrees with search."""

import json
import math

import numpy as np
import pytest
import sacrebleu

from s2s.data.corpus import Pair
from s2s.run import Run
from s2s.translation import evaluation
from s2s.translation.evaluation import by_length, format_scores, perplexity, score, score_pairs
from tests.conftest import s2s


def test_scores_with_different_numbers_of_references():
    translations = ["The cat sat on the mat today.", "She reads a book in the kitchen."]
    references = [["The cat sat on the mat.", "A cat sat on the mat today."], ["She reads a book in the kitchen."]]
    scores = score(translations, references, confidence=True)
    streams = [["The cat sat on the mat.", "She reads a book in the kitchen."], ["A cat sat on the mat today.", None]]
    assert scores["bleu"] == pytest.approx(sacrebleu.corpus_bleu(translations, streams).score, abs=0.005)
    assert scores["chrf"] == pytest.approx(sacrebleu.corpus_chrf(translations, streams).score, abs=0.005)
    assert (scores["sentences"], scores["references"], scores["exact_match"]) == (2, 3, 0.5)
    assert scores["bleu_signature"] in format_scores(
        scores | {"beam": 1, "seconds": 1.0, "perplexity": 2.0, "by_length": []}
    )


def test_a_test_file_is_scored_and_written(trained, tmp_path, translator):
    table = trained / "test.tsv"
    printed = json.loads(s2s("evaluate", trained / "run", table, "--json", "-o", tmp_path / "out.txt", check=0).stdout)
    pairs = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    references = {source: [target for s, target in pairs if s == source] for source, _ in pairs}
    translations = [best[0].text for best in translator.translate(list(references))]
    assert (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines() == translations
    assert printed["bleu"] == score(translations, list(references.values()))["bleu"]
    assert printed["bleu_interval"] > 0.0 and "bs:1000" in printed["bleu_signature"]
    assert sum(part["sentences"] for part in printed["by_length"]) == printed["sentences"] == len(references)
    s2s("evaluate", trained / "run", table, "--pair-scores", tmp_path / "scores.tsv", check=0)
    rows = [line.split("\t") for line in (tmp_path / "scores.tsv").read_text(encoding="utf-8").splitlines()]
    assert [row[1:] for row in rows] == pairs
    # Their mean, weighted by length, is the logarithm of the perplexity.
    lengths = [len(ids) + 1 for ids in translator.target_tokenizer.encode([target for _, target in pairs])]
    mean = sum(float(row[0]) * length for row, length in zip(rows, lengths, strict=True)) / sum(lengths)
    assert printed["perplexity"] == pytest.approx(math.exp(-mean), rel=1e-3)


def test_forced_decoding_gives_what_search_gave(translator, sentences):
    best = [some[0] for some in translator.translate(sentences[:40])]
    log_probs, lengths = translator.score(sentences[:40], [translation.text for translation in best])
    # A translation may be encoded in other subwords than those it was decoded from.
    same = [row for row, translation in enumerate(best) if translation.subwords == lengths[row]]
    assert len(same) > 30
    np.testing.assert_allclose(log_probs[same], [best[row].log_prob for row in same], atol=1e-3)


def test_pairs_are_scored_by_the_mean_log_probability(untrained, untrained_translator, monkeypatch):
    monkeypatch.setattr(evaluation, "PAIRS", 7)
    pairs = [Pair(*line.split("\t"), "") for line in (untrained / "train.tsv").read_text("utf-8").splitlines()[:20]]
    rows = [line.split("\t") for line in score_pairs(Run(untrained / "run"), pairs)]
    assert [row[1:] for row in rows] == [[pair.source, pair.target] for pair in pairs]
    log_probs, lengths = untrained_translator.score([pair.source for pair in pairs], [pair.target for pair in pairs])
    assert lengths.tolist() == [
        len(ids) + 1 for ids in untrained_translator.target_tokenizer.encode([pair.target for pair in pairs])
    ]
    np.testing.assert_allclose([float(row[0]) for row in rows], log_probs / lengths, atol=6e-5)
    references = {pair.source: [pair.target] for pair in pairs}
    expected = math.exp(-log_probs.sum() / lengths.sum())
    assert perplexity(untrained_translator, references) == pytest.approx(expected, rel=1e-5)


def test_scores_by_length_are_those_of_the_bucket_alone():
    sources = ["a b", "a b c d e", "a", "a b c d e f g"]
    texts = ["One two three four.", "Five six seven eight nine.", "Ten eleven twelve.", "Yes and no and yes again."]
    references = [[text] for text in texts[:3]] + [["No and yes and no again."]]
    buckets = by_length(sources, texts, references, (2, 5, 6))
    assert [(bucket["words"], bucket["sentences"]) for bucket in buckets] == [("1-2", 2), ("3-5", 1), ("7 or more", 1)]
    last = score(texts[3:], references[3:])
    assert [bucket["bleu"] for bucket in buckets] == [100.0, 100.0, last["bleu"]] and last["bleu"] < 60


def test_perfect_translations_score_100():
    text = ["One two three four five six.", "Seven eight nine ten eleven."]
    scores = score(text, [[line] for line in text])
    assert scores["bleu"] == scores["chrf"] == 100.0
