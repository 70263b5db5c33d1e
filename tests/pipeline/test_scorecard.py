"""The scorecard counts everything: values, statuses, images no scorer saw."""

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from factory import FACTS, good, record, stored

from iqmetrics.pipeline.outcomes import Outcome, Run, outcomes
from iqmetrics.pipeline.scorecard import build, by_metric
from iqmetrics.records import YES_NO, Metric, Missing, Reading
from iqmetrics.store import Store

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


def test_models_and_metrics_stand_in_order() -> None:
    b = record("b/1.png", "b", "p")
    run = Run([b, A1], (FACTS,))
    rows = build(outcomes(stored((b, good(1.0, 1.0)), (A1, good(0.0, 0.0))), run), run.scorers).rows
    assert [(r.model, r.metric) for r in rows] == [
        ("a", "toy.good"), ("a", "toy.bad"), ("b", "toy.good"), ("b", "toy.bad"),
    ]  # fmt: skip


def test_images_of_one_prompt_are_one_prompt() -> None:
    seeds = [record(f"a/{n}.png", "a", "p", seed=n) for n in range(4)]
    run = Run(seeds, (FACTS,))
    pairs = [(r, good(n / 4)) for n, r in enumerate(seeds)]
    row = build(outcomes(stored(*pairs), run), run.scorers).rows[0]
    assert (row.images, row.prompts, row.mean) == (4, 1, 0.375)
    assert (row.low, row.high) == (None, None)


def test_the_scorecard_names_the_full_version_of_each_scorer() -> None:
    run = Run([A1], (FACTS,))
    made = build(outcomes(stored((A1, good(0.5))), run), run.scorers)
    assert made.scorers == {"toy": FACTS.full_version}
    assert {r.scorer_version for r in made.rows} == {FACTS.full_version}


def test_coverage_adds_up_to_the_images() -> None:
    store = stored((A1, good(0.2, 4.0)), (A2, good(0.6)))
    run = Run([A1, A2, A3], (FACTS,), {"a/3.png": Missing("timeout", "slow")})
    for row in build(outcomes(store, run), run.scorers).rows:
        assert sum(row.coverage.values()) == 3
        assert row.images == row.coverage["ok"]


def test_an_undecoded_image_has_a_cell_without_values() -> None:
    run = Run([A3], (FACTS,), {"a/3.png": Missing("truncated", "half a file")})
    (cell,) = build(outcomes(stored(), run), run.scorers).cells
    assert (cell.values, cell.missing) == ({}, {"image": "truncated"})


def test_nothing_at_all_is_an_empty_scorecard() -> None:
    made = build([], (FACTS,))
    assert (made.rows, made.cells, made.models) == ((), (), ())
    assert by_metric(made) == {}


def test_tags_are_collected_by_prompt() -> None:
    one, two = replace(A1, tags=("text",)), replace(A2, prompt_id="p", tags=("hands", "text"))
    run = Run([one, two, A3], (FACTS,))
    card = build(outcomes(stored((one, good(1)), (two, good(1)), (A3, good(1))), run), run.scorers)
    assert card.tags == {"p": ("hands", "text")}


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_is_left_as_it_was(was_on: bool) -> None:
    def seen() -> Iterator[Outcome]:
        during.append(gc.isenabled())
        yield from ()

    def broken() -> Iterator[Outcome]:
        raise OSError("broken")
        yield

    during: list[bool] = []
    before = gc.isenabled()
    (gc.enable if was_on else gc.disable)()
    try:
        build(seen(), ())
        assert during == [False] and gc.isenabled() is was_on
        with pytest.raises(OSError, match="broken"):
            build(broken(), ())
        assert gc.isenabled() is was_on
    finally:
        (gc.enable if before else gc.disable)()


def test_the_same_lack_of_values_is_held_once() -> None:
    run = Run([A1, A2, A3], (FACTS,), unavailable={"toy": "no weights"})
    one, other, last = build(outcomes(stored((A3, good(0.5, 1.0))), run), run.scorers).cells
    assert one.missing is other.missing
    assert one.missing and not last.missing


def test_a_share_of_yes_never_pretends_to_be_certain() -> None:
    """24 of 24 is no proof of all: Wilson's interval, not that of a mean without spread."""
    kept = replace(FACTS, metrics=(Metric("toy.kept", YES_NO, 0, 1, "higher", "kept"),))
    records = [record(f"a/{n}.png", "a", f"p{n}") for n in range(24)]
    store = Store(None)
    store.add((kept.key(r), "toy", Reading({"toy.kept": 1.0})) for r in records)
    row = build(outcomes(store, Run(records, (kept,))), (kept,)).rows[0]
    assert (row.mean, row.high) == (1, 1)
    assert row.low == pytest.approx(0.862, abs=0.001)


def test_a_cell_of_a_set_is_no_image() -> None:
    whole = Outcome("a", "p", None, {"toy": good(0.5, 1.0)})
    (cell,) = build([whole], (FACTS,)).cells
    assert (cell.image, cell.seed, cell.pick) == ("", None, None)
    assert cell.values == {"toy.good": 0.5, "toy.bad": 1.0}
