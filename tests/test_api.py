"""s2s from Python: what `s2s.load` returns."""

import doctest
import subprocess
import sys

import numpy as np
import pytest

import s2s
from s2s import api
from s2s.data.tokenizer import frame_source, frame_target, reading_order
from s2s.errors import InputError
from s2s.run import Run
from tests.conftest import ROOT, python


@pytest.fixture(scope="module")
def model(untrained):
    return s2s.load(untrained / "run")


def test_the_examples_of_the_docstrings(trained):
    failed, tried = doctest.testmod(api, extraglobs={"model": s2s.load(trained / "run")})
    assert tried >= 8 and not failed


def test_one_sentence_gives_one_result_and_a_list_a_list(model, untrained_translator, sentences):
    some = sentences[:5]
    assert model.translate(some, beam=1) == [best[0].text for best in untrained_translator.translate(some)]
    assert model.translate(some[0], beam=1) == model.translate(some, beam=1)[0]
    n_best = model.translate(some, beam=4, n_best=2)
    assert [len(found) for found in n_best] == [2] * 5 and [found[0] for found in n_best] == model.translate(
        some, beam=4
    )
    assert model.translate([]) == [] and model.translate("") == ""


def test_vectors(model, sentences):
    some = sentences[:5]
    states = model.encode(some, state="all")
    assert states.shape == (5, 2, 2, 48) and states.dtype == np.float32
    for name, place in (("h", 0), ("c", 1)):
        vectors = model.encode(some, state=name)
        assert np.array_equal(vectors, states[:, -1, place])
        assert np.array_equal(model.encode(some[0], state=name), vectors[0])
        unit = model.encode(some, state=name, normalize=True)
        assert unit.dtype == np.float32 and np.allclose(np.linalg.norm(unit, axis=1), 1.0)
        assert np.allclose(unit * np.linalg.norm(vectors, axis=1, keepdims=True), vectors, rtol=1e-5)
    assert model.encode([]).shape == (0, 48)
    assert len(model.decode(states)) == 5 and model.decode(states[:0]) == []
    assert model.decode(states[2]) == model.decode(states)[2]
    scores = model.score(some, some)
    assert scores.shape == (5,) and scores.dtype == np.float32 and (scores < 0).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda model: model.translate("a", beam=2, n_best=3), ValueError, "n_best is 3; .* beam, which is 2"),
        (lambda model: model.encode(["a"], state="all", normalize=True), ValueError, "normalize"),
        (lambda model: model.decode(model.encode(["a"])), ValueError, r"\(1, 48\); they must be \[n, 2, 2, 48\]"),
        (lambda model: model.encode("a", state="H"), ValueError, "state is 'H'; it must be h, c or all"),
        (lambda model: model.decode(np.full((1, 2, 2, 48), np.nan)), ValueError, "not finite"),
        (lambda model: model.translate("a", beam=0), ValueError, "n_best is 1|beam is 0"),
        (lambda model: model.decode(np.zeros((1, 2, 2, 48)), beam=101), ValueError, "beam is 101"),
        (lambda model: model.score(["a"], [None]), TypeError, "must be a str"),
        (lambda model: model.score(["a"], []), ValueError, "same length"),
        (lambda model: model.translate(["a", 3]), TypeError, "must be a str, not int"),
        (lambda model: model.translate("a\nb"), InputError, "no line break"),
        (lambda model: s2s.load("nowhere"), InputError, "nowhere is no run directory"),
    ],
)
def test_wrong_calls_say_what_is_wrong(model, call, error, message):
    with pytest.raises(error, match=message):
        call(model)


@pytest.mark.slow
def test_the_keras_model_computes_what_numpy_does(untrained, model, sentences):
    run, texts = Run(untrained / "run"), [text.lower().lstrip("¿") for text in sentences[:7]]
    sides = [side.encode(texts) for side in run.tokenizers()]
    source = [reading_order(frame_source(ids), run.config.model.reverse_source) for ids in sides[0]]
    target = [frame_target(ids) for ids in sides[1]]
    padded = [np.zeros((7, max(map(len, ids))), np.int32) for ids in (source, target)]
    for ids, array in ((source, padded[0]), (target, padded[1])):
        for row, one in enumerate(ids):
            array[row, : len(one)] = one
    keras_model = model.keras()
    logits = np.asarray(keras_model([padded[0], padded[1][:, :-1]]))
    log_probs = logits - np.logaddexp.reduce(logits, -1, keepdims=True)
    steps = [log_probs[row, np.arange(len(ids) - 1), ids[1:]] for row, ids in enumerate(target)]
    expected = model.score(texts, texts)
    assert np.allclose([step.mean() for step in steps], expected, atol=1e-5)
    keras_model.compile("adam", "sparse_categorical_crossentropy")
    keras_model.summary(print_fn=lambda line: None)


def test_tensorflow_is_not_needed(untrained, tmp_path):
    program = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        f"import s2s; model = s2s.load({str(untrained / 'run')!r})\n"
        "model.translate('Hola.'); model.score(['a'], ['b']); print(model.encode(['Hola.']).shape)"
    )
    assert python("-c", program, check=0).stdout == b"(1, 48)\n"


def test_the_package_is_imported_without_anything_else():
    loaded = python("-c", "import s2s, sys; print([name for name in sys.modules if name.startswith(('s2s', 'numpy'))])")
    assert loaded.stdout == b"['s2s']\n"


@pytest.mark.slow
def test_a_user_can_type_check_what_they_write(tmp_path):
    (tmp_path / "user.py").write_text(
        "import s2s\n"
        "model = s2s.load('runs/x')\n"
        "one: str = model.translate('Hola.')\n"
        "many: list[str] = model.translate(['Hola.'], beam=1)\n"
        "size: int = model.encode(many, state='c', normalize=True).shape[1]\n"
        "back: list[str] = model.decode(model.encode(many, state='all'))\n"
        "best: float = float(model.score(many, back).max())\n"
    )
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "--cache-dir", tmp_path / "cache", tmp_path / "user.py"],
        cwd=tmp_path, env={"MYPYPATH": str(ROOT), "PATH": "/usr/bin"}, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
