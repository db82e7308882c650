"""The config file: read strictly by YAML 1.2, written so that it reads back the same, explained by reference.yaml."""

import dataclasses
import time
import typing
from pathlib import Path

import pytest
import yaml
from hypothesis import given, reject
from hypothesis import strategies as st

from s2s import config_file, config_reference, data_config
from s2s.config import Config
from s2s.data_config import DataConfig, PairFile
from s2s.errors import InputError

MINIMAL = "run: r\ndata: {train: a.tsv, dev: b.tsv, prepared: p}\n"
CONFIGS = Path(__file__).parent.parent / "configs"
RECIPES = sorted(set(CONFIGS.glob("*.yaml")) - {CONFIGS / "reference.yaml"})
PAIR_FILES = "a path, {source: PATH, target: PATH}, {path: PATH, ...} or a list of these"
NO_PAIR_FILE = f"data.train must be {PAIR_FILES}, not "


def load(directory, text, *overrides):
    path = directory / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return config_file.load(path, list(overrides))


def error_of(*arguments):
    with pytest.raises(InputError) as error:
        load(*arguments)
    assert len(str(error.value).splitlines()) == 1, str(error.value)
    return str(error.value)


def test_keys_left_out_have_their_defaults(tmp_path):
    expected = Config("r", DataConfig((PairFile("a.tsv"),), "p", (PairFile("b.tsv"),)))
    assert load(tmp_path, MINIMAL) == expected
    assert load(tmp_path, MINIMAL + "model:\ntraining: null\n", "cleaning=") == expected


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("a", (PairFile("a"),)),
        ("[a, b]", (PairFile("a"), PairFile("b"))),
        ("{source: a.es, target: a.en}", (PairFile("a.es", "a.en"),)),
        ("[a, {target: b.en, source: b.es}]", (PairFile("a"), PairFile("b.es", "b.en"))),
        ("{path: a}", (PairFile("a"),)),
        ("{path: a, target: null, format: null}", (PairFile("a"),)),
        ("{path: a, target: b}", (PairFile("a", "b"),)),
        (
            "[a, {path: b.csv, format: csv, source_column: es, target_column: en}]",
            (PairFile("a"), PairFile("b.csv", None, "csv", "es", "en")),
        ),
        ("{path: ~/b, source_column: 2, target_column: 1}", (PairFile("/home/ana/b", None, None, 2, 1),)),
        ("[]", ()),
        ("null", ()),
    ],
)
def test_a_file_aligned_files_or_a_list_of_them(tmp_path, monkeypatch, text, files):
    monkeypatch.setenv("HOME", "/home/ana")
    assert load(tmp_path, MINIMAL, f"data.dev={text}").data.dev == files


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("tokenizer.vocab_size", "010000", 10000),
        ("tokenizer.vocab_size", "0x40", 64),
        ("tokenizer.vocab_size", "0o100", 64),
        ("tokenizer.vocab_size", "+64", 64),
        ("training.learning_rate", "2e-3", 0.002),
        ("training.learning_rate", ".5", 0.5),
        ("training.learning_rate", "1.", 1.0),
        ("training.minutes", "5", 5.0),
        ("training.minutes", "1E+2", 100.0),
        ("training.minutes", "~", None),
        ("training.minutes", "", None),
        ("model.residual", "False", False),
        ("run", "on", "on"),
        ("run", "2024-01-01", "2024-01-01"),
        ("run", "12:30:45", "12:30:45"),
        ("run", "1_000", "1_000"),
        ("run", "=", "="),
        ("run", "'7'", "7"),
        ("run", "!!str 7", "7"),
        ("run", ".nan", ".nan"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(tmp_path, key, text, value):
    read = load(tmp_path, MINIMAL, f"{key}={text}")
    for name in key.split("."):
        read = getattr(read, name)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("training.epoch=3", "unknown key training.epoch; did you mean training.epochs?"),
        ("modle.units=3", "unknown key modle; did you mean model?"),
        ("model.zzz=3", "unknown key model.zzz; known: units, layers, embedding_size"),
        ("training.epochs=0", "training.epochs must be a whole number of at least 1 or null, not 0"),
        ("training.epochs=2.5", "training.epochs must be a whole number of at least 1 or null, not 2.5"),
        ("training.epochs=true", "training.epochs must be a whole number of at least 1 or null, not true"),
        ("training.epochs=x", "training.epochs must be a whole number of at least 1 or null, not the text 'x'"),
        ("training.minutes=3:36", "training.minutes must be a number of at least 0.0 or null, not the text '3:36'"),
        ("training.minutes=.nan", "training.minutes must be a number of at least 0.0 or null, not the text '.nan'"),
        ("training.minutes=1e999", "line 1: not valid YAML: cannot read the text '1e999' as float"),
        ("training.epochs=" + "9" * 400, "line 1: not valid YAML: cannot read the text '9999"),
        ("training.epochs=0x" + "f" * 5000, "line 1: not valid YAML: cannot read the text '0xff"),
        ("training.epochs=!!int x", "line 1: not valid YAML: cannot read the text 'x' as int"),
        ("model.residual=!!bool yes", "line 1: not valid YAML: cannot read the text 'yes' as bool"),
        ("training.epochs=!seconds 3", "line 1: not valid YAML: cannot read the text '3' as !seconds"),
        ("training.epochs=!!set {a}", "line 1: not valid YAML: cannot read this as set"),
        ("training=!!map [a]", "line 1: not valid YAML: cannot read this as map"),
        ("model.dropout=1.5", "model.dropout must be a number from 0.0 to 0.9, not 1.5"),
        ("model.residual=1", "model.residual must be true or false, not 1"),
        ("model.residual=yes", "model.residual must be true or false, not the text 'yes'"),
        ("model.units.x=3", "model.units must be a whole number from 1 to 8192, not {'x': 3}"),
        ("model=3", "model must be a section of keys, not 3"),
        ("run.x=3", "run is not a section"),
        ("run=", "run must be a text, not null"),
        ("run=~", "run must be a text, not null"),
        ("run=''", "run must be a text, not the text ''"),
        ("data.train=3", NO_PAIR_FILE + "3"),
        ("data.train=[a, 3]", NO_PAIR_FILE + "3"),
        ("data.train=[[a]]", NO_PAIR_FILE + "['a']"),
        ("data.train={source: a}", NO_PAIR_FILE + "{'source': 'a'}"),
        ("data.train={source: a, goal: b}", f"data.train: unknown key goal; write {PAIR_FILES}"),
        (
            "data.train={source: a, target: b, format: csv}",
            "data.train: a and b: two aligned files have neither a format nor columns",
        ),
        ("data.train={path: a, fromat: csv}", "data.train: unknown key fromat; did you mean format?"),
        ("data.train=[a, {path: a, x: 1}]", "data.train: unknown key x; known: path, target, format, source_column"),
        ("data.train={path: 3}", "data.train: path must be a text, not 3"),
        ("data.train={path: ''}", "data.train: path must be a text, not the text ''"),
        (
            "data.train={path: a, format: xml}",
            "data.train: format must be one of auto, tsv, csv, jsonl, tmx or null, not",
        ),
        ("data.train={path: a, source_column: 0}", "data.train: source_column must be a whole number of at least 1 or"),
        ("data.train={path: a, source_column: es}", "data.train: source_column and target_column go together"),
        (
            "data.train={path: a, source_column: 2, target_column: 2}",
            "data.train: source_column and target_column are the same",
        ),
        ("data.train={path: a, target: b, format: csv}", "data.train: a and b: two aligned files have neither"),
        ("data.train=[null]", NO_PAIR_FILE + "null"),
        ("data.train=['']", NO_PAIR_FILE + "the text ''"),
        ("data.train={source: a, target: ''}", NO_PAIR_FILE + "{'source': 'a', 'target': ''}"),
        ("data.format=xml", "data.format must be one of auto, tsv, csv, jsonl, tmx, not the text 'xml'"),
        ("training.compile=true", "training.compile must be one of auto, xla, graph, not true"),
        ("data={train: a}", "the key data.prepared is missing; add it"),
        ("data={train: [], prepared: p}", "data.train names no file; give at least one"),
        (
            "data={train: a, prepared: p, source_column: 2, target_column: 2}",
            "data.source_column and data.target_column are the same",
        ),
        (
            "data={train: a, prepared: p, source_column: 0, target_column: 2}",
            "data.source_column must be a whole number",
        ),
        ("seed", "write it as section.key=value"),
        ("=3", "write it as section.key=value"),
        ("seed=[", "line 1: not valid YAML: while parsing a flow node, expected the node content"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(tmp_path, override, reason):
    assert error_of(tmp_path, MINIMAL, "seed=2", override).startswith(f"--set {override}: {reason}")


@pytest.mark.parametrize("train", ["null", "", "[]", "~"])
def test_no_training_file_is_explained(tmp_path, train):
    assert "data.train names no file; give at least one" in error_of(
        tmp_path, f"run: r\ndata:\n  prepared: p\n  train: {train}\n"
    )
    assert "data.train names no file; give at least one" in error_of(tmp_path, MINIMAL, f"data.train={train}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("run: r\ndata: {train: a, dev: b}", "the key data.prepared is missing; add it"),
        ("run: r", "the key data.train is missing; add it"),
        ("- a\n- b", "a config is a mapping"),
        ("", "a config is a mapping"),
        ("run: [r\n", "line 2: not valid YAML: while parsing a flow sequence, expected ',' or ']'"),
        ("run: r\n---\nrun: s\n", "line 2: not valid YAML: expected a single document"),
        ("run: \0", "not valid YAML: special characters are not allowed"),
        ("run: r\nrun: s\n", "line 2: not valid YAML: the key 'run' is there twice"),
        (MINIMAL + "model:\n  units: 1\n  'units': 2\n", "line 5: not valid YAML: the key 'units' is there twice"),
        (MINIMAL + "model: {[units]: 1}\n", "line 3: not valid YAML: a key must be a text"),
        (MINIMAL + "? {a: b}\n: 1\n", "line 3: not valid YAML: a key must be a text"),
        (MINIMAL + "model: &m {<<: *m}\n", "line 3: not valid YAML: it has an alias to itself"),
        (MINIMAL + "model: &m {units: [*m]}\n", "line 3: not valid YAML: it has an alias to itself"),
        (MINIMAL + "model: {<<: 3}\n", "line 3: not valid YAML: << must be given a mapping"),
        (MINIMAL + "model: *m\n", "line 3: not valid YAML: found undefined alias 'm'"),
        (MINIMAL + "model: " + "[" * 20_000, "nested too deeply"),
        (MINIMAL + "model: " + "{a: " * 20_000, "nested too deeply"),
        (MINIMAL + "1: 2\n", "unknown key 1; known: run, data"),
        (MINIMAL + "training: {epochs: x}\n", "training.epochs must be a whole number"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, reason):
    assert error_of(tmp_path, text, "seed=2").startswith(f"{tmp_path}/config.yaml: {reason}")


@pytest.mark.parametrize("item", ["[{0}, {0}, {0}, {0}, {0}, {0}]", "{{<<: [{0}, {0}, {0}, {0}, {0}, {0}]}}"])
def test_aliases_of_aliases_take_no_time(tmp_path, item):
    lines = [f"  - &a{number} " + item.format(f"*a{number - 1}") for number in range(1, 60)]
    started = time.perf_counter()
    message = error_of(tmp_path, MINIMAL + "\n".join(["training:", "  epochs:", "  - &a0 {a: b}", *lines]))
    assert "training.epochs must be a whole number" in message and len(message) < 600
    assert time.perf_counter() - started < 5


def test_merge_keys(tmp_path):
    """Given keys win over merged ones, and of merged mappings the first wins, as YAML's merge key has it."""
    files = "[&a {source: s, target: t}, &b {<<: *a, target: u}, {<<: [{target: v}, *b]}, *a]"
    assert load(tmp_path, MINIMAL, f"data.train={files}").data.train == tuple(
        PairFile("s", target) for target in "tuvt"
    )


def test_an_option_changes_no_alias(tmp_path):
    text = "run: r\ndata: {prepared: p, train: &a {source: s, target: t}, dev: *a}\n"
    read = load(tmp_path, text, "data.dev.source=z")
    assert (read.data.train, read.data.dev) == ((PairFile("s", "t"),), (PairFile("z", "t"),))


def test_the_home_directory_in_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ana")
    files = "{train: [~/a, {source: ~/b.es, target: ~/b.en}], dev: ~/c, prepared: ~/p}"
    read = load(tmp_path, f"run: ~/r\ndata: {files}", "data.test=~/d")
    assert (read.run, read.data.prepared) == ("/home/ana/r", "/home/ana/p")
    assert read.data.train == (PairFile("/home/ana/a"), PairFile("/home/ana/b.es", "/home/ana/b.en"))
    assert read.data.dev + read.data.test == (PairFile("/home/ana/c"), PairFile("/home/ana/d"))


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot read the config: No such file"):
        config_file.load(tmp_path / "none.yaml")
    (tmp_path / "latin1.yaml").write_bytes("run: año".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8 text"):
        config_file.load(tmp_path / "latin1.yaml")


def test_keys_that_exclude_each_other(tmp_path):
    assert "go together" in error_of(tmp_path, MINIMAL, "data.source_column=2")
    assert "needs translations" in error_of(tmp_path, MINIMAL, "training={best_by: bleu, validation_sentences: 0}")
    assert "nothing is left to train" in error_of(tmp_path, MINIMAL, "training.freeze=[encoder, decoder]")
    assert "weight is for data.train" in error_of(tmp_path, MINIMAL, "data.dev={path: a, weight: 2}")


def test_weights_of_files_and_lists_of_choices(tmp_path):
    read = load(tmp_path, MINIMAL, "data.train=[{path: a, weight: 5}, {source: b, target: c, weight: 2}, d]")
    assert read.data.train == (PairFile("a", weight=5), PairFile("b", "c", weight=2), PairFile("d"))
    assert "weight must be a whole number from 1 to 1000, not 0" in error_of(
        tmp_path, MINIMAL, "data.train={path: a, weight: 0}"
    )
    for text, parts in (("encoder", ("encoder",)), ("[decoder, embeddings]", ("decoder", "embeddings")), ("null", ())):
        assert load(tmp_path, MINIMAL, f"training.freeze={text}").training.freeze == parts
    assert "training.freeze must be a list of some of encoder, decoder, embeddings, not" in error_of(
        tmp_path, MINIMAL, "training.freeze=[encoder, x]"
    )
    assert load(tmp_path, MINIMAL, "tokenizer.from=~/run").tokenizer.from_.endswith("/run")


LIKE_OTHERS = "2e-3 1e5 0o17 0x1F 010 1. .5 1_000 3:36 2024-01-01 on No TRUE null ~ .inf = << 1:2 - ? !a &a *a"
TEXTS = (
    st.text(min_size=1)
    | st.text("0123456789.:-+_eExo~<>=nul \n\x85", min_size=1)
    | st.sampled_from(LIKE_OTHERS.split())
)
PATHS = TEXTS.filter(lambda text: not text.startswith("~"))
LAID_OUT = st.builds(
    PairFile,
    PATHS,
    st.none(),
    st.sampled_from(typing.get_args(data_config.Format)),
    st.integers(1, 5),
    st.integers(6, 9),
)
FILES = st.lists(st.builds(PairFile, PATHS) | st.builds(PairFile, PATHS, PATHS) | LAID_OUT, max_size=3).map(tuple)


def values(kind, limits):
    """A strategy of the values that a key takes."""
    if kind == tuple[PairFile, ...]:
        return FILES
    if kind is str:
        return PATHS if limits["path"] else TEXTS
    if kind in (int, float):
        low, high = kind(limits["low"]), kind(min(limits["high"], 10**18))
        return st.integers(low, high) if kind is int else st.floats(low, high)
    kinds = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return st.lists(st.from_type(kinds[0]), max_size=1).map(tuple)
    if kinds and typing.get_origin(kind) is not typing.Literal:
        return st.one_of(*(values(one, limits) for one in kinds))
    return st.from_type(kind)


def sections(kind):
    """A strategy of configs, or of sections of them."""
    hints, fields = typing.get_type_hints(kind), dataclasses.fields(kind)
    inner = {name: sections(hint) for name, hint in hints.items() if dataclasses.is_dataclass(hint)}
    keys = {item.name: values(hints[item.name], item.metadata) for item in fields if item.name not in inner}

    def build(**given):
        if "train" in given:
            weight = 1 + len(given["train"])  # those of train only can have one
            given["train"] = tuple(dataclasses.replace(file, weight=weight) for file in given["train"])
        try:
            return kind(**given)
        except InputError:  # keys that exclude each other
            reject()

    return st.builds(build, **keys, **inner)


@given(sections(Config))
def test_a_dumped_config_reads_back_the_same(tmp_path_factory, original):
    text = config_file.dump(original)
    path = tmp_path_factory.getbasetemp() / "dumped.yaml"
    path.write_text(text, encoding="utf-8")
    assert config_file.load(path) == original
    # And so it does for a reader of YAML 1.1, such as other people's scripts.
    tree = yaml.safe_load(text)
    assert tree["run"] == original.run and tree["data"]["source_column"] == original.data.source_column


def test_dumps_of_yaml_1_1_load(tmp_path):
    """As older versions wrote them."""
    original = load(tmp_path, MINIMAL, "training={learning_rate: 0.00001, minutes: 1e+20}", "run='3:36'")
    text = yaml.safe_dump(config_file.as_tree(original), sort_keys=False, allow_unicode=True)
    assert "1.0e-05" in text and "1.0e+20" in text and load(tmp_path, text) == original


def test_reference_is_generated_and_loads_to_the_defaults_and_explains_every_key():
    text, read = config_reference.reference(), config_file.load(CONFIGS / "reference.yaml")
    assert (CONFIGS / "reference.yaml").read_text(encoding="utf-8") == text
    assert read == Config(read.run, DataConfig(read.data.train, read.data.prepared))
    lines = text.splitlines()
    keys = {
        line.split(":")[0].strip(): number for number, line in enumerate(lines) if line.lstrip()[:1] not in ("", "#")
    }
    parts = (read, read.data, read.cleaning, read.augmentation, read.tokenizer, read.model, read.training)
    assert sorted(keys) == sorted(config_file.key_of(name) for part in parts for name in vars(part))
    assert all(lines[number - 1].lstrip().startswith("# ") for number in keys.values())
    assert [name for name, number in keys.items() if "required" in lines[number]] == ["run", "train", "prepared"]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_hold_only_what_differs_from_the_defaults(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    read, default = config_file.load(path), Config("", DataConfig((PairFile(""),), ""))
    for section in yaml.safe_load(text).keys() - {"run"}:
        for name in yaml.safe_load(text)[section]:
            field = {"from": "from_"}.get(name, name)
            assert getattr(getattr(read, section), field) != getattr(getattr(default, section), field), name
