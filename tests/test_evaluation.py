"""Scores are sacreBLEU's own."""

import pytest
import sacrebleu

from s2s.evaluation import describe, score


def test_scores_with_different_numbers_of_references():
    translations = ["The cat sat on the mat today.", "She reads a book in the kitchen."]
    references = [["The cat sat on the mat.", "A cat sat on the mat today."], ["She reads a book in the kitchen."]]
    scores = score(translations, references)
    streams = [["The cat sat on the mat.", "She reads a book in the kitchen."], ["A cat sat on the mat today.", None]]
    assert scores["bleu"] == pytest.approx(sacrebleu.corpus_bleu(translations, streams).score, abs=0.005)
    assert scores["chrf"] == pytest.approx(sacrebleu.corpus_chrf(translations, streams).score, abs=0.005)
    assert (scores["sentences"], scores["references"], scores["exact_match"]) == (2, 3, 0.5)
    assert scores["bleu_signature"] in describe(scores | {"beam": 1, "seconds": 1.0})


def test_perfect_translations_score_100():
    text = ["One two three four five six.", "Seven eight nine ten eleven."]
    scores = score(text, [[line] for line in text])
    assert scores["bleu"] == scores["chrf"] == 100.0
