"""What a generator is: a callable from requests to results, one result a request, in order.

The smallest one, complete::

    @dataclass(frozen=True)
    class Grey:
        '''An image of one grey.'''

        target: str  # what stands behind "grey:" on the command line
        batch = 4  # so many requests are handed over at a time

        def fingerprint(self):
            return {"level": self.target}  # what the image depends on besides the request

        def __call__(self, requests):
            return [Result(r.id, Image.new("L", r.size, int(self.target))) for r in requests]

Its fields are its options. Two more methods are optional: `open(measure)`, called once before the
first request, and `close()`. A request that cannot be met is a `Result` with a `Failure`; only what
concerns all requests (a server that is down, a package that is missing) may be raised, from `open`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Protocol

from iqmetrics.records import EMPTY

if TYPE_CHECKING:
    from PIL import Image

FAILURES: Final = (
    "refused",
    "out_of_memory",
    "unreachable",
    "rate_limited",
    "bad_request",
    "timeout",
    "no_image",
    "budget",
    "disk_full",
    "failed",
)
"""Why a requested image does not exist: the provider's safety system; GPU or host memory; no
connection; too many requests even after waiting; the request was not understood; no answer in time;
an answer without a (readable) image; the money limit; the disk; anything else."""


@dataclass(frozen=True, slots=True)
class Request:
    """One image that is asked for.

    `width`, `height` in pixels; `params` holds steps, guidance and whatever else a suite asks.
    `init_image` and `strength` (0..1) ask for image-to-image.
    """

    id: str
    prompt: str
    seed: int = 0
    width: int | None = None
    height: int | None = None
    negative: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    init_image: "Image.Image | None" = None
    strength: float | None = None
    place: tuple[str, int] = ("", 1)
    """(prompt_id, number of the image within its prompt, from 1); never sent to a model."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, 1024 where not asked."""
        return self.width or 1024, self.height or 1024

    def asked(self) -> dict[str, Any]:
        """Everything that was asked for, by name, as plain data; what was not asked is absent."""
        named = {
            "prompt": self.prompt,
            "negative": self.negative,
            "seed": self.seed,
            "width": self.width,
            "height": self.height,
            "strength": self.strength,
        }
        return {k: v for k, v in {**named, **self.params}.items() if v is not None}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no image: a kind of the closed set `FAILURES` and the reason in words."""

    kind: str
    reason: str

    def __post_init__(self) -> None:
        if self.kind not in FAILURES:
            raise ValueError(f"unknown kind of failure {self.kind!r}")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one request: an image or an error, never both, never neither.

    `telemetry` holds numbers (seconds end in `_s`, 2^30 bytes in `_gb`) and facts such as
    `revised_prompt`; what is unknown is absent. `applied` is what the system really got;
    `not_applied` names what was asked but the system does not take.
    """

    id: str
    image: "Image.Image | None" = None
    error: Failure | None = None
    telemetry: Mapping[str, Any] = field(default_factory=dict)
    applied: Mapping[str, Any] = field(default_factory=dict)
    not_applied: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.image is None) == (self.error is None):
            raise ValueError(f"result {self.id}: either an image or an error")

    @classmethod
    def failed(
        cls, request: Request, kind: str, reason: str, telemetry: Mapping[str, Any] = EMPTY
    ) -> "Result":
        """No image for this request, and why."""
        return cls(request.id, None, Failure(kind, reason), telemetry)


class Generator(Protocol):
    """A system that makes images; see the module for the optional `open` and `close`."""

    @property
    def batch(self) -> int:
        """How many requests it wants at a time."""
        ...

    def fingerprint(self) -> Mapping[str, Any]:
        """Plain data: all that decides the image besides the request. No secrets, no address."""
        ...

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request, in order."""
        ...


def open_(generator: Generator, measure: bool) -> None:
    """Let it load, connect and warm up; `measure`: timings and memory will be asked for."""
    if hook := getattr(generator, "open", None):
        hook(measure)


def close(generator: Generator) -> None:
    """Let it free what it holds."""
    if hook := getattr(generator, "close", None):
        hook()


def keep(generator: Generator, **loaded: Any) -> None:
    """Attach loaded state to a frozen generator; declare it as a field with init=False."""
    for name, value in loaded.items():
        object.__setattr__(generator, name, value)


def digest(*parts: Any) -> str:
    """Sixteen hex digits of the sha256 of plain data: equal data, equal digits, anywhere."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def each(
    requests: Sequence[Request], make: Callable[[Request], Result], kind: str = "failed"
) -> list[Result]:
    """One result a request; whatever `make` raises becomes a failure that names it."""

    def safely(request: Request) -> Result:
        try:
            return make(request)
        except MemoryError as error:
            return Result.failed(request, "out_of_memory", str(error) or "out of memory")
        except Exception as error:
            return Result.failed(request, kind, f"{type(error).__name__}: {error}")

    return [safely(request) for request in requests]


def told(result: Result, **telemetry: Any) -> Result:
    """The result with more telemetry; None (unknown) stays out."""
    known = {key: value for key, value in telemetry.items() if value is not None}
    return replace(result, telemetry={**result.telemetry, **known})
