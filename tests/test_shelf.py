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


def put_soon(shelf: Shelf[int], thing: int, size: int) -> bool:
    """Whether there is room for it now."""
    thread = threading.Thread(target=shelf.put, args=(thing, size), daemon=True)
    thread.start()
    thread.join(0.3)
    return not thread.is_alive()


def test_things_fit_up_to_the_last_byte_and_taking_one_makes_room() -> None:
    each = 4096 + 1000  # what a thing of 1000 bytes counts
    shelf = Shelf[int](2 * each, producers=1)
    assert put_soon(shelf, 1, 1000) and put_soon(shelf, 2, 1000), "exactly full"
    assert not put_soon(shelf, 3, 0)
    taker = iter(shelf)
    assert next(taker) == 1
    assert next(taker) == 2, "the third came in when the first went"
    assert put_soon(shelf, 4, 1000)
    assert {next(taker), next(taker)} == {3, 4}


def test_a_taker_waits_for_what_comes_later() -> None:
    shelf, found = Shelf[int](1 << 20, producers=1), list[int]()
    taker = threading.Thread(target=lambda: found.extend(shelf), daemon=True)
    taker.start()
    time.sleep(0.05)
    for thing in (1, 2):
        shelf.put(thing, 0)
    shelf.done()
    taker.join(5)
    assert found == [1, 2] and not taker.is_alive()


def test_a_failure_wakes_the_taker_and_the_first_one_is_told() -> None:
    shelf, raised = Shelf[int](100, producers=2), list[BaseException]()

    def take() -> None:
        try:
            list(shelf)
        except LookupError as error:
            raised.append(error)

    taker = threading.Thread(target=take, daemon=True)
    taker.start()
    time.sleep(0.05)
    shelf.fail(LookupError("first"))
    shelf.fail(ValueError("second"))
    taker.join(5)
    assert [str(error) for error in raised] == ["first"]


def test_what_fails_after_closing_concerns_nobody() -> None:
    shelf = Shelf[int](100, producers=1)
    shelf.close()
    shelf.fail(LookupError("late"))
    shelf.put(1, 10)
    assert list(shelf) == []


def test_closing_lets_go_of_what_is_held_and_wakes_a_waiting_taker() -> None:
    shelf, found = Shelf[int](100, producers=1), list[list[int]]()
    taker = threading.Thread(target=lambda: found.append(list(shelf)), daemon=True)
    taker.start()
    time.sleep(0.05)
    shelf.close()
    taker.join(5)
    assert found == [[]]
