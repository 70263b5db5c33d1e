"""iqm demo: one command to a scorecard and a report."""

from pathlib import Path

import pytest
from iqmetrics.cli.main import run

pytest.importorskip("open_clip")


def test_a_few_prompts_go_the_whole_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    assert run(["demo", "--out", str(out), "--limit", "6"]) == 0
    told = capsys.readouterr().out
    assert "the same 6 prompts" in told
    assert f"open {out}/report.html" in told and f"iqm serve {out}" in told
    assert (out / "report.html").stat().st_size > 10_000
    assert len(list((out / "outputs").rglob("*.png"))) == 24


def test_quiet_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--out", str(tmp_path), "--limit", "4", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "scorecard.csv").is_file()


def test_a_file_as_out_is_one_clear_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    assert run(["demo", "--out", str(tmp_path / "taken")]) == 2
    assert "cannot be written" in capsys.readouterr().err
