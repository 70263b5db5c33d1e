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
