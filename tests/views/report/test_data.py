"""What the report draws: every image and metric, gaps as nulls, all of it plain JSON."""

import json
from dataclasses import replace
from typing import Any

import pytest
from factory import FACTS, good, record, stored

from iqmetrics.pipeline.index import Index
from iqmetrics.pipeline.outcomes import Run
from iqmetrics.pipeline.score import Result
from iqmetrics.records import Missing, Reading
from iqmetrics.store import Store
from iqmetrics.views.report import data

A = record("a.png", "x", "p", seed=3, pick=2)
B = record("b.png", "y", None)


def built(store: Store, *records: Any, **run: Any) -> dict[str, Any]:
    covered = Run(list(records), (FACTS,), **run)
    return data.build(Result(covered, store, Index(records)), {"device": "cpu"})


def test_an_image_is_placed_by_model_prompt_seed_and_pick() -> None:
    body = built(stored((A, good(0.5, 2.0)), (B, good(0.25, 1.0))), A, B)
    assert body["models"] == ["x", "y"]
    first, second = body["images"]
    assert (first["f"], first["m"], first["p"], first["s"], first["k"]) == ("a.png", 0, "p", 3, 2)
    assert (second["f"], second["m"]) == ("b.png", 1)
    assert body["prompts"] == {"p": "p", B.prompt_id: ""}


def test_values_stand_in_the_order_of_the_metrics() -> None:
    body = built(stored((A, good(0.5, 2.0))), A)
    assert [m["name"] for m in body["metrics"]] == ["toy.good", "toy.bad"]
    assert body["images"][0]["v"] == [0.5, 2.0]
    assert body["metrics"][0]["scorer"] == "toy"
    assert body["metrics"][0]["scope"] == "image"


def test_what_is_missing_is_null_with_its_reason() -> None:
    image = built(stored((A, good(0.5))), A)["images"][0]
    assert image["v"] == [0.5, None]
    assert image["x"] == {"1": ["abstained", "too small"]}
    assert image["z"] is None


def test_what_could_not_be_decoded_is_there_without_any_value() -> None:
    body = built(Store(None), A, decode_problems={"a.png": Missing("truncated", "ends early")})
    (image,) = body["images"]
    assert image["z"] == ["truncated", "ends early"]
    assert image["v"] == [None, None]


def test_the_card_names_models_by_their_place() -> None:
    body = built(stored((A, good(0.5, 2.0)), (B, good(0.25, 1.0))), A, B)
    means = {(row["model"], row["metric"]): row["mean"] for row in body["card"]}
    assert means == {
        (0, "toy.good"): 0.5, (0, "toy.bad"): 2.0, (1, "toy.good"): 0.25, (1, "toy.bad"): 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.123456789, 0.123457), (1234567.0, 1234570.0), (1e-9, 1e-9), (0.0, 0.0), (0.5, 0.5)],
)
def test_values_keep_six_digits(value: float, shown: float) -> None:
    body = built(stored((A, good(0.5, value))), A)
    assert body["images"][0]["v"][1] == pytest.approx(shown, rel=1e-12)


@pytest.mark.parametrize(("size", "kept"), [(100, True), (data.EVIDENCE_CHARACTERS + 1, False)])
def test_evidence_that_is_too_long_is_left_to_the_store(size: int, kept: bool) -> None:
    reading = Reading({"toy.good": 1.0, "toy.bad": 1.0}, {}, {"text": "x" * size})
    body = built(stored((A, reading)), A)
    assert ("toy" in body["images"][0]["e"]) is kept
    assert body["images"][0]["v"] == [1.0, 1.0]


def test_an_image_that_was_not_reached_is_not_drawn() -> None:
    body = built(stored((A, good(1.0))), A, B)
    assert [image["f"] for image in body["images"]] == ["a.png"]
    assert body["models"] == ["x"]


def test_broken_names_become_escapes_that_can_be_read() -> None:
    odd = replace(A, image="\udcff.png", model="\udcfe", prompt="\udcfd")
    reading = Reading({"toy.good": 1.0}, {"toy.bad": Missing("abstained", "\udcfb")})
    body = built(stored((odd, reading)), odd)
    (image,) = body["images"]
    assert image["f"] == "\\udcff.png"
    assert image["x"]["1"] == ["abstained", "\\udcfb"]
    assert list(body["prompts"].values()) == ["\\udcfd"]
    assert body["models"] == ["\\udcfe"]


def test_readable_changes_only_what_cannot_be_written() -> None:
    assert data.readable("夏 ☀ \U0001f600 <b>&\u202e") == "夏 ☀ \U0001f600 <b>&\u202e"
    assert data.readable("a\udcffb") == "a\\udcffb"


def test_the_protocol_goes_along_and_all_is_json() -> None:
    body = built(stored((A, good(0.5)), (B, good(0.1, 2.0))), A, B)
    assert body["protocol"] == {"device": "cpu"}
    assert json.loads(json.dumps(body, allow_nan=False)) == body


def test_each_metric_has_its_axis() -> None:
    body = built(stored((A, good(0.5, 2.0))), A)
    assert {metric["axis"] for metric in body["metrics"]} == {"other"}
    assert "technical quality" in body["axes"]
