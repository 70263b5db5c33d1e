"""Machine code: the same numbers as Python, where no folder can be written, and without numba."""

import sys
from typing import Any

import numpy as np
import pytest

from iqmetrics import compiled
from iqmetrics.errors import Unavailable


def twice(value: float) -> float:
    return 2 * value


def total(values: Any) -> float:
    found = 0.0
    for value in values:
        found += twice(value)
    return found


def test_a_kernel_and_its_helper_give_what_python_gives() -> None:
    values = np.arange(7.0)
    made = compiled.machine_code(total, "a test", helpers=(twice,))
    assert made is not total
    assert made(values) == total(values) == 42


def test_where_no_folder_can_be_written_it_compiles_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bool] = []

    def njit(cache: bool = False, **_: Any) -> Any:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda kernel: kernel

    monkeypatch.setattr(compiled, "numba_for", lambda who, helpers: njit)
    assert compiled.machine_code(twice, "a test") is twice
    assert asked == [True, False]


def test_without_numba_the_command_to_get_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(Unavailable, match="a test") as error:
        compiled.numba_for.__wrapped__("a test")
    assert "iqmetrics[score]" in error.value.hint
