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


def test_metrics_without_any_spread_are_one_sentence_and_no_dashes() -> None:
    """One image of each prompt and few of them: no best, no outliers, no variants."""
    text = spreads.text(card({"v1": np.ones((3, 1)), "v2": np.ones((3, 1))}))
    assert len(text.splitlines()) == 1
    assert text.startswith("No spread of 1 metric: best of N takes two images of a prompt")


def test_a_metric_with_a_spread_in_one_model_shows_both() -> None:
    text = spreads.text(card({"v1": np.ones((3, 1)), "v2": np.tile([0.1, 0.5], (15, 1))}))
    _, _, first, second = text.splitlines()
    assert first.split() == ["toy.good", "v1", "-", "-", "-", "-"]
    assert second.split()[:3] == ["toy.good", "v2", "0.2"]


def test_outliers_alone_are_a_spread() -> None:
    values = np.append(np.linspace(0.4, 0.6, 24), 0.0)[:, None]
    assert "4.0 %" in spreads.text(card({"v1": values}))
