"""A report of very many images: their data lies in files beside the page, loaded when shown.

The page itself holds the scorecard. `index` tells what each image is, `metric-N` the values of one
metric, `detail-N` all that is known of `CHUNK` images; their thumbnails lie in packs (see `packs`).
"""

from array import array
from collections.abc import Callable, Iterator, Mapping
from math import nan
from pathlib import Path
from typing import Any

from iqmetrics.pipeline.keys import content
from iqmetrics.pipeline.outcomes import Outcome
from iqmetrics.pipeline.score import Result
from iqmetrics.pipeline.uncollected import uncollected
from iqmetrics.records import IMAGE_STATUSES, METRIC_STATUSES, ImageRecord
from iqmetrics.views.report import data, packs
from iqmetrics.views.report.parts import Parts

CHUNK = 100
"""Images of one detail file: what opening one image costs."""
FOLDER, THUMBNAILS = "report_data", "report_thumbnails"
STATUSES = (*METRIC_STATUSES, *IMAGE_STATUSES)

Original = Callable[[ImageRecord], Any]
"""Where an image itself is, as seen from the page."""


@uncollected()
def build(
    result: Result, protocol: Mapping[str, Any], path: Path, original: Original
) -> tuple[dict[str, Any], bool]:
    """Write the files beside the page at `path`; what the page itself holds, and any change."""
    body = data.frame(result, protocol)
    files = Parts(path.parent / FOLDER)
    small = Parts(path.parent / THUMBNAILS)
    names = [metric["name"] for metric in body["metrics"]]
    columns = [_Column() for _ in names]
    index: dict[str, list[Any]] = {key: [] for key in "mpskfzo"}
    contents: list[str] = []
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
        image["o"] = original(record)
        contents.append(content(record))
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
    index["t"], names = packs.write(result.store, contents, small)
    files.write("index", {**index, "prompts": texts, "packs": names})
    for number, (metric, column) in enumerate(zip(body["metrics"], columns, strict=True)):
        metric["any"], metric["ends"] = column.any(), column.ends()
        files.write(f"metric-{number}", column.to_json())
    files.remove_others()
    small.remove_others()
    places = {"folder": FOLDER, "thumbnails": THUMBNAILS}
    body["bundle"] = {**places, "chunk": CHUNK, "images": count, "prompts": len(texts)}
    body["images"], body["prompts"] = [], {}
    return body, files.changed or small.changed


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
