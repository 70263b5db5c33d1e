"""Tables with whatever text a prompt or a name may hold go through every form and come back."""

import csv
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from factory import FACTS, good, record, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iqmetrics.images import Picture
from iqmetrics.pipeline.outcomes import Run, outcomes
from iqmetrics.pipeline.scorecard import build
from iqmetrics.pipeline.thumbnails import jpeg
from iqmetrics.records import ImageRecord
from iqmetrics.views import export, feeds

TEXTS = [
    "=1+1", "'=1+1", "''=cmd|' /C calc'!A0", " =1+1", "@SUM(A1)", "+1", "-1+2", "\t=1", "\n=1", "＝1+1", "＋1", "－1", "＠A1",
    "'tis", "'", "''", "", " ", "a;b", "a,b", 'say "x"', 'a"', "line\nbreak", "tab\there", "夏日限定;1,5", "😀 emoji", "e\u0301",
    "\u202ertl", "\u200bzero width", "_x0041_", "TRUE", "0012", "1e5", "1,5", "2024-01-02", "=", "https://example.org/?a=b", "\x07bell",
]  # fmt: skip
RECORDS = [record(f"{n}.png", "m", text, seed=n) for n, text in enumerate(TEXTS)]


def write(folder: Path, records: list[ImageRecord]) -> Path:
    run = Run(records, (FACTS,))
    found = list(outcomes(stored(*((r, good(0.5, -1.25)) for r in records)), run))
    feeds.write_csv(folder / "scores_long.csv", feeds.LONG, feeds.long_rows(found, [FACTS]))
    header = feeds.wide_header([FACTS])
    feeds.write_csv(folder / "scores_wide.csv", header, feeds.wide_rows(found, [FACTS]))
    card = build(found, run.scorers)
    feeds.write_csv(folder / "scorecard.csv", feeds.SCORECARD, feeds.scorecard_rows(card))
    return folder


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("tables"), RECORDS)


def prompts(rows: list[list[str]]) -> list[str]:
    at = rows[0].index("prompt")
    return [row[at] for row in rows[1:]]


def guarded(text: str) -> str:
    return feeds.cell(text)


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(";", ","), ("\t", "."), (",", "."), ("|", ",")]
)
def test_excel_csv_gives_every_text_back(
    tables: Path, tmp_path: Path, delimiter: str, decimal: str
) -> None:
    export.excel_csv(tables / "scores_wide.csv", tmp_path / "x.csv", delimiter, decimal)
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=delimiter))
    assert prompts(rows) == [guarded(text) for text in TEXTS]
    assert {row[-1] for row in rows[1:]} == {f"-1{decimal}25"}
    assert {len(row) for row in rows} == {len(rows[0])}


def test_parquet_gives_every_text_back(tables: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    export.parquet(tables / "scores_wide.csv", tmp_path / "x.parquet", batch=7)
    found = pq.read_table(tmp_path / "x.parquet").to_pydict()
    assert found["prompt"] == [guarded(text) or None for text in TEXTS]
    assert found["seed"] == list(range(len(TEXTS)))


def test_a_workbook_gives_every_text_back_and_holds_no_formula(
    tables: Path, tmp_path: Path
) -> None:
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    export.workbook(tables, tmp_path / "x.xlsx", lambda image: None)
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["scores_wide"]
    header = [cell.value for cell in next(sheet.iter_rows())]
    at = header.index("prompt")
    rows = list(sheet.iter_rows(min_row=2))
    assert all(cell.data_type != "f" for row in rows for cell in row)
    escaped = openpyxl.utils.escape.unescape
    found = [row[at].value or "" for row in rows]
    assert [escaped(text) for text in found] == [guarded(text) for text in TEXTS]
    assert {row[-1].value for row in rows} == {-1.25}


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not here")
def test_libreoffice_runs_nothing(tables: Path, tmp_path: Path) -> None:
    place = f"-env:UserInstallation=file://{tmp_path}/office"
    command = ["soffice", place, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tables / "scores_wide.csv")], check=True, capture_output=True)
    openpyxl = pytest.importorskip("openpyxl")
    sheet = openpyxl.load_workbook(tmp_path / "scores_wide.xlsx").active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_prompt_longer_than_pythons_csv_reads_goes_through(tmp_path: Path) -> None:
    """131,072 characters are the limit of the csv module: a prompt of a language model may be more."""
    long = "very " * 40_000
    folder = write(tmp_path, [record("a.png", "m", long)])
    export.excel_csv(folder / "scores_wide.csv", tmp_path / "x.csv")
    assert long in (tmp_path / "x.csv").read_text("utf-8-sig")
    header, row = export.rows(folder / "scores_wide.csv")
    assert row[header.index("prompt")] == long


def test_a_sheet_cuts_what_no_cell_can_hold(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    folder = write(tmp_path, [record("a.png", "m", "x" * 40_000)])
    export.workbook(folder, tmp_path / "x.xlsx", lambda image: None)
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["scores_wide"]
    values = [cell.value for cell in next(iter(sheet.iter_rows(min_row=2)))]
    assert "x" * export.EXCEL_CELL in values


@pytest.mark.parametrize(
    "name", ["'tis.png", "''.png", "=1.png", "'=1.png", "a'b.png", "-.png", "'"]
)
def test_every_image_finds_its_thumbnail(name: str, tmp_path: Path) -> None:
    """A name that begins with an apostrophe of its own lost its picture."""
    pytest.importorskip("xlsxwriter")
    folder = write(tmp_path, [record(name, "m", "p")])
    picture = jpeg(Picture(record(name), np.full((32, 32, 3), 90, np.uint8)))
    asked: list[str] = []

    def find(image: str) -> bytes | None:
        asked.append(image)
        return picture if image == name else None

    export.workbook(folder, tmp_path / "x.xlsx", find)
    assert asked == [name]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20))
def test_taking_the_guard_off_gives_the_text_back(text: str) -> None:
    assert feeds.unguarded(feeds.cell(text)) == text


@given(st.text("=+-@' \t\nab＝", max_size=6))
def test_what_a_spreadsheet_sees_first_is_never_a_formula(text: str) -> None:
    shown = feeds.cell(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\n", "＝"))
    assert feeds.unguarded(shown) == text


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12),
        min_size=1,
        max_size=5,
    )
)
def test_any_texts_come_back_from_the_csv(texts: list[str], tmp_path: Path) -> None:
    folder = write(tmp_path, [record(f"{n}.png", "m", t, seed=n) for n, t in enumerate(texts)])
    rows = list(export.rows(folder / "scores_wide.csv"))
    assert [feeds.unguarded(text) for text in prompts(rows)] == texts
