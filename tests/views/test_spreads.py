"""The spread as a table."""

import numpy as np
from factory import card

from iqmetrics.records import YES_NO, Cell, Metric, Scorecard
from iqmetrics.views import spreads


def test_a_line_a_metric_and_model() -> None:
    values = np.tile([0.1, 0.5], (15, 1))
    lines = spreads.text(card({"v2": values, "v1\x1b": values})).splitlines()
    assert lines[2].split()[:5] == ["toy.good", "v1\\x1b", "0.2", "2", "0.0"]
    assert lines[3].split()[1] == "v2"


def test_usable_images_an_hour_stand_below() -> None:
    cells = (Cell("m", "p", 1, 1, "a.png", {"usable": 1.0, "run.latency_s": 36.0}),)
    text = spreads.text(Scorecard((), cells))
    assert "m: 100 usable images an hour, one at a time (n=1)" in text
    assert "No image has a value." in text


def test_what_the_best_of_several_gains_in_usable_images_is_told_in_points() -> None:
    kept = Metric("toy.kept", YES_NO, 0, 1, "higher", "kept")
    text = spreads.text(card({"m": np.array([[0.0, 1.0], [0.0, 0.0]])}, kept))
    assert "25 points" in text
