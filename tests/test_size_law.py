"""The size that suits some minutes."""

import json
from dataclasses import replace

import pytest

from s2s.config import Config, ModelConfig, TrainingConfig
from s2s.data_config import DataConfig
from s2s.training import size_law
from s2s.training.size_law import LEAST_STEPS, RESIDUAL, SIZES, TATOEBA_LAW, SizeLaw, best_size
from tests.conftest import ROOT, run_script

CONFIG = Config("run", DataConfig(("pairs.tsv",), "prepared"))


def test_the_law_by_hand():
    law = SizeLaw(limit=6.0, steps_factor=8.0, steps_power=1.0, size_power=0.5)
    assert law.loss(4.0, 2.0) == (6.0 + 8.0 / 2.0) / 2.0


def test_it_is_the_law_of_the_results(tmp_path):
    results = ROOT / "data" / "ablation.jsonl"
    process = run_script("experiments/plot_sizes.py", results, "-o", tmp_path / "sizes.png", check=0)
    found = json.loads(process.stdout.decode().splitlines()[-1])
    for name, value in TATOEBA_LAW._asdict().items():
        assert found[name] == pytest.approx(value, rel=1e-3)
    assert found["residual"] == pytest.approx(RESIDUAL, abs=5e-4)


def test_the_more_time_the_larger():
    def choose(steps: float) -> int:
        size = best_size(CONFIG, lambda model: steps / model.units**2)
        assert size and size.steps == steps / size.units**2
        return size.units

    own = CONFIG.model.units
    sizes = [choose(LEAST_STEPS * own**2 * 2.0**power) for power in range(10)]
    assert sizes == sorted(sizes) and sizes[0] < SIZES[-1] == sizes[-1]


@pytest.mark.parametrize(("part", "units"), [(0.9, 384), (1.1, 768)])
def test_a_difference_within_the_residual_changes_nothing(monkeypatch, part, units):
    # Of these laws the loss of 384 cells is `part` of RESIDUAL above that of 768.
    law = SizeLaw(limit=part * RESIDUAL * 768, steps_factor=0.0, steps_power=1.0, size_power=1.0)
    monkeypatch.setattr(size_law, "TATOEBA_LAW", law)
    size = best_size(CONFIG, lambda _: 1e4)
    assert size and size.units == units


def test_none_where_the_law_does_not_apply():
    assert best_size(CONFIG, lambda _: LEAST_STEPS) is not None
    assert best_size(CONFIG, lambda _: LEAST_STEPS - 1.0) is None
    assert best_size(CONFIG, lambda _: 0.0) is None
    for changed in (
        replace(CONFIG, model=ModelConfig(layers=3)),
        replace(CONFIG, training=TrainingConfig(tokens_per_batch=4096)),
        replace(CONFIG, training=TrainingConfig(init_from="runs/other")),
    ):
        assert best_size(changed, lambda _: 1e4) is None
