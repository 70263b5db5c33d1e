import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord, Missing, Reading

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def same(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("same_readings", FOLDER / "same_readings.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "same_readings", module)
    spec.loader.exec_module(module)
    return module


class Scorer:
    def __init__(self, more: float, why: str) -> None:
        self.more, self.why = more, why

    def score(self, pictures: list[Picture]) -> list[Reading]:
        lacks = {"b": Missing("abstained", self.why)}
        return [Reading({"a": k + self.more}, lacks if k else {}) for k in range(len(pictures))]


def test_every_reading_is_held_against_the_one_before(same: Any) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    shown = [Picture(ImageRecord(name, name), pixels) for name in "xy"]
    before = same.answers({"s": Scorer(0.0, "soft")}, shown)
    assert before == {"s x": [{"a": 0.0}, {}], "s y": [{"a": 1.0}, {"b": ["abstained", "soft"]}]}
    assert set(same.gaps(before, before).values()) == {0}
    assert same.gaps(before, same.answers({"s": Scorer(0.25, "dark")}, shown)) == {
        "a_differ": 2,
        "a_gap": 0.25,
        "a_unmatched": 0,
        "b_differ": 0,
        "b_gap": 0.0,
        "b_unmatched": 1,
    }
    assert same.gaps(before, {})["a_unmatched"] == 2
