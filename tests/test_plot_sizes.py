"""scripts/experiments/plot_sizes.py: it finds the law that results follow."""

import json
import math

import pytest

from s2s.training.size_law import SizeLaw
from tests.conftest import run_script

LAW = SizeLaw(limit=20.0, steps_factor=4000.0, steps_power=0.9, size_power=0.4)


def write_results(path, sizes, steps, **changes):
    results = [
        {
            "set": {"model.units": size, "training.steps": step} | changes,
            "steps": step,
            "dev_perplexity": math.exp(LAW.loss(size, step)),
        }
        for size in sizes
        for step in steps
    ]
    with open(path, "a", encoding="utf-8") as file:
        file.writelines(json.dumps(result) + "\n" for result in results)


def test_it_finds_the_law_of_results_that_differ_in_size_and_steps_only(tmp_path):
    results, picture = tmp_path / "results.jsonl", tmp_path / "sizes.png"
    write_results(results, [256, 384, 512], [600, 1200, 3200])
    write_results(results, [64], [100], **{"model.dropout": 0.5})  # another network: no point of this law
    process = run_script("experiments/plot_sizes.py", results, "-o", picture, check=0)
    found = json.loads(process.stdout.decode().splitlines()[-1])
    assert found["points"] == 9 and found["residual"] < 1e-3
    for name, value in LAW._asdict().items():
        assert found[name] == pytest.approx(value, rel=0.05)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_too_few_results_are_an_error(tmp_path):
    write_results(tmp_path / "results.jsonl", [256], [600, 1200])
    process = run_script("experiments/plot_sizes.py", tmp_path / "results.jsonl", check=2)
    assert "2 results, of 1 sizes and 2 numbers of steps, differ in these only" in process.stderr.decode()
