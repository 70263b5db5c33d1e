"""Pixels through memory that two sides share: reused, replaced, let go of, never mixed up."""

import os

import numpy as np
import pytest

from iqmetrics import window
from iqmetrics.window import Pane, Window


def shown(height: int, width: int, value: int, here: Window, there: Pane) -> np.ndarray:
    here(height, width)[:] = value
    file = here.news()
    pixels = there.copy(os.dup(file) if file >= 0 else None, here.shape)
    here.rest()
    return pixels


def test_it_has_no_name_and_is_let_go_of() -> None:
    here = Window()
    pixels = here(3, 5)
    pixels[:] = 7
    assert pixels.shape == (3, 5, 3) and os.fstat(here.file).st_size == 45
    assert os.fstat(here.file).st_nlink == 0
    old = here.file
    here.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(old)
    assert (pixels == 7).all()


def test_pictures_of_all_sizes_pass_through_one_memory() -> None:
    here, there = Window(), Pane()
    first = shown(4, 6, 1, here, there)
    memory = here.file
    second = shown(5, 2, 2, here, there)
    assert here.file == memory and here.news() == -1
    assert first.shape == (4, 6, 3) and (first == 1).all(), "it is a copy"
    assert second.shape == (5, 2, 3) and (second == 2).all()
    larger = shown(9, 9, 3, here, there)
    assert (larger == 3).all() and os.fstat(here.file).st_size == 243
    assert (shown(4, 6, 4, here, there) == 4).all() and here.news() == -1


def test_memory_of_a_large_picture_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "KEPT", 100)
    here, there = Window(), Pane()
    assert (shown(4, 8, 1, here, there) == 1).all()
    assert here.file >= 0
    assert (shown(6, 6, 2, here, there) == 2).all()
    assert here.file == -1 and there._memory is None
    assert (shown(4, 8, 3, here, there) == 3).all() and here.file >= 0


def test_memory_that_failed_pictures_asked_for_is_told_with_the_next_one() -> None:
    here, there = Window(), Pane()
    here(4, 4)[:] = 1  # its file turned out to be damaged, so nothing was sent
    assert (shown(2, 2, 5, here, there) == 5).all()


def test_nothing_is_read_that_is_not_there() -> None:
    here, there = Window(), Pane()
    with pytest.raises(ValueError, match="handed over"):
        there.copy(None, (1, 1))
    here(2, 2)
    with pytest.raises(ValueError, match="smaller"):
        there.copy(here.news(), (9, 9))


def test_a_picture_of_the_same_size_takes_the_same_memory() -> None:
    here, there = Window(), Pane()
    assert (shown(4, 6, 1, here, there) == 1).all()
    memory = here.file
    assert (shown(6, 4, 2, here, there) == 2).all()
    assert here.file == memory and here.shape == (6, 4)


def test_memory_as_large_as_may_be_kept_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "KEPT", 4 * 8 * 3)
    here, there = Window(), Pane()
    shown(4, 8, 1, here, there)
    assert here.file >= 0 and there._memory is not None
    shown(4, 9, 1, here, there)
    assert here.file == -1 and there._memory is None


def test_without_nameless_memory_a_nameless_file_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    here, there = Window(), Pane()
    assert (shown(4, 6, 3, here, there) == 3).all()
    assert os.fstat(here.file).st_nlink == 0
    here.close()
