"""A prepared corpus that another `prepare` exchanges while a training starts: refused or unaffected, never mixed."""

import os
import shutil
import sys
from contextlib import closing

import pytest

from s2s import config_file
from s2s.data.prepare import prepare
from s2s.errors import InputError
from s2s.run import Run
from tests.conftest import python_process, set_options

_before_open = None
"""Called with each path that this process opens, while a test wants it."""


def _audit(event, arguments):
    if event == "open" and _before_open and isinstance(arguments[0], str | os.PathLike):
        _before_open(os.fspath(arguments[0]))


sys.addaudithook(_audit)


@pytest.fixture(scope="module")
def corpora(untrained, tmp_path_factory):
    """Two prepared corpora of other pairs and other subwords, and the config of a training on `prepared`."""
    directory = tmp_path_factory.mktemp("corpora")
    shutil.copytree(untrained / "prepared", directory / "one")
    lines = (untrained / "train.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (directory / "train.tsv").write_text("".join(lines[50:]), encoding="utf-8")
    prepare(config_file.load(untrained / "tiny.yaml", _settings(directory) + [
        f"data.train={directory}/train.tsv", f"data.prepared={directory}/other"
    ]))  # fmt: skip
    return directory


def _settings(directory):
    return [f"data.prepared={directory}/prepared", f"run={directory}/run"]


def _lay_out(corpora):
    for name in ("prepared", "next", "run"):
        shutil.rmtree(corpora / name, ignore_errors=True)
    shutil.copytree(corpora / "one", corpora / "prepared")
    shutil.copytree(corpora / "other", corpora / "next")


def _exchange(corpora):
    """As the end of another `prepare` does."""
    (corpora / "prepared").rename(corpora / "retired")
    (corpora / "next").rename(corpora / "prepared")
    shutil.rmtree(corpora / "retired")


def _start(config):
    """What a training reads at its start, by name."""
    with closing(Run.begin(config)) as run:
        corpus = run.corpus
        texts = [str(corpus.dev_texts), str(corpus.report["splits"]["train"]["pairs"])]
        models = [(run.path / name).read_bytes() for name in ("source.model", "target.model", "known_words.txt")]
        return [*models, *(corpus.train.cells.tobytes(), corpus.dev.cells.tobytes()), *texts]


def _start_and_exchange(corpora, config, moment):
    """As `_start`, with the exchange before the file of this number is opened; and how many were opened."""
    global _before_open
    count = 0

    def before_open(path):
        nonlocal count
        if path.startswith(f"{corpora}/prepared/"):
            count += 1
            if count == moment:
                _exchange(corpora)

    _before_open = before_open
    try:
        return _start(config), count
    finally:
        _before_open = None


@pytest.mark.parametrize("resumed", [False, True])
def test_a_corpus_exchanged_at_any_moment_is_never_mixed_with_the_other(untrained, corpora, resumed):
    config = config_file.load(untrained / "tiny.yaml", _settings(corpora))
    whole, results = [], []
    for name in ("other", "one"):
        _lay_out(corpora)
        shutil.rmtree(corpora / "prepared")
        shutil.copytree(corpora / name, corpora / "prepared")
        result, count = _start_and_exchange(corpora, config, None)
        whole.append(result)
    assert whole[0] != whole[1] and count > 10
    for moment in range(1, count + 1):
        _lay_out(corpora)
        if resumed:
            Run.begin(config).close()
        try:
            results.append(_start_and_exchange(corpora, config, moment)[0])
        except InputError as error:
            assert "holds another corpus than the run was begun with" in str(error), moment
            results.append(None)
            assert (corpora / "run").exists() == resumed
    assert all(result is None or result in whole for result in results)
    assert None in results


@pytest.mark.slow
def test_a_corpus_exchanged_while_tensorflow_is_imported_changes_nothing(untrained, corpora):
    _lay_out(corpora)
    settings = set_options(data__prepared=corpora / "prepared", run=corpora / "run", training__steps=2)
    with python_process("-X", "importtime", "-m", "s2s", "train", untrained / "tiny.yaml", *settings) as process:
        # The run is made, and the import of TensorFlow begins.
        assert any(line.endswith(b" s2s.data.batching\n") for line in process.stderr)
        assert (corpora / "run" / "run.json").exists()
        _exchange(corpora)
        errors = process.stderr.read()
    assert process.returncode == 0 and b"300 pairs" in errors
    assert "| train | 300 | 300 |" in (corpora / "run" / "MODEL.md").read_text()
