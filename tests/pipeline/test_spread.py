"""Best of N, outliers, sensitivity and usable images per hour: known answers by hand."""

import pytest

from iqmetrics.pipeline.spread import Spread, spreads, usable_per_hour
from iqmetrics.records import Aggregate, Better, Cell, Scorecard


def scorecard(cells: list[Cell], better: Better = "higher") -> Scorecard:
    row = Aggregate("m", "x", "toy", "1", "", better, 0, None, None, 1, 1, {})
    return Scorecard((row,), tuple(cells))


def cells(values: dict[str, list[float]]) -> list[Cell]:
    return [
        Cell("m", prompt, seed, seed + 1, f"{prompt}/{seed}.png", {"x": value})
        for prompt, row in values.items()
        for seed, value in enumerate(row)
    ]


def only(values: dict[str, list[float]], better: Better = "higher") -> Spread:
    (found,) = spreads(scorecard(cells(values), better))
    return found


@pytest.mark.parametrize(("better", "gain"), [("higher", 3.0), ("lower", 1.0), ("neither", None)])
def test_best_of_n_minus_mean_in_the_direction_of_the_metric(
    better: Better, gain: float | None
) -> None:
    found = only({"p": [1, 2, 3], "q": [3, 3, 3, 3, 3, 9], "one": [9]}, better)
    # p: mean 2, best 3 or 1; q: mean 4, best 9 or 3; "one" has nothing to choose from
    assert found.best_gain == gain
    assert found.best_of == (None if better == "neither" else 4.5)


def test_outliers_count_on_the_worse_side() -> None:
    values = {"p": [*range(10, 30), -100, 200, 201]}
    assert only(values).outliers == pytest.approx(1 / 23)
    assert only(values, "lower").outliers == pytest.approx(2 / 23)
    assert only(values, "neither").outliers == pytest.approx(3 / 23)


def test_a_few_images_have_no_outlier_share() -> None:
    assert only({"p": [1, 1, 1, 100]}).outliers is None


def test_sensitivity_is_the_change_at_the_same_seed() -> None:
    found = only({"cat": [10, 20], "cat~caps": [11, 18], "cat~comma": [10, 20], "dog": [5]})
    assert found.variants == 4
    assert found.sensitivity == pytest.approx(100 * (1 + 2) / (10 + 20 + 10 + 20))
    assert found.best_gain == 5, "variants are no images of the prompt"


def test_without_variants_there_is_no_sensitivity() -> None:
    assert only({"cat": [1, 2]}).sensitivity is None
    assert only({"cat": [0], "cat~caps": [1]}).sensitivity is None, "no percentage of nothing"


def test_usable_images_per_hour_need_both_numbers() -> None:
    timed = [
        Cell("m", "p", s, s, f"{s}.png", {"usable": u, "run.latency_s": 9.0})
        for s, u in enumerate((1.0, 0.0, 1.0, 1.0))
    ]
    undecided = Cell("m", "p", 9, 9, "9.png", {"run.latency_s": 99.0})
    assert usable_per_hour(scorecard([*timed, undecided])) == {"m": (300.0, 4)}
    assert usable_per_hour(scorecard(cells({"p": [1]}))) == {}
