"""Requests, results and failures: what may not be said at all."""

import pytest
from PIL import Image

from iqmetrics.generators.base import Failure, Request, Result, digest, each, told

GREY = Image.new("L", (4, 4))


def test_a_result_is_an_image_or_an_error() -> None:
    with pytest.raises(ValueError, match="either an image or an error"):
        Result("a")
    with pytest.raises(ValueError, match="either an image or an error"):
        Result("a", GREY, Failure("failed", "why"))


def test_kinds_of_failure_are_a_closed_set() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        Failure("boredom", "none")


def test_what_is_raised_becomes_a_failure_of_that_request_only() -> None:
    def make(request: Request) -> Result:
        if request.seed == 1:
            raise RuntimeError("broken")
        if request.seed == 2:
            raise MemoryError
        return Result(request.id, GREY)

    results = each([Request(str(s), "p", s) for s in range(3)], make)
    assert results[0].image is GREY
    assert results[1].error == Failure("failed", "RuntimeError: broken")
    assert results[2].error == Failure("out_of_memory", "out of memory")


def test_only_what_was_asked_is_in_asked() -> None:
    request = Request("a", "p", 3, width=8, params={"steps": 2, "guidance": None}, place=("x", 2))
    assert request.asked() == {"prompt": "p", "seed": 3, "width": 8, "steps": 2}
    assert request.size == (8, 1024)


def test_equal_data_has_equal_digests_whatever_the_order() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": 3})
    assert len(digest("x")) == 16


def test_unknown_telemetry_stays_blank() -> None:
    result = told(Result("a", GREY, telemetry={"x": 1}), latency_s=0.5, first_step_s=None)
    assert result.telemetry == {"x": 1, "latency_s": 0.5}
