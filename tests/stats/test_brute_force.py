"""The statistics against the slow definition of each, and the laws that any input must keep."""

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iqmetrics.stats import holm, means, paired, rates

SMALL = st.integers(0, 4)
VALUES = st.lists(st.floats(-1e3, 1e3, width=32), min_size=5, max_size=25)


def tables(rows: int, hits: int, n_a: int) -> list[int]:
    """How many hits fall into the first group, for every way to deal them out."""
    return [
        len([i for i in chosen if i < n_a]) for chosen in itertools.combinations(range(rows), hits)
    ]


@settings(max_examples=30, deadline=None)
@given(SMALL, SMALL, SMALL, SMALL)
def test_fisher_counts_every_way_to_deal_the_hits(a: int, b: int, c: int, d: int) -> None:
    n_a, n_b = a + b, c + d
    dealt = tables(n_a + n_b, a + c, n_a)
    chance = {k: dealt.count(k) / len(dealt) for k in set(dealt)}
    expected = sum(p for p in chance.values() if p <= chance[a] * (1 + 1e-9))
    assert rates.fisher(a, n_a, c, n_b) == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 7), st.integers(0, 7))
def test_the_sign_test_counts_every_row_of_coins(wins: int, losses: int) -> None:
    n, least = wins + losses, min(wins, losses)
    rows = np.array([bin(k).count("1") for k in range(1 << n)])
    extreme = (rows <= least).mean() + (rows >= n - least).mean()
    assert rates.sign_test(wins, losses) == pytest.approx(min(1.0, extreme))


@settings(deadline=None)
@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_wilson_is_where_the_score_test_turns(n: int, share: float, level: float) -> None:
    """Its ends solve (p - share)^2 = z^2 p (1 - p) / n."""
    hits = share * n
    z = NormalDist().inv_cdf(0.5 + level / 2)
    for end in rates.wilson(hits, n, level):
        assert 0 <= end <= 1
        if 0 < hits < n:
            gap = (hits / n - end) ** 2 - z * z * end * (1 - end) / n
            assert gap == pytest.approx(0, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=6))
def test_holm_is_the_closed_test_by_bonferroni(p: dict[str, float]) -> None:
    """Adjusted p = the largest Bonferroni p of any set of hypotheses that holds this one."""
    found = holm.adjust(p)
    for name in p:
        others = [other for other in p if other != name]
        worst = 0.0
        for size in range(len(others) + 1):
            for some in itertools.combinations(others, size):
                family = [p[name], *(p[other] for other in some)]
                worst = max(worst, min(1.0, len(family) * min(family)))
        assert found[name] == pytest.approx(worst)


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_bounds_hold_the_mean_between_them_and_mirror(values: list[float]) -> None:
    x = np.array(values, float)
    found, mirrored = paired.effect(x), paired.effect(-x)
    assert found.mean == pytest.approx(-mirrored.mean)
    for ours, theirs in ((found.low, mirrored.high), (found.high, mirrored.low)):
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            assert ours == pytest.approx(-theirs, rel=1e-6, abs=1e-6)
    tiny = 1e-9 * max(1.0, float(np.abs(x).max()))
    assert found.low is None or found.low <= found.mean + tiny
    assert found.high is None or found.high >= found.mean - tiny


@settings(max_examples=40, deadline=None)
@given(VALUES, st.floats(-1e3, 1e3), st.floats(0, 1e3))
def test_a_higher_hurdle_is_never_easier(values: list[float], null: float, more: float) -> None:
    x = np.array(values, float)
    lower, higher = (paired.p_value(x, hurdle, "above") for hurdle in (null, null + more))
    assert 0 <= lower <= higher <= 1
    mirrored = paired.p_value(-x, -null, "below")
    assert mirrored == pytest.approx(lower, abs=0.01)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=4), min_size=2, max_size=12)
)
def test_a_rate_has_an_interval_inside_0_and_1_that_holds_it_and_mirrors(
    answers: list[list[float]],
) -> None:
    values = np.array(list(itertools.chain(*answers)))
    clusters = np.repeat(np.arange(len(answers)), [len(a) for a in answers])
    mean, low, high = means.rate_interval(values, clusters)
    assert low is not None and high is not None
    assert mean == pytest.approx(values.mean())
    assert -1e-12 <= low <= mean <= high <= 1 + 1e-12
    turned = means.rate_interval(1 - values, clusters)
    assert (turned[0], turned[1], turned[2]) == pytest.approx(
        (1 - mean, 1 - high, 1 - low), abs=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=4), min_size=2, max_size=12
    )
)
def test_prompts_may_come_in_any_order_and_equal_prompts_are_sure(
    images: list[list[float]],
) -> None:
    values = np.array(list(itertools.chain(*images)), float)
    clusters = np.repeat(np.arange(len(images)), [len(a) for a in images])
    order = np.random.default_rng(1).permutation(len(values))
    one = means.cluster_interval(values, clusters)
    other = means.cluster_interval(values[order], clusters[order])
    assert one == pytest.approx(other)
    assert one[1] is not None and one[2] is not None and one[1] <= one[0] <= one[2]
    assert values.min() - 1e-6 <= one[1] and one[2] <= values.max() + 1e-6


@pytest.mark.parametrize("k", [2, 3])
def test_the_bootstrap_of_few_prompts_is_that_of_every_resample(k: int) -> None:
    """With 2 or 3 prompts every resample can be listed: the quantiles are those of the list."""
    sums = np.array([1.0, 4.0, 9.0][:k])
    every = [np.mean(row) for row in itertools.product(sums, repeat=k)]
    _, low, high = means.cluster_interval(sums, np.arange(k))
    assert low == pytest.approx(np.quantile(every, 0.025, method="inverted_cdf"), abs=1e-9)
    assert high == pytest.approx(np.quantile(every, 0.975, method="inverted_cdf"), abs=1e-9)


@settings(deadline=None)
@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(0.5, 0.99), st.floats(-3, 3))
def test_more_noise_more_power_or_a_smaller_margin_never_need_fewer_prompts(
    sd: float, margin: float, power: float, skew: float
) -> None:
    n = paired.prompts_needed(sd, margin, power, skew=skew)
    assert n >= paired.MIN_PROMPTS
    assert paired.prompts_needed(2 * sd, margin, power, skew=skew) >= n
    assert paired.prompts_needed(sd, margin / 2, power, skew=skew) >= n
    assert paired.prompts_needed(sd, margin, power, skew=-abs(skew)) >= paired.prompts_needed(
        sd, margin, power
    )


@settings(deadline=None)
@given(st.integers(1, 500), st.integers(0, 3), st.data())
def test_a_printed_share_is_attainable_and_its_nearest_count_is_found(
    n: int, decimals: int, data: st.DataObject
) -> None:
    hits = data.draw(st.integers(0, n))
    found = rates.attainable(f"{100 * hits / n:.{decimals}f}", n)
    assert found.exact
    assert abs(found.hits - hits) <= max(1.0, n * 0.5 * 10.0**-decimals / 100 + 1)


@given(st.integers(0, 500).map(lambda k: k / 500), st.integers(0, 500).map(lambda k: k / 500))
def test_images_needed_are_symmetric_and_whole(a: float, b: float) -> None:
    needed = rates.per_group_needed(a, b)
    assert needed == rates.per_group_needed(b, a)
    if a == b:
        assert needed is None
    else:
        assert needed is not None and needed >= 0 and isinstance(needed, int)
        z = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
        assert needed >= math.floor(z * z * (a * (1 - a) + b * (1 - b)) / (a - b) ** 2)
