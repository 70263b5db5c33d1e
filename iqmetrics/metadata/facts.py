"""Facts: what one file (an image's metadata, a sidecar, a row of a table) says of an image."""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from iqmetrics.records import Confidence

FORMAT = 2
"""Bump when the same file would give other facts: part of the key of every cache of facts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one source says of an image; None (or empty) = it does not say.

    `source` names the reader or the file, `confidence` how far its prompt can be trusted ("low": a
    prompt that was computed at run time, or read off a file name). `size` is (width, height) as
    asked of the model. `params` holds plain JSON values: `checkpoint`, `checkpoint_hash`, `loras`,
    `steps`, `sampler`, `cfg` ... `problem` tells why the metadata could not be read.
    """

    source: str = ""
    confidence: Confidence = "high"
    prompt: str | None = None
    negative: str | None = None
    model: str = ""
    seed: int | None = None
    size: tuple[int, int] | None = None
    prompt_id: str = ""
    texts: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def steps(self) -> int | None:
        """Sampling steps, if the source says how many."""
        value = self.params.get("steps")
        return value if isinstance(value, int) else None

    def __bool__(self) -> bool:
        """True when anything is known."""
        return any(
            (
                self.prompt is not None,
                self.negative is not None,
                self.model,
                self.seed is not None,
                self.size,
                self.prompt_id,
                self.texts is not None,
                self.tags,
                self.params,
            )
        )

    def to_json(self) -> str:
        """One line of JSON, readable by `from_json`; surrogates are escaped, so it is ASCII."""
        row = {key: value for key, value in asdict(self).items() if value != getattr(NONE, key)}
        return json.dumps(row, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Facts":
        """The facts that `to_json` wrote."""
        row = json.loads(text)
        for key in ("size", "texts", "tags"):
            if row.get(key) is not None:
                row[key] = tuple(row[key])
        if "params" in row:  # many files tell the same ones
            row["params"] = {sys.intern(name): value for name, value in row["params"].items()}
        return cls(**row)


NONE = Facts()


def whole(value: object) -> int | None:
    """`value` as an int when it is one (or is written like one), else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and len(value) < 40:
        try:
            return int(value.strip().removesuffix(".0"))
        except ValueError:
            return None
    return None


def number(value: object) -> float | int | None:
    """`value` as a finite number, else None."""
    if (integer := whole(value)) is not None:
        return integer
    try:
        real = float(value) if isinstance(value, (float, str)) else float("nan")
    except ValueError:
        return None
    return real if abs(real) < float("inf") else None


def size_of(width: object, height: object) -> tuple[int, int] | None:
    """(width, height) in pixels when both are positive whole numbers, else None."""
    w, h = whole(width), whole(height)
    return (w, h) if w and h and w > 0 and h > 0 else None


def known(**values: Any) -> dict[str, Any]:
    """The named values that say something: no None, no empty string or list; plain JSON."""
    found = {key: plain(value) for key, value in values.items()}
    return {key: value for key, value in found.items() if value not in (None, "", [], {}, ())}


def plain(value: Any) -> Any:
    """JSON without NaN and infinities, which some tools write and no strict parser reads."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value
