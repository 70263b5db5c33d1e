"""iqm score as a user runs it: tables on stdout, talk on stderr, files, exit codes, bad input."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from iqmetrics.cli.main import run
from PIL import Image

HOSTILE = [
    "a\nb.png",
    "\u202egnp.png",
    '"><script>alert(1)<.png',
    "=cmd.png",
    "夏 ☀.png",
    "x" * 240 + ".png",
]


def paint(path: str, seed: int = 0, size: int = 48) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate([*HOSTILE, os.fsdecode(b"\xff\xfe.png")]):
        paint(os.path.join(tmp_path, name), number)
    (tmp_path / "zero.png").touch()
    (tmp_path / "half.png").write_bytes((tmp_path / HOSTILE[0]).read_bytes()[:300])
    (tmp_path / "text.png").write_text("no picture")
    os.mkfifo(tmp_path / "fifo.png")
    os.symlink(tmp_path, tmp_path / "loop")
    return tmp_path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_of_bad_input_is_scored_to_the_end(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", str(folder), "--scorer", "size"]) == 0
    out, talk = capsys.readouterr()
    assert "48 [48, 48] n=7/10" in out
    assert "1 truncated" not in out
    assert "not decoded: 2 truncated, 1 unsupported" in talk
    assert "not a regular file" in talk
    assert "\u202e" not in out + talk
    table = rows(folder / "iqm" / "scores_long.csv")
    broken = {r["image"]: r["status"] for r in table if r["scorer"] == "image"}
    assert broken == {"zero.png": "truncated", "half.png": "truncated", "text.png": "unsupported"}
    scored = {r["image"] for r in table if r["metric"] == "size.width"}
    assert scored == {*(("'" + n) if n[0] == "=" else n for n in HOSTILE), "\\udcff\\udcfe.png"}
    assert (folder / "iqm" / "report.html").stat().st_size < 200_000


def test_a_second_run_changes_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["score", str(folder), "--scorer", "size"])
    first = capsys.readouterr().out
    before = {
        p.name: p.stat().st_mtime_ns for p in (folder / "iqm").iterdir() if "sqlite" not in p.name
    }
    assert run(["score", str(folder), "--scorer", "size"]) == 0
    out, talk = capsys.readouterr()
    assert out == first
    assert "Nothing changed" in talk
    assert before == {
        p.name: p.stat().st_mtime_ns for p in (folder / "iqm").iterdir() if "sqlite" not in p.name
    }


def test_a_deleted_result_is_written_again(folder: Path) -> None:
    run(["score", str(folder), "--scorer", "size", "--quiet"])
    (folder / "iqm" / "scorecard.csv").unlink()
    run(["score", str(folder), "--scorer", "size", "--quiet"])
    assert (folder / "iqm" / "scorecard.csv").exists()


def test_json_and_scorecard_say_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["score", str(folder), "--scorer", "size", "--json", "--quiet"])
    scored = json.loads(capsys.readouterr().out)
    assert run(["scorecard", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == scored
    assert run(["scorecard", str(folder), "--csv"]) == 0
    assert capsys.readouterr().out.startswith("model,metric,mean")


def test_reports_and_exports_come_from_the_store(folder: Path) -> None:
    run(["score", str(folder), "--scorer", "size", "--quiet"])
    assert run(["report", str(folder), "--lang", "zh", "--out", str(folder / "zh.html")]) == 0
    assert "评分卡" in (folder / "zh.html").read_text("utf-8")
    assert (
        run(
            ["export", str(folder), "--out", str(folder / "feed"), "--xlsx", "--parquet", "--excel"]
        )
        == 0
    )
    assert (folder / "feed" / "scores.xlsx").stat().st_size > 5000


def test_strict_fails_on_what_could_not_be_judged(folder: Path) -> None:
    assert run(["score", str(folder), "--scorer", "size", "--strict", "--quiet"]) == 3


def test_nothing_but_broken_files_is_3(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert run(["score", str(tmp_path), "--scorer", "size", "--quiet"]) == 3


@pytest.mark.parametrize(
    "args",
    [
        ["nowhere"],
        ["."],
        [".", "--scorer", "sise"],
        [".", "--preset", "nope"],
        [".", "--device", "gpu"],
    ],
)
def test_what_a_user_can_fix_is_2(
    tmp_path: Path,
    args: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if len(args) > 1:
        paint("a.png")
    assert run(["score", *args]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) <= 2


def test_a_read_only_folder_asks_for_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(str(tmp_path / "a.png"))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert run(["score", str(tmp_path), "--scorer", "size"]) == 2
    assert "--out DIR" in capsys.readouterr().err
