"""scripts/experiments/ablation.py: every run is measured once, and the table has its gain."""

import json

import pytest

from tests.conftest import run_script


def ablation(*arguments):
    process = run_script("experiments/ablation.py", *arguments, check=0)
    return process.stdout.decode(), process.stderr.decode()


@pytest.mark.slow
def test_a_run_is_measured_once_and_compared_with_the_one_it_differs_from(untrained, tmp_path):
    plan, results = tmp_path / "plan.yaml", tmp_path / "results.jsonl"
    plan.write_text(
        f"""
base: {untrained}/tiny.yaml
directory: {tmp_path}/runs
results: {results}
set: {{training.epochs: 1, training.log_every: 1, model.layers: 1}}
runs:
  - {{name: small, set: {{model.units: 8}}, against: large}}
""",
        encoding="utf-8",
    )
    assert "== small" in ablation(plan)[1]
    (small,) = map(json.loads, results.read_text(encoding="utf-8").splitlines())
    assert small["set"] == {"model.units": 8} and small["against"] == "large" and small["steps"] > 0
    assert 0 <= small["dev_bleu"] <= 100 and small["dev_perplexity"] > 1 and small["parameters"] > 8 * 4 * 8
    assert small["by_length"] and set(small["by_length"]) <= {"1-5", "6-6", "7-11", "12 or more"}
    assert "== small" not in ablation(plan)[1]
    large = small | {"name": "large", "against": "default", "set": {}, "dev_bleu": small["dev_bleu"] + 2.5}
    with open(results, "a", encoding="utf-8") as file:
        file.write(json.dumps(large) + "\n")
    assert len(results.read_text(encoding="utf-8").splitlines()) == 2
    rows = ablation(plan, "--table")[0].splitlines()
    assert [row for row in rows if row.startswith("| small") and "| -2.5 |" in row]
