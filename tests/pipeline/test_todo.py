"""Keys that are made when asked for: those of the outcomes, at little memory."""

import pickle
import tracemalloc
from dataclasses import replace

import pytest
from factory import FACTS, record

from iqmetrics.pipeline.pending import find
from iqmetrics.pipeline.todo import Shared, Todo
from iqmetrics.store import Store

OTHER = replace(FACTS, name="other")
A = record("a.png")
BOTH = Todo(A, (FACTS, OTHER))


def test_they_are_the_keys_of_the_scorers() -> None:
    assert {"toy": FACTS.key(A), "other": OTHER.key(A)} == BOTH
    assert list(BOTH) == ["toy", "other"]
    assert ("toy" in BOTH, "nobody" in BOTH, len(BOTH), bool(Todo(A, ()))) == (
        True,
        False,
        2,
        False,
    )
    with pytest.raises(KeyError):
        BOTH["nobody"]


def test_a_tile_of_a_grid_has_a_key_of_its_own() -> None:
    tile = replace(A, params={"tile": [0, 1, 2, 2]})
    assert Todo(tile, (FACTS,))["toy"] == FACTS.key(tile)


def test_it_travels_as_a_plain_dict() -> None:
    there = pickle.loads(pickle.dumps(BOTH))
    assert type(there) is dict
    assert list(there.items()) == list(BOTH.items())


def test_without_a_scorer() -> None:
    assert BOTH.without(["toy"], Shared()) == {"other": OTHER.key(A)}
    assert not BOTH.without({"toy", "other"}, Shared())


def test_one_choice_of_scorers_is_held_once() -> None:
    shared = Shared()
    assert shared(iter([FACTS, OTHER])) is shared(iter([FACTS, OTHER]))
    assert shared(iter([FACTS])) == (FACTS,)


def test_what_is_left_of_an_image_takes_little_memory_whatever_the_scorers() -> None:
    scorers = [replace(FACTS, name=f"scorer{n}") for n in range(12)]
    images = [record(f"{n}.png") for n in range(1000)]
    with Store(None) as store:
        find(store, images, scorers)  # what Python keeps for later is there before
        tracemalloc.start()
        work = find(store, images, scorers)
        each = tracemalloc.get_traced_memory()[0] / len(work)
        tracemalloc.stop()
    assert len(work.images[0].todo) == 12
    assert each < 400, "keys alone would take 588 bytes, a dict of them 1,100"
