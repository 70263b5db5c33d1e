"""Stages in a row: images handed on, telemetry kept apart, errors that name their stage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.generators.base import Request, Result
from iqmetrics.generators.chain import Chain


@dataclass
class Stage:
    add: int
    telemetry: dict[str, Any] = field(default_factory=dict)
    batch: int = 4
    refuse: str = "nothing"
    calls: list[str] = field(default_factory=list)

    def fingerprint(self) -> dict[str, int]:
        return {"add": self.add}

    def open(self, measure: bool) -> None:
        self.calls.append(f"open {measure}")
        if self.add < 0:
            raise BadInput("broken")

    def close(self) -> None:
        self.calls.append("close")

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        return [self.one(r) for r in requests]

    def one(self, request: Request) -> Result:
        if request.prompt == self.refuse:
            return Result.failed(request, "refused", "no", {"request_s": 1.0})
        before = request.init_image.getpixel((0, 0)) if request.init_image else 0
        image = Image.new("L", (2, 2), before + self.add)  # type: ignore[operator]
        return Result(request.id, image, None, self.telemetry, {"add": self.add}, ("style",))


def test_each_stage_starts_from_the_image_before() -> None:
    chain = Chain((Stage(1), Stage(10), Stage(100)))
    [result] = chain([Request("a", "p")])
    assert result.image is not None and result.image.getpixel((0, 0)) == 111
    assert result.applied == {"stage1": {"add": 1}, "stage2": {"add": 10}, "stage3": {"add": 100}}
    assert result.not_applied == ("stage1.style", "stage2.style", "stage3.style")


def test_seconds_add_up_and_memory_is_the_highest() -> None:
    first = {
        "latency_s": 1.0,
        "first_step_s": 0.2,
        "vram_device_max_gb": 9.0,
        "vram_device_min_gb": 5.0,
    }
    second = {
        "latency_s": 2.0,
        "first_step_s": 0.4,
        "vram_device_max_gb": 7.0,
        "vram_device_min_gb": 3.0,
    }
    [result] = Chain((Stage(1, first), Stage(1, second)))([Request("a", "p")])
    seen = result.telemetry
    assert (seen["latency_s"], seen["first_step_s"]) == (3.0, 0.2)
    assert (seen["vram_device_max_gb"], seen["vram_device_min_gb"]) == (9.0, 3.0)
    assert seen["stage2.latency_s"] == 2.0


def test_what_one_stage_does_not_know_the_whole_does_not_know() -> None:
    [result] = Chain((Stage(1, {"latency_s": 1.0}), Stage(1)))([Request("a", "p")])
    assert "latency_s" not in {k: v for k, v in result.telemetry.items() if v is not None}


def test_an_error_ends_the_chain_of_its_request_only() -> None:
    chain = Chain((Stage(1, refuse="bad"), Stage(10)))
    good, bad = chain([Request("a", "good"), Request("b", "bad")])
    assert good.image is not None and good.image.getpixel((0, 0)) == 11
    assert bad.error is not None and bad.error.kind == "refused"
    assert bad.error.reason == "stage 1: no" and bad.telemetry["stage1.request_s"] == 1.0


def test_a_late_error_names_its_stage_and_keeps_earlier_telemetry() -> None:
    [bad] = Chain((Stage(1, {"latency_s": 1.0}), Stage(10, refuse="p")))([Request("b", "p")])
    assert bad.error is not None and bad.error.reason == "stage 2: no"
    assert bad.telemetry["stage1.latency_s"] == 1.0


def test_what_was_opened_is_closed_also_when_a_later_stage_does_not_open() -> None:
    first, broken = Stage(1), Stage(-1)
    chain = Chain((first, broken))
    with pytest.raises(BadInput, match="broken"):
        chain.open(measure=True)
    chain.close()
    assert first.calls == ["open True", "close"] and broken.calls[-1] == "close"


def test_a_chain_of_one_is_refused_and_batch_and_fingerprint_follow_the_stages() -> None:
    with pytest.raises(BadInput, match="two stages"):
        Chain((Stage(1),))
    chain = Chain((Stage(1, batch=4), Stage(2, batch=2)))
    assert chain.batch == 2
    assert chain.fingerprint() == {"chain": [{"add": 1}, {"add": 2}]}
