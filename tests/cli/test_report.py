"""iqm report: the page again, from the store alone."""

from pathlib import Path

import pytest
from factory import paint, scored, written
from iqmetrics.cli.main import run

from iqmetrics.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        paint(tmp_path / "out" / f"{number}.png", number)
    return tmp_path / "out"


def test_the_page_is_written_again_byte_by_byte(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = written(folder) / "report.html"
    before = page.read_bytes()
    page.unlink()
    assert run(["report", str(folder)]) == 0
    assert page.read_bytes() == before
    out, told = capsys.readouterr()
    assert (out, told) == ("", f"The report is {page}\n")


def test_the_inner_folder_will_do(folder: Path) -> None:
    page = written(folder) / "report.html"
    page.unlink()
    assert run(["report", str(folder / "iqm")]) == 0
    assert page.exists()


def test_the_images_are_not_needed(folder: Path, tmp_path: Path) -> None:
    written(folder)
    for image in folder.glob("*.png"):
        image.unlink()
    assert run(["report", str(folder), "--out", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_text("utf-8").count("data:image/jpeg;base64,/9j/") == 3


def test_another_language(folder: Path, tmp_path: Path) -> None:
    written(folder)
    page = tmp_path / "zh.html"
    assert run(["report", str(folder), "--lang", "zh", "--out", str(page)]) == 0
    assert '<html lang="zh">' in page.read_text("utf-8")
    assert '<html lang="en">' in (folder / "iqm" / "report.html").read_text("utf-8")
    assert run(["report", str(folder), "--lang", "fr"]) == 2


@pytest.mark.parametrize("name", ["out", "nowhere", "out/0.png"])
def test_what_was_not_scored_is_2(
    folder: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.startswith("Error: ")
    assert not (folder / "iqm").exists(), "no store is made by looking for one"


def test_a_folder_scored_from_python_has_a_report_too(folder: Path) -> None:
    """iqmetrics.score(folder, out=...) writes the store and no run.json."""
    scored(folder)
    assert run(["report", str(folder)]) == 0
    assert (folder / "iqm" / "report.html").exists()


def test_a_store_without_a_run_is_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "iqm").mkdir()
    with Store(folder / "iqm" / "scores.sqlite"):
        pass
    assert run(["report", str(folder)]) == 2
    assert "iqm score FOLDER" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(tmp_path / "out" / "a.png")
    written(tmp_path / "out")
    target = tmp_path / "out" / "a.png" / "r.html"
    assert run(["report", str(tmp_path / "out"), "--out", str(target)]) == 2
    assert "a.png: File exists" in capsys.readouterr().err


def test_a_page_goes_into_a_new_folder_and_not_in_the_place_of_one(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(folder)
    page = tmp_path / "new" / "place" / "r.html"
    assert run(["report", str(folder), "--out", str(page)]) == 0
    assert page.stat().st_size > 1000
    capsys.readouterr()
    assert run(["report", str(folder), "--out", str(page.parent)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"Error: {page.parent} is a folder") and "report.html" in told


def test_a_damaged_protocol_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = written(folder) / "run.json"
    told.write_text(told.read_text("utf-8")[:40], "utf-8")
    assert run(["report", str(folder)]) == 2
    assert f"{told} is damaged" in capsys.readouterr().err
