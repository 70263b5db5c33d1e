"""The scorecard counts everything: values, statuses, images no scorer saw."""

from dataclasses import replace

import pytest
from factory import FACTS, good, record, stored

from iqmetrics.pipeline.outcomes import Run, outcomes
from iqmetrics.pipeline.scorecard import build, by_metric
from iqmetrics.records import Missing

A1, A2, A3 = record("a/1.png", "a", "p"), record("a/2.png", "a", "q"), record("a/3.png", "a", "r")


def test_mean_interval_and_coverage() -> None:
    store = stored((A1, good(0.2, 4.0)), (A2, good(0.6)))
    problems = {"a/3.png": Missing("truncated", "half a file")}
    run = Run([A1, A2, A3], (FACTS,), problems)
    rows = by_metric(build(outcomes(store, run), run.scorers))
    row = rows["toy.good"]["a"]
    assert row.mean == pytest.approx(0.4)
    assert row.low <= 0.4 <= row.high
    assert (row.images, row.prompts) == (2, 2)
    assert row.coverage == {"ok": 2, "truncated": 1}
    assert rows["toy.bad"]["a"].coverage == {"abstained": 1, "ok": 1, "truncated": 1}
    assert rows["toy.bad"]["a"].low is None, "one prompt has no interval"


def test_a_metric_that_was_never_measured_has_no_mean() -> None:
    run = Run([A1, A2], (FACTS,), unavailable={"toy": "no weights: fetch them"})
    row = build(outcomes(stored(), run), run.scorers).rows[0]
    assert (row.mean, row.images, row.coverage) == (None, 0, {"unavailable": 2})


def test_an_interrupted_run_covers_what_was_reached() -> None:
    run = Run([A1, A2], (FACTS,))
    card = build(outcomes(stored((A1, good(0.5, 1.0))), run), run.scorers)
    assert card.rows[0].coverage == {"ok": 1}
    assert [cell.image for cell in card.cells] == ["a/1.png"]


def test_cells_carry_values_and_statuses() -> None:
    run = Run([A2], (FACTS,))
    (cell,) = build(outcomes(stored((A2, good(0.6))), run), run.scorers).cells
    assert (cell.model, cell.prompt_id, cell.seed, cell.pick) == ("a", "q", 0, 1)
    assert cell.values == {"toy.good": 0.6}
    assert cell.missing == {"toy.bad": "abstained"}


def test_tags_are_collected_by_prompt() -> None:
    one, two = replace(A1, tags=("text",)), replace(A2, prompt_id="p", tags=("hands", "text"))
    run = Run([one, two, A3], (FACTS,))
    card = build(outcomes(stored((one, good(1)), (two, good(1)), (A3, good(1))), run), run.scorers)
    assert card.tags == {"p": ("hands", "text")}
