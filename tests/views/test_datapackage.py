"""datapackage.json describes the CSV files so that a validator accepts them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from factory import FACTS, good, record, stored

from iqmetrics.pipeline.outcomes import Run, outcomes
from iqmetrics.pipeline.scorecard import build
from iqmetrics.records import Missing
from iqmetrics.views import datapackage, feeds

RECORDS = [record(f"a/{n}.png", "a", "=1+1, “x”\n夏日", seed=-n) for n in range(3)]
RUN = Run(RECORDS, (FACTS,), {"a/2.png": Missing("truncated", "half")})


def test_types_follow_the_column() -> None:
    package = json.loads(datapackage.dump([FACTS]))
    wide = package["resources"][1]["schema"]["fields"]
    types = {field["name"]: field["type"] for field in wide}
    assert (types["seed"], types["prompt"], types["toy.good"]) == ("integer", "string", "number")


def test_frictionless_accepts_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frictionless = pytest.importorskip("frictionless")
    found = list(outcomes(stored((RECORDS[0], good(0.5, 2.0)), (RECORDS[1], good(0.1))), RUN))
    card = build(found, RUN.scorers)
    feeds.write_csv(tmp_path / "scores_long.csv", feeds.LONG, feeds.long_rows(found, [FACTS]))
    wide = feeds.wide_rows(found, [FACTS])
    feeds.write_csv(tmp_path / "scores_wide.csv", feeds.wide_header([FACTS]), wide)
    feeds.write_csv(tmp_path / "scorecard.csv", feeds.SCORECARD, feeds.scorecard_rows(card))
    (tmp_path / "datapackage.json").write_text(datapackage.dump([FACTS]))
    monkeypatch.chdir(tmp_path)
    report = frictionless.validate("datapackage.json")
    assert report.valid, report.flatten(["type", "message"])
    assert report.stats["tasks"] == 3


def test_every_column_of_every_table_has_its_type() -> None:
    package = json.loads(datapackage.dump([FACTS]))
    types = {
        table["name"]: {field["name"]: field["type"] for field in table["schema"]["fields"]}
        for table in package["resources"]
    }
    numbers = {"value", "mean", "low", "high", "toy.good", "toy.bad"}
    for table in types.values():
        for column, kind in table.items():
            assert (kind == "number") == (column in numbers), column
            assert (kind == "integer") == (column in datapackage.INTEGERS), column
    assert list(types["scores_long"]) == list(feeds.LONG)
    assert types["scorecard"]["mean"] == "number" and types["scorecard"]["images"] == "integer"


def test_it_is_plain_ascii_that_can_be_compared_line_by_line() -> None:
    text = datapackage.dump([replace(FACTS, metrics=(replace(FACTS.metrics[0], about="schön"),))])
    assert text.isascii() and text.count("\n") > 50 and text.endswith("}\n")
    described = json.loads(text)["resources"][1]["schema"]["fields"]
    assert {f.get("description") for f in described} == {None, "schön"}
