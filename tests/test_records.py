"""Readings refuse what is not a number."""

import json

import pytest

from iqmetrics.records import ImageRecord, Metric, Missing, Reading, Source


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_is_finite(value: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        Reading({"x": value})


def test_a_metric_is_measured_or_missing_not_both() -> None:
    with pytest.raises(ValueError, match="both measured and missing"):
        Reading({"x": 1.0}, {"x": Missing("abstained", "why")})


def test_statuses_are_a_closed_set() -> None:
    with pytest.raises(ValueError, match="unknown status"):
        Missing("skipped", "no reason")


def test_none_covers_every_metric() -> None:
    metrics = [Metric(n, "", 0, 1, "higher", "a") for n in ("a", "b")]
    reading = Reading.none(metrics, "not_applicable", "no face")
    assert set(reading.missing) == {"a", "b"}
    assert reading.values == {}


def test_a_record_survives_json_text() -> None:
    record = ImageRecord(
        "a/\udcff.png", "/x/a/\udcff.png", "ab", "m", "p", "夏日", None, 7, 2, (512, 768), ("SALE",), ("t",),
        {"steps": 20}, {"prompt": Source("comfyui", "low")},
    )  # fmt: skip
    assert ImageRecord.from_json(json.loads(json.dumps(record.to_json()))) == record
    bare = ImageRecord("a", "a")
    assert ImageRecord.from_json(json.loads(json.dumps(bare.to_json()))) == bare
