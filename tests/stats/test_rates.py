"""Shares against statsmodels and scipy."""

import pytest

from iqmetrics.stats import rates


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (28, 30), (1, 3), (500, 1000)])
def test_wilson_is_that_of_statsmodels(hits: int, n: int) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    assert rates.wilson(hits, n) == pytest.approx(
        proportion.proportion_confint(hits, n, method="wilson"), abs=1e-12
    )


@pytest.mark.parametrize(
    "table", [(28, 30, 21, 30), (28, 30, 22, 30), (0, 5, 5, 5), (3, 9, 3, 9), (1, 40, 9, 35)]
)
def test_fisher_is_that_of_scipy(table: tuple[int, int, int, int]) -> None:
    stats = pytest.importorskip("scipy.stats")
    a, n, b, m = table
    assert rates.fisher(a, n, b, m) == pytest.approx(
        stats.fisher_exact([[a, n - a], [b, m - b]])[1]
    )


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (7, 0), (8, 2), (5, 5), (30, 10), (900, 800)])
def test_sign_test_is_the_exact_binomial(wins: int, losses: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert rates.sign_test(wins, losses) == pytest.approx(expected)


def test_a_published_share_may_not_be_attainable() -> None:
    assert rates.attainable("93", 30) == rates.Attainable(28, True)
    assert not rates.attainable("71", 30).exact
    assert rates.attainable("70.0", 30).exact
    assert not rates.attainable("93.0", 30).exact


def test_images_needed_for_two_shares() -> None:
    assert rates.per_group_needed(0.93, 0.88) == pytest.approx(540, rel=0.02)
    assert rates.per_group_needed(0.5, 0.5) is None


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (3, 7), (50, 100)])
def test_wilson_is_symmetric_and_holds_the_share(hits: int, n: int) -> None:
    low, high = rates.wilson(hits, n)
    other_low, other_high = rates.wilson(n - hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high))


def test_wilson_narrows_with_images_and_widens_with_the_level() -> None:
    widths = [high - low for low, high in (rates.wilson(n // 2, n) for n in (10, 100, 1000))]
    assert widths == sorted(widths, reverse=True)
    assert rates.wilson(5, 10, 0.99)[0] < rates.wilson(5, 10, 0.9)[0]


def test_fisher_is_symmetric_in_models_and_in_hits() -> None:
    p = rates.fisher(8, 10, 3, 12)
    assert rates.fisher(3, 12, 8, 10) == pytest.approx(p)
    assert rates.fisher(2, 10, 9, 12) == pytest.approx(p)
    assert rates.fisher(5, 10, 5, 10) == 1.0


def test_more_power_and_smaller_differences_need_more_images() -> None:
    plain = rates.per_group_needed(0.9, 0.7)
    assert plain is not None
    assert rates.per_group_needed(0.7, 0.9) == plain
    assert rates.per_group_needed(0.9, 0.8) > plain  # type: ignore[operator]
    assert rates.per_group_needed(0.9, 0.7, power=0.95) > plain  # type: ignore[operator]


@pytest.mark.parametrize("n", [1, 3, 7, 30, 100])
def test_every_real_share_is_attainable_as_it_is_printed(n: int) -> None:
    for hits in range(n + 1):
        for decimals in (0, 1, 2):
            printed = f"{100 * hits / n:.{decimals}f}"
            assert rates.attainable(printed, n).exact, (hits, n, printed)


@pytest.mark.parametrize(
    "table",
    [
        (28_000, 30_000, 27_950, 30_000),
        (1, 100_000, 0, 100_000),
        (300, 400, 30_000, 41_000),
        (999, 1000, 1, 1000),
        (0, 50, 0, 60),
        (50, 50, 60, 60),
    ],
)
def test_fisher_holds_for_many_images(table: tuple[int, int, int, int]) -> None:
    """Ten thousand a model took six seconds, a hundred thousand minutes."""
    stats = pytest.importorskip("scipy.stats")
    a, n, b, m = table
    expected = stats.fisher_exact([[a, n - a], [b, m - b]])[1]
    assert rates.fisher(a, n, b, m) == pytest.approx(expected, rel=1e-6, abs=1e-300)
