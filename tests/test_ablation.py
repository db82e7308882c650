"""scripts/experiments/ablation.py: every run is measured once, and the table has its gain."""

import json
import shutil

import pytest

from tests.conftest import run_script


def ablation(*arguments):
    process = run_script("experiments/ablation.py", *arguments, check=0)
    return process.stdout.decode(), process.stderr.decode()


@pytest.mark.slow
def test_a_run_is_measured_once_with_every_seed_and_compared_with_the_one_it_differs_from(untrained, tmp_path):
    plan, results = tmp_path / "plan.yaml", tmp_path / "results.jsonl"

    def write_plan(*runs):
        plan.write_text(
            f"""
base: {untrained}/tiny.yaml
directory: {tmp_path}/runs
results: {results}
set: {{training.epochs: 1, training.log_every: 1, model.layers: 1}}
runs: [{", ".join(runs)}]
""",
            encoding="utf-8",
        )

    small = "{name: small, set: {model.units: 8}, seeds: [3, 4], against: large}"
    write_plan(small)
    log = ablation(plan, "--jobs", "2")[1]
    assert "== small" in log and "small: large is not there for 2 of 2 seeds" in log
    (result,) = map(json.loads, results.read_text(encoding="utf-8").splitlines())
    assert result["set"] == {"model.units": 8} and result["against"] == "large" and result["steps"] > 0
    assert (
        result["p"] is None
        and result["gain"] is None
        and result["seeds"] == [3, 4]
        and len(result["dev_bleu_of_seeds"]) == 2
    )
    assert result["dev_bleu"] == pytest.approx(sum(result["dev_bleu_of_seeds"]) / 2, abs=0.01)
    assert result["dev_perplexity"] > 1 and result["parameters"] > 8 * 4 * 8
    assert result["by_length"] and set(result["by_length"]) <= {"1-5", "6-6", "7-11", "12 or more"}
    # The same trainings again, so that none is needed.
    shutil.copytree(tmp_path / "runs" / "small-4", tmp_path / "runs" / "same-4")
    write_plan(small, "{name: same, set: {model.units: 8}, seeds: [4], against: small}")
    assert "== small" not in ablation(plan)[1]
    same = json.loads(results.read_text(encoding="utf-8").splitlines()[1])
    assert same["p"] == 1.0 and same["dev_bleu"] == result["dev_bleu_of_seeds"][1]
    # The gain is over the seeds that both have, not the difference of their means.
    assert same["gain"] == {"bleu": 0.0, "chrf": 0.0}
    large = result | {"name": "large", "against": "default", "set": {}, "dev_bleu": result["dev_bleu"] + 2.5}
    with open(results, "a", encoding="utf-8") as file:
        file.write(json.dumps(large) + "\n")
    rows = ablation(plan, "--table")[0].splitlines()
    assert [row for row in rows if row.startswith("| small") and "| -2.5 |" in row]
    assert [row for row in rows if row.startswith("| same") and "| +0.0 (p = 1.000) |" in row]
