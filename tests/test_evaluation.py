"""Scores are sacreBLEU's own."""

import json
import math

import numpy as np
import pytest
import sacrebleu

from s2s.translation.evaluation import describe, score
from tests.conftest import s2s


def test_scores_with_different_numbers_of_references():
    translations = ["The cat sat on the mat today.", "She reads a book in the kitchen."]
    references = [["The cat sat on the mat.", "A cat sat on the mat today."], ["She reads a book in the kitchen."]]
    scores = score(translations, references, confidence=True)
    streams = [["The cat sat on the mat.", "She reads a book in the kitchen."], ["A cat sat on the mat today.", None]]
    assert scores["bleu"] == pytest.approx(sacrebleu.corpus_bleu(translations, streams).score, abs=0.005)
    assert scores["chrf"] == pytest.approx(sacrebleu.corpus_chrf(translations, streams).score, abs=0.005)
    assert (scores["sentences"], scores["references"], scores["exact_match"]) == (2, 3, 0.5)
    assert scores["bleu_signature"] in describe(
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
    # Weighted by length, they are the perplexity; and forced decoding finds what search found.
    lengths = [len(ids) + 1 for ids in translator.target_tokenizer.encode([target for _, target in pairs])]
    mean = sum(float(row[0]) * length for row, length in zip(rows, lengths, strict=True)) / sum(lengths)
    assert printed["perplexity"] == pytest.approx(math.exp(-mean), rel=1e-3)


def test_forced_decoding_gives_what_search_gave(translator, sentences):
    said = [best[0] for best in translator.translate(sentences[:40])]
    log_probs, lengths = translator.score(sentences[:40], [best.text for best in said])
    same = [row for row, best in enumerate(said) if best.subwords == lengths[row]]  # decoded text may encode otherwise
    assert len(same) > 30
    np.testing.assert_allclose(log_probs[same], [said[row].log_prob for row in same], atol=1e-3)


def test_perfect_translations_score_100():
    text = ["One two three four five six.", "Seven eight nine ten eleven."]
    scores = score(text, [[line] for line in text])
    assert scores["bleu"] == scores["chrf"] == 100.0
