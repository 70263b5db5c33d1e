"""The scorecard in a terminal: one line a metric, never a number for what was not measured."""

from dataclasses import replace

import numpy as np
import pytest
from factory import FACTS, Toy, card, good, record, stored

from iqmetrics.pipeline.outcomes import Run, outcomes
from iqmetrics.pipeline.scorecard import build
from iqmetrics.records import YES_NO, Aggregate, Metric, Missing, Scorecard
from iqmetrics.views import feeds, terminal

SIX = {f"model-{n}": np.full((2, 2), n / 10) for n in range(6)}


def table_of(card: Scorecard) -> list[list[str]]:
    """The cells of the lines below the header, split where two spaces are."""
    lines = terminal.scorecard(card).split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_models_stand_side_by_side() -> None:
    made = card({"a": np.array([[0.2, 0.4], [0.2, 0.4]]), "b": np.full((2, 2), 0.9)})
    ((metric, better, a, b),) = table_of(made)
    assert (metric, better) == ("toy.good", "up")
    assert a.startswith("0.3 [")
    assert a.endswith("n=4")
    assert b.startswith("0.9 ")


@pytest.mark.parametrize(("metric", "arrow"), [(Toy.metrics[0], "up"), (Toy.metrics[1], "down")])
def test_the_better_direction_is_shown(metric: object, arrow: str) -> None:
    made = card({"a": np.full((2, 2), 0.5)}, metric)  # type: ignore[arg-type]
    assert table_of(made)[0][1] == arrow


def test_a_metric_without_direction_has_no_arrow() -> None:
    made = card({"a": np.full((2, 2), 0.5)}, replace(Toy.metrics[0], better="neither"))
    assert len(table_of(made)[0]) == 3 - 1


def test_more_models_than_fit_stand_below_each_other() -> None:
    rows = table_of(card(SIX))
    assert [row[-2] for row in rows] == sorted(SIX)
    assert rows[0][:2] == ["toy.good", "up"]
    assert "toy.good" not in rows[1], "the metric is named once"


@pytest.mark.parametrize(("count", "wide"), [(terminal.MOST_COLUMNS, True), (5, False)])
def test_the_border_between_both_forms(count: int, wide: bool) -> None:
    made = card(dict(list(SIX.items())[:count]))
    assert (len(table_of(made)) == 1) is wide


def test_two_models_too_wide_for_the_window_stand_below_each_other() -> None:
    made = card(dict(list(SIX.items())[:2]))
    whole = terminal.scorecard(made)
    wide = max(map(len, whole.splitlines()))
    assert terminal.scorecard(made, wide) == whole
    told = terminal.scorecard(made, wide - 1)
    assert told.splitlines()[0].split() == ["metric", "better", "model", "mean"]
    assert ["model-0" in line for line in told.splitlines()[2:]] == [True, False]
    assert ["model-1" in line for line in told.splitlines()[2:]] == [False, True]


def test_one_model_with_a_long_name_keeps_its_column() -> None:
    name = "m" * 70
    told = terminal.scorecard(card({name: np.full((2, 2), 0.5)}), 80).splitlines()
    assert told[0] == "metric    better"
    assert told[2] == "toy.good  up"
    assert told[3].startswith(f"  {name}: 0.5 [0.5, 0.5] n=4")


def test_the_reasons_fit_the_window_too() -> None:
    run = Run([record("a.png")], (FACTS,), unavailable={"toy": "no weights"})
    text = terminal.scorecard(build(outcomes(stored(), run), run.scorers), 20)
    assert text.splitlines()[-2:] == ["  toy.good, toy.bad:", "  1 unavailable"]


def test_missing_values_are_counted_against_all() -> None:
    a, b = record("a.png"), record("b.png")
    run = Run([a, b], (FACTS,))
    made = build(outcomes(stored((a, good(0.5, 2.0)), (b, good(0.7))), run), run.scorers)
    rows = {row[0]: row[-1] for row in table_of(made)}
    assert rows["toy.good"].endswith("n=2")
    assert rows["toy.bad"].endswith("n=1/2")


def test_a_metric_that_nowhere_has_a_value_tells_why() -> None:
    a, b = record("a.png"), record("b.png")
    run = Run([a, b], (FACTS,), {"b.png": Missing("truncated", "x")})
    made = build(outcomes(stored((a, good(0.5))), run), run.scorers)
    text = terminal.scorecard(made)
    head, _, silent = text.partition("\n\nWithout any value:\n")
    assert silent == "  toy.bad: 1 abstained, 1 truncated"
    assert "toy.bad" not in head


def test_nothing_measured_at_all() -> None:
    run = Run([record("a.png")], (FACTS,), unavailable={"toy": "no weights"})
    made = build(outcomes(stored(), run), run.scorers)
    text = terminal.scorecard(made)
    assert text.startswith("Nothing was measured.\n")
    assert "\n  toy.good, toy.bad: 1 unavailable" in text, "one line for one reason"
    assert terminal.scorecard(Scorecard((), ())) == "Nothing was measured."


def test_a_model_that_lacks_a_metric_has_a_dash() -> None:
    whole = card({"a": np.full((2, 2), 0.5), "b": np.full((2, 2), 0.6)})
    row = next(r for r in whole.rows if r.model == "a")
    extra = replace(row, metric="only.a")
    made = Scorecard((*whole.rows, extra), ())
    assert table_of(made)[1][-1] == "-"


def test_one_prompt_has_a_mean_but_no_interval() -> None:
    text = terminal.scorecard(card({"a": np.array([[0.25, 0.75]])}))
    assert "0.5 n=2" in text
    assert "[" not in text


@pytest.mark.parametrize(
    ("model", "shown"),
    [("", "(no model)"), ("\x1b[31mred", "\\x1b[31mred"), ("\udcff", "\\udcff"), ("夏天", "夏天")],
)
def test_names_of_models_are_harmless(model: str, shown: str) -> None:
    text = terminal.scorecard(card({model: np.full((2, 2), 0.5)}))
    assert shown in text
    assert "\x1b" not in text
    text.encode("utf-8")


def test_wide_names_keep_the_columns_aligned() -> None:
    from rich.cells import cell_len

    lines = terminal.scorecard(card({"夏天": np.full((2, 2), 0.5), "b": np.full((2, 2), 0.25)}))
    header, _, row = lines.splitlines()
    assert cell_len(header[: header.index("b", 15)]) == row.index("0.25")


def test_a_row_without_a_mean_is_a_dash_even_with_images() -> None:
    row = Aggregate("m", "x", "s", "1", "", "higher", None, None, None, 0, 0, {"failed": 3})
    other = replace(row, model="n", mean=1.0, images=1, coverage={"ok": 1})
    assert table_of(Scorecard((row, other), ())) == [["x", "up", "-", "1 n=1"]]


@pytest.mark.parametrize("models", [2, 6])
def test_metrics_stand_under_their_axes(models: int) -> None:
    made = card(dict(list(SIX.items())[:models]))
    niqe = [replace(row, metric="niqe", scorer="niqe", better="lower") for row in made.rows]
    rows = table_of(replace(made, rows=(*made.rows, *niqe)))
    names = [row[0] for row in rows if row[0] not in ("up", "down")]
    assert names == ["[technical quality]", "niqe", "[other]", "toy.good"]


def test_yes_and_no_are_shares_in_the_table_and_numbers_in_the_csv() -> None:
    kept = Metric("toy.kept", YES_NO, 0, 1, "higher", "kept")
    made = card({"a": np.array([[1.0], [1.0], [0.0], [1.0]])}, kept)
    ((_, _, entry),) = table_of(made)
    assert entry.startswith("75 % yes [")
    assert entry.endswith("%] n=4")
    ((_, _, mean, low, *_),) = feeds.scorecard_rows(made)
    assert (mean, type(low)) == (0.75, float)
