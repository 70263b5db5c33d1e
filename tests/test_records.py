"""Readings refuse what is not a number."""

import json
import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import get_args

import pytest

from iqmetrics import records
from iqmetrics.records import (
    IMAGE_STATUSES,
    METRIC_STATUSES,
    Aggregate,
    ImageRecord,
    Metric,
    Missing,
    Reading,
    Scorecard,
    Source,
)


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


@pytest.mark.parametrize("status", [*METRIC_STATUSES, *IMAGE_STATUSES])
def test_every_status_of_both_sets_can_be_told(status: str) -> None:
    assert Missing(status, "why").status == status


def test_the_two_sets_of_statuses_have_nothing_in_common() -> None:
    assert not set(METRIC_STATUSES) & set(IMAGE_STATUSES)
    assert "ok" not in {*METRIC_STATUSES, *IMAGE_STATUSES}


NOUNS = [noun for noun in vars(records).values() if is_dataclass(noun)]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_nouns_cannot_be_changed_and_hold_nothing_but_their_fields(noun: type) -> None:
    """A folder may have a million of them: none has a `__dict__`."""
    made = object.__new__(noun)
    assert not hasattr(made, "__dict__")
    for field in fields(noun):
        with pytest.raises(FrozenInstanceError):
            setattr(made, field.name, None)


def test_the_words_that_stores_and_scorecards_hold_do_not_change() -> None:
    """A store written by an older version is read by a newer one, and the other way round."""
    assert METRIC_STATUSES == ("not_applicable", "abstained", "unavailable", "failed")
    assert IMAGE_STATUSES == (
        "unreadable", "unsupported", "too_large", "truncated", "timeout", "crashed",
    )  # fmt: skip
    assert records.YES_NO == "yes/no"
    assert get_args(records.Better) == ("higher", "lower", "neither")
    assert get_args(records.Scope) == ("image", "set")
    assert get_args(records.Confidence) == ("high", "medium", "low")


def test_what_is_not_said_of_a_noun() -> None:
    assert Source("x").confidence == "high"
    assert records.PromptSuite("s", "1", ()).pick == 1, "the first image"
    bare = Scorecard((), ())
    assert (bare.scorers, bare.tags, bare.decode_policy) == ({}, {}, "")
    assert bare.tags is not Scorecard((), ()).tags


def test_unknown_is_not_none_asked_for() -> None:
    """`texts` None means not stated, () means stated: no text."""
    for texts in (None, (), ("A",)):
        record = ImageRecord("a", "a", texts=texts)
        assert ImageRecord.from_json(json.loads(json.dumps(record.to_json()))).texts == texts


def test_each_record_has_its_own_params() -> None:
    assert ImageRecord("a", "a").params is not ImageRecord("b", "b").params


def test_models_of_a_scorecard_are_sorted_and_unique() -> None:
    row = Aggregate("b", "x", "s", "1", "", "higher", 1.0, None, None, 1, 1, {"ok": 1})
    rows = (row, replace(row, model="a"), replace(row, metric="y"))
    assert Scorecard(rows, ()).models == ("a", "b")
    many = tuple(replace(row, model=model) for model in "hgfedcba")
    assert Scorecard(many, ()).models == tuple("abcdefgh")
    assert Scorecard((), ()).models == ()


@pytest.mark.parametrize("change", [{"extra": 1}, {"image": None}])
def test_a_row_of_another_version_is_no_record(change: dict[str, object]) -> None:
    row = {**ImageRecord("a", "a").to_json(), **change}
    if row["image"] is None:
        del row["image"]
    with pytest.raises(TypeError):
        ImageRecord.from_json(row)


def test_what_many_records_have_alike_is_held_once_and_nothing_else() -> None:
    source = {"prompt": Source("comfyui", "low")}
    rows = [
        json.loads(json.dumps(ImageRecord(name, name, params=params, sources=found).to_json()))
        for name, params, found in (
            ("a", {}, source), ("b", {}, source), ("c", {"steps": 2}, {}), ("d", {"steps": 3}, {}),
        )
    ]  # fmt: skip
    shared: dict[object, object] = {}
    a, b, c, d = (ImageRecord.from_json(row, shared) for row in rows)
    assert a.sources is b.sources and c.sources is d.sources and a.sources is not c.sources
    assert a.params is b.params and a.params == {}
    assert (c.params, d.params) == ({"steps": 2}, {"steps": 3})
    alone = [ImageRecord.from_json(row) for row in rows]
    assert alone == [a, b, c, d] and alone[0].sources is not alone[1].sources


def test_a_reading_is_written_once_and_says_what_has_no_json() -> None:
    reading = Reading({"x": 1.5}, {}, {"at": ["ü", 2]})
    assert reading.written() == ('{"x":1.5}', '{"at":["\\u00fc",2]}')
    assert reading.written() is reading.written()
    assert reading == Reading({"x": 1.5}, {}, {"at": ["ü", 2]}), "written or not"
    assert pickle.loads(pickle.dumps(reading)).written() == reading.written()
    with pytest.raises(ValueError, match="not JSON compliant"):
        Reading({}, {}, {"at": float("nan")}).written()
    with pytest.raises(TypeError, match="set"):
        Reading({}, {}, {"at": {1}}).written()


def test_a_reading_that_was_checked_before_is_the_same_reading() -> None:
    missing = {"y": Missing("abstained", "why")}
    assert Reading.checked({"x": 1.0}, missing, {"box": [1]}) == Reading(
        {"x": 1.0}, missing, {"box": [1]}
    )
    assert Reading.checked({"x": 1.0}, missing, {}).written() == ('{"x":1.0}', "{}")
