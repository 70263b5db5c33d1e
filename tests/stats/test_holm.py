"""Holm's correction against statsmodels."""

import numpy as np
import pytest

from iqmetrics.stats.holm import adjust


def test_holm_is_that_of_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = np.random.default_rng(1).uniform(0, 0.1, size=12)
    expected = multitest.multipletests(p, method="holm")[1]
    found = adjust({str(i): float(v) for i, v in enumerate(p)})
    assert list(found.values()) == pytest.approx(list(expected))
    assert list(found) == [str(i) for i in range(12)]


def test_nothing_to_adjust() -> None:
    assert adjust({}) == {}


def test_adjusted_values_never_fall_below_the_raw_ones_and_keep_their_order() -> None:
    p = {str(n): float(v) for n, v in enumerate(np.random.default_rng(2).uniform(0, 1, 30))}
    found = adjust(p)
    assert all(p[name] <= found[name] <= 1 for name in p)
    by_raw = [found[name] for name in sorted(p, key=p.__getitem__)]
    assert by_raw == sorted(by_raw)


def test_one_value_is_left_as_it_is_and_equal_ones_stay_equal() -> None:
    assert adjust({"a": 0.03}) == {"a": 0.03}
    assert len(set(adjust({"a": 0.01, "b": 0.01, "c": 0.01}).values())) == 1
