"""What goes in and out of an engine: frozen work, a result that is the run's own."""

from dataclasses import FrozenInstanceError

import pytest
from factory import FACTS, record

from iqmetrics.engines.work import Finished, ImageWork, SetWork
from iqmetrics.records import Missing

A = record("a.png")


def test_work_cannot_be_changed_under_an_engine() -> None:
    with pytest.raises(FrozenInstanceError):
        ImageWork(A, {}, b"p").problem_key = b"q"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        SetWork("s", FACTS.set_key, frozenset()).scorer = "t"  # type: ignore[misc]


def test_every_run_has_its_own_problems() -> None:
    one, two = Finished(), Finished()
    one.problems["a.png"] = Missing("truncated", "x")
    assert two.problems == {}
    assert not two.interrupted


def test_the_key_of_a_set_is_made_of_the_members_that_were_decoded() -> None:
    b, c = record("b.png"), record("c.png")
    work = SetWork("toy", FACTS.set_key, frozenset({"a.png", "b.png", "c.png"}))
    assert work.key([A, b]) == FACTS.set_key([b, A])
    assert work.key([A, b]) != work.key([A, b, c])
