"""Scoring threads: batches side by side and in order, unshared scorers alone, no thread left."""

import sys
import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from iqmetrics.engines import crew
from iqmetrics.engines.crew import Crew
from iqmetrics.images import Picture
from iqmetrics.nets import side_by_side
from iqmetrics.records import ImageRecord


@dataclass(frozen=True)
class Watched:
    """Counts how many threads are inside at once."""

    concurrent: bool
    inside: list[int] = field(default_factory=lambda: [0])
    most: list[int] = field(default_factory=lambda: [0])

    def visit(self):
        self.inside[0] += 1
        self.most[0] = max(self.most[0], self.inside[0])
        time.sleep(0.01)
        self.inside[0] -= 1


def batches(count):
    pixels = np.zeros((4, 4, 3), np.uint8)
    return [[Picture(ImageRecord(str(n), str(n)), pixels.copy())] for n in range(count)]


def visits(some):
    def score(batch):
        for _, scorer in some.scorers():
            scorer.visit()

    return score


def names(found):
    return [batch[0].record.image for batch in found]


@pytest.mark.parametrize("count", [1, 3])
def test_batches_come_back_in_order_once_they_are_scored(count):
    done = []

    def score(batch):
        time.sleep(0.01 * (3 - int(batch[0].record.image) % 3))
        done.append(batch[0].record.image)

    for batch in Crew(count, {}).ahead(batches(7), score):
        assert batch[0].record.image in done
    assert sorted(done) == [str(n) for n in range(7)]
    assert names(Crew(count, {}).ahead(batches(7), score)) == [str(n) for n in range(7)]


def test_only_a_concurrent_scorer_is_shared():
    shared, alone = Watched(True), Watched(False)
    some = Crew(3, {"shared": shared, "alone": alone})
    assert len(list(some.ahead(batches(9), visits(some)))) == 9
    assert shared.most[0] > 1
    assert alone.most[0] == 1


def test_no_more_batches_are_taken_than_can_be_worked_on():
    taken, seen = [], []

    def source():
        for number, batch in enumerate(batches(20)):
            taken.append(number)
            yield batch

    for _ in Crew(2, {}).ahead(source(), lambda batch: None):
        seen.append(len(taken))
    assert seen[0] <= 3
    assert max(now - place for place, now in enumerate(seen)) <= 3


@pytest.mark.parametrize("count", [1, 3])
def test_what_scoring_raises_is_raised_and_no_thread_is_left(count):
    def score(batch):
        if batch[0].record.image == "2":
            raise MemoryError("here")

    with pytest.raises(MemoryError, match="here"):
        list(Crew(count, {}).ahead(batches(6), score))
    assert not [t for t in threading.enumerate() if t.name.startswith("iqm-score")]


def test_a_closed_run_stops_after_the_scorer_it_is_at():
    slow = Watched(True)
    some = Crew(2, {str(n): slow for n in range(200)})
    scored = some.ahead(batches(4), visits(some))
    threading.Timer(0.1, some._stopped.set).start()
    start = time.perf_counter()
    next(scored)
    scored.close()
    assert time.perf_counter() - start < 1.5
    assert not [t for t in threading.enumerate() if t.name.startswith("iqm-score")]


def test_torch_threads_are_shared_out_and_given_back():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    seen = []
    list(Crew(2, {}).ahead(batches(2), lambda batch: seen.append(torch.get_num_threads())))
    assert set(seen) == {min(before, max(1, crew.cores() // 2))}
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("count", [1, 2])
def test_opencv_works_in_one_thread_where_batches_are_side_by_side(count):
    cv2 = pytest.importorskip("cv2")
    before = cv2.getNumThreads()
    seen = []
    try:
        cv2.setNumThreads(3)
        list(Crew(count, {}).ahead(batches(2), lambda batch: seen.append(cv2.getNumThreads())))
        assert set(seen) == ({1} if count > 1 else {3})
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


def test_threads_follow_the_cores(monkeypatch):
    monkeypatch.setattr(crew, "cores", lambda: 2)
    assert crew.threads("cpu") == 2
    monkeypatch.setattr(crew, "cores", lambda: 64)
    assert crew.threads("cpu") == crew.MOST["cpu"]
    assert crew.threads("cuda") == crew.MOST["cuda"]


@pytest.mark.parametrize("count", [1, 2])
def test_all_threads_compute_alike_and_it_is_undone(count):
    flags = pytest.importorskip("torch").backends.cudnn
    before = flags.allow_tf32, flags.deterministic
    seen = []
    list(Crew(count, {}).ahead(batches(4), lambda _: seen.append(flags.allow_tf32)))
    assert seen == [False] * 4
    assert (flags.allow_tf32, flags.deterministic) == before == (True, False)


@pytest.mark.parametrize("count", [1, 2])
def test_turns_are_short_while_batches_are_scored_and_as_before_afterwards(count):
    before, seen = sys.getswitchinterval(), []
    list(Crew(count, {}).ahead(batches(3), lambda _: seen.append(sys.getswitchinterval())))
    assert seen == [pytest.approx(crew.TURN)] * 3
    assert sys.getswitchinterval() == before


@pytest.mark.parametrize(("count", "beside"), [(2, "iqm-score"), (1, side_by_side.NAME)])
def test_scoring_threads_that_fill_the_cores_start_no_more(monkeypatch, count, beside):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    seen = []

    def score(batch):
        seen.extend(side_by_side.each(lambda _: threading.current_thread().name, range(9)))

    list(Crew(count, {}).ahead(batches(1), score))
    assert len(seen) == 9 and all(name.startswith(beside) for name in seen)
