"""What the page draws, as plain JSON values: indices instead of repeated names, nulls for gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from iqmetrics.pipeline.outcomes import Outcome
from iqmetrics.pipeline.score import Result
from iqmetrics.records import ImageRecord
from iqmetrics.views import axes

EVIDENCE_CHARACTERS = 6000
"""Evidence of one scorer that is longer, as JSON, is left out of the page; the store keeps it."""


def build(result: Result, protocol: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the page needs but the pictures."""
    body = frame(result, protocol)
    place = {model: number for number, model in enumerate(result.scorecard.models)}
    names = [metric["name"] for metric in body["metrics"]]
    for outcome in result.outcomes(EVIDENCE_CHARACTERS):
        if outcome.record is not None:
            body["prompts"][outcome.prompt_id] = readable(outcome.record.prompt or "")
            body["images"].append(image(outcome, outcome.record, place[outcome.model], names))
    return body


def frame(result: Result, protocol: Mapping[str, Any]) -> dict[str, Any]:
    """What does not grow with the number of images; `prompts` and `images` are empty."""
    metrics = [
        {
            **asdict(metric),
            "scorer": scorer.name,
            "scope": scorer.scope,
            "axis": axes.axis(scorer.name),
        }
        for scorer in result.scorers
        for metric in scorer.metrics
    ]
    models = list(result.scorecard.models)
    place = {model: number for number, model in enumerate(models)}
    rows = [asdict(row) for row in result.scorecard.rows]
    return {
        "axes": list(axes.AXES),
        "models": [readable(model) for model in models],
        "metrics": metrics,
        "card": [{**row, "model": place[row["model"]]} for row in rows],
        "prompts": {},
        "images": [],
        "protocol": dict(protocol),
    }


def readable(text: str) -> str:
    """Text whose broken UTF-8 is shown as escapes, so that it can be written as UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def image(
    outcome: Outcome, record: ImageRecord, model: int, names: Sequence[str]
) -> dict[str, Any]:
    """What the page says of one image."""
    values = {m: v for r in outcome.readings.values() for m, v in r.values.items()}
    missing = {m: x for r in outcome.readings.values() for m, x in r.missing.items()}
    return {
        "f": readable(record.image),
        "m": model,
        "p": outcome.prompt_id,
        "s": record.seed,
        "k": record.pick,
        "v": [_short(values.get(name)) for name in names],
        "x": {str(names.index(m)): [x.status, readable(x.reason)] for m, x in missing.items()},
        "e": {name: r.evidence for name, r in outcome.readings.items() if r.evidence},
        "z": [outcome.problem.status, readable(outcome.problem.reason)]
        if outcome.problem
        else None,
    }


def _short(value: float | None) -> float | None:
    """Six significant digits: what a page can show, at half the bytes."""
    return None if value is None else float(f"{value:.6g}")
