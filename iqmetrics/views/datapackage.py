"""datapackage.json: the column types of the CSV files, as a Frictionless Data Package (v2)."""

import json
from collections.abc import Sequence
from typing import Any

from iqmetrics.pipeline.keys import ScorerFacts
from iqmetrics.views import feeds

SCHEMA_VERSION = "1"
INTEGERS = {
    "seed", "pick", "images", "prompts", "ok", "not_applicable", "abstained", "unavailable",
    "failed", "undecoded",
}  # fmt: skip
NUMBERS = {"value", "mean", "low", "high"}


def dump(scorers: Sequence[ScorerFacts]) -> str:
    """The text of datapackage.json for the files of one run."""
    about = {metric.name: metric.about for scorer in scorers for metric in scorer.metrics}
    tables = {
        "scores_long": feeds.LONG,
        "scores_wide": feeds.wide_header(scorers),
        "scorecard": feeds.SCORECARD,
    }
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "iqmetrics-scores",
        "version": SCHEMA_VERSION,
        "resources": [_resource(name, header, about) for name, header in tables.items()],
    }
    return json.dumps(package, indent=1, ensure_ascii=True) + "\n"


def kind(column: str, metrics: dict[str, str]) -> str:
    """The Table Schema type of a column."""
    if column in INTEGERS:
        return "integer"
    return "number" if column in NUMBERS or column in metrics else "string"


def _resource(name: str, header: Sequence[str], about: dict[str, str]) -> dict[str, Any]:
    fields = []
    for column in header:
        described = {"description": about[column]} if column in about else {}
        fields.append({"name": column, "type": kind(column, about), **described})
    return {
        "name": name,
        "path": f"{name}.csv",
        "type": "table",
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"lineTerminator": "\r\n"},
        "schema": {"fields": fields, "missingValues": [""]},
    }
