"""iqm gate and iqm compare over stored scorecards: what is printed, and the exit code."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from factory import card
from iqmetrics.cli.main import run

from iqmetrics.pipeline import scorecard_file

BASE = np.random.default_rng(1).normal(0.6, 0.1, size=(60, 4))
RULES = '[[rule]]\nmetric = "toy.good"\nmargin = 0.02\n'


@pytest.fixture
def gate(tmp_path: Path) -> Callable[..., int]:
    (tmp_path / "g.gate.toml").write_text(RULES)
    (tmp_path / "base.json").write_text(scorecard_file.dump(card({"v1": BASE})))
    for name, change in {"same": 0.0, "worse": -0.1}.items():
        folder = tmp_path / name / "iqm"
        folder.mkdir(parents=True)
        (folder / "scorecard.json").write_text(scorecard_file.dump(card({"v2": BASE + change})))
    (tmp_path / "few.json").write_text(scorecard_file.dump(card({"v2": BASE[:3]})))

    def call(name: str, *more: str) -> int:
        where = [
            "--baseline",
            str(tmp_path / "base.json"),
            "--rules",
            str(tmp_path / "g.gate.toml"),
        ]
        return run(["gate", *([str(tmp_path / name)] if name else []), *where, *more])

    return call


@pytest.mark.parametrize(("name", "code"), [("same", 0), ("worse", 1), ("few.json", 4)])
def test_exit_codes(
    gate: Callable[..., int], name: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(name) == code
    state = {0: "PASS", 1: "FAIL", 4: "INCONCLUSIVE"}[code]
    assert capsys.readouterr().out.splitlines()[-1].startswith(state)


def test_a_run_that_is_held_against_itself_is_told_so(
    tmp_path: Path, gate: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but a limit could fail there, whatever becomes of the model."""
    own = tmp_path / "worse" / "iqm" / "scorecard.json"
    rules = ["--rules", str(tmp_path / "g.gate.toml")]
    for baseline in (own, tmp_path / "worse"):
        assert run(["gate", str(tmp_path / "worse"), "--baseline", str(baseline), *rules]) == 0
        assert "held against itself" in capsys.readouterr().err
    copy = tmp_path / "kept.json"
    copy.write_bytes(own.read_bytes())
    assert run(["gate", str(tmp_path / "worse"), "--baseline", str(copy), *rules]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["text", "json", "junit", "github", "markdown"])
def test_every_format_is_printed(
    gate: Callable[..., int], form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate("worse", "--format", form) == 1
    assert "toy.good" in capsys.readouterr().out


def test_github_also_writes_the_step_summary(
    gate: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    gate("worse", "--format", "github")
    assert "### FAIL" in (tmp_path / "summary.md").read_text()


def test_a_stored_verdict_is_verified(gate: Callable[..., int], tmp_path: Path) -> None:
    stored = str(tmp_path / "verdict.json")
    assert gate("same", "--verdict", stored) == 0
    assert gate("", "--verify", stored) == 0
    assert gate("same", "--verify", stored) == 0
    (tmp_path / "g.gate.toml").write_text(RULES.replace("0.02", "0.03"))
    assert gate("", "--verify", stored) == 4


def test_a_failed_verdict_does_not_verify(gate: Callable[..., int], tmp_path: Path) -> None:
    gate("worse", "--verdict", str(tmp_path / "verdict.json"))
    assert gate("", "--verify", str(tmp_path / "verdict.json")) == 1


def test_a_gate_without_a_run_says_how_to_get_one(
    gate: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate("") == 2
    assert "iqm score FOLDER" in capsys.readouterr().err


def test_compare_two_runs(
    tmp_path: Path, gate: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", str(tmp_path / "base.json"), str(tmp_path / "worse")]) == 0
    assert "worse" in capsys.readouterr().out
    assert run(["compare", str(tmp_path / "base.json"), str(tmp_path / "worse"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["contrasts"][0]["answer"] == "worse"
    assert (
        run(
            [
                "compare",
                str(tmp_path / "base.json"),
                str(tmp_path / "same"),
                "--margin",
                "toy.good=0.01",
            ]
        )
        == 0
    )
    assert "tied" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args",
    [
        ["compare"],
        ["compare", "base.json"],
        ["compare", "base.json", "--margin", "x"],
        ["compare", "nowhere"],
    ],
)
def test_compare_says_what_is_missing(
    tmp_path: Path, gate: Callable[..., int], args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(args) == 2


def test_a_claim_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "--claim", "93% of 30 vs 71% of 30"]) == 0
    assert "not attainable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("by", "told"), [("tag", "No prompt has a tag"), ("prompt", "largest loss")]
)
def test_compare_by_tag_and_prompt(
    gate: Callable[..., int],
    tmp_path: Path,
    by: str,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = [str(tmp_path / "base.json"), str(tmp_path / "worse")]
    assert run(["compare", *runs, "--by", by]) == 0
    assert told in capsys.readouterr().out
    assert run(["compare", *runs, "--by", by, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["by_tag"] == {}
    assert len(found.get("by_prompt", ())) == (60 if by == "prompt" else 0)


def test_scorecard_shows_the_spread(
    gate: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scorecard", str(tmp_path / "base.json"), "--spread"]) == 0
    assert "best of N - mean" in capsys.readouterr().out
