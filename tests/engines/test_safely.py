"""A scorer that fails costs the pictures it fails on, and nothing else."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from factory import Toy, picture

from iqmetrics.engines import safely
from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.records import Missing, Reading

FINE = Reading({"toy.good": 1.0, "toy.bad": 2.0})


class Awkward(Toy):
    """Raises or answers as it is told to."""

    def __init__(self, answer: Callable[[Sequence[Picture]], list[Reading]]) -> None:
        object.__setattr__(self, "answer", answer)
        object.__setattr__(self, "batches", [])

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        self.batches.append([p.record.image for p in pictures])  # type: ignore[attr-defined]
        return self.answer(pictures)  # type: ignore[attr-defined,no-any-return]


def pictures(count: int) -> list[Picture]:
    return [picture(f"{n}.png", grey=n) for n in range(count)]


def fails_on(*bad: int, error: Exception | None = None) -> Awkward:
    def answer(pictures: Sequence[Picture]) -> list[Reading]:
        if any(p.pixels[0, 0, 0] in bad for p in pictures):
            raise error or ValueError("cannot")
        return [Reading({"toy.good": 1.0, "toy.bad": float(p.pixels.mean())}) for p in pictures]

    return Awkward(answer)


def test_a_batch_that_goes_well_is_asked_for_once() -> None:
    scorer = fails_on()
    readings = safely.score_images(scorer, pictures(5))
    assert [r.values["toy.bad"] for r in readings] == [0, 1, 2, 3, 4]
    assert len(scorer.batches) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", [(0,), (6,), (3,), (0, 6), (1, 2, 5), tuple(range(7))])
def test_only_the_pictures_at_fault_fail_and_order_is_kept(bad: tuple[int, ...]) -> None:
    readings = safely.score_images(fails_on(*bad), pictures(7))
    assert [r.values.get("toy.bad") for r in readings] == [
        None if n in bad else float(n) for n in range(7)
    ]
    assert {m.status for n in bad for m in readings[n].missing.values()} == {"failed"}


def test_one_bad_picture_costs_a_logarithm_of_batches() -> None:
    scorer = fails_on(17)
    safely.score_images(scorer, pictures(64))
    assert len(scorer.batches) == 1 + 2 * 6  # type: ignore[attr-defined]


def test_a_batch_too_large_for_memory_comes_through_in_halves() -> None:
    def answer(pictures: Sequence[Picture]) -> list[Reading]:
        if len(pictures) > 4:
            raise MemoryError
        return [FINE] * len(pictures)

    scorer = Awkward(answer)
    assert safely.score_images(scorer, pictures(16)) == [FINE] * 16
    assert [len(b) for b in scorer.batches] == [16, 8, 4, 4, 8, 4, 4]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p: [],
        lambda p: [FINE] * (len(p) + 1),
        lambda p: [Reading({"toy.good": 1.0})] * len(p),
        lambda p: [Reading({"toy.good": 1.0, "toy.bad": 1.0, "toy.more": 1.0})] * len(p),
        lambda p: None,
        lambda p: [{"toy.good": 1.0}] * len(p),
        lambda p: [Reading({"toy.good": float("nan"), "toy.bad": 1.0})] * len(p),
        lambda p: [Reading({"toy.good": np.float32(1), "toy.bad": 1.0})] * len(p),  # type: ignore[dict-item]
        lambda p: [Reading({"toy.good": 1.0, "toy.bad": 1.0}, {}, {"box": {1, 2}})] * len(p),
        lambda p: [Reading({"toy.good": 1.0, "toy.bad": 1.0}, {}, {"at": float("nan")})] * len(p),
    ],
    ids=[
        "few",
        "many",
        "lacks",
        "adds",
        "none",
        "dict",
        "nan",
        "float32",
        "set evidence",
        "nan evidence",
    ],
)
def test_an_answer_that_breaks_the_contract_is_a_failure(
    wrong: Callable[[Sequence[Picture]], list[Reading]],
) -> None:
    readings = safely.score_images(Awkward(wrong), pictures(2))
    assert len(readings) == 2
    for reading in readings:
        assert reading.values == {}
        assert set(reading.missing) == {"toy.good", "toy.bad"}
        assert {m.status for m in reading.missing.values()} == {"failed"}
    assert safely.score_set(Awkward(wrong), pictures(2)).values == {}


def test_a_failure_names_the_exception_and_keeps_its_traceback() -> None:
    (reading,) = safely.score_images(fails_on(0), pictures(1))
    assert reading.missing["toy.good"] == Missing("failed", "ValueError: cannot")
    assert "in answer" in reading.evidence["traceback"]


def test_long_failures_are_cut() -> None:
    (reading,) = safely.score_images(fails_on(0, error=ValueError("x" * 9000)), pictures(1))
    assert len(reading.missing["toy.good"].reason) == 500
    assert len(reading.evidence["traceback"]) == 4000


def test_what_is_unavailable_says_how_to_get_it_and_is_no_failure() -> None:
    error = Unavailable("weights 'w' are not on this machine", "iqm weights pull w")
    (reading,) = safely.score_images(fails_on(0, error=error), pictures(1))
    assert reading.missing["toy.bad"] == Missing(
        "unavailable", "weights 'w' are not on this machine: iqm weights pull w"
    )
    assert reading.evidence == {}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_not_a_failure_of_the_scorer(stop: type[BaseException]) -> None:
    with pytest.raises(stop):
        safely.score_images(fails_on(0, error=stop()), pictures(2))  # type: ignore[arg-type]


def test_a_set_is_judged_as_one() -> None:
    scorer = Awkward(lambda p: [FINE])
    assert safely.score_set(scorer, pictures(3)) == FINE
    assert scorer.batches == [["0.png", "1.png", "2.png"]]  # type: ignore[attr-defined]


def test_a_set_that_fails_is_not_halved() -> None:
    scorer = fails_on(1)
    reading = safely.score_set(scorer, pictures(3))
    assert reading.missing["toy.good"].status == "failed"
    assert len(scorer.batches) == 1  # type: ignore[attr-defined]


def test_no_pictures_no_readings() -> None:
    assert safely.score_images(fails_on(), []) == []
