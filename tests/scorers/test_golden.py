"""Recorded readings of fixture pictures: a change that moves a score has to say so."""

import json
from pathlib import Path

import pytest

from iqmetrics import plugins
from iqmetrics.images import open_picture
from iqmetrics.metadata.folder import read_folder
from iqmetrics.scorers.base import load

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
RECORDS = {record.image: record for record in read_folder(FIXTURES / "outputs")[0]}


@pytest.mark.parametrize("name", ["clip", "hands", "size", "text"])
def test_a_score_is_what_was_recorded(name: str) -> None:
    golden = json.loads((FIXTURES / "golden" / f"{name}.json").read_text("utf-8"))
    scorer = plugins.make("scorer", name, golden["options"])
    load(scorer, "cpu")
    for image, expected in golden["values"].items():
        reading = scorer.score([open_picture(RECORDS[image])])[0]
        found = {**reading.values, **{m: gone.status for m, gone in reading.missing.items()}}
        assert found.keys() == expected.keys()
        for metric, value in expected.items():
            if not isinstance(value, str):
                value = pytest.approx(
                    value, rel=golden["tolerance_rel"], abs=golden["tolerance_abs"]
                )
            assert found[metric] == value, f"{image} {metric}"
