"""A seal names everything that a verdict depends on, and what changed since."""

import json
from pathlib import Path

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.rules import Rule, Rules
from iqmetrics.pipeline.seals import differences, seal, verify

RULES = Rules("g", "", 0.05, (Rule("a", floor=1),), ("models/*.bin",))


def test_every_change_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/a.bin").write_text("1")
    card = tmp_path / "card.json"
    card.write_text("{}")
    before = seal({"baseline": card}, RULES, tmp_path)
    assert differences(before, seal({"baseline": card}, RULES, tmp_path)) == []
    (tmp_path / "models/a.bin").write_text("2")
    (tmp_path / "models/b.bin").write_text("3")
    card.write_text("{ }")
    other = Rules("g", "", 0.01, RULES.rules, RULES.model_files)
    assert differences(before, seal({"baseline": card}, other, tmp_path)) == [
        "the baseline changed since the verdict",
        "the rules changed since the verdict",
        "models/b.bin is new",
        "models/a.bin changed",
    ]


def test_a_pattern_that_matches_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="matches no file"):
        seal({}, RULES, tmp_path)


@pytest.mark.parametrize("state", ["PASS", "FAIL", "INCONCLUSIVE"])
def test_a_stored_verdict_counts_while_nothing_changed(tmp_path: Path, state: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps({"state": state, "inputs": {"baseline": "1", "rules": "2"}}))
    assert verify(path, {"baseline": "1", "rules": "2"})[0] == state
    other, told = verify(path, {"baseline": "1", "rules": "3"})
    assert other == "INCONCLUSIVE"
    assert told[0] == "the rules changed since the verdict"


NO_VERDICT = [
    None, "{", "[]", "{}", "\udcff", "null", '{"state": "PASS"}',
    '{"state": "PASS", "inputs": []}', '{"state": "PASS", "inputs": ["baseline"]}',
    '{"state": "PASS", "inputs": {"model_files": ["a"]}}',
    "[" * 100_000, '{"state": "pass", "inputs": {}}', '{"state": ["PASS"], "inputs": {}}',
]  # fmt: skip
"""Absent, cut, of another kind, or edited by hand: none may pass, none may end in a traceback."""


@pytest.mark.parametrize("text", NO_VERDICT)
def test_what_is_no_verdict_never_passes(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "verdict.json"
    if text is not None:
        path.write_text(text, "utf-8", "surrogateescape")
    with pytest.raises(BadInput, match=r"verdict\.json"):
        verify(path, {"baseline": "1"})


def test_a_verdict_that_names_fewer_inputs_is_of_something_else(tmp_path: Path) -> None:
    """Deleting the sums from a committed verdict must not make it hold for everything."""
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps({"state": "PASS", "inputs": {}}))
    now = {"baseline": "1", "rules": "2", "model_files": {"a.bin": "3"}}
    state, told = verify(path, now)
    assert state == "INCONCLUSIVE"
    assert told[:3] == [
        "the baseline changed since the verdict",
        "the rules changed since the verdict",
        "a.bin is new",
    ]


def test_what_a_pattern_matches_is_named_from_the_root_and_folders_are_no_files(
    tmp_path: Path,
) -> None:
    for name in ("models/夏 日.bin", "models/deep/b.bin", "models/folder.bin/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    rules = Rules("g", "", 0.05, RULES.rules, ("models/**/*.bin",))
    files = seal({}, rules, tmp_path)["model_files"]
    assert sorted(files) == ["models/deep/b.bin", "models/夏 日.bin"]
    assert len(set(files.values())) == 2


def test_a_verdict_that_an_editor_saved_counts(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps({"state": "PASS", "inputs": {"baseline": "1"}}), "utf-8-sig")
    assert verify(path, {"baseline": "1"})[0] == "PASS"
