"""A seal names everything that a verdict depends on, and what changed since."""

from pathlib import Path

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.rules import Rule, Rules
from iqmetrics.pipeline.seals import differences, seal

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
