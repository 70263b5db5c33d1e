"""What iqm score leaves behind: every file, equal bytes for equal runs, no time stamps."""

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from factory import paint, scored
from report_pages import part_of

from iqmetrics.images import DECODE_POLICY
from iqmetrics.pipeline import scorecard_file
from iqmetrics.pipeline.score import Result
from iqmetrics.pipeline.settings import Settings
from iqmetrics.records import Missing, Reading
from iqmetrics.store import Store
from iqmetrics.views import outputs
from iqmetrics.views.report import bundle, page

SIZE = Settings(scorers=("size",), workers=0)


@pytest.fixture
def result(tmp_path: Path) -> Result:
    for number in range(3):
        path = paint(tmp_path / "in" / f"{number}.png", number, (30 + number, 20))
        path.with_suffix(".txt").write_text(f"prompt {number}")
    return scored(tmp_path / "in", SIZE)


def test_results_that_are_links_stay_links(result: Result, tmp_path: Path) -> None:
    """`write_csv` put a file in the place of the link, and what it led to stayed old."""
    out, kept = tmp_path / "out", tmp_path / "kept"
    out.mkdir()
    kept.mkdir()
    for name in outputs.FILES:
        (kept / name).write_text("old")
        (out / name).symlink_to(kept / name)
    outputs.write(result, SIZE, out)
    assert all((out / name).is_symlink() for name in outputs.FILES)
    assert sorted(os.listdir(kept)) == sorted(outputs.FILES)
    assert all((kept / name).read_text("utf-8") != "old" for name in outputs.FILES)
    assert outputs.write(result, SIZE, out) == []


def test_every_file_is_written_once(result: Result, tmp_path: Path) -> None:
    changed = outputs.write(result, SIZE, tmp_path)
    names = {path.name for path in changed}
    assert names == {*outputs.FILES, "datapackage.json"}
    assert len(changed) == len(names)
    assert all((tmp_path / name).stat().st_size for name in names)


def test_an_equal_run_touches_nothing(result: Result, tmp_path: Path) -> None:
    outputs.write(result, SIZE, tmp_path)
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.glob("*.*")}
    assert outputs.write(result, SIZE, tmp_path) == []
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.glob("*.*")} == before


def test_each_outcome_is_read_once_for_tables_scorecard_and_a_report_of_many_images(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    read = Store.readings

    def readings(store: Store, keys: Iterable[bytes], evidence: int = 0) -> dict[bytes, Reading]:
        asked.extend(keys := list(keys))
        return read(store, keys, evidence)

    monkeypatch.setattr(Store, "readings", readings)
    monkeypatch.setattr(page, "INLINE", 1)
    outputs.write(result, SIZE, tmp_path)
    assert (tmp_path / bundle.FOLDER / "index.js").is_file()
    assert len(asked) == len(set(asked)) == 3


def test_another_folder_gets_the_same_tables(result: Result, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    outputs.write(result, SIZE, tmp_path)
    outputs.write(result, SIZE, tmp_path / "x")
    for name in outputs.FILES:
        if name != outputs.REPORT:  # its links to the originals are relative
            assert (tmp_path / name).read_bytes() == (tmp_path / "x" / name).read_bytes()


def test_only_what_changed_is_written(result: Result, tmp_path: Path) -> None:
    outputs.write(result, SIZE, tmp_path)
    (tmp_path / "scores_wide.csv").write_text("spoiled")
    assert outputs.write(result, SIZE, tmp_path) == [tmp_path / "scores_wide.csv"]


def test_no_temporary_file_is_left(result: Result, tmp_path: Path) -> None:
    outputs.write(result, SIZE, tmp_path)
    outputs.write(result, SIZE, tmp_path)
    left = {p.name for p in tmp_path.iterdir()} - {*outputs.FILES, "datapackage.json", "in"}
    assert left == set()


def test_tables_and_scorecard_say_the_same(result: Result, tmp_path: Path) -> None:
    outputs.write(result, SIZE, tmp_path)
    assert scorecard_file.load(tmp_path / "scorecard.json") == result.scorecard
    with (tmp_path / "scores_long.csv").open(newline="") as file:
        long = [r for r in csv.DictReader(file) if r["metric"] == "size.width"]
    with (tmp_path / "scores_wide.csv").open(newline="") as file:
        wide = list(csv.DictReader(file))
    values = [float(r["value"]) for r in long]
    assert values == [30.0, 31.0, 32.0]
    assert [float(r["size.width"]) for r in wide] == values
    (row,) = (r for r in result.scorecard.rows if r.metric == "size.width")
    assert row.mean == pytest.approx(sum(values) / 3)


def test_the_protocol_says_with_what_on_what(result: Result) -> None:
    told = outputs.run_json(result, SIZE)
    assert told["images"] == 3
    assert told["undecoded"] == 0
    assert told["decode_policy"] == DECODE_POLICY
    assert told["settings"]["scorers"] == ("size",)
    assert told["scorers"] == [s.to_json() for s in result.scorers]
    assert told["versions"]["iqmetrics"]
    assert told["interrupted"] is False


def test_the_protocol_tells_what_was_left_out(result: Result) -> None:
    run = replace(
        result.run,
        decode_problems={"0.png": Missing("truncated", "x")},
        unavailable={"clip": "no weights"},
    )
    found = replace(result.index, skipped={"grid": 2}, notes=["a row without an image"])
    told = outputs.run_json(Result(run, result.store, found, interrupted=True, device="cuda"), SIZE)
    assert told["undecoded"] == 1
    assert told["unavailable"] == {"clip": "no weights"}
    assert told["skipped"] == {"grid": 2}
    assert told["notes"] == ["a row without an image"]
    assert (told["interrupted"], told["device"]) == (True, "cuda")


def test_paths_in_the_settings_become_text(result: Result) -> None:
    told = outputs.run_json(result, replace(SIZE, prompts=Path("p.csv")))
    assert told["settings"]["prompts"] == "p.csv"
    json.dumps(told)


def test_packages_that_are_not_here_are_not_named(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name != "numpy":
            raise outputs.PackageNotFoundError(name)
        return "9"

    monkeypatch.setattr(outputs, "version", version)
    assert outputs.run_json(result, SIZE)["versions"] == {"numpy": "9"}


def test_notes_with_broken_names_are_written(result: Result, tmp_path: Path) -> None:
    """A row of a prompt file may name an image whose name is not UTF-8."""
    found = replace(result.index, notes=["no image \udcff.png"])
    outputs.write(Result(result.run, result.store, found), SIZE, tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["notes"] == ["no image \udcff.png"]
    assert "udcff" in (tmp_path / "report.html").read_text("utf-8")


def test_what_an_unchanged_run_needs_is_what_is_written(result: Result, tmp_path: Path) -> None:
    written = {path.name for path in outputs.write(result, SIZE, tmp_path)}
    assert set(outputs.FILES) <= written


def test_a_report_of_many_images_holds_each_with_its_values(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images come to it in portions while the tables are written, here of two."""
    monkeypatch.setattr(page, "INLINE", 1)
    monkeypatch.setattr(outputs, "CHUNK", 2)
    outputs.write(result, SIZE, tmp_path)
    names = [metric.name for scorer in result.scorers for metric in scorer.metrics]
    column = part_of(tmp_path / bundle.FOLDER / f"metric-{names.index('size.width')}.js")
    assert column["values"] == [30.0, 31.0, 32.0]
    index = part_of(tmp_path / bundle.FOLDER / "index.js")
    assert index["prompts"] == [f"prompt {number}" for number in range(3)]
    with (tmp_path / "scores_wide.csv").open(newline="") as file:
        assert [row["image"] for row in csv.DictReader(file)] == ["0.png", "1.png", "2.png"]


def test_what_killed_runs_left_is_swept_from_every_folder_that_is_written(
    result: Result, tmp_path: Path
) -> None:
    folders = (tmp_path, tmp_path / bundle.FOLDER, tmp_path / bundle.THUMBNAILS)
    for folder in folders:
        folder.mkdir(exist_ok=True)
        (folder / "x.csv.7.new").touch()
        os.utime(folder / "x.csv.7.new", (0, 0))
    outputs.write(result, SIZE, tmp_path)
    assert [path for folder in folders for path in folder.glob("*.new")] == []


def test_the_protocol_can_be_read_by_people_line_by_line(result: Result, tmp_path: Path) -> None:
    """And compared: one line a fact."""
    outputs.write(result, SIZE, tmp_path)
    lines = (tmp_path / "run.json").read_text("ascii").splitlines()
    assert lines[0] == "{" and lines[1].startswith(' "settings": {')
    assert ' "images": 3,' in lines
