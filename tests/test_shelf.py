"""The shelf between threads: bounded, drained once, never a producer left waiting."""

import threading
import time

import pytest

from iqmetrics.shelf import Shelf


def test_everything_comes_once_from_all_producers() -> None:
    shelf = Shelf[int](1 << 20, producers=3)

    def produce(start: int) -> None:
        for number in range(start, start + 100):
            shelf.put(number, 10)
        shelf.done()

    threads = [threading.Thread(target=produce, args=(s,)) for s in (0, 100, 200)]
    for thread in threads:
        thread.start()
    assert sorted(shelf) == list(range(300))


def test_it_holds_no_more_than_its_bytes_but_always_one_thing() -> None:
    shelf, put = Shelf[str](100_000, producers=1), []

    def produce() -> None:
        for name in ("huge", "a", "b"):
            shelf.put(name, 10**9 if name == "huge" else 90_000)
            put.append(name)
        shelf.done()

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    time.sleep(0.2)
    assert put == ["huge"]
    assert list(shelf) == ["huge", "a", "b"]


def test_a_failed_producer_is_told_to_the_taker() -> None:
    shelf = Shelf[int](100, producers=1)
    shelf.fail(LookupError("lost"))
    shelf.done()
    with pytest.raises(LookupError, match="lost"):
        next(iter(shelf))


def test_closing_frees_waiting_producers_and_runs_actions_once() -> None:
    shelf, ran = Shelf[int](1, producers=1), []
    shelf.on_close(lambda: ran.append("early"))
    shelf.put(1, 10)
    thread = threading.Thread(target=shelf.put, args=(2, 10))
    thread.start()
    shelf.close()
    thread.join(5)
    assert not thread.is_alive()
    shelf.on_close(lambda: ran.append("late"))
    shelf.close()
    assert ran == ["early", "late"] and list(shelf) == []
