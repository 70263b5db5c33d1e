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
