"""A report of very many images: their data lies in files beside the page, loaded when shown.

The page itself holds the scorecard. `index` tells what each image is, `metric-N` the values of one
metric, `detail-N` all that is known of `CHUNK` images. Pages opened from a folder may not fetch, so
each file is a script that calls `part` with JSON text.
"""

import json
from array import array
from collections.abc import Callable, Iterator, Mapping
from math import nan
from pathlib import Path
from typing import Any

from iqmetrics.pipeline.outcomes import Outcome
from iqmetrics.pipeline.score import Result
from iqmetrics.pipeline.uncollected import uncollected
from iqmetrics.records import IMAGE_STATUSES, METRIC_STATUSES, ImageRecord
from iqmetrics.views.feeds import write_text
from iqmetrics.views.report import data

CHUNK = 100
"""Images of one detail file: what opening one image costs."""
FOLDER = "report_data"
STATUSES = (*METRIC_STATUSES, *IMAGE_STATUSES)

Places = Callable[[ImageRecord], tuple[Any, Any]]
"""The thumbnail and the original of an image, as seen from the page."""


@uncollected()
def build(
    result: Result, protocol: Mapping[str, Any], path: Path, places: Places
) -> tuple[dict[str, Any], bool]:
    """Write the files beside the page at `path`; what the page itself holds, and any change."""
    body = data.frame(result, protocol)
    files = _Files(path.parent / FOLDER)
    names = [metric["name"] for metric in body["metrics"]]
    columns = [_Column() for _ in names]
    index: dict[str, list[Any]] = {key: [] for key in "mpskfzto"}
    prompts: dict[str, int] = {}
    texts: list[str] = []
    details: list[dict[str, Any]] = []
    models = {model: number for number, model in enumerate(result.scorecard.models)}
    for record, outcome in _images(result):
        image = data.image(outcome, record, models[outcome.model], names)
        if outcome.prompt_id not in prompts:
            prompts[outcome.prompt_id] = len(texts)
            texts.append(data.readable(record.prompt or ""))
        position = len(index["m"])
        image["p"] = prompts[outcome.prompt_id]
        image["t"], image["o"] = places(record)
        for key, told in index.items():
            told.append(image[key])
        for number, column in enumerate(columns):
            column.add(position, image["v"][number], image["x"].get(str(number)))
        details.append({key: image[key] for key in "vxe"})
        if len(details) == CHUNK:
            files.write(f"detail-{position // CHUNK}", details)
            details = []
    count = len(index["m"])
    if details:
        files.write(f"detail-{count // CHUNK}", details)
    files.write("index", {**index, "prompts": texts})
    for number, (metric, column) in enumerate(zip(body["metrics"], columns, strict=True)):
        metric["any"], metric["ends"] = column.any(), column.ends()
        files.write(f"metric-{number}", column.to_json())
    files.remove_others()
    body["bundle"] = {"folder": FOLDER, "chunk": CHUNK, "images": count, "prompts": len(texts)}
    body["images"], body["prompts"] = [], {}
    return body, files.changed


def _images(result: Result) -> Iterator[tuple[ImageRecord, Outcome]]:
    for outcome in result.outcomes(data.EVIDENCE_CHARACTERS):
        if outcome.record is not None:
            yield outcome.record, outcome


class _Column:
    """The values of one metric, image by image, and the status of those that lack one."""

    def __init__(self) -> None:
        self._values = array("d")
        self._places = array("q")
        self._statuses = array("B")

    def add(self, position: int, value: float | None, missing: list[str] | None) -> None:
        self._values.append(nan if value is None else value)
        if missing is not None:
            self._places.append(position)
            self._statuses.append(STATUSES.index(missing[0]))

    def _known(self) -> list[float]:
        return sorted(value for value in self._values if value == value)

    def any(self) -> bool:
        """Whether any image has a value."""
        return any(value == value for value in self._values)

    def ends(self) -> list[float] | None:
        """The 5th and 95th percentile, interpolated."""
        known = self._known()
        return [_quantile(known, 0.05), _quantile(known, 0.95)] if known else None

    def to_json(self) -> dict[str, Any]:
        values = [value if value == value else None for value in self._values]
        missing = list(zip(self._places, self._statuses, strict=True))
        return {"values": values, "missing": missing, "statuses": STATUSES}


def _quantile(known: list[float], share: float) -> float:
    at = share * (len(known) - 1)
    low = int(at)
    high = min(low + 1, len(known) - 1)
    return known[low] + (at - low) * (known[high] - known[low])


class _Files:
    """The files of one bundle; those of an earlier, larger one are removed in the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: set[str] = set()
        self.changed = False
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, value: Any) -> None:
        # JSON in a string: as a literal of the script, a key `__proto__` would be no key.
        text = data.readable(json.dumps(value, ensure_ascii=True, separators=(",", ":")))
        script = f"part({json.dumps(name)},{json.dumps(text)});\n"
        self.changed |= write_text(self._folder / f"{name}.js", script)
        self._written.add(f"{name}.js")

    def remove_others(self) -> None:
        for old in self._folder.glob("*.js"):
            if old.name not in self._written:
                old.unlink(missing_ok=True)  # by another run, perhaps
                self.changed = True
