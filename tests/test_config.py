"""The strict config: every wrong key or value is an error that names it."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from s2s import config, config_file
from s2s.errors import InputError

MINIMAL = {"run": "r", "data": {"train": "a.tsv", "dev": "b.tsv", "prepared": "p"}}
CONFIGS = sorted((Path(__file__).parent.parent / "configs").glob("*.yaml"))


def load(tmp_path, tree, *overrides):
    path = tmp_path / "config.yaml"
    path.write_text(tree if isinstance(tree, str) else yaml.safe_dump(tree), encoding="utf-8")
    return config_file.load(path, list(overrides))


def test_defaults_and_paths(tmp_path):
    loaded = load(tmp_path, MINIMAL)
    assert loaded.data.train == ("a.tsv",)
    assert loaded.training.epochs is None
    assert load(tmp_path, MINIMAL | {"data": MINIMAL["data"] | {"train": ["a", "b"]}}).data.train == ("a", "b")
    aligned = load(tmp_path, MINIMAL, "data.train=[a, {source: b.es, target: b.en}]", "data.dev=null")
    assert aligned.data.train == ("a", ("b.es", "b.en")) and aligned.data.dev == ()
    named = load(tmp_path, "run: r\ndata: {train: a, prepared: p, source_column: es, target_column: en}")
    assert (named.data.source_column, named.data.target_column) == ("es", "en")


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("training.epoch=3", ["training.epoch", "did you mean training.epochs"]),
        ("modle.units=3", ["unknown key modle", "did you mean model"]),
        ("training.epochs=0", ["training.epochs", "at least 1", "0"]),
        ("training.epochs=2.5", ["training.epochs", "whole number", "2.5"]),
        ("training.epochs=true", ["training.epochs", "whole number", "True"]),
        ("training.minutes=.nan", ["training.minutes", "nan"]),
        ("model.dropout=1.5", ["model.dropout", "from 0.0 to 0.9", "1.5"]),
        ("model.units=many", ["model.units", "whole number", "'many'"]),
        ("model.reverse_source=1", ["model.reverse_source", "true or false"]),
        ("data.train=3", ["data.train", "a path, {source: PATH, target: PATH} or a list of these", "3"]),
        ("data.train=[a, 3]", ["data.train", "a path", "3"]),
        ("data.train={source: a}", ["data.train", "{source: PATH, target: PATH}"]),
        ("data.source_column=2", ["data.source_column and data.target_column go together"]),
        ("data={train: a, prepared: p, source_column: 2, target_column: 2}", ["are the same"]),
        ("data={train: a, prepared: p, source_column: 0, target_column: 2}", ["data.source_column", "at least 1"]),
        ("data.format=xml", ["data.format", "one of auto, tsv, csv, jsonl, tmx", "'xml'"]),
        ("run=", ["run must be a text", "None"]),
        ("model=3", ["model must be a section", "3"]),
        ("model.units.x=3", ["model.units", "whole number"]),
        ("training.precision=bf16", ["training.precision", "one of auto, float32, bfloat16, float16", "'bf16'"]),
        ("training.compile=true", ["training.compile", "a text"]),
        ("seed", ["--set seed", "section.key=value"]),
        ("seed=[", ["--set seed", "not valid YAML"]),
    ],
)
def test_wrong_values_are_named(tmp_path, override, parts):
    with pytest.raises(InputError) as error:
        load(tmp_path, MINIMAL, override)
    assert all(part in str(error.value) for part in parts), str(error.value)
    assert str(error.value).startswith(("--set ", str(tmp_path)))
    assert len(str(error.value).splitlines()) <= 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("run: r\ndata: {train: a, dev: b}", ["data.prepared is missing"]),
        ("run: r", ["data.train is missing"]),
        ("- a\n- b", ["a mapping"]),
        ("run: r\nrun: s\n", ["line 2", "'run' stands twice"]),
        ("run: [r\n", ["not valid YAML"]),
        ("", ["a mapping"]),
    ],
)
def test_wrong_files_are_named(tmp_path, text, parts):
    with pytest.raises(InputError) as error:
        load(tmp_path, text)
    assert "config.yaml" in str(error.value)
    assert all(part in str(error.value) for part in parts), str(error.value)


def test_numbers_as_people_write_them(tmp_path):
    # YAML 1.1 takes 2e-3 for a text.
    assert load(tmp_path, MINIMAL, "training.learning_rate=2e-3").training.learning_rate == 0.002
    assert load(tmp_path, MINIMAL, "training.minutes=5").training.minutes == 5.0


@given(
    st.integers(1, 8192),
    st.floats(0, 0.9),
    st.booleans(),
    st.none() | st.integers(1),
    st.lists(st.text("añ ü#:'", min_size=1)),
)
def test_a_dumped_config_loads_as_itself(tmp_path_factory, units, dropout, reverse, epochs, train):
    original = config.Config(
        run="runs/x",
        data=config.DataConfig(train=(*train, ("a", "b")), prepared="p", source_column="es", target_column="en"),
        model=config.ModelConfig(units=units, dropout=dropout, reverse_source=reverse),
        training=config.TrainingConfig(epochs=epochs),
    )
    path = tmp_path_factory.mktemp("dump") / "config.yaml"
    path.write_text(config_file.dump(original), encoding="utf-8")
    assert config_file.load(path) == original


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configs_load_and_comment_every_key(path):
    config_file.load(path)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        key, _, value = line.partition(":")
        if value and not key.strip().startswith("#"):
            assert "#" in value, f"{path.name}:{number}: {key.strip()} has no comment"
