"""Every built-in scorer has its place on the axes."""

import json
from importlib.resources import files

import pytest

from iqmetrics.plugins import BUILT_IN
from iqmetrics.views import axes


def test_every_built_in_scorer_but_size_has_an_axis() -> None:
    assert [name for name in BUILT_IN["scorer"] if axes.axis(name) == "other"] == ["size"]


def test_axes_keep_their_order_and_empty_ones_are_left_out() -> None:
    pairs = [("mine.x", "mine"), ("niqe", "niqe"), ("usable", "usable"), ("piqe", "piqe")]
    found = axes.grouped(pairs)
    assert list(found) == ["usable", "technical quality", "other"]
    assert found["technical quality"] == ["niqe", "piqe"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_names_every_axis(lang: str) -> None:
    text = files("iqmetrics.views.report").joinpath("words.json").read_text("utf-8")
    assert {f"axis_{name}" for name in axes.AXES} <= json.loads(text)[lang].keys()
