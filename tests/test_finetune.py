"""A training that begins with the weights of a run, weights of corpora, and parts of the network that stay as they are."""

import json
import shutil

import numpy as np
import pytest

from s2s.data import tokenizer
from s2s.data.augmentation import copies
from s2s.data.batching import epoch_order, plan_buckets
from s2s.data.corpus import Pair
from s2s.data.dataset import Pairs
from s2s.data.prepare import prepare
from s2s.data_config import AugmentationConfig
from s2s.errors import InputError
from s2s.run import Run
from s2s.training import loop
from s2s.training.devices import Devices
from s2s.training.trainer import is_frozen
from tests.conftest import (
    last_checkpoint,
    metrics,
    overrides,
    random_weights,
    s2s,
    s2s_process,
    same_arrays,
    set_options,
    wait_for_line,
)
from tests.test_run import config_of

WORDS = {
    "molino": "mill", "puente": "bridge", "castillo": "castle", "barco": "ship", "bosque": "forest",
    "desierto": "desert", "granero": "barn", "sótano": "basement", "túnel": "tunnel", "faro": "lighthouse",
}  # fmt: skip
"""Words that the tiny corpus does not have."""

PLACES = (("Estoy en el {}.", "I am in the {}."), ("Estamos en el {}.", "We are in the {}."))


@pytest.fixture(scope="module")
def adapted(trained, tmp_path_factory):
    """Directory of a run adapted to sentences with WORDS, mixed with those that it was trained on."""
    directory = tmp_path_factory.mktemp("adapted")
    pairs = [(es.format(word), en.format(WORDS[word])) for es, en in PLACES for word in WORDS]
    (directory / "own.tsv").write_text("".join(f"{es}\t{en}\n" for es, en in pairs), encoding="utf-8")
    files = f"[{{path: {directory}/own.tsv, weight: 8}}, {trained}/train.tsv]"
    keys = {
        "data__train": files, "data__prepared": directory / "prepared", "tokenizer__from": trained / "run",
        "run": directory / "run", "training__init_from": trained / "run", "training__epochs": 20,
    }  # fmt: skip
    report = s2s("prepare", trained / "tiny.yaml", *set_options(**keys), check=0).stdout.decode()
    (directory / "prepare.txt").write_text(report, encoding="utf-8")
    s2s("train", trained / "tiny.yaml", *set_options(**keys), check=0)
    return directory, keys


def test_it_translates_the_new_words_and_still_the_old_sentences(trained, adapted):
    directory, _ = adapted
    text = "".join(f"Estoy en el {word}.\n" for word in WORDS)
    new = s2s("translate", directory / "run", stdin=text.encode(), check=0).stdout.decode().splitlines()
    assert new == [f"I am in the {english}." for english in WORDS.values()]
    before = s2s("translate", trained / "run", stdin=text.encode(), check=0).stdout.decode().splitlines()
    assert not set(new) & set(before)
    scores = [
        json.loads(s2s("evaluate", run, trained / "dev.tsv", "--json", check=0).stdout)["bleu"]
        for run in (trained / "run", directory / "run")
    ]
    assert scores[1] > scores[0] - 10


def test_prepare_takes_the_subwords_and_reports_how_they_fit(trained, adapted):
    directory, _ = adapted
    for name in ("source.model", "target.model"):
        assert (directory / "prepared" / name).read_bytes() == (trained / "run" / name).read_bytes()
    rows = dict(line.strip().rsplit(None, 3)[:2] for line in (directory / "prepare.txt").read_text().splitlines()[1:-1])
    assert rows["augmented: weight"] == "140"  # seven times the 20 pairs
    assert float(rows["words cut into single characters"].rstrip("%")) > 0
    known = set((directory / "prepared" / "known_words.txt").read_text(encoding="utf-8").split())
    assert {"molino", "faro"} <= known and set((trained / "run" / "known_words.txt").read_text().split()) <= known


def test_the_first_validation_is_that_of_the_other_run(trained, adapted):
    first = metrics(adapted[0] / "run")[0]
    best = min((line for line in metrics(trained / "run") if "dev_loss" in line), key=lambda line: line["dev_loss"])
    assert first["step"] == 0 and first["dev_loss"] == pytest.approx(best["dev_loss"], abs=1e-4)


def test_the_model_card_says_what_it_began_with_and_what_that_began_with(trained, adapted, train_here, tmp_path):
    directory, keys = adapted
    card = (directory / "run" / "MODEL.md").read_text(encoding="utf-8")
    assert f"It began with the weights of `{trained}/run` after" in card and f"(`{trained}/train.tsv`)" in card
    keys = keys | {"run": tmp_path / "next", "training__init_from": directory / "run", "training__epochs": 1}
    train_here(config_of(trained, *overrides(**keys)))
    card = (tmp_path / "next" / "MODEL.md").read_text(encoding="utf-8")
    assert f"It began with the weights of `{directory}/run`" in card
    assert f"which began with those of `{trained}/run`" in card


def test_killed_and_resumed_without_the_other_run_it_ends_the_same(untrained, train_here, tmp_path):
    options = ["model.layers=1", "model.units=24", "training.validation_sentences=0"]
    origin = Run.begin(config_of(untrained, f"run={tmp_path}/origin", *options))
    origin.save_best(random_weights(origin.config.model, *map(len, origin.tokenizers())))
    origin.close()
    options += [f"training.init_from={tmp_path}/origin", "training.steps=12", "training.log_every=2"]
    train_here(config_of(untrained, f"run={tmp_path}/calm", *options))
    arguments = ["train", untrained / "tiny.yaml", *(part for option in options for part in ("--set", option))]
    arguments += set_options(run=tmp_path / "run")
    with s2s_process(*arguments) as process:
        wait_for_line(process, b"step 4 ")  # there is no checkpoint yet
        process.kill()
    assert not list((tmp_path / "run" / "checkpoints").glob("step-*"))
    shutil.move(tmp_path / "origin", tmp_path / "elsewhere")
    train_here(config_of(untrained, f"run={tmp_path}/run", *options))
    assert same_arrays(last_checkpoint(tmp_path / "calm"), last_checkpoint(tmp_path / "run"))
    assert metrics(tmp_path / "calm") == metrics(tmp_path / "run")


def refuse(config, message):
    """Begin a run that is refused, and leaves nothing behind."""
    with pytest.raises(InputError, match=message) as refused:
        Run.begin(config)
    assert "\n" not in str(refused.value)


def test_a_run_that_does_not_fit_is_refused_in_one_line(untrained, tmp_path):
    def begin(*overrides, origin=f"{untrained}/run"):
        return config_of(untrained, f"run={tmp_path}/run", f"training.init_from={origin}", *overrides)

    refuse(
        begin("model.units=24", "model.dropout=0.3"),
        "is another model: model.units is 48 there and 24 here, model.dropout is 0.1 there and 0.3 here",
    )
    refuse(begin(origin=tmp_path / "none"), "training.init_from: .*none is no run directory")
    refuse(begin(origin=f"{tmp_path}/./run"), "run is the run itself; name another run, or leave it out")
    for name, message in (
        ("source.model", "has other subwords than .*prepare with tokenizer.from="),
        ("best.npz", "damaged"),
    ):
        shutil.copytree(untrained / "run", tmp_path / name)
        (tmp_path / name / name).write_bytes((untrained / "run" / name).read_bytes()[:-9])
        refuse(begin(origin=tmp_path / name), message)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.npz", "source.model"]
    config = config_of(untrained, f"tokenizer.from={tmp_path}/none", f"data.prepared={tmp_path}/prepared")
    with pytest.raises(InputError, match=r"tokenizer\.from: there is no run .*; train it first, or name another"):
        prepare(config)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [("encoder",), ("decoder", "embeddings")])
def test_frozen_parts_stay_and_the_others_learn(untrained, tmp_path, parts):
    config = config_of(
        untrained, f"run={tmp_path}/run", f"training.init_from={untrained}/run", f"training.freeze=[{','.join(parts)}]",
        "training.epochs=1", "training.validation_sentences=0",
    )  # fmt: skip
    run = Run.begin(config)
    trainer = loop.make_trainer(config, tuple(map(len, run.tokenizers())), Devices("none", 1))
    trainer.start_with(before := run.load_initial(trainer.averaged_weights()))
    pairs = Pairs(untrained / "prepared", "train")
    (bucket,) = plan_buckets(pairs, 1, 256)
    for step, (_, rows) in enumerate(epoch_order([bucket], 1, 0)):
        trainer.step(bucket.shape, [loop.make_batch(pairs, bucket, part, True) for part in rows], 0.01, step)
        if step == 2:
            break
    after = trainer.averaged_weights()
    assert before.keys() == after.keys()
    for name, weight in after.items():
        assert np.array_equal(weight, before[name]) == is_frozen(name, parts), name
    # What a checkpoint holds restores them all.
    again = loop.make_trainer(config, tuple(map(len, run.tokenizers())), Devices("none", 1))
    again.restore(trainer.arrays())
    assert all(np.array_equal(weight, after[name]) for name, weight in again.averaged_weights().items())
    pairs.close()
    run.close()


def counts_of_an_epoch(directory):
    """How often each pair of a prepared corpus comes in an epoch, by its ids."""
    pairs, counts = Pairs(directory, "train"), {}
    for _, (rows,) in epoch_order(plan_buckets(pairs, 2, 256), 1, 0):
        for sides in zip(pairs.source.read(rows[rows >= 0]), pairs.target.read(rows[rows >= 0]), strict=True):
            key = tuple(side.tobytes() for side in sides)
            counts[key] = counts.get(key, 0) + 1
    pairs.close()
    return counts


def test_a_weight_of_five_shows_each_pair_five_times_an_epoch(untrained, tmp_path):
    lines = (untrained / "train.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    for number in (0, 1):
        (tmp_path / f"{number}.tsv").write_text("".join(lines[number::2]), encoding="utf-8")
    files = f"data.train=[{{path: {tmp_path}/0.tsv, weight: 5}}, {tmp_path}/1.tsv]"
    report = prepare(config_of(untrained, files, f"data.prepared={tmp_path}/prepared"))
    counts = counts_of_an_epoch(tmp_path / "prepared")
    assert sorted(set(counts.values())) == [1, 5]
    fives = sum(count == 5 for count in counts.values())
    assert fives == pytest.approx(len(counts) / 2, abs=2)
    assert report["splits"]["train"]["augmented"]["weight"] == 4 * fives


def test_heavy_pairs_are_sampled_for_the_subwords_by_their_weight(untrained, tmp_path, monkeypatch):
    """Otherwise pairs of weight 1,000 would be a thousand times as much text, and fill the memory."""
    lines = (untrained / "train.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    for name, some in (("heavy", lines[:40]), ("light", lines[40:200])):
        (tmp_path / f"{name}.tsv").write_text("".join(some), encoding="utf-8")
    read, train_tokenizer = [], tokenizer.train_tokenizer

    def recorded(texts, config):
        read.append(list(texts))
        return train_tokenizer(texts, config)

    monkeypatch.setattr(tokenizer, "train_tokenizer", recorded)
    monkeypatch.setattr("s2s.data.prepare.parallel_map", map)
    files = f"data.train=[{{path: {tmp_path}/heavy.tsv, weight: 1000}}, {tmp_path}/light.tsv]"
    config = config_of(untrained, f"data.prepared={tmp_path}/prepared", files, "tokenizer.learn_from=120")
    prepare(config)
    assert [len(texts) for texts in read] == [120, 120]
    light = {line.split("\t")[1].strip() for line in lines[40:200]}
    assert sum(text in light for text in read[1]) < 6


def test_a_weight_of_one_changes_nothing(untrained, tmp_path):
    files = f"data.train=[{{path: {untrained}/train.tsv, weight: 1}}]"
    prepare(config_of(untrained, files, f"data.prepared={tmp_path}/prepared"))
    for name in ("train.source.ids.npy", "train.target.ids.npy", "train.cells.npy"):
        assert (tmp_path / "prepared" / name).read_bytes() == (untrained / "prepared" / name).read_bytes()


def test_copies_of_a_pair_are_made_in_proportion_to_its_weight():
    config = AugmentationConfig(copies=0.5, no_accents=1.0, joined=0.0)
    made = copies([Pair(f"Ésta es la casa número {n}.", f"This is house {n}.", "a:1", 6) for n in range(50)], config, 1)
    assert 130 < len(made) <= 150
