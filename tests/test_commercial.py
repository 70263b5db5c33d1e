"""Preset `commercial` holds nothing that may not be used commercially, and all else of `standard`."""

from iqmetrics import plugins, presets, weights
from iqmetrics.scorers import base

NONCOMMERCIAL = ("noncommercial", "-nc", "non-commercial", "research")


def scorers(name: str) -> dict[str, base.Scorer]:
    return {choice.name: choice.build() for choice in presets.load(name).scorers}


def free(scorer: base.Scorer) -> bool:
    lines = [weights.entry(name) for name in base.weights(scorer)]
    licences = [scorer.licence, *(line.licence for line in lines)]
    bad = any(word in licence.lower() for licence in licences for word in NONCOMMERCIAL)
    return not bad and all(line.commercial for line in lines)


def test_commercial_is_standard_without_the_rest() -> None:
    standard = scorers("standard")
    assert set(scorers("commercial")) == {n for n, scorer in standard.items() if free(scorer)}
    assert not free(standard["musiq"])


def test_both_judge_usability_alike() -> None:
    standard, commercial = presets.load("standard"), presets.load("commercial")
    assert (standard.usable, standard.pick) == (commercial.usable, commercial.pick)


def test_clip_scorers_are_registered() -> None:
    assert {"clip", "diversity", "musiq"} <= set(plugins.names("scorer"))
