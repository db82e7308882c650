"""`s2s evaluate`: its scores are sacreBLEU's, and forced decoding agrees with search."""

import json
import math
import shutil

import numpy as np
import pytest
import sacrebleu
import yaml

from s2s import config_file
from s2s.data.corpus import Layout, Pair
from s2s.data.dataset import layout_of_test, read_texts
from s2s.data.prepare import prepare
from s2s.data_config import PairFile
from s2s.run import Run
from s2s.translation import evaluation
from s2s.translation.evaluation import by_length, format_scores, measure_cut, perplexity, score, score_pairs
from s2s.translation.perturbed import kept
from s2s.translation.search import SearchOptions
from tests.conftest import SAMPLE, random_weights, s2s


def test_scores_with_different_numbers_of_references():
    translations = ["The cat sat on the mat today.", "She reads a book in the kitchen."]
    references = [["The cat sat on the mat.", "A cat sat on the mat today."], ["She reads a book in the kitchen."]]
    scores = score(translations, references, confidence=True)
    streams = [["The cat sat on the mat.", "She reads a book in the kitchen."], ["A cat sat on the mat today.", None]]
    assert scores["bleu"] == pytest.approx(sacrebleu.corpus_bleu(translations, streams).score, abs=0.005)
    assert scores["chrf"] == pytest.approx(sacrebleu.corpus_chrf(translations, streams).score, abs=0.005)
    assert (scores["sentences"], scores["references"], scores["exact_match"]) == (2, 3, 0.5)
    assert scores["bleu_signature"] in format_scores(
        scores
        | {"beam": 1, "seconds": 1.0, "perplexity": 2.0, "by_length": []}
        | kept(["Ana.", "Sí."], references, translations)
    )


def test_a_test_file_is_scored_and_written(trained, tmp_path, translator):
    table = trained / "test.tsv"
    printed = json.loads(s2s("evaluate", trained / "run", table, "--json", "-o", tmp_path / "out.txt", check=0).stdout)
    pairs = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    references = {source: [target for s, target in pairs if s == source] for source, _ in pairs}
    translations = [best[0].text for best in translator.translate(list(references), SearchOptions(5))]
    assert (tmp_path / "out.txt").read_text(encoding="utf-8").splitlines() == translations
    assert printed["bleu"] == score(translations, list(references.values()))["bleu"]
    assert printed["bleu_interval"] > 0.0 and "bs:1000" in printed["bleu_signature"]
    assert sum(part["sentences"] for part in printed["by_length"]) == printed["sentences"] == len(references)
    s2s("evaluate", trained / "run", table, "--pair-scores", tmp_path / "scores.tsv", check=0)
    rows = [line.split("\t") for line in (tmp_path / "scores.tsv").read_text(encoding="utf-8").splitlines()]
    assert [row[1:] for row in rows] == pairs
    # Their mean, weighted by length, is the logarithm of the perplexity.
    _, lengths = translator.score(*map(list, zip(*pairs, strict=True)))
    mean = sum(float(row[0]) * length for row, length in zip(rows, lengths, strict=True)) / sum(lengths)
    assert printed["perplexity"] == pytest.approx(math.exp(-mean), rel=1e-3)


def test_forced_decoding_gives_what_search_gave(translator, sentences):
    best = [some[0] for some in translator.translate(sentences[:40], SearchOptions())]
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


@pytest.fixture
def evaluate(untrained, tmp_path):
    """A function that gives the pairs that `evaluate` reads of files, with a run trained on files of this layout."""

    def read(*files, **layout):
        run = tmp_path / "run"
        if not run.exists():
            shutil.copytree(untrained / "run", run)
        tree = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
        tree["data"] |= {"format": "auto", "source_column": None, "target_column": None} | layout
        (run / "config.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
        s2s("evaluate", run, *files, "--pair-scores", tmp_path / "scores.tsv", check=0)
        lines = (tmp_path / "scores.tsv").read_text(encoding="utf-8").splitlines()
        return [tuple(line.split("\t")[1:]) for line in lines]

    return read


@pytest.mark.parametrize(
    "layout",
    [
        {"source_column": 2, "target_column": 1},
        {"source_column": "from", "target_column": "to"},
        {"format": "csv", "source_column": 3, "target_column": 4},
    ],
)
def test_a_prepared_file_is_read_as_it_is_whatever_the_training_files_were(untrained, evaluate, layout):
    expected = read_texts(untrained / "prepared" / "dev.tsv")
    assert evaluate(untrained / "prepared" / "dev.tsv", **layout) == expected


def test_the_held_out_test_file_of_swapped_columns_is_scored(tmp_path):
    lines = [line.split("\t") for line in (SAMPLE / "train.tsv").read_text(encoding="utf-8").splitlines()[:400]]
    (tmp_path / "train.csv").write_text("".join(f'"{en}","{es}"\n' for es, en in lines), encoding="utf-8")
    text = f"run: {tmp_path}/run\ndata: {{train: {tmp_path}/train.csv, prepared: {tmp_path}/p, source_column: 2, target_column: 1}}\n"
    (tmp_path / "c.yaml").write_text(
        f"{text}tokenizer: {{vocab_size: 300}}\nmodel: {{units: 8, embedding_size: 8}}\n", encoding="utf-8"
    )
    config = config_file.load(tmp_path / "c.yaml")
    prepare(config)
    run = Run.begin(config)
    run.save_best(random_weights(config.model, *map(len, run.tokenizers())))
    run.close()
    process = s2s("evaluate", tmp_path / "run", tmp_path / "p" / "test.tsv", "--json", check=0)
    scores = json.loads(process.stdout)
    assert (
        b"swapped" not in process.stderr and scores["references"] == len(read_texts(tmp_path / "p" / "test.tsv")) > 30
    )


@pytest.mark.slow
def test_the_layout_of_a_test_file_is_detected_or_given(evaluate, tmp_path):
    pairs = [("Hola.", "Hello."), ("¿Qué es eso?", "What is that?")]
    rows = [f"{n}|{en}|{es}" for n, (es, en) in enumerate(pairs)]
    files = {"a.csv": "id|English|Spanish\n", "b.tsv": "id|English|Spanish\n", "c.txt": "n|to|from\n", "d.csv": ""}
    for (name, head), mark in zip(files.items(), ";\t,,", strict=True):
        (tmp_path / name).write_text((head + "\n".join(rows)).replace("|", mark), encoding="utf-8")
    trained_on = {"source_column": 2, "target_column": 1}
    assert evaluate(tmp_path / "a.csv", **trained_on) == evaluate(tmp_path / "b.tsv", **trained_on) == pairs
    columns = ["--source-column", "from", "--target-column", "to", "--format", "csv"]
    assert evaluate(tmp_path / "c.txt", *columns, **trained_on) == pairs
    assert evaluate(tmp_path / "d.csv", "--source-column", "3", "--target-column", "2") == pairs
    for side, name in enumerate(("a.es", "a.en")):
        (tmp_path / name).write_text("".join(f"{pair[side]}\n" for pair in pairs), encoding="utf-8")
    assert evaluate(tmp_path / "a.es", tmp_path / "a.en", **trained_on) == pairs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--source-column", "1", "--target-column", "2,en"], "give both"),
        (["a", "--source-column", "2"], "--source-column, --target-column: give both"),
        (["a", "--source-column", "0", "--target-column", "1"], "numbers from 1"),
        (["a", "--source-column", "es", "--target-column", "2"], "give both"),
        (["a", "--source-column", "2", "--target-column", "2"], "give both"),
        (["a", "b", "--format", "csv"], "a and b: two aligned files have neither"),
        (["a", "--format", "xml"], "--format"),
    ],
)
def test_wrong_options_of_evaluate_are_named(untrained, arguments, message):
    error = s2s("evaluate", untrained / "run", *arguments, check=2).stderr.decode()
    assert message in error and len(error.splitlines()) <= 2, error


def test_own_prepared_files_are_known_by_their_directory(tmp_path):
    assert layout_of_test(PairFile(str(tmp_path / "test.tsv"))) == Layout()
    (tmp_path / "train.cells.npy").touch()
    assert layout_of_test(PairFile(str(tmp_path / "test.tsv"))) == Layout("tsv", (1, 2))
    assert layout_of_test(PairFile(str(tmp_path / "other.tsv"))) == Layout()


def test_perturbed_sentences_are_scored_beside_those_as_they_are(trained, translator):
    printed = s2s("evaluate", trained / "run", trained / "test.tsv", "--perturb", "capitals, quotes", "--json", check=0)
    scores = json.loads(printed.stdout)
    none, capitals, quotes = scores["perturbed"]
    assert [row["perturbation"] for row in scores["perturbed"]] == ["none", "capitals", "quotes"]
    assert none["bleu"] == scores["bleu"] and none["names_shared"] == scores["names_shared"]
    # Marks around a sentence are set aside, so that it is translated as without them.
    assert quotes == none | {"perturbation": "quotes"}
    pairs = [line.split("\t") for line in (trained / "test.tsv").read_text(encoding="utf-8").splitlines()]
    translations = [
        best[0].text for best in translator.translate([source.upper() for source, _ in pairs], SearchOptions(5))
    ]
    assert all(text == text.upper() for text in translations)
    assert capitals["bleu"] == score(translations, [[target.upper()] for _, target in pairs])["bleu"]
    table = s2s("evaluate", trained / "run", trained / "test.tsv", "--perturb", "all", check=0).stdout.decode()
    assert "names kept" in table and len(table[table.index("perturbation") :].splitlines()) == 10


def test_unknown_perturbations_are_refused(trained):
    failed = s2s("evaluate", trained / "run", trained / "test.tsv", "--perturb", "typo,tpyo", check=2)
    assert b"--perturb: no perturbation 'tpyo'; there are all, lower_case" in failed.stderr


def test_numbers_and_names_are_counted_that_both_sides_share():
    sources = ["Tom vive en Kuopio desde 1987.", "Ana tiene 3 gatos.", "Quiero a Tom."]
    references = [["Tom has lived in Kuopio since 1987."], ["Ana has three cats.", "Ana owns 3 cats."], ["I love him."]]
    translations = ["TOM LIVED IN KUOPI SINCE 1987.", "Ana has cats.", "I love Tom."]
    counts = kept(sources, references, translations)
    assert counts == {"numbers_kept": 1, "numbers_shared": 2, "names_kept": 2, "names_shared": 3}


def test_the_length_to_cut_at_is_that_of_the_best_scores(translator):
    sources = ["Tom es alto y Ana es baja.", "Ana es baja."]
    rows = measure_cut(translator, sources, [["Tom is tall and Ana is short."], ["Ana is short."]])
    assert rows[0]["cut"] == translator.max_length and [row["cut"] for row in rows] == sorted(
        (row["cut"] for row in rows), reverse=True
    )
    allowed = {row["cut"]: row["bleu"] for row in rows if row["chrf"] >= rows[0]["chrf"]}
    assert allowed[translator.cut] == max(allowed.values())
    assert measure_cut(translator, ["Sí."], [["Yes."]]) == [] and translator.cut == translator.max_length


def test_the_measured_length_is_kept_and_can_be_overridden(trained, tmp_path):
    measured = json.loads((trained / "run" / "long_lines.json").read_text())
    assert measured["cut"] in {row["cut"] for row in measured["scores"]} | {60}
    line = b"Ana es alta y Tom es bajo y Ana es baja y Tom es alto.\n"
    cut, whole = (s2s("translate", trained / "run", "--cut", n, stdin=line, check=0).stdout for n in (6, 60))
    assert cut != whole and len(cut.splitlines()) == len(whole.splitlines()) == 1
    shutil.copytree(trained / "run", tmp_path / "run")
    (tmp_path / "run" / "long_lines.json").write_text("{}")
    assert b"long_lines.json: damaged; delete it" in s2s("translate", tmp_path / "run", stdin=line, check=2).stderr
