"""`s2s prepare`: what it writes, and that every pair that it leaves out is counted."""

import gzip
import json
import os
import random
import resource
import subprocess
from pathlib import Path

import numpy as np
import pytest

from s2s import config_file
from s2s.data import prepare as prepare_module
from s2s.data.cleaning import normalized_key
from s2s.data.dataset import Pairs, read_texts, verify
from s2s.data.slots import SLOT
from s2s.data.tokenizer import BOS, EOS, Tokenizer
from s2s.errors import InputError
from tests.conftest import ROOT, SAMPLE, s2s, set_options

LINES = (SAMPLE / "train.tsv").read_text(encoding="utf-8").splitlines()
TOKENIZER = "{vocab_size: 400, type: unigram, slots: 0}"
UNCHANGED = {"cleaning": "{opening_marks: false, spelling: false}", "augmentation": "{copies: 0, clauses: 0}"}
DEFAULTS = {"tokenizer": TOKENIZER} | UNCHANGED


def write(directory, lines, data="", **sections):
    """A config for lines as its training file."""
    directory.mkdir(exist_ok=True)
    (directory / "train.tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    path = directory / "config.yaml"
    extra = "".join(f"{name}: {value}\n" for name, value in sections.items())
    path.write_text(
        f"run: {directory}/run\ndata: {{train: {directory}/train.tsv, prepared: {directory}/prepared{data}}}\n{extra}",
        encoding="utf-8",
    )
    return path


def prepare(*arguments, **sections):
    """Prepare in this process; the directory and the report."""
    config = config_file.load(write(*arguments, **(DEFAULTS | sections)))
    return Path(config.data.prepared), prepare_module.prepare(config)


def texts(directory, split="train"):
    """The pairs of a split, back from ids to text."""
    pairs, sides = Pairs(directory, split), []
    for side, start in (("source", 0), ("target", 1)):
        ids = getattr(pairs, side).read(np.arange(len(pairs)))
        assert all(i[-1] == EOS and (not start or i[0] == BOS) for i in ids)
        sides.append(Tokenizer.load(directory / f"{side}.model").decode([i[start:-1].tolist() for i in ids]))
    return list(zip(*sides, strict=True))


def pairs_of(lines):
    return [tuple(line.split("\t")) for line in lines]


def lower(pairs):
    """Pairs as they are encoded: the Spanish side is in lower case."""
    return [(source.lower(), target) for source, target in pairs]


def test_what_is_prepared_is_what_was_read(tmp_path):
    directory, report = prepare(tmp_path, LINES[:4000], f", dev: {SAMPLE}/dev.tsv, test: {SAMPLE}/test.tsv")
    assert sorted(texts(directory)) == sorted(lower(pairs_of(LINES[:4000])))
    assert sorted(texts(directory, "dev")) == sorted(lower(read_texts(directory / "dev.tsv")))
    assert read_texts(directory / "dev.tsv") == pairs_of((SAMPLE / "dev.tsv").read_text(encoding="utf-8").splitlines())
    assert not (directory / "test.tsv").exists()  # data.test is not copied
    assert [split["pairs"] for split in report["splits"].values()] == [4000, 500, 500]
    assert report == json.loads((directory / "report.json").read_text(encoding="utf-8"))
    assert {path.name for path in directory.iterdir()} == {
        "source.model", "target.model", "known_words.txt", "dev.tsv", "report.json", "SHA256SUMS",
        *(f"{split}.{part}.npy" for split in ("train", "dev") for part in ("source.ids", "target.ids", "cells")),
    }  # fmt: skip
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=directory, check=True)


def test_pairs_are_sorted_by_length(tmp_path):
    directory, _ = prepare(tmp_path, LINES[:300], f", dev: {SAMPLE}/dev.tsv")
    pairs = Pairs(directory, "train")
    lengths = [[len(ids) for ids in side.read(np.arange(len(pairs)))] for side in (pairs.source, pairs.target)]
    assert list(zip(*lengths, strict=True)) == sorted(zip(*lengths, strict=True))
    assert pairs.cells[:, 2].sum() == 300 and len(np.unique(pairs.cells[:, :2], axis=0)) == len(pairs.cells)
    assert pairs.source.read(np.array([-1, 5]))[0].tolist() == []


def test_many_processes_write_what_one_writes(tmp_path, monkeypatch):
    made = []
    for size in (150, 100_000):
        monkeypatch.setattr(prepare_module, "_SHARD_PAIRS", size)
        made.append(prepare(tmp_path / str(size), LINES[:1000]))
    assert sorted(texts(made[0][0])) == sorted(texts(made[1][0]))
    assert (made[0][0] / "source.model").read_bytes() == (made[1][0] / "source.model").read_bytes()
    assert (made[0][0] / "test.tsv").read_bytes() == (made[1][0] / "test.tsv").read_bytes()
    reports = [
        {name: {k: v for k, v in split.items() if k != "examples"} for name, split in report["splits"].items()}
        for _, report in made
    ]
    assert reports[0] == reports[1]


def shared(one, other):
    """Number of sentences that are in both, on the same side."""
    return sum(len({normalized_key(p[s]) for p in one} & {normalized_key(p[s]) for p in other}) for s in (0, 1))


def test_without_dev_and_test_they_are_held_out_without_leaks(tmp_path):
    # Every fifth Spanish sentence has a second translation, so a split by lines would leak.
    twins = [f"{es}\t{en[:-1]}, he said." for es, en in pairs_of(LINES[:1000:5])]
    lines = random.Random(1).sample(LINES[:1000] + twins, 1200)
    directory, report = prepare(tmp_path, lines, ", dev_size: 100, test_size: 80")
    splits = [texts(directory), read_texts(directory / "dev.tsv"), read_texts(directory / "test.tsv")]
    assert [len(split) for split in splits] == [1020, 100, 80]
    assert sorted(lower(splits[0] + splits[1] + splits[2])) == sorted(lower(pairs_of(lines)))
    assert report["splits"]["dev"]["held_out"] == 100 and report["splits"]["test"]["held_out"] == 80

    assert shared(splits[0], splits[1]) == shared(splits[0], splits[2]) == shared(splits[1], splits[2]) == 0
    by_lines = pairs_of(lines)
    assert shared(by_lines[:1020], by_lines[1020:]) > 10


@pytest.mark.slow
def test_tatoeba_splits_without_leaks_where_lines_would_leak(tmp_path):
    path = ROOT / "data" / "tatoeba" / "spa-eng.zip"
    if not path.exists():
        pytest.skip("data/tatoeba/spa-eng.zip is not here: python scripts/corpora/fetch_tatoeba.py")
    config = write(tmp_path, [])
    s2s("prepare", config, "--set", f"data.train={path}", check=0)
    directory = tmp_path / "prepared"
    splits = [texts(directory), read_texts(directory / "dev.tsv"), read_texts(directory / "test.tsv")]
    assert [len(split) for split in splits[1:]] == [2000, 2000]

    assert shared(splits[0], splits[1]) == shared(splits[0], splits[2]) == shared(splits[1], splits[2]) == 0
    lines = random.Random(1).sample(splits[0] + splits[1] + splits[2], 100_000)
    assert shared(lines[2000:], lines[:2000]) > 500


def test_pairs_that_leak_into_given_files_are_left_out(tmp_path):
    dev = pairs_of((SAMPLE / "dev.tsv").read_text(encoding="utf-8").splitlines())
    lines = [*LINES[:300], f"{dev[0][0]}\tSomething else.", f"Otra cosa muy distinta.\t{dev[1][1].upper()}"]
    _, report = prepare(tmp_path, lines, f", dev: {SAMPLE}/dev.tsv")
    train = report["splits"]["train"]
    assert train["left_out"] == {"leaks": 2} and train["pairs"] == 300
    assert [place.rpartition(":")[2] for place, *_ in train["examples"]["leaks"]] == ["301", "302"]
    _, report = prepare(tmp_path, lines, f", dev: {SAMPLE}/dev.tsv", cleaning="{leaks: false}")
    assert report["splits"]["train"]["pairs"] == 302


def test_a_file_that_is_dev_and_train_is_used_with_a_warning(tmp_path, capsys):
    _, report = prepare(tmp_path, LINES[:200], f", dev: {tmp_path}/train.tsv")
    assert report["splits"]["train"]["pairs"] == report["splits"]["dev"]["pairs"] == 200
    assert "scores show what the model has memorized" in capsys.readouterr().err


def test_everything_left_out_is_counted_with_line_numbers(tmp_path):
    lines = [*LINES[:300], LINES[0], LINES[1].lower(), "Hola.\t", "Esto es de la casa.\tEsto es de la casa."]
    directory, report = prepare(tmp_path, lines, f", dev: {SAMPLE}/dev.tsv, max_length: 20")
    train = report["splits"]["train"]
    assert {rule: count for rule, count in train["left_out"].items() if rule != "too_long"} == {
        "duplicates": 1, "near_duplicates": 1, "empty": 1, "identical": 1,
    }  # fmt: skip
    assert train["pairs"] + sum(train["left_out"].values()) == train["read"] == 304
    assert train["examples"]["duplicates"] == [[f"{tmp_path}/train.tsv:301", *LINES[0].split("\t")]]
    assert train["examples"]["empty"] == [[f"{tmp_path}/train.tsv:303", "Hola.", ""]]
    assert max(len(ids) for ids in Pairs(directory, "train").source.read(np.arange(train["pairs"]))) <= 20
    assert len(train["examples"]["too_long"]) == min(train["left_out"]["too_long"], 10) > 0
    table = s2s("prepare", tmp_path / "config.yaml", "--set", "tokenizer.vocab_size=400", check=0).stdout.decode()
    for words in ("pairs read", "304", "left out: near_duplicates", "left out: too_long"):
        assert words in table


def test_several_files_of_several_formats_are_one_corpus(tmp_path):
    es, en = zip(*pairs_of(LINES[200:300]), strict=True)
    (tmp_path / "more.es").write_text("\n".join(es), encoding="utf-8")
    (tmp_path / "more.en.gz").write_bytes(gzip.compress("\n".join(en).encode()))
    objects = [json.dumps({"en": en, "es": es}) for es, en in pairs_of(LINES[300:400])]
    (tmp_path / "more.jsonl").write_text("\n".join(objects), encoding="utf-8")
    config = write(tmp_path, LINES[:200], f", dev: {SAMPLE}/dev.tsv", **DEFAULTS)
    files = (
        f"[{tmp_path}/train.tsv, {{source: {tmp_path}/more.es, target: {tmp_path}/more.en.gz}}, {tmp_path}/more.jsonl]"
    )
    s2s("prepare", config, "--set", f"data.train={files}", check=0)
    assert sorted(texts(tmp_path / "prepared")) == sorted(lower(pairs_of(LINES[:400])))
    again = s2s("prepare", config, "--set", f"data.train={files}", check=0)
    assert b"nothing to do" in again.stderr
    (tmp_path / "more.es").write_text("\n".join(es[:-1]), encoding="utf-8")
    assert b"more.es has 99 lines" in s2s("prepare", config, "--set", f"data.train={files}", check=2).stderr


def test_an_empty_corpus_is_explained(tmp_path):
    config = write(tmp_path, ["Hola.\t", "No.\tNo."], f", dev: {SAMPLE}/dev.tsv")
    process = s2s("prepare", config, check=2)
    assert process.stderr.decode() == (
        "s2s: error: data.train: no sentence pair is left of 2; left out: empty 1, identical 1\n"
    )
    one = s2s("prepare", write(tmp_path, LINES[:5]), check=2).stderr.decode()
    assert "data.dev: " in one and len(one.splitlines()) <= 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "train.tsv"]


def test_shared_subwords_and_byte_pairs(tmp_path):
    directory, _ = prepare(tmp_path, LINES[:500], tokenizer="{vocab_size: 400, type: unigram, shared: true, slots: 0}")
    assert (directory / "source.model").read_bytes() == (directory / "target.model").read_bytes()
    directory, _ = prepare(tmp_path, LINES[:500], tokenizer="{vocab_size: 400, type: bpe, slots: 0}")
    assert (directory / "source.model").read_bytes() != (directory / "target.model").read_bytes()
    held_out = {*read_texts(directory / "dev.tsv"), *read_texts(directory / "test.tsv")}
    assert sorted(texts(directory)) == sorted(lower({*pairs_of(LINES[:500])} - held_out))


def test_another_script_is_warned_of_and_a_rare_character_is_not(tmp_path, capsys):
    lines = LINES[:300] + ["Ελλάδα είναι εδώ.\tGreece is here."]
    _, report = prepare(
        tmp_path,
        lines,
        f", dev: {SAMPLE}/dev.tsv",
        tokenizer="{vocab_size: 300, type: unigram, character_coverage: 0.998, slots: 0}",
    )
    assert 0 < report["splits"]["train"]["unknown_share"][0] < 0.02
    assert "unknown" not in capsys.readouterr().err
    greek = tmp_path / "greek.tsv"
    greek.write_text("Ελλάδα είναι εδώ.\tGreece is here.\n", encoding="utf-8")
    prepare(tmp_path, LINES[:300], f", dev: {greek}")
    assert "of the Spanish subwords are unknown; another script?" in capsys.readouterr().err


def damage(directory):
    """Change a byte of a prepared corpus; returns the file and its content before."""
    path = directory / "train.target.ids.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
    return path, content


def test_a_damaged_corpus_is_noticed(tmp_path):
    directory, _ = prepare(tmp_path, LINES[:300])
    verify(directory)
    path, content = damage(directory)
    with pytest.raises(InputError, match=r"damaged prepared corpus \(checksums differ\)"):
        verify(directory)
    Pairs(directory, "train")
    path.write_bytes(content[:-4])
    with pytest.raises(InputError, match="damaged prepared corpus"):
        Pairs(directory, "train")


@pytest.mark.slow
def test_a_damaged_corpus_is_not_trained_on(tmp_path):
    damage(prepare(tmp_path, LINES[:300])[0])
    options = set_options(run=tmp_path / "run", training__steps=1)
    error = s2s("train", tmp_path / "config.yaml", *options, check=2).stderr.decode()
    assert "damaged prepared corpus (checksums differ)" in error and len(error.splitlines()) <= 2
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("count", [1, 2, 9, 12])
def test_too_few_pairs_for_dev_say_how_many_are_needed(tmp_path, count):
    with pytest.raises(InputError) as error:
        prepare(tmp_path, LINES[:count])
    message = str(error.value)
    assert message.startswith(f"data.dev: none of the {count} training pairs") and "at least 20 pairs" in message
    prepare(tmp_path, LINES[:20])  # so many are enough


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_lines_too_long_to_learn_subwords_from_are_explained(tmp_path, kind):
    lines = [f"{n} {'gato ' * 900}\t{n} {'cat ' * 1100}" for n in range(30)]
    with pytest.raises(InputError) as error:
        prepare(tmp_path, lines, ", max_length: 1000", tokenizer=f"{{vocab_size: 100, type: {kind}}}")
    assert str(error.value).startswith("data.train: no sentence of at most 4,192 bytes")


def test_what_is_noted_is_in_the_report_with_examples(tmp_path):
    units = [
        f'<tu><tuv xml:lang="es"><seg>Pulse<ph/>aquí {n}.</seg></tuv><tuv xml:lang="en"><seg>Click {n}.</seg></tuv></tu>'
        for n in range(3)
    ]
    (tmp_path / "more.tmx").write_text(f"<tmx><body>{''.join(units)}</body></tmx>", encoding="utf-8")
    (tmp_path / "more.jsonl").write_text('{"es": "Hola \\ud83d amigo.", "en": "Hello friend."}\n')
    lines = [*LINES[:200], "Sí, eso es.\tYes, that is it.\tnota"]
    files = f"[{tmp_path}/train.tsv, {tmp_path}/more.tmx, {tmp_path}/more.jsonl]"
    config = write(tmp_path, lines, f", dev: {SAMPLE}/dev.tsv", **DEFAULTS)
    report = prepare_module.prepare(config_file.load(config, [f"data.train={files}"]))["splits"]["train"]
    assert report["noted"] == {"columns": 1, "inline_codes": 3, "half_characters": 1}
    assert report["read"] == 205 == report["pairs"] + sum(report["left_out"].values())
    assert report["examples"]["columns"] == [[f"{tmp_path}/train.tsv:201", "Sí, eso es.", "Yes, that is it."]]
    assert [place for place, *_ in report["examples"]["half_characters"]] == [f"{tmp_path}/more.jsonl:1"]
    table = s2s("prepare", config, "--set", f"data.train={files}", check=0).stdout.decode()
    for rule, count in report["noted"].items():
        assert any(line.split()[:4] == ["noted:", rule, str(count), "-"] for line in table.splitlines()), table


def test_the_notes_of_anki_are_read_without_tags(tmp_path):
    notes = [
        f'"{es}<br>[sound:{n}.mp3]"\t<b>{en[:3]}</b>{en[3:]}\tx' for n, (es, en) in enumerate(pairs_of(LINES[:200]))
    ]
    head = ["#separator:tab", "#html:true", "#tags column:3"]
    directory, report = prepare(tmp_path, [*head, *notes], f", dev: {SAMPLE}/dev.tsv")
    assert sorted(texts(directory)) == sorted(lower(pairs_of(LINES[:200])))
    assert report["splits"]["train"]["mended"]["markup"] == 400


def test_train_and_dev_files_may_have_layouts_of_their_own(tmp_path):
    rows = "".join(f'{n};"{en}";"{es}"\n' for n, (es, en) in enumerate(pairs_of(LINES[300:400])))
    (tmp_path / "more.txt").write_text(f"n;to;from\n{rows}", encoding="utf-8")
    more = f"{{path: {tmp_path}/more.txt, format: csv, source_column: from, target_column: to}}"
    swapped = [f"{en}\t{es}" for es, en in pairs_of(LINES[:300])]
    data = f", source_column: 2, target_column: 1, dev: [{more}]"
    directory, _ = prepare(tmp_path, swapped, data)
    assert sorted(texts(directory)) == sorted(lower(pairs_of(LINES[:300])))
    assert read_texts(directory / "dev.tsv") == pairs_of(LINES[300:400])


def limit_file_sizes():
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_file_that_cannot_grow_is_named(tmp_path):
    error = s2s("prepare", write(tmp_path, LINES[:2000]), preexec_fn=limit_file_sizes, check=1).stderr.decode()
    assert error == (
        f"s2s: error: {tmp_path}/prepared: cannot write: File too large; the limit is 20,000 bytes (ulimit -f): raise it\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "train.tsv"]


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (
            "size=300k",
            1,
            "{0}/prepared: cannot write: No space left on device; make room and run the same command again",
        ),
        ("ro", 2, "data.prepared: the directory {0} is not writable; choose another"),
    ],
)
def test_a_disk_that_is_full_or_read_only_is_named(tmp_path, options, status, message):
    disk = tmp_path / "disk"
    disk.mkdir()
    config = write(tmp_path, LINES)
    if os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", disk]).returncode:
        pytest.skip("only root can mount a file system, and not in every container")
    try:
        error = s2s("prepare", config, "--set", f"data.prepared={disk}/prepared", check=status).stderr.decode()
        assert error == f"s2s: error: {message.format(disk)}\n" and not list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)


AUGMENTED = "{copies: 1.0, typo: 1.0}"


def test_copies_are_counted_with_examples_and_are_not_in_dev_or_test(tmp_path):
    directory, report = prepare(tmp_path, LINES[:600], ", dev_size: 40, test_size: 40", augmentation=AUGMENTED)
    train, dev, test = (report["splits"][name] for name in ("train", "dev", "test"))
    assert train["augmented"]["copies"] > 0.8 * 520 and train["augmented"]["typo"] > 400
    made = train["augmented"]["copies"] + train["augmented"]["clauses"]
    assert train["pairs"] == made + train["read"] - sum(train["left_out"].values()) - 80
    assert len(train["examples"]["typo"]) == len(train["examples"]["copies"]) == 10
    assert "copies" not in dev["augmented"] | test["augmented"]
    held_out = {pair for split in ("dev", "test") for pair in read_texts(directory / f"{split}.tsv")}
    assert held_out <= set(pairs_of(LINES[:600]))
    # The split looks through the copies: no held-out sentence comes back in one.
    keys = {normalized_key(text) for pair in held_out for text in pair}
    unchanged = [pair for pair in texts(directory) if pair in set(lower(pairs_of(LINES[:600])))]
    assert not keys & {normalized_key(text) for pair in unchanged for text in pair}


def test_the_same_files_give_the_same_copies(tmp_path, monkeypatch):
    first, _ = prepare(tmp_path / "a", LINES[:600], augmentation=AUGMENTED)
    again, _ = prepare(tmp_path / "b", LINES[:600], augmentation=AUGMENTED)
    names = [path.name for path in first.iterdir() if path.name not in ("report.json", "SHA256SUMS")]
    assert all((first / name).read_bytes() == (again / name).read_bytes() for name in names)
    other, _ = prepare(tmp_path / "c", LINES[:600], augmentation=AUGMENTED, seed=2)
    assert texts(other) != texts(first)


def test_numbers_and_names_are_slots_in_the_prepared_pairs(tmp_path):
    lines = [*LINES[:300], "Vivo en Kuopio desde 1987.\tI have lived in Kuopio since 1987.", "Son las 7.\tIt is seven."]
    directory, report = prepare(
        tmp_path,
        lines,
        augmentation="{copies: 0, clauses: 0, known_names: 0}",
        tokenizer="{vocab_size: 400, type: unigram}",
    )
    prepared = texts(directory) + texts(directory, "dev")
    masked = [tuple(SLOT.sub("⟨⟩", text) for text in pair) for pair in prepared if "⟨" in pair[0]]
    assert ("vivo en ⟨⟩ desde ⟨⟩.", "I have lived in ⟨⟩ since ⟨⟩.") in masked
    assert ("son las 7.", "It is seven.") in prepared
    assert sum(report["splits"][name]["augmented"].get("slots", 0) for name in ("train", "dev")) == len(masked)
    without, _ = prepare(tmp_path / "off", lines, tokenizer="{vocab_size: 400, type: unigram, slots: 0}")
    assert not any("⟨" in pair[0] for pair in texts(without))


def test_fractions_and_exponents_are_read_as_they_are_written(tmp_path):
    lines = [*LINES[:300], "½ de 10³ m² … «sí»\t½ of 10³ m² … “yes”"]
    directory, _ = prepare(tmp_path, lines, tokenizer="{vocab_size: 400, type: unigram, slots: 0}")
    assert ('½ de 10³ m² ... "sí"', '½ of 10³ m² ... "yes"') in texts(directory) + texts(directory, "dev")
