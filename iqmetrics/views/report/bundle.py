"""A report of very many images: their data lies in files beside the page, loaded when shown.

The page itself holds the scorecard. `index` tells what each image is, `metric-N` the values of one
metric, `detail-N` all that is known of `CHUNK` images; their thumbnails lie in packs (see `packs`).
"""

from array import array
from collections.abc import Callable, Iterable, Mapping
from math import nan
from pathlib import Path
from typing import Any

from iqmetrics.pipeline.keys import content
from iqmetrics.pipeline.outcomes import Outcome
from iqmetrics.pipeline.score import Result
from iqmetrics.records import IMAGE_STATUSES, METRIC_STATUSES, ImageRecord
from iqmetrics.views.report import data, packs
from iqmetrics.views.report.parts import Parts

CHUNK = 100
"""Images of one detail file: what opening one image costs."""
FOLDER, THUMBNAILS = "report_data", "report_thumbnails"
STATUSES = (*METRIC_STATUSES, *IMAGE_STATUSES)

Original = Callable[[ImageRecord], Any]
"""Where an image itself is, as seen from the page."""


class Bundle:
    """The files beside the page at `path`, made from outcomes that come by in order."""

    def __init__(self, result: Result, path: Path, original: Original) -> None:
        self._result, self._original = result, original
        self._files = Parts(path.parent / FOLDER)
        self._small = Parts(path.parent / THUMBNAILS)
        self._names = [metric.name for scorer in result.scorers for metric in scorer.metrics]
        self._columns = [_Column() for _ in self._names]
        self._index: dict[str, list[Any]] = {key: [] for key in "mpskfzo"}
        self._contents: list[str] = []
        self._models: dict[str, int] = {}
        self._prompts: dict[str, int] = {}
        self._texts: list[str] = []
        self._details: list[dict[str, Any]] = []

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Take some images more; what is told of sets is not shown."""
        for outcome in outcomes:
            if outcome.record is not None:
                self._add(outcome, outcome.record)

    def _add(self, outcome: Outcome, record: ImageRecord) -> None:
        model = self._models.setdefault(outcome.model, len(self._models))
        image = data.image(outcome, record, model, self._names)
        if outcome.prompt_id not in self._prompts:
            self._prompts[outcome.prompt_id] = len(self._texts)
            self._texts.append(data.readable(record.prompt or ""))
        position = len(self._contents)
        image["p"] = self._prompts[outcome.prompt_id]
        image["o"] = self._original(record)
        self._contents.append(content(record))
        for key, told in self._index.items():
            told.append(image[key])
        missing = image["x"]
        for number, (column, value) in enumerate(zip(self._columns, image["v"], strict=True)):
            column.add(position, value, missing.get(str(number)) if missing else None)
        self._details.append({key: image[key] for key in "vxe"})
        if len(self._details) == CHUNK:
            self._write_details(position)

    def _write_details(self, last: int) -> None:
        self._files.write(f"detail-{last // CHUNK}", self._details)
        self._details = []

    def finish(self, protocol: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Write what is left; what the page itself holds, and any change."""
        result, files, index = self._result, self._files, self._index
        body = data.frame(result, protocol)
        if self._details:
            self._write_details(len(self._contents) - 1)
        place = {model: number for number, model in enumerate(result.scorecard.models)}
        number_of = [place[model] for model in self._models]
        index["m"] = [number_of[number] for number in index["m"]]
        index["t"], names = packs.write(result.store, self._contents, self._small)
        files.write("index", {**index, "prompts": self._texts, "packs": names})
        for number, (metric, column) in enumerate(zip(body["metrics"], self._columns, strict=True)):
            metric["any"], metric["ends"] = column.any(), column.ends()
            files.write(f"metric-{number}", column.to_json())
        files.remove_others()
        self._small.remove_others()
        places = {"folder": FOLDER, "thumbnails": THUMBNAILS}
        lone = sum(not self._texts[number] for number in index["p"])
        prompts = sum(map(bool, self._texts))
        count = {"images": len(self._contents), "prompts": prompts, "lone": lone}
        body["bundle"] = {**places, "chunk": CHUNK, **count}
        body["images"], body["prompts"] = [], {}
        return body, files.changed or self._small.changed


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
