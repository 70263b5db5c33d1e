"""The book of a run: done is saved, lost is split, tried once more, and blamed in the end."""

from collections import deque
from typing import Any

import pytest
from factory import Toy
from test_tasks import group, work

from iqmetrics.engines.book import Book
from iqmetrics.engines.tasks import Done, Task
from iqmetrics.records import Missing, Reading


class Desk:
    """Where a book's outcomes go."""

    def __init__(self, *todo: Task) -> None:
        self.saved: dict[bytes, Reading] = {}
        self.kept: list[Any] = []
        self.counted = 0
        self.decoded: list[str] = []
        self.book = Book(
            deque(todo),
            {"toy": Toy(), "other": Toy(), "set": Toy()},
            lambda outcomes: self.saved.update({key: reading for key, _, reading in outcomes}),
            self.kept.extend,
            self.count,
            self.decode,
        )

    def count(self, more: int) -> None:
        self.counted += more

    def decode(self, task: Task) -> Done:
        self.decoded += [one.record.image for one in task.works]
        return Done(problems={"b": Missing("truncated", "half")})


def test_what_is_done_is_saved_and_counted_once() -> None:
    desk = Desk()
    done = Done([(b"k", "toy", Reading({"toy.good": 1.0}))], {"x": Missing("timeout", "slow")}, [7])
    task = Task((work("a", "toy"), work("b", "toy")))
    desk.book.settle([(task, done), (task, done)])
    assert desk.saved[b"k"].values == {"toy.good": 1.0}
    assert desk.kept == [7, 7]
    assert desk.counted == 2
    assert desk.book.finished.problems["x"].status == "timeout"


def test_what_was_never_begun_goes_to_the_front_unchanged() -> None:
    first, second = Task((work("a", "toy"),)), Task((work("b", "toy"),))
    desk = Desk(second)
    desk.book.settle([(first, None)])
    assert list(desk.book.tasks) == [first, second]
    assert not first.retried


def test_what_was_lost_is_split_behind_everything_else() -> None:
    other = Task((work("z", "toy"),))
    desk = Desk(other)
    desk.book.settle([(Task((work("a", "toy"), work("b", "toy"))), "died")])
    assert [t.works[0].record.image for t in desk.book.tasks] == ["z", "a", "b"]
    assert desk.counted == 0


def test_an_atom_is_tried_once_more_before_it_is_blamed() -> None:
    desk = Desk()
    desk.book.settle([(Task((work("a", "toy"),)), "died")])
    (again,) = desk.book.tasks
    assert again.retried
    desk.book.close()
    assert desk.saved == {}
    desk.book.settle([(desk.book.tasks.popleft(), "died")])
    desk.book.close()
    assert desk.saved[b"toy/a"].missing["toy.good"] == Missing(
        "failed", "died while toy judged this image"
    )
    assert desk.book.fatal == {"a"}


@pytest.mark.parametrize("count", [1, 5])
def test_a_task_that_always_dies_ends_in_bounded_tries(count: int) -> None:
    desk = Desk(Task(tuple(work(str(n), "toy", "other") for n in range(count))))
    tries = 0
    while desk.book.tasks:
        desk.book.settle([(desk.book.tasks.popleft(), "died")])
        tries += 1
    desk.book.close()
    assert len(desk.saved) == 2 * count
    assert tries <= 1 + 3 * count


def test_a_lost_set_is_named_after_its_members_were_decoded_here() -> None:
    desk = Desk()
    task = Task((work("a"), work("b")), (group("ab"),), retried=True)
    desk.book.settle([(task, "died")])
    desk.book.close()
    assert desk.decoded == ["a", "b"]
    assert list(desk.saved) == [b"a"]
    assert desk.book.finished.problems["b"].reason == "half"


def test_what_was_blamed_is_written_down_once() -> None:
    desk = Desk()
    desk.book.settle([(Task((work("a"), work("b")), (group("ab"),), retried=True), "died")])
    desk.book.close()
    desk.saved.clear()
    desk.book.close()
    assert desk.saved == {} and desk.decoded == ["a", "b"]
