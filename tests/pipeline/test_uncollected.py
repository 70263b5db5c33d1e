"""The search for cycles is as it was afterwards, whatever happened."""

import gc

import pytest

from iqmetrics.pipeline.uncollected import settled, uncollected


@pytest.fixture(autouse=True)
def collecting():
    yield
    gc.enable()


@pytest.mark.parametrize("was_on", [True, False])
def test_it_is_off_inside_and_as_it_was_afterwards(was_on: bool) -> None:
    (gc.enable if was_on else gc.disable)()
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled() is was_on


def test_an_exception_turns_it_on_again() -> None:
    @uncollected()
    def fails() -> None:
        assert not gc.isenabled()
        raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert gc.isenabled()


def test_what_was_there_is_left_out_and_comes_back() -> None:
    old = [[]]
    with settled():
        assert gc.isenabled()
        new = [[]]
        searched = {id(one) for one in gc.get_objects()}
        assert id(old) not in searched and id(new) in searched
    assert any(one is old for one in gc.get_objects())


def test_it_comes_back_after_an_error_too() -> None:
    with pytest.raises(ZeroDivisionError), settled():
        _ = 1 / 0
    assert gc.get_freeze_count() == 0


def test_what_somebody_else_has_set_aside_stays_so() -> None:
    gc.freeze()
    try:
        with settled():
            pass
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
