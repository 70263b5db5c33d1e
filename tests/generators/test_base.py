"""Requests, results and failures: what may not be said at all."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

from iqmetrics.generators.base import (
    Failure,
    Request,
    Result,
    close,
    digest,
    each,
    keep,
    open_,
    told,
)

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


def test_a_digest_is_the_same_in_every_process_and_on_every_machine() -> None:
    assert digest() == "4f53cda18c2baa0c", "sha256 of []"
    assert (
        digest("雪", {"b": 1.5, "a": None})
        == sha256('["雪", {"a": null, "b": 1.5}]'.encode()).hexdigest()[:16]
    )
    assert digest("a \udcff") != digest("a ?"), "a lone surrogate is kept"


def test_digests_tell_apart_what_only_looks_alike() -> None:
    alike = ["1", 1, 1.5, "1.5", None, "null", True, "true", [], {}, ["1"], {"1": 1}, ""]
    assert len({digest(one) for one in alike}) == len(alike)
    assert digest("ab", "c") != digest("a", "bc")
    assert digest(Path("a/b")) == digest("a/b"), "what is no plain data stands as its text"


def test_each_keeps_number_and_order_and_stops_at_nothing_but_an_interruption() -> None:
    requests = [Request(f"r{n}", "p", n) for n in range(5)]

    def make(request: Request) -> Result:
        if request.seed % 2:
            raise TimeoutError
        return Result(request.id, GREY)

    results = each(requests, make, "timeout")
    assert [r.id for r in results] == ["r0", "r1", "r2", "r3", "r4"]
    assert [r.error is None for r in results] == [True, False, True, False, True]
    assert results[1].error == Failure("timeout", "TimeoutError: ")
    assert each([], make) == []

    def interrupted(request: Request) -> Result:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        each(requests, interrupted)


def test_a_memory_error_keeps_its_words() -> None:
    def make(request: Request) -> Result:
        raise MemoryError("CUDA: 2 GiB more")

    (result,) = each([Request("a", "p")], make, "timeout")
    assert result.error == Failure("out_of_memory", "CUDA: 2 GiB more")


def test_params_of_a_request_win_over_its_fields_and_its_place_is_never_told() -> None:
    request = Request(
        "a", "p", negative="", strength=0.0, params={"seed": 9, "negative": None}, place=("x", 2)
    )
    assert request.asked() == {"prompt": "p", "seed": 9, "strength": 0.0}
    assert Request("a", "p", negative="").asked() == {"prompt": "p", "negative": "", "seed": 0}
    assert Request("a", "p").size == (1024, 1024)
    assert Request("a", "p", height=7).size == (1024, 7)


def test_new_telemetry_replaces_old_and_leaves_the_first_result_alone() -> None:
    first = Result("a", GREY, telemetry={"x": 1, "y": 2}, applied={"steps": 4}, not_applied=("z",))
    more = told(first, x=0, y=None, ok=False)
    assert more.telemetry == {"x": 0, "y": 2, "ok": False}
    assert first.telemetry == {"x": 1, "y": 2}
    assert (more.image, more.applied, more.not_applied) == (GREY, {"steps": 4}, ("z",))


def test_hooks_are_called_where_there_are_any() -> None:
    class Bare:
        batch = 1

    class Hooked(Bare):
        called: ClassVar[list[object]] = []

        def open(self, measure: bool) -> None:
            self.called.append(measure)

        def close(self) -> None:
            self.called.append("closed")

    for generator in (Bare(), Hooked()):
        open_(generator, True)  # type: ignore[arg-type]
        close(generator)  # type: ignore[arg-type]
    assert Hooked.called == [True, "closed"]


def test_a_frozen_generator_keeps_what_it_loaded() -> None:
    @dataclass(frozen=True)
    class Frozen:
        model: str
        net: object = field(default=None, init=False, compare=False)

    one = Frozen("m")
    keep(one, net=GREY)  # type: ignore[arg-type]
    assert one.net is GREY
    assert one == Frozen("m")
