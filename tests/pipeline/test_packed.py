"""Packed values: a dict in every way that counts, in a fraction of its memory."""

import pickle
import tracemalloc

import pytest

from iqmetrics.pipeline.packed import Packer
from iqmetrics.records import Cell


def test_they_are_equal_to_the_dict_in_value_order_and_type() -> None:
    given = {"b": 0.1, "a": 2.0, "c": 3}
    packed = Packer()(given)
    assert packed == given
    assert given == packed
    assert list(packed.items()) == list(given.items())
    assert repr(packed) == repr(given), "3 stays an int, 2.0 a float"
    assert Cell("m", "p", 1, 1, "i", packed) == Cell("m", "p", 1, 1, "i", given)


def test_what_is_not_there_is_not_there() -> None:
    packed = Packer()({"a": 1.0})
    assert "b" not in packed
    assert packed.get("b") is None
    with pytest.raises(KeyError):
        packed["b"]


def test_other_names_and_another_order_are_held_apart() -> None:
    pack = Packer()
    cells = [pack({"a": 1.0, "b": 2.0}), pack({"b": 3.0, "a": 4.0}), pack({"b": 5.0}), pack({})]
    assert list(map(dict, cells)) == [{"a": 1, "b": 2}, {"b": 3, "a": 4}, {"b": 5}, {}]
    assert list(cells[1]) == ["b", "a"]


def test_they_travel_to_another_process() -> None:
    packed = Packer()({"a": 1.5})
    assert pickle.loads(pickle.dumps(packed)) == packed


def test_a_cell_of_36_metrics_takes_little_memory() -> None:
    pack, names = Packer(), [f"metric.{n}" for n in range(36)]
    tracemalloc.start()
    kept = [
        pack({name: place + cell / 7 for place, name in enumerate(names)}) for cell in range(500)
    ]
    each = tracemalloc.get_traced_memory()[0] / len(kept)
    tracemalloc.stop()
    assert each < 600, "a dict takes 2,000 bytes"
