"""Other forms of the same tables: equal values, no live formula, nothing lost."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from factory import FACTS, good, record, stored

from iqmetrics.errors import BadInput
from iqmetrics.images import Picture
from iqmetrics.pipeline.outcomes import Run, outcomes
from iqmetrics.pipeline.scorecard import build
from iqmetrics.pipeline.thumbnails import jpeg
from iqmetrics.records import ImageRecord, Reading
from iqmetrics.views import export, feeds

RECORDS = [record("a/1.png", "a", "=1+1"), record("a/2.png", "a", "夏日; 1.5, “x”", seed=-7)]


def written(folder: Path, *rows: tuple[ImageRecord, Reading]) -> Path:
    """The three tables of a run."""
    run = Run([r for r, _ in rows], (FACTS,))
    found = list(outcomes(stored(*rows), run))
    feeds.write_csv(folder / "scores_long.csv", feeds.LONG, feeds.long_rows(found, [FACTS]))
    wide = feeds.wide_rows(found, [FACTS])
    feeds.write_csv(folder / "scores_wide.csv", feeds.wide_header([FACTS]), wide)
    card = build(found, run.scorers)
    feeds.write_csv(folder / "scorecard.csv", feeds.SCORECARD, feeds.scorecard_rows(card))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path, (RECORDS[0], good(0.5, 1234.25)), (RECORDS[1], good(0.125)))


def test_excel_csv_has_a_bom_and_the_decimal_mark_only_in_numbers(folder: Path) -> None:
    target = folder / "excel.csv"
    export.excel_csv(folder / "scores_wide.csv", target, ";", ",")
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    lines = data.decode("utf-8-sig").split("\r\n")
    assert lines[1].endswith("ok;0,5;1234,25")
    assert "夏日; 1.5, “x”" in lines[2]
    with pytest.raises(BadInput, match="both"):
        export.excel_csv(folder / "scores_wide.csv", target, ",", ",")


def test_parquet_has_the_same_values_and_real_types(folder: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    export.parquet(folder / "scores_wide.csv", folder / "w.parquet", batch=1)
    table = pq.read_table(folder / "w.parquet").to_pydict()
    assert table["toy.good"] == [0.5, 0.125]
    assert table["toy.bad"] == [1234.25, None]
    assert table["seed"] == [0, -7]
    assert table["prompt"] == ["'=1+1", "夏日; 1.5, “x”"]


def test_a_workbook_has_numbers_texts_and_thumbnails(folder: Path) -> None:
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    asked = []

    def thumbnail(image: str) -> bytes | None:
        asked.append(image)
        return (
            jpeg(Picture(RECORDS[0], np.full((64, 64, 3), 90, np.uint8)))
            if image == "a/1.png"
            else None
        )

    export.workbook(folder, folder / "s.xlsx", thumbnail)
    book = openpyxl.load_workbook(folder / "s.xlsx")
    sheet = book["scores_wide"]
    assert asked == ["a/1.png", "a/2.png"]
    assert [c.value for c in sheet[2]][-3:] == ["ok", 0.5, 1234.25]
    assert sheet["E2"].value == "'=1+1"
    assert sheet["E2"].data_type == "s"
    assert len(sheet._images) == 1
    assert all(cell.font.bold for cell in sheet[1][1:])
    assert sheet.auto_filter.ref.startswith("B1:") and sheet.auto_filter.ref.endswith("3")
    assert sheet.column_dimensions["E"].width > 40, "a prompt can be read without widening"


@pytest.mark.parametrize("write", [export.excel_csv, export.parquet])
def test_a_table_that_is_a_link_stays_one(
    folder: Path, tmp_path: Path, write: Callable[..., object]
) -> None:
    (tmp_path / "kept").mkdir()
    link, real = tmp_path / "link", tmp_path / "kept" / "real"
    link.symlink_to(real)
    write(folder / "scores_long.csv", link)
    assert link.is_symlink() and real.stat().st_size
    assert os.listdir(tmp_path / "kept") == ["real"]


def test_a_folder_that_was_not_scored_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        export.excel_csv(tmp_path / "scorecard.csv", tmp_path / "x.csv")


SEEDS = [0, -7, 2**53 + 1, 2**63, 2**64 - 1]


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """Tables of images with the seeds that tools really draw: up to 64 bits."""
    records = [record(f"a/{n}.png", "a", seed=seed) for n, seed in enumerate(SEEDS)]
    return written(tmp_path, *((r, good(0.5)) for r in records))


def test_seeds_of_64_bits_pass_through_parquet(seeds: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    export.parquet(seeds / "scores_wide.csv", seeds / "w.parquet")
    assert [int(seed) for seed in pq.read_table(seeds / "w.parquet").to_pydict()["seed"]] == SEEDS


def test_seeds_of_64_bits_pass_through_a_workbook(seeds: Path) -> None:
    """A spreadsheet holds 15 digits of a number: what is longer must be text, or it is another."""
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    export.workbook(seeds, seeds / "s.xlsx", lambda image: None)
    sheet = openpyxl.load_workbook(seeds / "s.xlsx")["scores_wide"]
    (column,) = (n for n, cell in enumerate(sheet[1]) if cell.value == "seed")
    assert [int(row[column].value) for row in sheet.iter_rows(min_row=2)] == SEEDS


@pytest.mark.parametrize(
    ("column", "numeric"),
    [("prompt", False), ("image", False), ("status", False), ("seed", True), ("mean", True),
     ("toy.good", True), ("any.metric", True), ("reason", False), ("model", False)],
)  # fmt: skip
def test_metric_columns_are_numeric_and_names_are_not(column: str, numeric: bool) -> None:
    assert export.is_numeric(column) is numeric


def test_empty_cells_are_no_zero() -> None:
    header = ["image", "seed", "toy.good"]
    assert export.typed(["a", "", ""], header) == ["a", None, None]
    assert export.typed(["7", "7", "7"], header) == ["7", 7, 7.0]


def test_a_table_that_does_not_fit_a_sheet_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xlsxwriter")
    monkeypatch.setattr(export, "EXCEL_ROWS", 2)
    with pytest.raises(BadInput, match="more than 2 rows"):
        export.workbook(folder, folder / "s.xlsx", lambda image: None)


def test_rows_may_stream_in_any_batch(folder: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    tables = []
    for batch in (1, 2, 3, 100):
        export.parquet(folder / "scores_long.csv", folder / "l.parquet", batch=batch)
        tables.append(pq.read_table(folder / "l.parquet").to_pydict())
    assert all(table == tables[0] for table in tables)
