"""The figures of the validity study of grain."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "validity" / "grain.py"


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validity_grain", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_equal_values_share_their_rank(study: ModuleType) -> None:
    assert study.rank(np.array([5.0, 1.0, 9.0])).tolist() == [1, 0, 2]
    assert study.rank(np.array([1.0, 1.0, 0.5, 1.0])).tolist() == [2, 2, 0, 2]


def test_rank_is_that_of_scipy(study: ModuleType) -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 60), rng.normal(0, 1, 60)
    assert study.correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_an_abstention_is_a_coin_toss(study: ModuleType) -> None:
    assert study.auc([0.1, 0.2], [0.8, 0.9]) == 1
    assert study.auc([0.1, None], [0.8, 0.9]) == 0.75
    assert study.auc([0.5], [0.5]) == 0.5


def test_halves_are_fixed_by_name_and_about_equal(study: ModuleType) -> None:
    halves = [study.half_of(f"p{i:03d}.png") for i in range(200)]
    assert halves == [study.half_of(f"p{i:03d}.png") for i in range(200)]
    assert 80 < halves.count("held") < 120


def test_the_naive_measure_calls_even_noise_even(study: ModuleType) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 5, (160, 160, 1)).repeat(3, 2)
    uneven = noise.copy()
    uneven[:80] *= 0.2
    assert study.naive(128 + noise) > study.naive(128 + uneven)


def test_correlation_minds_the_weights(study: ModuleType) -> None:
    a, b = np.array([0.0, 1.0, 5.0]), np.array([0.0, 1.0, -5.0])
    assert study.weighted_corr(a, b, np.array([1.0, 1.0, 0.0])) == pytest.approx(1)
    assert study.weighted_corr(a, b, np.ones(3)) < 0
