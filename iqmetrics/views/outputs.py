"""Writes what `iqm score` leaves behind; a file that would not change is not touched."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

from iqmetrics.images import DECODE_POLICY
from iqmetrics.pipeline import scorecard_file
from iqmetrics.pipeline.score import Result
from iqmetrics.pipeline.settings import Settings
from iqmetrics.pipeline.uncollected import uncollected
from iqmetrics.views import datapackage, feeds
from iqmetrics.views.report import bundle, data, page

REPORT = "report.html"
FILES = (
    "scores_long.csv",
    "scores_wide.csv",
    "scorecard.csv",
    "scorecard.json",
    "run.json",
    REPORT,
)
"""What must be there for a run to count as unchanged."""
CHUNK = 500
"""Outcomes held between reading and writing."""

_PACKAGES = (
    "iqmetrics", "numpy", "pillow", "torch", "torchvision", "open_clip_torch", "pyiqa",
    "onnxruntime",    "opencv-python-headless", "rapidocr", "insightface", "numba",
)  # fmt: skip


def write(result: Result, settings: Settings, out: Path) -> list[Path]:
    """Write every file; the ones that changed."""
    for folder in (out, out / bundle.FOLDER, out / bundle.THUMBNAILS):
        feeds.sweep(folder)
    beside = page.many(result, out / REPORT)
    changed = _tables(result, out, beside)
    card = feeds.scorecard_rows(result.scorecard)
    if feeds.write_csv(out / "scorecard.csv", feeds.SCORECARD, card):
        changed.append(out / "scorecard.csv")
    protocol = run_json(result, settings)
    texts: dict[str, str | Iterator[str]] = {
        "scorecard.json": scorecard_file.parts(result.scorecard),
        "datapackage.json": datapackage.dump(result.scorers),
        "run.json": json.dumps(protocol, indent=1, ensure_ascii=True) + "\n",
    }
    changed += [out / n for n, text in texts.items() if feeds.write_text(out / n, text)]
    if page.write(result, protocol, out / REPORT, beside=beside):
        changed.append(out / REPORT)
    return changed


@uncollected()
def _tables(result: Result, out: Path, beside: bundle.Bundle | None) -> list[Path]:
    """Write what has a row an image or value, reading each outcome once for all, scorecard too."""
    scorers = result.scorers
    with (
        feeds.table(out / "scores_long.csv", feeds.LONG) as long,
        feeds.table(out / "scores_wide.csv", feeds.wide_header(scorers)) as wide,
    ):
        outcomes = result.judged(data.EVIDENCE_CHARACTERS if beside else 0)
        while some := list(islice(outcomes, CHUNK)):
            long.add(feeds.long_rows(some, scorers))
            wide.add(feeds.wide_rows(some, scorers))
            if beside:
                beside.add(some)
    tables = {"scores_long.csv": long, "scores_wide.csv": wide}
    return [out / name for name, table in tables.items() if table.changed]


def run_json(result: Result, settings: Settings) -> dict[str, Any]:
    """What was asked, with what, on what: no time stamps, so an equal run writes equal bytes."""
    return {
        "settings": {k: str(v) if isinstance(v, Path) else v for k, v in asdict(settings).items()},
        "device": result.device,
        "interrupted": result.interrupted,
        "decode_policy": DECODE_POLICY,
        "versions": dict(_versions()),
        "scorers": [scorer.to_json() for scorer in result.scorers],
        "unavailable": dict(result.run.unavailable),
        "images": len(result.run.records),
        "undecoded": len(result.run.decode_problems),
        "skipped": dict(result.index.skipped),
        "notes": list(result.index.notes),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in _PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
