"""iqm scorecard: the stored scorecard as table, CSV or JSON, found from any of three places."""

import csv
import io
from pathlib import Path

import pytest
from factory import paint, written
from iqmetrics.cli.main import run
from iqmetrics.cli.scorecard import locate

from iqmetrics.pipeline import scorecard_file
from iqmetrics.views import terminal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(2):
        paint(tmp_path / "out" / f"{number}.png", number, (30 + number, 20))
    written(tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize("where", ["", "iqm", "iqm/scorecard.json"])
def test_a_run_is_found_from_any_of_its_places(
    folder: Path, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scorecard", str(folder / where)]) == 0
    out = capsys.readouterr().out
    card = scorecard_file.load(folder / "iqm" / "scorecard.json")
    assert out == terminal.scorecard(card) + "\n"


def test_json_is_the_file_itself(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["scorecard", str(folder), "--json"]) == 0
    assert capsysbinary.readouterr().out == (folder / "iqm" / "scorecard.json").read_bytes()


def test_csv_is_the_file_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scorecard", str(folder), "--csv"]) == 0
    out = capsys.readouterr().out
    with (folder / "iqm" / "scorecard.csv").open(newline="", encoding="utf-8") as file:
        stored = list(csv.DictReader(file))
    assert list(csv.DictReader(io.StringIO(out, newline=""))) == stored
    assert [float(r["mean"]) for r in stored if r["metric"] == "size.width"] == [30.5]


def test_the_images_and_the_store_are_not_needed(folder: Path) -> None:
    for path in [*folder.glob("*.png"), *(folder / "iqm").glob("scores*")]:
        path.unlink()
    assert run(["scorecard", str(folder)]) == 0


@pytest.mark.parametrize("content", [None, "", "{", '{"rows": []}', "[]", "null", "\x00\x01"])
def test_what_is_no_scorecard_is_2(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scorecard.json"
    if content is not None:
        path.write_text(content)
    assert run(["scorecard", str(path)]) == 2
    out, told = capsys.readouterr()
    assert out == ""
    assert told.startswith("Error: ")
    assert "bug" not in told


def test_an_empty_folder_is_2(tmp_path: Path) -> None:
    assert run(["scorecard", str(tmp_path)]) == 2


def test_the_inner_scorecard_wins(tmp_path: Path) -> None:
    (tmp_path / "iqm").mkdir()
    for path in (tmp_path / "scorecard.json", tmp_path / "iqm" / "scorecard.json"):
        assert locate(tmp_path) == tmp_path / "scorecard.json"
        path.touch()
    assert locate(tmp_path) == tmp_path / "iqm" / "scorecard.json"
    assert locate(tmp_path / "x.json") == tmp_path / "x.json"
