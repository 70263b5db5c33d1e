"""The nouns of iqmetrics. Read this first: everything else passes these around.

Prompts become images (`Prompt`, `ImageRecord`), images become scores (`Metric`, `Reading`), scores
become a scorecard (`Cell`, `Aggregate`, `Scorecard`). Standard library only, nothing is computed.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Scope = Literal["image", "set"]
Better = Literal["higher", "lower", "neither"]
Confidence = Literal["high", "medium", "low"]

METRIC_STATUSES: Final = ("not_applicable", "abstained", "unavailable", "failed")
"""Why a metric has no value: nothing to judge; there, but not to be judged reliably; weights or
package missing; the scorer raised."""

IMAGE_STATUSES: Final = (
    "unreadable",
    "unsupported",
    "too_large",
    "truncated",
    "timeout",
    "crashed",
)
"""Why an image could not be shown to any scorer."""

EMPTY: Final[Mapping[str, Any]] = {}

dump = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""JSON in ASCII: a name that is not UTF-8 (surrogates) has no place in SQLite's text."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt of a suite, with what its images are judged by."""

    id: str
    text: str
    tags: tuple[str, ...] = ()
    language: str = ""
    negative: str | None = None
    texts: tuple[str, ...] | None = None
    """Strings that must be readable in the image; None = not stated, () = stated: none."""
    sizes: tuple[tuple[int, int], ...] = ()
    seeds: tuple[int, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptSuite:
    """A named, versioned list of prompts; `pick` is the declared "first image" (1-based)."""

    name: str
    version: str
    prompts: tuple[Prompt, ...]
    pick: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact about an image came from (a reader's name, or a file) and how sure it is."""

    where: str
    confidence: Confidence = "high"


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """What is known of one image file without looking at its pixels.

    `image` is the path relative to the scored folder, with `/` (the CSV column); `path` opens the
    file. Names that are not UTF-8 are kept by surrogateescape. `requested_size` is (width, height)
    as asked of the model, not as found. `sources` tells for each field where it came from.
    """

    image: str
    path: str
    sha256: str = ""
    model: str = ""
    prompt_id: str = ""
    prompt: str | None = None
    negative: str | None = None
    seed: int | None = None
    pick: int | None = None
    requested_size: tuple[int, int] | None = None
    texts: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data, the inverse of `from_json`."""
        row = {name: getattr(self, name) for name in self.__slots__}
        row["sources"] = {name: [s.where, s.confidence] for name, s in self.sources.items()}
        return row

    @classmethod
    def from_json(
        cls, data: Mapping[str, Any], shared: dict[Any, Any] | None = None
    ) -> "ImageRecord":
        """The inverse of `to_json`, after a round through JSON text.

        Sources that are in `shared` already are taken from there: most images have the same.
        """
        row = dict(data)
        for name in ("requested_size", "texts", "tags"):
            if row[name] is not None:
                row[name] = tuple(row[name])
        sources = {name: Source(*source) for name, source in row["sources"].items()}
        if shared is not None:
            sources = shared.setdefault(tuple(sources.items()), sources)
            row["params"] = row["params"] or shared.setdefault((), row["params"])
        return cls(**{**row, "sources": sources})


YES_NO = "yes/no"
"""Unit of a metric that is 1 or 0 of each image: its mean is a rate, with a rate's interval."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One number that a scorer answers: its unit, its range (None = open) and its direction."""

    name: str
    unit: str
    low: float | None
    high: float | None
    better: Better
    about: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a metric has no value: a status of the closed set and the reason in words."""

    status: str
    reason: str

    def __post_init__(self) -> None:
        if self.status not in METRIC_STATUSES and self.status not in IMAGE_STATUSES:
            raise ValueError(f"unknown status {self.status!r}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one scorer says of one image or set: each metric is in `values` or in `missing`.

    `evidence` (JSON-able: boxes, points, tiles, strings) is what the report draws. A value that is
    not a finite number is refused here, so nothing unmeasured can look like a number.
    """

    values: Mapping[str, float]
    missing: Mapping[str, Missing] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    _written: tuple[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in self.values.items():
            if not math.isfinite(value):
                raise ValueError(f"{name} = {value}: a value must be finite; say why it is missing")
            if name in self.missing:
                raise ValueError(f"{name} is both measured and missing")

    @classmethod
    def checked(
        cls,
        values: Mapping[str, float],
        missing: Mapping[str, Missing],
        evidence: Mapping[str, Any],
    ) -> "Reading":
        """A reading that was checked when it was first made, e.g. read back from a store."""
        reading = object.__new__(cls)
        for name, value in (
            ("values", values), ("missing", missing), ("evidence", evidence), ("_written", None),
        ):  # fmt: skip
            object.__setattr__(reading, name, value)
        return reading

    def written(self) -> tuple[str, str]:
        """Values and evidence as JSON in ASCII, made once.

        Raises:
            TypeError: something in them has no JSON, e.g. a numpy number.
            ValueError: a number in the evidence is not finite.
        """
        if self._written is None:
            object.__setattr__(self, "_written", (dump(self.values), dump(self.evidence)))
        assert self._written is not None
        return self._written

    @classmethod
    def none(
        cls,
        metrics: Sequence[Metric],
        status: str,
        reason: str,
        evidence: Mapping[str, Any] = EMPTY,
    ) -> "Reading":
        """A reading without any value, every metric missing for the same reason."""
        return cls({}, {m.name: Missing(status, reason) for m in metrics}, evidence)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One row of a scorecard: one metric of one model.

    `mean` with its 95 % interval `low`..`high` over `images` values from `prompts` prompts; None
    where nothing was measured (no mean) or one prompt says nothing of the spread (no interval).
    `coverage` counts the images (or sets) by status, "ok" among them.
    """

    model: str
    metric: str
    scorer: str
    scorer_version: str
    unit: str
    better: Better
    mean: float | None
    low: float | None
    high: float | None
    images: int
    prompts: int
    coverage: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """All values of one image, placed by (model, prompt, seed, pick): what `compare` pairs."""

    model: str
    prompt_id: str
    seed: int | None
    pick: int | None
    image: str
    values: Mapping[str, float]
    missing: Mapping[str, str] = field(default_factory=dict)
    """Metric name -> status, for what was not measured."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The judgement of one or more models; `scorers` maps a scorer's name to its full version."""

    rows: tuple[Aggregate, ...]
    cells: tuple[Cell, ...]
    scorers: Mapping[str, str] = field(default_factory=dict)
    decode_policy: str = ""
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """prompt_id -> tags of the prompt, where it has any."""

    @property
    def models(self) -> tuple[str, ...]:
        """The models judged, sorted by name."""
        return tuple(sorted({row.model for row in self.rows}))
