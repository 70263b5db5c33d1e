"""Usable: every condition holds; what was not measured is not called usable."""

from dataclasses import replace

import pytest
from factory import FACTS, good, record, stored

from iqmetrics.pipeline.outcomes import Outcome, Run, outcomes
from iqmetrics.pipeline.scorecard import build, by_metric
from iqmetrics.pipeline.usable import extend, judge
from iqmetrics.pipeline.usable_rule import Rule
from iqmetrics.presets import Condition
from iqmetrics.records import YES_NO, Metric, Missing, Reading

RULE = Rule((Condition("toy.good", min=0.5), Condition("toy.bad", max=10)))


def outcome(reading: Reading | None, problem: Missing | None = None) -> Outcome:
    return Outcome("m", "p", record("a.png"), {"toy": reading} if reading else {}, problem)


def missing(status: str) -> Reading:
    return Reading({"toy.good": 0.9}, {"toy.bad": Missing(status, "why")})


@pytest.mark.parametrize(
    ("reading", "answer"),
    [
        (good(0.5, 10.0), 1.0), (good(0.4, 1.0), 0.0), (good(0.9, 11.0), 0.0),
        (missing("not_applicable"), 1.0), (missing("abstained"), None), (missing("unavailable"), None),
        (good(0.1), 0.0), (None, None),
    ],
)  # fmt: skip
def test_each_image_is_usable_not_or_undecided(
    reading: Reading | None, answer: float | None
) -> None:
    assert judge(RULE, outcome(reading)).values.get("usable") == answer


def test_an_image_that_cannot_be_decoded_is_undecided_for_itself_and_its_prompt() -> None:
    """Nothing unmeasured looks like a number: a file of 0 bytes has no rate of 0."""
    broken = outcome(None, Missing("truncated", "half"))
    judged = judge(RULE, broken)
    assert judged.values == {}
    assert judged.missing["usable"] == Missing("abstained", "image: truncated")
    (_, of_prompt) = extend([broken], RULE, (FACTS,))
    assert of_prompt.readings["usable.prompt"].values == {}
    card = build(extend([broken], RULE, (FACTS,)), (FACTS, *RULE.facts(["toy.good"])))
    assert all(row.mean is None for row in card.rows)


def rates(*rows: tuple[str, int, Reading]) -> dict[str, float | None]:
    records = [record(f"{p}-{k}.png", "m", p, seed=k, pick=k) for p, k, _ in rows]
    store = stored(*((r, reading) for r, (_, _, reading) in zip(records, rows, strict=True)))
    run = Run(records, (FACTS,), rule=RULE)
    scorers = (FACTS, *RULE.facts(["toy.good"]))
    card = build(extend(outcomes(store, run), RULE, run.scorers), scorers)
    return {name: models["m"].mean for name, models in by_metric(card).items()}


def test_first_any_and_every_per_prompt() -> None:
    yes, no = good(0.9, 1.0), good(0.1, 1.0)
    found = rates(
        ("p", 1, yes), ("p", 2, no), ("q", 1, no), ("q", 2, no), ("r", 1, yes), ("r", 2, yes)
    )
    assert found["usable"] == pytest.approx(0.5)
    assert found["usable.first"] == pytest.approx(2 / 3)
    assert found["usable.any"] == pytest.approx(2 / 3)
    assert found["usable.every"] == pytest.approx(1 / 3)


def test_the_declared_pick_is_the_first_image() -> None:
    found = extend(
        [
            replace(outcome(good(v, 1.0)), record=record(f"{k}.png", pick=k))
            for k, v in ((1, 0.1), (2, 0.9))
        ],
        Rule(RULE.conditions, pick=2),
        (FACTS,),
    )
    assert list(found)[-1].readings["usable.prompt"].values["usable.first"] == 1.0


def test_without_a_measured_condition_there_is_no_rate() -> None:
    assert RULE.facts(["other"]) == ()
    assert Rule(()).facts(["toy.good"]) == ()


def test_the_rule_is_part_of_the_version() -> None:
    other = Rule((Condition("toy.good", min=0.6),))
    assert RULE.facts(["toy.good"])[0].full_version != other.facts(["toy.good"])[0].full_version


def test_why_an_image_is_not_usable_is_said_in_words() -> None:
    kept = Metric("toy.good", YES_NO, 0, 1, "higher", "kept")
    facts = replace(FACTS, metrics=(kept, FACTS.metrics[1]))
    reading = Reading({"toy.good": 0.0, "toy.bad": 12.0})
    judged = [o for o in extend([outcome(reading)], RULE, [facts]) if o.record]
    fails = judged[0].readings["usable"].evidence["fails"]
    assert fails == ["toy.good = no", "toy.bad = 12"]
