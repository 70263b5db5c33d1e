"""A scorecard.json that was edited or merged by hand is told, and never judged as it stands."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factory import Toy, card

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import scorecard_checks, scorecard_file
from iqmetrics.records import Scorecard

Edit = Callable[[dict[str, Any]], object]
VALUE = 5
"""Where a row of cells holds its only metric."""


def text(edit: Edit = lambda data: None) -> str:
    made = card({"a": np.array([[1.0, 0.0], [0.5, 0.25]]), "b": np.array([[0.1, 0.2]])})
    data = json.loads(scorecard_file.dump(made))
    edit(data)
    return json.dumps(data)


def loaded(tmp_path: Path, written: str, encoding: str = "utf-8") -> Scorecard:
    path = tmp_path / "scorecard.json"
    path.write_text(written, encoding)
    return scorecard_file.load(path)


def told(tmp_path: Path, written: str) -> str:
    with pytest.raises(BadInput) as error:
        loaded(tmp_path, written)
    assert error.value.hint == "iqm score FOLDER writes it again"
    return error.value.message


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        (True, "True"),
        ([1], "[1]"),
        ("0.8", "'0.8'"),
        ("Failed", "'Failed'"),
        ({}, "{}"),
    ],
)
def test_a_cell_holds_a_number_or_a_status(tmp_path: Path, value: object, shown: str) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["cells"][1][VALUE] = value

    message = told(tmp_path, text(edit))
    image = json.loads(text())["cells"][1][4]
    assert message.endswith(f"toy.good of {image!r} is {shown}: no number, no status")


def test_a_number_too_large_for_arithmetic_is_told(tmp_path: Path) -> None:
    written = text(lambda data: data["cells"][0].__setitem__(VALUE, 10**400))
    assert "too large" in told(tmp_path, written)


@pytest.mark.parametrize("status", sorted(scorecard_checks.STATUSES))
def test_every_status_may_stand_in_a_cell(tmp_path: Path, status: str) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["cells"][0][VALUE] = status
        row = data["rows"][0]
        row["images"] -= 1
        row["coverage"] = {"ok": row["images"], status: 1}

    found = loaded(tmp_path, text(edit))
    assert found.cells[0].missing == {"toy.good": status}
    assert "toy.good" not in found.cells[0].values


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, None), (0, 3), (1, None), (2, "1"), (2, 1.5), (2, True), (3, "first"), (4, None)],
)
def test_a_cell_stands_for_an_image(tmp_path: Path, column: int, value: object) -> None:
    written = text(lambda data: data["cells"][0].__setitem__(column, value))
    assert f"{value!r} is no " in told(tmp_path, written)


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("mean", "0.3", "mean is '0.3', no number"),
        ("low", math.nan, "low is nan, no number"),
        ("high", True, "high is True, no number"),
        ("images", "4", "images is '4', no count"),
        ("images", 4.0, "images is 4.0, no count"),
        ("prompts", -1, "prompts is -1, no count"),
        ("coverage", {"ok": "4"}, "ok is '4', no count"),
        ("better", "Higher", "better is 'Higher'"),
        ("unit", None, "unit is no text"),
        ("model", 7, "model is no text"),
        ("scorer_version", 3, "scorer_version is no text"),
        ("coverage", {}, "mean, images and coverage contradict each other"),
        ("coverage", {"ok": 3}, "mean, images and coverage contradict each other"),
        ("mean", None, "mean, images and coverage contradict each other"),
    ],
)
def test_a_row_says_what_ours_can_say(
    tmp_path: Path, column: str, value: object, shown: str
) -> None:
    message = told(tmp_path, text(lambda data: data["rows"][0].__setitem__(column, value)))
    assert message.endswith(shown)
    assert "the row of toy.good of " in message


def test_nothing_measured_has_no_mean(tmp_path: Path) -> None:
    def edit(data: dict[str, Any]) -> None:
        row = data["rows"][0]
        row.update(images=0, prompts=0, coverage={"failed": 4})
        for cell in data["cells"][:4]:
            cell[VALUE] = "failed"

    assert "contradict" in told(tmp_path, text(edit))

    def honest(data: dict[str, Any]) -> None:
        edit(data)
        data["rows"][0].update(mean=None, low=None, high=None)

    assert loaded(tmp_path, text(honest)).rows[0].mean is None


@pytest.mark.parametrize(
    ("edit", "counts"),
    [
        (lambda data: data["cells"].pop(), "toy.good of b has 1 values, its row counts 2"),
        (lambda data: data["cells"].append(data["cells"][0]), "a has 5 values, its row counts 4"),
        (lambda data: data["rows"].pop(), "toy.good of b has 2 values, its row counts 0"),
        (lambda data: data.update(cells=[]), "toy.good of a has 0 values, its row counts 4"),
        (lambda data: data["cells"][0].__setitem__(0, "b"), "a has 3 values, its row counts 4"),
    ],
)
def test_the_table_counts_the_values_of_the_cells(tmp_path: Path, edit: Edit, counts: str) -> None:
    """Whoever takes the hard images out of a baseline would gate on another one than is shown."""
    assert told(tmp_path, text(edit)).endswith(counts)


def test_the_table_alone_is_read_without_counting(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    made = card({"a": np.array([[1.0, 0.0]])})
    path.write_text(scorecard_file.dump(made))
    assert scorecard_file.load_rows(path).rows == made.rows


def test_a_file_that_an_editor_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, text(), "utf-8-sig") == loaded(tmp_path, text())
    assert scorecard_file.load_rows(tmp_path / "scorecard.json").models == ("a", "b")


def test_the_table_of_a_file_with_sorted_keys_is_read(tmp_path: Path) -> None:
    """As `jq --sort-keys --indent 1` writes it: the cells stand before the columns."""
    path = tmp_path / "scorecard.json"
    path.write_text(json.dumps(json.loads(text()), sort_keys=True, indent=1))
    assert '\n "columns": ' in path.read_text()
    assert scorecard_file.load_rows(path).models == ("a", "b")


def test_the_marks_of_a_merge_are_told(tmp_path: Path) -> None:
    written = text().replace('"rows"', '<<<<<<< HEAD\n"rows"', 1)
    assert "cannot be read as JSON" in told(tmp_path, written)


def test_images_that_were_scored_with_other_metrics_share_one_table(tmp_path: Path) -> None:
    """A cell that has nothing to say of a metric holds null there: neither value nor status."""
    mixed = {
        (cell.model, cell.seed): cell
        for name, values in (("toy.good", [[1.0, 0.5]]), ("toy.other", [[0.25, 0.75]]))
        for cell in card({name[4:]: np.array(values)}, replace(Toy.metrics[0], name=name)).cells
    }
    rows = tuple(
        row
        for name, values in (("toy.good", [[1.0, 0.5]]), ("toy.other", [[0.25, 0.75]]))
        for row in card({name[4:]: np.array(values)}, replace(Toy.metrics[0], name=name)).rows
    )
    made = Scorecard(rows, tuple(mixed.values()), {"toy": "1"}, "d")
    again = loaded(tmp_path, scorecard_file.dump(made))
    assert [dict(c.values) for c in again.cells] == [dict(c.values) for c in made.cells]
    assert all(len(c.values) == 1 and c.missing == {} for c in again.cells)


def test_an_absent_file_is_not_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        scorecard_file.load(tmp_path / "none.json")
    assert error.value.message == f"{tmp_path / 'none.json'} does not exist"
    assert "iqm score FOLDER writes FOLDER/iqm/scorecard.json" in error.value.hint


@pytest.mark.parametrize("seed", [None, 0, -1, 2**63])
def test_any_seed_or_none_is_one(tmp_path: Path, seed: int | None) -> None:
    written = text(lambda data: data["cells"][0].__setitem__(2, seed))
    assert loaded(tmp_path, written).cells[0].seed == seed
