"""What runs in another process: decodes ahead, scores, and tells what it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Thread

import pytest
from factory import Toy, paint
from test_tasks import work

from iqmetrics import __version__
from iqmetrics.engines import local
from iqmetrics.engines import worker as module
from iqmetrics.engines.tasks import Task
from iqmetrics.engines.work import ImageWork
from iqmetrics.engines.worker import Orders, Worker, versions
from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import Scorer
from iqmetrics.workers import decode_all


def as_it_is(decoded: Iterator[local.Decoded]) -> Iterator[local.Decoded]:
    yield from decoded


def images(pictures: Sequence[Picture]) -> list[str]:
    return [p.record.image for p in pictures]


def orders(
    scorers: Mapping[str, Scorer],
    workers: int = 0,
    needed: tuple[str, ...] = ("toy",),
    batch: int = 4,
    environment: Mapping[str, str] | None = None,
) -> Orders:
    return Orders(scorers, needed, "cpu", workers, batch, as_it_is, images, environment or {})


def painted(folder: Path, count: int) -> list[ImageWork]:
    works = []
    for n in range(count):
        path = paint(folder / f"{n}.png", grey=n)
        one = work(f"{n}.png", "toy")
        works.append(ImageWork(type(one.record)(f"{n}.png", str(path)), one.todo, one.problem_key))
    return works


@pytest.mark.parametrize("workers", [0, 2])
def test_tasks_are_decoded_and_scored(tmp_path: Path, workers: int) -> None:
    works = painted(tmp_path, 7)
    worker = Worker(orders({"toy": Toy()}, workers))
    tasks = [Task(tuple(works[:3])), Task(tuple(works[3:]))]
    greys = {}
    for number, task in enumerate(tasks):
        worker.decode(number, [one.record for one in task.works])
    for number, task in enumerate(tasks):
        done = worker.do(number, task)
        greys |= {key: reading.values["toy.bad"] for key, _, reading in done.outcomes}
        assert sorted(done.seen) == sorted(one.record.image for one in task.works)
    assert greys == {f"toy/{n}.png".encode(): n for n in range(7)}


def test_scoring_waits_for_decoding(tmp_path: Path) -> None:
    task = Task(tuple(painted(tmp_path, 2)))
    worker = Worker(orders({"toy": Toy()}))
    found = []
    waiting = Thread(target=lambda: found.append(worker.do(5, task)))
    waiting.start()
    worker.decode(5, [one.record for one in task.works])
    waiting.join(20)
    assert len(found[0].outcomes) == 2


def test_decoding_that_cannot_be_is_told_to_whoever_scores(tmp_path: Path) -> None:
    def broken(decoded: Iterator[local.Decoded]) -> Iterator[local.Decoded]:
        raise RuntimeError("a decoding process did not start")

    worker = Worker(
        Orders({"toy": Toy()}, ("toy",), "cpu", 0, 4, broken, images, {}),
    )
    task = Task(tuple(painted(tmp_path, 1)))
    worker.decode(0, [task.works[0].record])
    with pytest.raises(RuntimeError, match="did not start"):
        worker.do(0, task)


class Absent(Toy):
    def load(self, device: str) -> None:
        raise Unavailable("weights 'w' are not on this machine", "iqm weights pull w")


def test_it_says_what_it_is_and_what_it_could_not_load() -> None:
    hello = Worker(orders({"toy": Absent(), "spare": Absent()})).hello()
    assert hello.unavailable == {"toy": "weights 'w' are not on this machine: iqm weights pull w"}
    assert f"iqmetrics {__version__}" in hello.versions
    assert hello.versions == versions()
    assert hello.node


def test_a_scorer_that_is_not_there_does_not_score(tmp_path: Path) -> None:
    worker = Worker(orders({"toy": Absent()}))
    task = Task(tuple(painted(tmp_path, 2)))
    worker.decode(0, [one.record for one in task.works])
    done = worker.do(0, task)
    assert done.outcomes == []
    assert sorted(done.seen) == ["0.png", "1.png"]


def test_settings_of_the_driver_hold_here(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setenv("IQM_ALLOW_DOWNLOAD", "0")
    Worker(orders({"toy": Toy()}, environment={"IQM_ALLOW_DOWNLOAD": "1"}))
    assert os.environ["IQM_ALLOW_DOWNLOAD"] == "1"


@pytest.mark.parametrize(("workers", "possible"), [(0, True), (0, False), (2, False)])
def test_where_no_process_can_be_started_it_decodes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, possible: bool
) -> None:
    monkeypatch.setattr(module.WorkerProcess, "possible", lambda: possible)
    monkeypatch.setattr(module.WorkerProcess, "_start", lambda self: 1 / 0)
    task = Task(tuple(painted(tmp_path, 2)))
    worker = Worker(orders({"toy": Toy()}, workers))
    worker.decode(0, [one.record for one in task.works])
    assert len(worker.do(0, task).outcomes) == 2
    assert worker._stream is None


def test_as_many_processes_decode_as_it_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def decoding(records: Iterable[ImageRecord], workers: int) -> Iterator[local.Decoded]:
        asked.append(workers)
        for record in records:
            yield from decode_all([record], workers=0)

    monkeypatch.setattr(module, "decode_all", decoding)
    works = painted(tmp_path, 3)
    for workers in (0, 3):
        worker = Worker(orders({"toy": Toy()}, workers))
        for one in works:
            worker.decode(0, [one.record])
            assert len(worker.do(0, Task((one,))).outcomes) == 1
    assert asked == [0, 0, 0, 3], "one stream for all tasks"


def test_a_task_that_was_done_is_forgotten(tmp_path: Path) -> None:
    worker = Worker(orders({"toy": Toy()}))
    one = painted(tmp_path, 1)[0]
    for _ in range(3):
        worker.decode(7, [one.record])
        worker.do(7, Task((one,)))
    assert worker._ready == {}


def test_an_image_that_is_gone_is_a_problem_of_its_own(tmp_path: Path) -> None:
    works = painted(tmp_path, 3)
    Path(works[1].record.path).unlink()
    worker = Worker(orders({"toy": Toy()}))
    worker.decode(0, [one.record for one in works])
    done = worker.do(0, Task(tuple(works)))
    assert {key for key, _, reading in done.outcomes if reading.values} == {
        b"toy/0.png",
        b"toy/2.png",
    }
    assert done.problems["1.png"].status == "unreadable"


def test_only_what_is_needed_is_loaded() -> None:
    loaded = []

    class Noted(Toy):
        def load(self, device: str) -> None:
            loaded.append(device)

    Worker(orders({"toy": Noted(), "spare": Noted()}))
    assert loaded == ["cpu"]
