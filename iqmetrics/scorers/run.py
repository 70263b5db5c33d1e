"""run: what an image cost to make, from the manifest that `iqm generate --measure` wrote."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iqmetrics.images import Picture
from iqmetrics.records import Metric, Missing, Reading

ABOUT = {
    "latency_s": ("s", "seconds from the request to the image, model loaded and warm"),
    "first_step_s": ("s", "seconds from the request to the end of the first denoising step"),
    "vram_allocated_gb": ("GiB", "peak of GPU memory that torch had in use"),
    "vram_reserved_gb": ("GiB", "peak of GPU memory that torch held from the driver"),
    "vram_device_min_gb": ("GiB", "lowest GPU memory in use on the whole device meanwhile"),
    "vram_device_max_gb": ("GiB", "highest GPU memory in use on the whole device meanwhile"),
}


@dataclass(frozen=True)
class Run:
    """Time and GPU memory that each image took, as measured while it was made.

    Lower is better. Read from the manifest's telemetry; where no manifest says it, or the image was
    made without `--measure`, or is from a cache, the metric is not applicable. `first_step_s`
    counts text encoding at diffusers, and queueing at ComfyUI: compare it within one back-end.
    Blind to: what else the device was doing, except in the two device figures.

    Example:
        An image whose manifest row says `"telemetry": {"latency_s": 3.8}` has run.latency_s 3.8.
    """

    name = "run"
    version = "1"
    scope = "image"
    concurrent = True
    licence = "Apache-2.0"
    uses = ("params",)
    metrics = tuple(
        Metric(f"run.{name}", unit, 0, None, "lower", about)
        for name, (unit, about) in ABOUT.items()
    )

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture."""
        return [_reading(telemetry(picture.record.params)) for picture in pictures]


def telemetry(params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The telemetry of an image, if its manifest has any; a table's own `latency_s` counts too."""
    found = params.get("telemetry")
    if isinstance(found, Mapping):
        return found
    flat = {name: params[name] for name in ABOUT if name in params}
    return flat or None


def _reading(found: Mapping[str, Any] | None) -> Reading:
    if found is None:
        return Reading.none(Run.metrics, "not_applicable", "no manifest tells how it was made")
    values: dict[str, float] = {}
    missing: dict[str, Missing] = {}
    why = "made from a cache" if found.get("cached") else "not measured when it was made"
    for name in ABOUT:
        number = None if found.get("cached") else _number(found.get(name))
        if number is None:
            missing[f"run.{name}"] = Missing("not_applicable", why)
        else:
            values[f"run.{name}"] = number
    return Reading(values, missing)


def _number(value: Any) -> float | None:
    """A finite number from 0, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None
