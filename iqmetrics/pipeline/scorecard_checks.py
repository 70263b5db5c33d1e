"""What a scorecard.json may hold: it is committed, merged and edited by hand, and gates use it."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from iqmetrics.records import IMAGE_STATUSES, METRIC_STATUSES, Aggregate, Better, Cell

STATUSES: Final = frozenset((*METRIC_STATUSES, *IMAGE_STATUSES))
TEXTS: Final = ("model", "metric", "scorer", "scorer_version", "unit")


def row(data: Mapping[str, Any]) -> Aggregate:
    """One row of the table.

    Raises:
        ValueError: it says what no row of ours can say.
        TypeError: a column is missing or unknown.
    """
    found = Aggregate(**data)
    where = f"the row of {found.metric} of {found.model}"
    for name in TEXTS:
        if not isinstance(getattr(found, name), str):
            raise ValueError(f"{where}: {name} is no text")
    if found.better not in get_args(Better):
        raise ValueError(f"{where}: better is {found.better!r}")
    for name in ("mean", "low", "high"):
        if (value := getattr(found, name)) is not None and not is_number(value):
            raise ValueError(f"{where}: {name} is {value!r}, no number")
    counts = [("images", found.images), ("prompts", found.prompts), *found.coverage.items()]
    for name, count in counts:
        if type(count) is not int or count < 0:
            raise ValueError(f"{where}: {name} is {count!r}, no count")
    if found.coverage.get("ok", 0) != found.images or (found.mean is None) != (found.images == 0):
        raise ValueError(f"{where}: mean, images and coverage contradict each other")
    return found


def place(model: Any, prompt_id: Any, seed: Any, pick: Any, image: Any) -> None:
    """Check what a cell stands for.

    Raises:
        ValueError: a name is no text, or a seed or pick no whole number.
    """
    for value in (model, prompt_id, image):
        if type(value) is not str:
            raise ValueError(f"{value!r} is no name of a model, prompt or image")
    for value in (seed, pick):
        if value is not None and type(value) is not int:
            raise ValueError(f"{value!r} is no seed or pick")


def is_number(value: Any) -> bool:
    """A finite number; true and false are none."""
    return type(value) in (float, int) and math.isfinite(value)


def agree(rows: Iterable[Aggregate], cells: Iterable[Cell]) -> None:
    """Check that the table counts the values that the cells hold.

    Raises:
        ValueError: it counts others: what is shown would not be what is gated.
    """
    alike = Counter((cell.model, tuple(cell.values)) for cell in cells)
    held = Counter[tuple[str, str]]()
    for (model, metrics), count in alike.items():
        for metric in metrics:
            held[model, metric] += count
    told = {(r.model, r.metric): r.images for r in rows if r.images}
    for model, metric in sorted(told.keys() | held.keys()):
        shown, there = told.get((model, metric), 0), held[model, metric]
        if shown != there:
            raise ValueError(f"{metric} of {model} has {there} values, its row counts {shown}")
