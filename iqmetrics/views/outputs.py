"""Writes what `iqm score` leaves behind; a file that would not change is not touched."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from iqmetrics.images import DECODE_POLICY
from iqmetrics.pipeline import scorecard_file
from iqmetrics.pipeline.score import Result
from iqmetrics.pipeline.settings import Settings
from iqmetrics.views import datapackage, feeds
from iqmetrics.views.report import bundle, page

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

_PACKAGES = (
    "iqmetrics", "numpy", "pillow", "torch", "torchvision", "open_clip_torch", "pyiqa",
    "onnxruntime",    "opencv-python-headless", "rapidocr", "insightface", "numba",
)  # fmt: skip


def write(result: Result, settings: Settings, out: Path) -> list[Path]:
    """Write every file; the ones that changed."""
    for folder in (out, out / bundle.FOLDER):
        feeds.sweep(folder)
    scorers = result.scorers
    protocol = run_json(result, settings)
    texts: dict[str, str | Iterator[str]] = {
        "scorecard.json": scorecard_file.parts(result.scorecard),
        "datapackage.json": datapackage.dump(scorers),
        "run.json": json.dumps(protocol, indent=1, ensure_ascii=True) + "\n",
    }
    tables: dict[str, tuple[Any, Iterator[Any]]] = {
        "scores_long.csv": (feeds.LONG, feeds.long_rows(result.outcomes(), scorers)),
        "scores_wide.csv": (
            feeds.wide_header(scorers),
            feeds.wide_rows(result.outcomes(), scorers),
        ),
        "scorecard.csv": (feeds.SCORECARD, feeds.scorecard_rows(result.scorecard)),
    }
    changed = [
        out / n for n, (head, rows) in tables.items() if feeds.write_csv(out / n, head, rows)
    ]
    changed += [out / n for n, text in texts.items() if feeds.write_text(out / n, text)]
    if page.write(result, protocol, out / REPORT):
        changed.append(out / REPORT)
    return changed


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
