"""The usable rule as derived scorers: named by its content, kept through JSON."""

import json
from dataclasses import asdict

import pytest

from iqmetrics.pipeline.usable_rule import IMAGE, PROMPT, Rule
from iqmetrics.presets import Condition, load

RULE = Rule((Condition("niqe", max=8.0), Condition("text.legibility", min=0.6)), pick=2)


def test_a_rule_comes_back_from_json() -> None:
    assert Rule.from_json(json.loads(json.dumps(asdict(RULE)))) == RULE
    assert Rule.from_json(asdict(Rule(()))) == Rule(())


def test_a_rule_gives_one_scorer_an_image_and_one_a_prompt() -> None:
    image, prompt = RULE.facts(["niqe", "size.width"])
    assert (image.name, image.scope, image.metrics) == ("usable", "image", IMAGE)
    assert (prompt.name, prompt.scope, prompt.each) == ("usable.prompt", "set", "prompt")
    assert prompt.metrics == PROMPT


@pytest.mark.parametrize("measured", [[], ["size.width", "piqe"]])
def test_a_rule_of_which_nothing_is_measured_judges_nothing(measured: list[str]) -> None:
    assert RULE.facts(measured) == ()


def test_no_rule_judges_nothing() -> None:
    assert Rule(()).facts(["niqe"]) == ()


@pytest.mark.parametrize(
    "other",
    [
        Rule(RULE.conditions, pick=1),
        Rule(RULE.conditions[:1], pick=2),
        Rule((Condition("niqe", max=8.5), RULE.conditions[1]), pick=2),
        Rule((Condition("niqe", min=8.0), RULE.conditions[1]), pick=2),
    ],
)
def test_another_rule_is_another_version(other: Rule) -> None:
    both = ["niqe", "text.legibility"]
    mine, theirs = RULE.facts(both)[0], other.facts(both)[0]
    assert mine.full_version != theirs.full_version
    assert mine.full_version.startswith("1+")


def test_an_equal_rule_is_the_same_version() -> None:
    equal = Rule.from_json(asdict(RULE))
    assert equal.facts(["niqe"]) == RULE.facts(["niqe"])
    assert len({f.full_version for f in RULE.facts(["niqe"])}) == 1


def test_a_rule_judged_in_part_is_another_version() -> None:
    """`--scorer niqe` calls something else usable than the whole rule: the two do not compare."""
    whole, part = RULE.facts(["niqe", "text.legibility"])[0], RULE.facts(["niqe"])[0]
    assert whole.full_version != part.full_version
    assert part.full_version == Rule(RULE.conditions[:1], pick=2).facts(["niqe"])[0].full_version


def test_the_shipped_rule_speaks_of_known_directions() -> None:
    """A condition without any limit would hold for every value."""
    rule = load("standard").usable
    assert rule
    assert all(c.min is not None or c.max is not None for c in rule)
    assert len({c.metric for c in rule}) == len(rule)


def test_every_derived_metric_is_a_share() -> None:
    assert all((m.low, m.high, m.better) == (0, 1, "higher") for m in (*IMAGE, *PROMPT))
    assert all(m.about for m in (*IMAGE, *PROMPT))
