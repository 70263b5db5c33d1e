"""A chain: each stage's image becomes the next one's init image; base and refiner as one model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from iqmetrics.errors import BadInput
from iqmetrics.generators.base import Failure, Generator, Request, Result, close, keep, open_

SUMMED = ("latency_s",)
HIGHEST = ("vram_allocated_gb", "vram_reserved_gb", "vram_device_max_gb")
LOWEST = ("vram_device_min_gb",)


@dataclass(frozen=True)
class Chain:
    """Stages in a row.

    Each stage keeps its telemetry as `stage1.*`, `stage2.*`; seconds are added up over the stages,
    the first step is that of stage 1, memory the highest of all. An error ends the chain for that
    request and names the stage. All stages stay loaded.

    Args:
        stages: the generators, first to last; at least two.

    Example:
        hybrid=diffusers:base >> diffusers:refiner#strength=0.35
    """

    stages: tuple[Generator, ...]
    opened: list[Generator] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        if len(self.stages) < 2:
            raise BadInput("a chain needs two stages", "base=BACKEND:A >> BACKEND:B#strength=0.35")

    @property
    def batch(self) -> int:
        """The smallest of the stages."""
        return min(stage.batch for stage in self.stages)

    def fingerprint(self) -> Mapping[str, Any]:
        """Those of the stages."""
        return {"chain": [dict(stage.fingerprint()) for stage in self.stages]}

    def about(self) -> dict[str, Any]:
        """What the stages tell of themselves."""
        hooks = [getattr(stage, "about", dict) for stage in self.stages]
        return {f"stage{n}": hook() for n, hook in enumerate(hooks, 1)}

    def open(self, measure: bool) -> None:
        """Open every stage."""
        keep(self, opened=[])
        for stage in self.stages:
            self.opened.append(stage)
            open_(stage, measure)

    def close(self) -> None:
        """Close what was opened, last to first."""
        while self.opened:
            close(self.opened.pop())

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request, from the last stage."""
        results = [Result.failed(r, "failed", "not started") for r in requests]
        alive = list(range(len(requests)))
        for number, stage in enumerate(self.stages, 1):
            asked = [self._next(requests[i], results[i]) for i in alive]
            for i, result in zip(alive, stage(asked) if asked else [], strict=True):
                results[i] = _joined(results[i] if number > 1 else None, result, number)
            alive = [i for i in alive if results[i].image is not None]
        return results

    @staticmethod
    def _next(request: Request, before: Result) -> Request:
        return request if before.image is None else replace(request, init_image=before.image)


def _joined(before: Result | None, result: Result, number: int) -> Result:
    """The result of the chain so far, after stage `number`."""
    own = {f"stage{number}.{key}": value for key, value in result.telemetry.items()}
    earlier = {k: v for k, v in before.telemetry.items() if "." in k} if before else {}
    error = result.error and Failure(result.error.kind, f"stage {number}: {result.error.reason}")
    left_out = [f"stage{number}.{name}" for name in result.not_applied]
    return Result(
        result.id,
        result.image,
        error,
        {**earlier, **own, **_totals(before, result)},
        {**(before.applied if before else {}), f"stage{number}": dict(result.applied)},
        (*(before.not_applied if before else ()), *left_out),
    )


def _totals(before: Result | None, result: Result) -> dict[str, Any]:
    """Figures of the whole; one that a stage does not know is unknown, and absent."""
    new = result.telemetry
    if before is None:
        known = (*SUMMED, *HIGHEST, *LOWEST, "first_step_s")
        return {key: new[key] for key in known if key in new}
    old = before.telemetry
    totals: dict[str, Any] = {}
    for keys, join in ((SUMMED, sum), (HIGHEST, max), (LOWEST, min)):
        for key in keys:
            both = old.get(key), new.get(key)
            if None not in both:
                totals[key] = join(both)  # type: ignore[type-var]
    if "first_step_s" in old:
        totals["first_step_s"] = old["first_step_s"]
    return totals
