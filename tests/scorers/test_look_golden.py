"""`grain` and `look` answer for the fixture pictures what they answered when those were made."""

import json
from pathlib import Path

import pytest

from iqmetrics.images import open_picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.grain import Grain
from iqmetrics.scorers.look import Look

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.mark.parametrize("scorer", [Grain(faces=False), Look()], ids=lambda s: s.name)
def test_golden(scorer):
    golden = json.loads((FIXTURES / "golden" / f"{scorer.name}.json").read_text("utf-8"))
    scorer.load("cpu")
    for name, expected in golden["values"].items():
        picture = open_picture(ImageRecord(name, str(FIXTURES / "outputs" / name)))
        reading = scorer.score([picture])[0]
        found = {**reading.values, **{k: m.status for k, m in reading.missing.items()}}
        assert found.keys() == expected.keys(), name
        for metric, value in expected.items():
            if isinstance(value, str):
                assert found[metric] == value, f"{name}: {metric}"
            else:
                assert found[metric] == pytest.approx(
                    value, rel=golden["tolerance_rel"], abs=golden["tolerance_abs"]
                ), f"{name}: {metric}"
