"""The local engine: every image and set is judged once, and faults stay where they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from fatal_scorers import Grey, Spread, of_image

from iqmetrics.engines import local, safely
from iqmetrics.engines.work import ImageWork, Outcomes, SetWork
from iqmetrics.errors import ImageProblem, Unavailable
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord, Reading


@dataclass(frozen=True)
class Mean(Grey):
    """Raises on the image named in `bad`, and on batches larger than `most`."""

    bad: str = ""
    most: int = 99
    error: type[Exception] = ValueError

    name = "mean"
    metrics = of_image("mean")

    def look(self, pictures: Sequence[Picture]) -> None:
        if len(pictures) > self.most:
            raise MemoryError("too many")
        if any(p.record.image == self.bad for p in pictures):
            raise self.error("no")


def picture(name: str, grey: int) -> Picture:
    return Picture(ImageRecord(name, name), np.full((8, 8, 3), grey, np.uint8))


def works(names: Sequence[str], *scorers: str) -> dict[str, ImageWork]:
    return {
        n: ImageWork(
            ImageRecord(n, n), {s: f"{s}/{n}".encode() for s in scorers}, b"p/" + n.encode()
        )
        for n in names
    }


def stream(*items: Picture | tuple[str, ImageProblem]) -> Iterator[local.Decoded]:
    for item in items:
        if isinstance(item, Picture):
            yield item.record, item
        else:
            yield ImageRecord(item[0], item[0]), item[1]


class Saved(dict[bytes, Reading]):
    def __call__(self, outcomes: Outcomes) -> None:
        for key, _, reading in outcomes:
            assert key not in self, "an outcome is computed once"
            self[key] = reading


def test_every_image_gets_its_reading_and_a_problem_costs_only_itself() -> None:
    saved = Saved()
    broken = ("b", ImageProblem("truncated", "half a file"))
    decoded = stream(picture("a", 1), broken, picture("c", 3))
    finished = local.run(decoded, works("abc", "mean"), (), {"mean": Mean()}, saved, batch=2)
    assert saved[b"mean/a"].values == {"mean": 1}
    assert saved[b"mean/c"].values == {"mean": 3}
    assert finished.problems["b"].status == "truncated"
    assert saved[b"p/b"].missing["image"].reason == "half a file"


@pytest.mark.parametrize("status", local.PASSING)
def test_what_may_pass_is_not_remembered(status: str) -> None:
    saved = Saved()
    gone = ("a", ImageProblem(status, "vanished"))
    finished = local.run(stream(gone), works("a", "mean"), (), {"mean": Mean()}, saved)
    assert finished.problems["a"].status == status
    assert saved == {}


def test_bytes_that_are_to_blame_are_remembered() -> None:
    saved = Saved()
    bad = ("a", ImageProblem.of_bytes("unreadable", "a wrong checksum"))
    local.run(stream(bad), works("a", "mean"), (), {"mean": Mean()}, saved)
    assert saved[b"p/a"].missing["image"].status == "unreadable"


def test_one_bad_picture_fails_alone_with_its_traceback() -> None:
    pictures = [picture(n, 5) for n in "abcdefg"]
    readings = safely.score_images(Mean(bad="d"), pictures)
    assert [bool(r.values) for r in readings] == [True] * 3 + [False] + [True] * 3
    assert readings[3].missing["mean"].status == "failed"
    assert readings[3].missing["mean"].reason == "ValueError: no"
    assert "raise self.error" in readings[3].evidence["traceback"]


def test_out_of_memory_backs_off_the_batch() -> None:
    pictures = [picture(str(n), n) for n in range(16)]
    readings = safely.score_images(Mean(most=3), pictures)
    assert [r.values["mean"] for r in readings] == list(range(16))


def test_weights_that_turn_out_missing_are_unavailable_not_failed() -> None:
    reading = safely.score_images(Mean(bad="a", error=Unavailable), [picture("a", 0)])[0]
    assert reading.missing["mean"].status == "unavailable"


@pytest.mark.parametrize("answer", [[], [Reading({"other": 1.0})], [Reading({})]])
def test_an_answer_that_breaks_the_contract_is_a_failure(answer: list[Reading]) -> None:
    class Wrong(Mean):
        def score(self, pictures: Sequence[Picture]) -> list[Reading]:
            return answer

    assert safely.score_images(Wrong(), [picture("a", 0)])[0].missing["mean"].status == "failed"


def test_a_set_is_judged_once_all_its_readable_members_are_there() -> None:
    saved = Saved()
    sets = [
        SetWork("spread", lambda rs: "".join(sorted(r.image for r in rs)).encode(), frozenset(m))
        for m in ("abc", "de", "f")
    ]
    decoded = stream(
        picture("a", 10), picture("d", 7), ("b", ImageProblem("unsupported", "no")),
        picture("e", 9), ("f", ImageProblem("unsupported", "no")), picture("c", 90),
    )  # fmt: skip
    local.run(decoded, works("abcdef"), sets, {"spread": Spread()}, saved, batch=2)
    judged = {key: r.values["spread"] for key, r in saved.items() if not key.startswith(b"p/")}
    assert judged == {b"ac": 80, b"de": 2}


def test_works_and_sets_may_come_while_it_runs() -> None:
    saved, known, sets = Saved(), works("ab"), []

    def decoded() -> Iterator[local.Decoded]:
        for names in ("abc", "de"):
            known.update(works(names))
            sets.append(SetWork("spread", lambda rs: rs[0].image.encode(), frozenset(names)))
            yield from stream(*(picture(n, 10 * (ord(n) - 96)) for n in names))

    local.run(decoded(), known, sets, {"spread": Spread()}, saved, batch=2)
    assert {key: r.values["spread"] for key, r in saved.items()} == {b"a": 20, b"d": 10}


def test_pictures_of_complete_sets_are_let_go() -> None:
    waiting = local._Waiting(
        [SetWork("spread", lambda rs: b"", frozenset("ab"))], {"spread": Spread()}
    )
    a, b, c = (picture(n, 0) for n in "abc")
    assert list(waiting.complete([a, c], {})) == []
    assert set(waiting._held) == {"a"}
    assert [members for _, members in waiting.complete([b], {})] == [[a, b]]
    assert waiting._held == {}


class Reader:
    """Reads ahead: its set needs no pixels; breaks on the image named in `bad`."""

    name, version, scope, licence = "spread", "1", "set", "Apache-2.0"
    metrics = Spread.metrics

    def __init__(self) -> None:
        self.bad = ""
        self.sizes: list[int] = []

    def read(self, pictures: Sequence[Picture]) -> None:
        for p in pictures:
            p.once("mean", self.mean)

    def mean(self, p: Picture) -> float:
        if p.record.image == self.bad:
            raise ValueError("no")
        return float(p.pixels.mean())

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        means = [p.once("mean", self.mean) for p in pictures]
        self.sizes.extend(p.pixels.size for p in pictures)
        return [Reading({"spread": max(means) - min(means)})]


def judged(scorer: Reader, count: int = 4) -> Reading:
    names = [f"{i}.png" for i in range(count)]
    saved: list[Reading] = []
    local.run(
        ((ImageRecord(n, n), picture(n, 10 * i)) for i, n in enumerate(names)),
        works(names),
        [SetWork("spread", lambda members: b"k", frozenset(names))],
        {"spread": scorer},
        lambda outcomes: saved.extend(o[2] for o in outcomes),
        batch=2,
    )
    (reading,) = saved
    return reading


def test_a_set_that_reads_ahead_holds_no_pixels() -> None:
    scorer = Reader()
    assert judged(scorer).values == {"spread": 30.0}
    assert scorer.sizes == [0, 0, 0, 0]


def test_a_failure_to_read_ahead_is_told_when_the_set_is_judged() -> None:
    scorer = Reader()
    scorer.bad = "2.png"
    reading = judged(scorer)
    assert reading.missing["spread"].status == "failed"
    assert "no" in reading.missing["spread"].reason


def test_interrupt_keeps_what_was_done() -> None:
    def until_stopped() -> Iterator[local.Decoded]:
        yield from stream(picture("a", 1), picture("b", 2))
        raise KeyboardInterrupt

    saved = Saved()
    finished = local.run(
        until_stopped(), works("abc", "mean"), (), {"mean": Mean()}, saved, batch=1
    )
    assert finished.interrupted
    assert set(saved) == {b"mean/a"}
