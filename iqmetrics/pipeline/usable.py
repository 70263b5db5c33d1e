"""Usable or not: the rule of a preset, judged per image and per prompt.

An image is usable when every condition of the rule holds. A condition on a metric that does not
apply to the image (no hands, no text asked for) holds; one whose metric was not measured leaves the
image undecided, unless another condition already fails; a file that no scorer saw is undecided too.
Per prompt: is the first picture usable (at the declared pick), is any, is every one - "93 % against
71 %" as rates with intervals.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.pipeline.outcomes import Outcome
from iqmetrics.pipeline.usable_rule import Rule
from iqmetrics.presets import Condition
from iqmetrics.records import EMPTY, Missing, Reading
from iqmetrics.render import quantity


def extend(
    outcomes: Iterable[Outcome], rule: Rule, scorers: Sequence[ScorerFacts]
) -> Iterator[Outcome]:
    """The outcomes with the derived readings added; prompts come last, in order."""
    units = {metric.name: metric.unit for scorer in scorers for metric in scorer.metrics}
    rule = rule.of(units)
    prompts: dict[tuple[str, str], list[tuple[int | None, float | None]]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.record is None:
            yield outcome
            continue
        reading = judge(rule, outcome, units)
        answer = (outcome.record.pick, reading.values.get("usable"))
        prompts[outcome.model, outcome.prompt_id].append(answer)
        readings = outcome.readings if outcome.problem else {**outcome.readings, "usable": reading}
        yield Outcome(outcome.model, outcome.prompt_id, outcome.record, readings, outcome.problem)
    for (model, prompt_id), judged in prompts.items():
        yield Outcome(model, prompt_id, None, {"usable.prompt": _of_prompt(rule.pick, judged)})


def judge(rule: Rule, outcome: Outcome, units: Mapping[str, str] = EMPTY) -> Reading:
    """The reading of one image; its evidence names the conditions that fail (unit by metric)."""
    if outcome.problem:
        return Reading({}, {"usable": Missing("abstained", f"image: {outcome.problem.status}")})
    readings = outcome.readings.values()
    fails, open_ = [], []
    for condition in rule.conditions:
        name = condition.metric
        for reading in readings:
            if (value := reading.values.get(name)) is not None:
                if not _holds(condition, value):
                    fails.append(f"{name} = {quantity(value, units.get(name, ''))}")
                break
            if (gone := reading.missing.get(name)) is not None:
                if gone.status != "not_applicable":
                    open_.append(name)
                break
        else:
            open_.append(name)
    if fails:
        return Reading({"usable": 0.0}, {}, {"fails": fails})
    if open_:
        return Reading({}, {"usable": Missing("abstained", "not measured: " + ", ".join(open_))})
    return Reading({"usable": 1.0})


def _holds(condition: Condition, value: float) -> bool:
    low, high = condition.min, condition.max
    return (low is None or value >= low) and (high is None or value <= high)


def _of_prompt(pick: int, judged: Sequence[tuple[int | None, float | None]]) -> Reading:
    answers = [answer for _, answer in judged]
    values: dict[str, float] = {}
    missing: dict[str, Missing] = {}

    def tell(name: str, answer: float | None, why: str) -> None:
        if answer is None:
            missing[name] = Missing("abstained", why)
        else:
            values[name] = answer

    firsts = [answer for number, answer in judged if number == pick]
    if firsts:
        tell("usable.first", firsts[0], f"image {pick} is undecided")
    else:
        missing["usable.first"] = Missing("not_applicable", f"the prompt has no image {pick}")
    open_ = None in answers
    tell(
        "usable.any", 1.0 if 1.0 in answers else None if open_ else 0.0, "no image is surely usable"
    )
    tell("usable.every", 0.0 if 0.0 in answers else None if open_ else 1.0, "an image is undecided")
    return Reading(values, missing, {"images": len(judged)})
