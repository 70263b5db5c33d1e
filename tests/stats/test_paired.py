"""Bootstrap-t bounds keep their level where a t interval does not."""

import numpy as np
import pytest

from iqmetrics.stats import paired


def left_skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    raw = np.exp(0.8 * rng.normal(size=shape))
    return -(raw - np.exp(0.32)) / np.sqrt((np.exp(0.64) - 1) * np.exp(0.64))


def test_the_bound_is_crossed_as_often_as_it_says_with_skewed_differences() -> None:
    x = left_skewed(np.random.default_rng(1), (200, 3000))
    low, high = paired.bounds(x)
    assert 0.035 <= np.mean(low > 0) <= 0.065
    assert 0.035 <= np.mean(high < 0) <= 0.065


def test_bounds_mirror_when_the_differences_do() -> None:
    x = left_skewed(np.random.default_rng(2), (40, 3))
    low, high = paired.bounds(x)
    mirrored_low, mirrored_high = paired.bounds(-x)
    assert mirrored_low == pytest.approx(-high)
    assert mirrored_high == pytest.approx(-low)


def test_bounds_follow_shift_and_scale() -> None:
    x = left_skewed(np.random.default_rng(3), (40, 1))
    low, high = paired.bounds(x)
    moved = paired.bounds(10 * x + 3)
    assert moved[0] == pytest.approx(10 * low + 3)
    assert moved[1] == pytest.approx(10 * high + 3)


def test_few_prompts_get_no_bound() -> None:
    found = paired.effect(np.array([0.1, 0.2, 0.3, 0.4]))
    assert (found.low, found.high, found.prompts) == (None, None, 4)


def test_equal_differences_have_themselves_as_bounds() -> None:
    found = paired.effect(np.full(20, 0.25))
    assert (found.low, found.mean, found.high, found.sd) == (0.25, 0.25, 0.25, 0.0)


def test_p_value_agrees_with_the_bound() -> None:
    x = left_skewed(np.random.default_rng(4), (60,)) + 0.3
    found = paired.effect(x)
    assert paired.p_value(x, found.low, "above") == pytest.approx(0.05, abs=0.002)
    assert paired.p_value(x, found.high, "below") == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize(
    ("sd", "margin", "n"),
    [(0.05, 0.02, 39), (0.10, 0.02, 155), (0.20, 0.02, 619), (0.10, 0.01, 619)],
)
def test_prompts_needed_are_the_textbook_numbers(sd: float, margin: float, n: int) -> None:
    assert paired.prompts_needed(sd, margin) == n


def test_a_tail_to_the_worse_side_needs_more_prompts_and_never_fewer() -> None:
    plain = paired.prompts_needed(0.1, 0.02)
    assert paired.prompts_needed(0.1, 0.02, skew=-2.0) > plain
    assert paired.prompts_needed(0.1, 0.02, skew=2.0) == plain
    assert paired.skewness(np.array([1.0, 1.0, 1.0, -5.0])) < -1
    assert paired.skewness(np.ones(4)) == 0


def test_where_nearly_all_prompts_are_equal_no_bound_is_made_up() -> None:
    found = paired.effect(np.array([*[0.0] * 12, -64.0]), alpha=0.025)
    assert found.mean == pytest.approx(-64 / 13)
    assert found.low is None
    hardly = np.random.default_rng(8).normal(0, 1e-4, 24)
    hardly[0] = 0.06
    found = paired.effect(hardly, alpha=0.025)
    assert found.high is None, "a finite bound of hundreds of standard errors is none"
    assert found.low is not None and found.low < found.mean
    equal = paired.effect(np.zeros(12))
    assert (equal.low, equal.high) == (0, 0)


def test_the_order_of_the_prompts_does_not_move_the_mean_and_hardly_the_bounds() -> None:
    x = left_skewed(np.random.default_rng(5), (60,))
    here, there = paired.effect(x), paired.effect(x[::-1].copy())
    assert here.mean == pytest.approx(there.mean)
    assert here.low is not None and there.low is not None
    assert here.low == pytest.approx(there.low, abs=0.2 * here.sd / np.sqrt(60))


def test_a_smaller_alpha_is_a_wider_claim() -> None:
    x = left_skewed(np.random.default_rng(6), (50, 1))
    edges = [paired.bounds(x, alpha) for alpha in (0.1, 0.05, 0.01)]
    assert edges[0][0] > edges[1][0] > edges[2][0]
    assert edges[0][1] < edges[1][1] < edges[2][1]


@pytest.mark.parametrize("n", [paired.LARGE - 1, paired.LARGE])
def test_bootstrap_and_normal_bounds_meet_where_one_takes_over(n: int) -> None:
    x = np.random.default_rng(7).normal(0.1, 1.0, n)
    found = paired.effect(x)
    half = 1.645 * x.std(ddof=1) / np.sqrt(n)
    assert found.low == pytest.approx(x.mean() - half, abs=0.08 * half)
    assert found.high == pytest.approx(x.mean() + half, abs=0.08 * half)


def test_p_values_of_both_sides_are_nearly_complements_and_never_zero() -> None:
    x = left_skewed(np.random.default_rng(8), (40,))
    for null in (-0.3, 0.0, 0.2):
        above, below = (paired.p_value(x, null, side) for side in ("above", "below"))
        assert above + below == pytest.approx(1.0, abs=0.01)
    assert paired.p_value(x + 100, 0.0, "above") == pytest.approx(1 / (paired.RESAMPLES + 1))
    assert paired.p_value(np.full(9, 0.5), 0.4, "above") == 0.0
    assert paired.p_value(np.full(9, 0.5), 0.5, "above") == 1.0, "equal is not above"
    assert paired.p_value(np.full(9, 0.5), 0.6, "below") == 0.0
    assert paired.p_value(np.full(9, 0.5), 0.4, "below") == 1.0


def test_half_the_margin_needs_four_times_the_prompts() -> None:
    one, two = (paired.prompts_needed(0.3, m) for m in (0.02, 0.01))
    assert two == pytest.approx(4 * one, rel=0.002)
    assert paired.prompts_needed(1e-9, 1.0) == paired.MIN_PROMPTS
    assert (
        paired.prompts_needed(0.3, 0.02, power=0.9)
        > one
        > paired.prompts_needed(0.3, 0.02, alpha=0.1)
    )


@pytest.mark.parametrize("null", [-0.2, 0.0, 0.15, 0.4])
def test_p_values_of_well_behaved_differences_are_those_of_the_t_test(null: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    x = np.random.default_rng(11).normal(0.1, 0.8, 120)
    for side, alternative in (("above", "greater"), ("below", "less")):
        expected = stats.ttest_1samp(x, null, alternative=alternative).pvalue
        assert paired.p_value(x, null, side) == pytest.approx(expected, abs=0.025)


def test_skewness_is_that_of_scipy_and_knows_neither_shift_nor_scale() -> None:
    stats = pytest.importorskip("scipy.stats")
    x = left_skewed(np.random.default_rng(12), (80,))
    assert paired.skewness(x) == pytest.approx(float(stats.skew(x)), rel=0.05)
    assert paired.skewness(3 * x + 7) == pytest.approx(paired.skewness(x))
    assert paired.skewness(-x) == pytest.approx(-paired.skewness(x))


def test_the_spread_is_that_of_a_sample_and_the_smallest_set_with_bounds_is_five() -> None:
    x = np.array([0.1, 0.4, 0.2, 0.9, -0.3])
    found = paired.effect(x)
    assert found.sd == pytest.approx(np.std(x, ddof=1))
    assert found.low is not None and found.high is not None
    assert found.low < found.mean < found.high and found.prompts == 5
    assert paired.effect(x[:4]).low is None


def test_columns_are_bounded_as_if_alone() -> None:
    x = left_skewed(np.random.default_rng(13), (30, 4))
    low, high = paired.bounds(x)
    for k in range(4):
        one = paired.bounds(x[:, k : k + 1])
        assert (one[0][0], one[1][0]) == pytest.approx((low[k], high[k]))
