"""The sample corpus: it can be made again byte for byte, has no leaks, and its verbs and nouns have the right forms."""

import sys
from itertools import combinations

import pytest

from tests.conftest import ROOT, SAMPLE, run_script

sys.path.insert(0, str(ROOT / "scripts" / "sample_corpus"))
import lexicon
from english import ing, third_person
from spanish import agree, conjugate, gerund, imperative, participle

NAMES = ("train", "dev", "test", "long")


@pytest.fixture(scope="module")
def corpus():
    return {
        name: [tuple(line.split("\t")) for line in (SAMPLE / f"{name}.tsv").read_text(encoding="utf-8").splitlines()]
        for name in NAMES
    }


def test_it_is_made_again_byte_for_byte(tmp_path):
    run_script("sample_corpus/make.py", tmp_path, check=0)
    for name in NAMES:
        assert (tmp_path / f"{name}.tsv").read_bytes() == (SAMPLE / f"{name}.tsv").read_bytes()


def test_size(corpus):
    pairs = [pair for name in NAMES for pair in corpus[name]]
    assert all(len(pair) == 2 for pair in pairs)
    assert len(pairs) == len(set(pairs)) >= 12_000
    assert sum((SAMPLE / f"{name}.tsv").stat().st_size for name in NAMES) <= 2_000_000
    assert lexicon.lemma_count() >= 300


def test_no_sentence_is_in_two_splits(corpus):
    for one, other in combinations(NAMES, 2):
        for side in (0, 1):
            assert not {pair[side] for pair in corpus[one]} & {pair[side] for pair in corpus[other]}


def test_long_sentences_are_longer_than_any_in_training(corpus):
    assert min(len(es.split()) for es, _ in corpus["long"]) > max(len(es.split()) for es, _ in corpus["train"])


def test_sentences_are_written_as_sentences(corpus):
    for es, en in (pair for name in NAMES for pair in corpus[name]):
        assert es.lstrip("¿")[0].isupper() and en[0].isupper(), es
        assert es[-1] in ".?" and es[-1] == en[-1], es
        assert es.startswith("¿") == es.endswith("?"), es
        assert "  " not in es + en and " a el " not in es and " de el " not in es, es


VERBS = lexicon.AUXILIARY | lexicon.INTRANSITIVE | lexicon.WITH_PERSON | lexicon.TRANSITIVE

FORMS = {
    ("hablar", "present"): "hablo hablas habla hablamos habláis hablan",
    ("dormir", "present"): "duermo duermes duerme dormimos dormís duermen",
    ("pedir", "preterite"): "pedí pediste pidió pedimos pedisteis pidieron",
    ("leer", "preterite"): "leí leíste leyó leímos leísteis leyeron",
    ("buscar", "preterite"): "busqué buscaste buscó buscamos buscasteis buscaron",
    ("empezar", "subjunctive"): "empiece empieces empiece empecemos empecéis empiecen",
    ("dormir", "subjunctive"): "duerma duermas duerma durmamos durmáis duerman",
    ("hacer", "preterite"): "hice hiciste hizo hicimos hicisteis hicieron",
    ("traer", "preterite"): "traje trajiste trajo trajimos trajisteis trajeron",
    ("ir", "imperfect"): "iba ibas iba íbamos ibais iban",
    ("venir", "future"): "vendré vendrás vendrá vendremos vendréis vendrán",
    ("poder", "conditional"): "podría podrías podría podríamos podríais podrían",
    ("ver", "perfect"): "he_visto has_visto ha_visto hemos_visto habéis_visto han_visto",
}


@pytest.mark.parametrize(("verb", "tense"), FORMS)
def test_spanish_verbs(verb, tense):
    forms = [conjugate(VERBS[verb], tense, person) for person in range(6)]
    assert forms == [form.replace("_", " ") for form in FORMS[verb, tense].split()]


def test_other_forms():
    assert participle(VERBS["escribir"]) == "escrito" and participle(VERBS["leer"]) == "leído"
    assert gerund(VERBS["servir"]) == "sirviendo" and gerund(VERBS["traer"]) == "trayendo"
    assert imperative(VERBS["hacer"], False) == "haz" and imperative(VERBS["tocar"], True) == "no toques"
    assert agree("francés", True, True) == "francesas" and agree("feliz", False, True) == "felices"
    assert third_person("study") == "studies" and third_person("wait for") == "waits for"
    assert ing("run") == "running" and ing("write") == "writing" and ing("see") == "seeing"
