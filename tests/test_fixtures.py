"""fixtures/outputs has known answers: every planted fault of model-b is found where it was planted."""

from pathlib import Path

import pytest

import iqmetrics

OUTPUTS = Path(__file__).parents[1] / "fixtures" / "outputs"

PLANTED = [
    ("coffee.png", "niqe", "lower"),
    ("coffee.png", "look.sharpness", "higher"),
    ("rocket.jpg", "niqe", "lower"),
    ("moto.jpg", "piqe", "lower"),
    ("cat.png", "grain.uniformity", "higher"),
    ("flowers.png", "grain.uniformity", "higher"),
    ("canyon.jpg", "look.clipped", "lower"),
    ("canyon.jpg", "size.as_requested", "higher"),
    ("armchair.jpg", "look.crushed", "lower"),
    ("car.jpg", "look.cast_b", "higher"),
    ("sale.png", "text.legibility", "higher"),
    ("limited.png", "text.legibility", "higher"),
    ("gravel.png", "look.repeats", "lower"),
    ("butterfly.png", "look.grid", "lower"),
    ("astronaut.jpg", "face.asymmetry", "lower"),
    ("astronaut.jpg", "face.malformed", "lower"),
    ("hand.jpg", "hands.extra", "lower"),
    ("hand.jpg", "hands.wrong", "lower"),
]


@pytest.fixture(scope="module")
def result() -> "iqmetrics.pipeline.score.Result":
    pytest.importorskip("torch")
    return iqmetrics.score(OUTPUTS)


@pytest.mark.parametrize(("image", "metric", "better"), PLANTED)
def test_model_a_beats_model_b_where_a_fault_was_planted(
    result: "iqmetrics.pipeline.score.Result", image: str, metric: str, better: str
) -> None:
    readings = result.readings()
    name = metric.partition(".")[0]
    a = readings[f"model-a/{image}"][name].values[metric]
    b = readings[f"model-b/{image}"][name].values[metric]
    assert a > b if better == "higher" else a < b


def test_nothing_failed_and_every_image_has_its_prompt(
    result: "iqmetrics.pipeline.score.Result",
) -> None:
    assert result.run.decode_problems == {}
    assert all(record.prompt for record in result.run.records)
    assert {record.model for record in result.run.records} == {"model-a", "model-b"}
    statuses = {status for row in result.scorecard.rows for status in row.coverage}
    assert "failed" not in statuses


def test_model_a_is_usable_more_often(result: "iqmetrics.pipeline.score.Result") -> None:
    means = {row.model: row.mean for row in result.scorecard.rows if row.metric == "usable"}
    assert means["model-a"] > means["model-b"]


def test_the_fixtures_stay_small() -> None:
    assert sum(path.stat().st_size for path in OUTPUTS.parent.rglob("*") if path.is_file()) <= 8e6


@pytest.mark.parametrize("poster", ["sale.png", "limited.png"])
def test_nothing_is_wrong_with_a_clean_poster_and_only_the_text_of_a_misspelt_one(
    result: "iqmetrics.pipeline.score.Result", poster: str
) -> None:
    usable = {o.record.image: o.readings["usable"] for o in result.outcomes() if o.record}
    assert "fails" not in usable[f"model-a/{poster}"].evidence
    fails = usable[f"model-b/{poster}"].evidence["fails"]
    assert [fail.split(" = ")[0] for fail in fails] == ["text.legibility"]
