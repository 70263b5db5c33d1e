"""Intervals respect the prompt."""

import numpy as np
import pytest

from iqmetrics.stats.means import LARGE, cluster_interval, rate_interval
from iqmetrics.stats.rates import wilson


def draw(prompts: int, seeds: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    clusters = np.repeat(np.arange(prompts), seeds)
    values = rng.normal(size=prompts)[clusters] + rng.normal(size=prompts * seeds)
    return values, clusters


@pytest.mark.parametrize("prompts", [60, LARGE + 50])
def test_the_interval_covers_the_truth_as_often_as_it_says(prompts: int) -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        _, low, high = cluster_interval(*draw(prompts, 4, rng))
        hits += low <= 0 <= high
    assert 0.90 <= hits / 300 <= 0.985


def test_seeds_of_one_prompt_do_not_shrink_the_interval() -> None:
    values = np.random.default_rng(2).normal(size=40)
    _, low, high = cluster_interval(values, np.arange(40))
    _, low4, high4 = cluster_interval(np.repeat(values, 4), np.repeat(np.arange(40), 4))
    assert high4 - low4 == pytest.approx(high - low, rel=1e-9)


def test_bootstrap_and_normal_interval_agree_where_one_takes_over() -> None:
    values, clusters = draw(LARGE - 1, 4, np.random.default_rng(3))
    mean, low, high = cluster_interval(values, clusters)
    more = cluster_interval(np.append(values, mean), np.append(clusters, LARGE - 1))
    assert more[1] == pytest.approx(low, abs=0.1 * (high - low))
    assert more[2] == pytest.approx(high, abs=0.1 * (high - low))


def test_one_prompt_has_a_mean_and_no_interval() -> None:
    assert cluster_interval(np.array([1.0, 3.0]), np.array([0, 0])) == (2.0, None, None)


def test_equal_values_have_an_interval_of_width_zero_around_the_mean() -> None:
    mean, low, high = cluster_interval(np.full(30, 0.1), np.arange(30))
    assert low <= mean <= high
    assert high - low < 1e-12


def test_the_mean_weighs_images_not_prompts() -> None:
    mean, _, _ = cluster_interval(np.array([1.0, 1.0, 1.0, 5.0]), np.array([0, 0, 0, 1]))
    assert mean == 2.0


def test_shift_and_scale_move_the_interval_with_the_values() -> None:
    values, clusters = draw(40, 3, np.random.default_rng(4))
    plain = cluster_interval(values, clusters)
    moved = cluster_interval(10 * values + 3, clusters)
    assert moved == pytest.approx([10 * v + 3 for v in plain if v is not None])


def test_the_answer_is_always_the_same() -> None:
    values, clusters = draw(40, 3, np.random.default_rng(5))
    assert cluster_interval(values, clusters) == cluster_interval(values, clusters)


def test_a_higher_level_is_a_wider_interval() -> None:
    values, clusters = draw(60, 2, np.random.default_rng(6))
    widths = []
    for level in (0.5, 0.8, 0.95, 0.99):
        _, low, high = cluster_interval(values, clusters, level)
        assert low is not None and high is not None
        widths.append(high - low)
    assert widths == sorted(widths)


@pytest.mark.parametrize(("share", "alike"), [(0.5, 0.3), (0.93, 0.3), (0.97, 0.0)])
def test_a_rate_is_covered_as_often_as_said(share: float, alike: float) -> None:
    """Beta-binomial answers of 24 prompts with 4 images, `alike` correlated within a prompt."""
    rng = np.random.default_rng(5)
    clusters = np.repeat(np.arange(24), 4)
    hits = 0
    for _ in range(3000):
        own = rng.random(24) < alike  # prompts whose four images share one answer
        one = rng.random(24)[clusters] < share
        values = np.where(own[clusters], one, rng.random(96) < share).astype(np.float64)
        _, low, high = rate_interval(values, clusters)
        assert low is not None and high is not None
        hits += low <= share <= high
    assert hits / 3000 >= 0.94


def test_independent_answers_have_nearly_the_interval_of_wilson() -> None:
    """A little wider, for the variance is known from 30 prompts only."""
    _, low, high = rate_interval(np.array([1.0] * 28 + [0.0] * 2), np.arange(30))
    plain = wilson(28, 30)
    assert low is not None and plain[0] - 0.02 < low < plain[0]
    assert high is not None and plain[1] < high < plain[1] + 0.02


def test_all_alike_is_no_certainty_and_a_prompt_counts_once() -> None:
    mean, low, high = rate_interval(np.ones(96), np.repeat(np.arange(24), 4))
    assert (mean, low, high) == (1.0, wilson(24, 24)[0], 1.0)
    mean, low, high = rate_interval(np.zeros(24), np.arange(24))
    assert (mean, low, high) == (0.0, 0.0, wilson(0, 24)[1])


def test_one_prompt_gives_no_interval_of_a_rate() -> None:
    assert rate_interval(np.array([1.0, 0.0]), np.array([0, 0])) == (0.5, None, None)


def test_many_prompts_have_the_cluster_robust_interval_of_statsmodels() -> None:
    """Clusters of unlike size; to a share of 1e-9, so that k / (k - 1) counts too."""
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(4)
    clusters = np.repeat(np.arange(LARGE), rng.integers(1, 5, LARGE))
    values = rng.normal(size=LARGE)[clusters] + rng.normal(size=len(clusters))
    fit = sm.OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": clusters}, use_t=False
    )
    for level in (0.8, 0.95):
        mean, low, high = cluster_interval(values, clusters, level)
        assert mean == pytest.approx(fit.params[0], rel=1e-9)
        assert (low, high) == pytest.approx(tuple(fit.conf_int(1 - level)[0]), rel=1e-9)
