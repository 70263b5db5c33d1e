"""iqm export: other forms of the tables; nothing is scored, nothing of the run is changed."""

import csv
from pathlib import Path

import pytest
from factory import paint, written
from iqmetrics.cli.main import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("a.png", "=b.png")):
        paint(tmp_path / "out" / name, number, (30 + number, 20))
    written(tmp_path / "out")
    return tmp_path / "out"


def export(folder: Path, *args: str) -> int:
    return run(["export", str(folder), "--out", str(folder.parent / "feed"), *args])


def test_a_form_must_be_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder) == 2
    assert "--excel, --xlsx or --parquet" in capsys.readouterr().err
    assert not (folder.parent / "feed").exists()


def test_excel_csv_has_the_same_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, "--excel") == 0
    out, told = capsys.readouterr()
    assert out == ""
    assert told.startswith("scores_long.csv, scores_wide.csv, scorecard.csv in ")
    for name in ("scores_long.csv", "scores_wide.csv", "scorecard.csv"):
        with (folder / "iqm" / name).open(newline="", encoding="utf-8") as file:
            before = list(csv.reader(file))
        with (folder.parent / "feed" / name).open(newline="", encoding="utf-8-sig") as file:
            assert list(csv.reader(file)) == before


def test_a_locale_with_commas(folder: Path) -> None:
    assert export(folder, "--excel", "--delimiter", ";", "--decimal", ",") == 0
    with (folder.parent / "feed" / "scorecard.csv").open(newline="", encoding="utf-8-sig") as file:
        means = {r["metric"]: r["mean"] for r in csv.DictReader(file, delimiter=";")}
    assert means["size.width"] == "30,5"


def test_one_character_for_both_is_2(folder: Path) -> None:
    assert export(folder, "--excel", "--decimal", ",") == 2


def test_parquet_has_the_same_values(folder: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    assert export(folder, "--parquet") == 0
    table = pq.read_table(folder.parent / "feed" / "scores_wide.parquet").to_pydict()
    assert sorted(table["size.width"]) == [30.0, 31.0]
    assert {p.name for p in (folder.parent / "feed").iterdir()} == {
        "scores_long.parquet", "scores_wide.parquet", "scorecard.parquet",
    }  # fmt: skip


def test_a_workbook_shows_every_thumbnail(folder: Path) -> None:
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    assert export(folder, "--xlsx") == 0
    book = openpyxl.load_workbook(folder.parent / "feed" / "scores.xlsx")
    assert book.sheetnames == ["scorecard", "scores_wide", "scores_long"]
    sheet = book["scores_wide"]
    assert len(sheet._images) == 2, "also of the image whose name looks like a formula"
    assert not any(c.data_type == "f" for s in book for row in s.iter_rows() for c in row)


def test_nothing_of_the_run_is_changed(folder: Path) -> None:
    pytest.importorskip("pyarrow")
    kept = {p: p.read_bytes() for p in (folder / "iqm").glob("*.*") if "sqlite" not in p.name}
    assert export(folder, "--excel", "--parquet") == 0
    assert {p: p.read_bytes() for p in kept} == kept


def test_again_into_the_same_folder(folder: Path) -> None:
    assert export(folder, "--excel") == 0
    first = (folder.parent / "feed" / "scorecard.csv").read_bytes()
    assert export(folder / "iqm", "--excel") == 0
    assert (folder.parent / "feed" / "scorecard.csv").read_bytes() == first


@pytest.mark.parametrize("form", ["--excel", "--parquet", "--xlsx"])
def test_a_folder_that_was_not_scored_is_2_and_leaves_nothing(tmp_path: Path, form: str) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("xlsxwriter")
    (tmp_path / "out").mkdir()
    assert export(tmp_path / "out", form) == 2
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert left == [], "neither half a table nor an empty store"


def test_a_file_name_for_the_folder_is_told_and_nothing_is_made(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", str(folder), "--excel", "--out", str(folder.parent / "t.csv")]) == 2
    assert "--out is the folder of all the tables" in capsys.readouterr().err
    assert not (folder.parent / "t.csv").exists()


def test_a_file_in_the_place_of_the_folder_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(tmp_path / "out" / "a.png")
    written(tmp_path / "out")
    for place in (tmp_path / "out" / "a.png", tmp_path / "out" / "a.png" / "x"):
        assert run(["export", str(tmp_path / "out"), "--out", str(place), "--excel"]) == 2
        told = capsys.readouterr().err
        assert "a.png" in told and "a bug" not in told
