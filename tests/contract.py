"""The laws every image scorer keeps; `check_scorer` puts one scorer through all of them.

Use it from the scorer's own test: `check_scorer(Niqe(), pictures)`.
"""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from iqmetrics.images import Picture
from iqmetrics.records import METRIC_STATUSES, Reading
from iqmetrics.scorers.base import load, options


def copies(pictures: Sequence[Picture]) -> list[Picture]:
    """The same pictures with an empty memo, so that nothing is remembered between two calls."""
    return [Picture(p.record, p.pixels, p.flags) for p in pictures]


def check_scorer(
    scorer: Any,
    pictures: Sequence[Picture],
    rel: float = 1e-6,
    abs_: float = 1e-9,
    device: str = "cpu",
) -> None:
    """Assert the scorer contract on real pictures (at least 3, best of unlike sizes)."""
    assert scorer.name and scorer.version and scorer.licence
    assert scorer.scope == "image"
    assert scorer.metrics and all(m.about for m in scorer.metrics)
    assert all(m.better in ("higher", "lower", "neither") for m in scorer.metrics)
    assert (type(scorer).__doc__ or "").strip(), "a scorer says what its number is"
    assert hash(scorer) == hash(type(scorer)(**options(scorer))), "options define the scorer"
    load(scorer, device)
    together = scorer.score(copies(pictures))
    assert len(together) == len(pictures)
    for reading in together:
        _check_reading(scorer, reading)
    one_by_one = [scorer.score([p])[0] for p in copies(pictures)]
    backwards = scorer.score(copies(pictures)[::-1])[::-1]
    again = scorer.score(copies(pictures))
    for name, other in {"batch": one_by_one, "order": backwards, "repeat": again}.items():
        for a, b in zip(together, other, strict=True):
            same_reading(a, b, rel, abs_, name)
    assert scorer.score([]) == []


def same_reading(a: Reading, b: Reading, rel: float, abs_: float, why: str = "") -> None:
    """Assert that two readings are equal within a tolerance."""
    assert a.missing == b.missing, why
    assert a.values.keys() == b.values.keys(), why
    for metric, value in a.values.items():
        assert b.values[metric] == pytest.approx(value, rel=rel, abs=abs_), f"{why}: {metric}"


def _check_reading(scorer: Any, reading: Reading) -> None:
    declared = {m.name: m for m in scorer.metrics}
    assert set(reading.values) | set(reading.missing) == set(declared), "every metric, no other"
    assert not set(reading.values) & set(reading.missing)
    for name, value in reading.values.items():
        low, high = declared[name].low, declared[name].high
        assert isinstance(value, float) and math.isfinite(value)
        assert low is None or value >= low, name
        assert high is None or value <= high, name
    for missing in reading.missing.values():
        assert missing.status in METRIC_STATUSES and missing.reason
