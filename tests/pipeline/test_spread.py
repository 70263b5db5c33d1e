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


VALUES = {"cat": [3.0, 5.0, 4.0], "cat~caps": [2.0, 6.0], "dog": [9.0, 1.0], "dog~order": [8.0]}


@pytest.mark.parametrize("better", ["higher", "lower", "neither"])
def test_the_unit_of_a_metric_does_not_matter(better: Better) -> None:
    """Milliseconds for seconds: gains scale with it; shares and percentages stay."""
    plain = only(VALUES, better)
    scaled = only({p: [1000 * v for v in row] for p, row in VALUES.items()}, better)
    assert scaled.sensitivity == pytest.approx(plain.sensitivity)
    assert (scaled.best_of, scaled.variants) == (plain.best_of, plain.variants)
    if plain.best_gain is not None and scaled.best_gain is not None:
        assert scaled.best_gain == pytest.approx(1000 * plain.best_gain)


def test_the_order_of_the_images_does_not_matter() -> None:
    turned = list(reversed(cells(VALUES)))
    assert spreads(scorecard(turned)) == spreads(scorecard(cells(VALUES)))


def test_turning_a_metric_around_swaps_the_sides() -> None:
    values = {"p": [*range(10, 30), -100.0, 200.0, 201.0]}
    turned = {"p": [-v for v in values["p"]]}
    for better, opposite in (("higher", "lower"), ("lower", "higher")):
        here, there = only(values, better), only(turned, opposite)
        assert here.outliers == pytest.approx(there.outliers)
        assert here.best_gain == pytest.approx(there.best_gain)


def test_variants_without_their_prompt_or_seed_are_no_pairs() -> None:
    found = only({"cat": [10.0], "cat~caps": [11.0, 99.0], "fox~caps": [5.0]})
    assert found.variants == 1, "seed 1 of cat and all of fox have nothing to be held against"
    assert found.sensitivity == pytest.approx(10.0)


def test_a_set_or_a_missing_value_is_no_image() -> None:
    whole = cells({"p": [1.0, 3.0]})
    others = [Cell("m", "p", None, None, "", {"x": 100.0}), Cell("m", "p", 9, 9, "p/9.png", {})]
    assert spreads(scorecard([*whole, *others])) == spreads(scorecard(whole))
    assert spreads(scorecard(others)) == []


def test_no_time_at_all_gives_no_images_per_hour() -> None:
    idle = [Cell("m", "p", 0, 1, "0.png", {"usable": 1.0, "run.latency_s": 0.0})]
    assert usable_per_hour(scorecard(idle)) == {}


def test_a_variant_is_held_against_the_same_seed_whatever_its_place() -> None:
    rows = [("cat", 7, 1, 10.0), ("cat", 8, 2, 20.0), ("cat~caps", 8, 1, 22.0)]
    found = [Cell("m", p, s, k, f"{p}/{s}.png", {"x": v}) for p, s, k, v in rows]
    (row,) = spreads(scorecard(found))
    assert row.sensitivity == pytest.approx(10.0), (
        "22 against the 20 of seed 8, not the 10 of pick 1"
    )


@pytest.mark.parametrize("scale", [0.001, 1.0, 1000.0])
def test_outliers_know_no_unit(scale: float) -> None:
    found = only({"p": [scale * v for v in [*range(10, 30), -100.0, 15.0]]}, "higher")
    assert found.outliers == pytest.approx(1 / 22)
