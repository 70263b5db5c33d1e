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


@pytest.mark.parametrize("text", [None, "{", "[]", "{}"])
def test_what_is_no_verdict_never_passes(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "verdict.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInput, match=r"verdict\.json"):
        verify(path, {})
