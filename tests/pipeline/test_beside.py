"""Things done beside: in order, all of them, together where that is slow, failures told."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

from iqmetrics.pipeline.beside import Beside


def test_all_is_done_in_order_by_the_end():
    seen: list[int] = []
    with Beside(seen.extend) as do:
        for batch in ([1, 2], [], [3], [4, 5]):
            do(batch)
    assert seen == [1, 2, 3, 4, 5]


def test_what_comes_while_one_is_done_is_done_together_next():
    begun, go_on, seen = Event(), Event(), []

    def slow(things):
        begun.set()
        go_on.wait(10)
        seen.append(things)

    with Beside(slow, ahead=3) as do:
        do(["first"])
        assert begun.wait(10)
        for name in ("second", "third", "fourth"):
            do([name])
        further = Thread(target=do, args=[["fifth"]])
        further.start()
        further.join(0.1)
        assert further.is_alive(), "three wait already"
        go_on.set()
        further.join(10)
    assert seen[0] == ["first"] and seen[1][:3] == ["second", "third", "fourth"]
    assert [name for some in seen for name in some][-1] == "fifth" and len(seen) <= 3


@pytest.mark.parametrize("batches", [1, 2, 20])
def test_what_goes_wrong_is_raised_and_nobody_is_left_waiting(batches):
    def fail(things):
        raise OSError("disk full")

    def run():
        with Beside(fail) as do:
            for batch in range(batches):
                do([batch])

    with pytest.raises(OSError, match="disk full"):
        run()


def test_no_thread_loses_what_went_wrong_with_the_things_of_another():
    def picky(things):
        if "bad" in things:
            raise OSError("disk full")

    def run():
        with Beside(picky) as do, ThreadPoolExecutor(2) as threads:
            list(threads.map(do, [["good"], ["bad"], ["good"]]))

    with pytest.raises(OSError, match="disk full"):
        run()


def test_what_went_wrong_elsewhere_is_not_hidden():
    def fail(things):
        raise OSError("disk full")

    def run():
        with Beside(fail) as do:
            do([1])
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run()
