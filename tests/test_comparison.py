"""Two systems compared, more references, and files for other programs that score."""

import json

import pytest
import sacrebleu

from s2s.data.corpus import Layout
from s2s.data.test_set import read_test_set
from s2s.data_config import PairFile
from s2s.errors import InputError
from s2s.translation.comparison import Baseline, compare, format_comparison
from s2s.translation.search import GREEDY
from tests.conftest import s2s

REFERENCES = [[f"The number of this sentence is {n}, and it is long enough."] for n in range(200)]
GOOD = [refs[0] for refs in REFERENCES]
WORSE = [text.replace("sentence", "line") if n % 3 else text for n, text in enumerate(GOOD)]


def test_a_clear_difference_and_none():
    clear = compare(GOOD, WORSE, REFERENCES)
    assert clear["bleu"]["p"] < 0.01 and clear["bleu"]["difference"] > clear["bleu"]["interval"] > 0
    assert clear["bleu"]["baseline"] == round(sacrebleu.corpus_bleu(WORSE, [GOOD]).score, 2)
    assert clear["bleu"]["difference"] == pytest.approx(100 - clear["bleu"]["baseline"], abs=0.01)
    back = compare(WORSE, GOOD, REFERENCES)
    assert (
        back["chrf"]["difference"] == -clear["chrf"]["difference"]
        and back["chrf"]["interval"] == clear["chrf"]["interval"]
    )
    same = compare(GOOD, GOOD, REFERENCES)
    assert same["bleu"]["difference"] == same["bleu"]["interval"] == 0 and same["bleu"]["p"] > 0.5
    # One sentence each is better: no difference that matters.
    mixed = [GOOD[0], WORSE[1], *GOOD[2:]], [GOOD[0], GOOD[1], WORSE[2], *GOOD[3:]]
    assert compare(*mixed, REFERENCES)["bleu"]["p"] > 0.05
    assert "against" in format_comparison({"baseline": "x", **clear})[0]


def test_runs_and_files_are_baselines(trained, tmp_path):
    table, run = trained / "test.tsv", trained / "run"
    sources = [line.split("\t")[0] for line in table.read_text(encoding="utf-8").splitlines()]
    greedy = s2s("translate", run, stdin="".join(f"{s}\n" for s in sources).encode(), check=0).stdout
    (tmp_path / "other.txt").write_bytes(greedy)
    printed = s2s("evaluate", run, table, "--baseline", run, "--beam", "3", "--json", check=0)
    scores = json.loads(printed.stdout)
    assert scores["comparison"]["baseline"] == str(run) and scores["comparison"]["bleu"]["difference"] == 0
    printed = s2s("evaluate", run, table, "--baseline", tmp_path / "other.txt", check=0).stdout.decode()
    assert "BLEU +0.00 ± 0.00 against" in printed and "other.txt" in printed.splitlines()[2]
    (tmp_path / "other.txt").write_text("a\n")
    error = s2s("evaluate", run, table, "--baseline", tmp_path / "other.txt", check=2).stderr.decode()
    assert "--baseline" in error and "has 1 lines; the test set has 20" in error


def test_a_line_for_each_line_of_the_test_file_is_a_baseline_too(tmp_path):
    (tmp_path / "t.tsv").write_text("Hola.\tHello.\nHola.\tHi.\nAdiós.\tBye.\n", encoding="utf-8")
    test = read_test_set([PairFile(str(tmp_path / "t.tsv"))], Layout("tsv", (1, 2)))
    (tmp_path / "s.txt").write_text("Hello.\nHello there.\nBye.\n")
    assert Baseline(tmp_path / "s.txt", test, GREEDY).translations == ["Hello.", "Bye."]


def test_references_in_more_columns_and_files(trained, tmp_path):
    (tmp_path / "t.tsv").write_text("Hola.\tHello.\tHi.\nAdiós.\tBye.\t\nHola.\tHey.\tHi.\n", encoding="utf-8")
    files = [PairFile(str(tmp_path / "t.tsv"), source_column=1, target_column=n) for n in (2, 3)]
    expected = {"Hola.": ["Hello.", "Hey.", "Hi.", "Hi."], "Adiós.": ["Bye."]}
    assert read_test_set(files, Layout()).references == expected
    columns = ["--source-column", "1", "--target-column", "2,3"]
    scores = json.loads(s2s("evaluate", trained / "run", tmp_path / "t.tsv", *columns, "--json", check=0).stdout)
    assert (scores["sentences"], scores["references"]) == (2, 5)
    for name, text in (("es", "Hola.\nAdiós.\n"), ("en1", "Hello.\nBye.\n"), ("en2", "Hi.\nGoodbye.\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    paths = [tmp_path / name for name in ("es", "en1", "en2")]
    scores = json.loads(s2s("evaluate", trained / "run", *paths, "--json", check=0).stdout)
    assert (scores["sentences"], scores["references"]) == (2, 4)
    (tmp_path / "bad.tsv").write_text("Hola.\tHello.\nAdiós.\t\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.tsv:2: an empty side"):
        read_test_set([PairFile(str(tmp_path / "bad.tsv"))], Layout("tsv", (1, 2)))


def test_written_texts_have_the_same_scores_elsewhere(trained, tmp_path):
    (tmp_path / "t.tsv").write_text(
        (trained / "test.tsv").read_text(encoding="utf-8") + "Hola.\tHello.\nHola.\tHi there.\n", encoding="utf-8"
    )
    arguments = ["--write", tmp_path / "texts", "--baseline", trained / "run", "--json"]
    scores = json.loads(s2s("evaluate", trained / "run", tmp_path / "t.tsv", *arguments, check=0).stdout)
    texts = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in (tmp_path / "texts").iterdir()}
    assert sorted(texts) == ["baseline", "hypothesis", "reference1", "reference2", "source"]
    assert {len(lines) for lines in texts.values()} == {21} and texts["baseline"] == texts["hypothesis"]
    streams = [texts["reference1"], texts["reference2"]]
    assert round(sacrebleu.corpus_bleu(texts["hypothesis"], streams).score, 2) == scores["bleu"]
    assert round(sacrebleu.corpus_chrf(texts["hypothesis"], streams).score, 2) == scores["chrf"]
    # Files of an earlier evaluation do not stay beside those of another one.
    s2s("evaluate", trained / "run", trained / "test.tsv", "--write", tmp_path / "texts", check=0)
    assert sorted(path.stem for path in (tmp_path / "texts").iterdir()) == ["hypothesis", "reference1", "source"]
    error = s2s("evaluate", trained / "run", tmp_path / "t.tsv", "--write", tmp_path / "t.tsv", check=2).stderr
    assert b"--write" in error and b"is no directory" in error
