"""Progress: every item is passed on and counted; a stage that began always ends."""

import pytest
from factory import Recorder

from iqmetrics.pipeline.progress import Silent, track


def test_items_pass_through_in_order_and_are_counted() -> None:
    seen = Recorder()
    assert list(track(seen, "reading", 3, iter("abc"))) == ["a", "b", "c"]
    assert seen.told == [("start", ("reading", 3)), *[("advance", 1)] * 3, ("finish", None)]


def test_an_item_counts_when_it_is_done_with() -> None:
    seen = Recorder()
    items = track(seen, "scoring", 2, "ab")
    next(items)
    assert ("advance", 1) not in seen.told, "the first item is still being worked on"
    next(items)
    assert seen.told.count(("advance", 1)) == 1


def test_nothing_is_told_before_the_first_item_is_asked_for() -> None:
    seen = Recorder()
    track(seen, "reading", 1, "a")
    assert seen.told == []


def test_an_empty_stage_starts_and_ends() -> None:
    seen = Recorder()
    assert list(track(seen, "reading", 0, [])) == []
    assert [what for what, _ in seen.told] == ["start", "finish"]


def test_a_source_that_fails_ends_the_stage_and_is_not_hidden() -> None:
    def source() -> object:
        yield 1
        raise OSError("gone")

    seen = Recorder()
    with pytest.raises(OSError, match="gone"):
        list(track(seen, "reading", 2, source()))  # type: ignore[arg-type]
    assert seen.told[-1] == ("finish", None)


def test_a_taker_that_leaves_ends_the_stage_once() -> None:
    seen = Recorder()
    items = track(seen, "scoring", 9, range(9))
    next(items)
    items.close()
    items.close()
    assert [what for what, _ in seen.told] == ["start", "finish"]


def test_an_interrupt_ends_the_stage() -> None:
    seen = Recorder()
    items = track(seen, "scoring", 2, "ab")
    next(items)
    with pytest.raises(KeyboardInterrupt):
        items.throw(KeyboardInterrupt())
    assert seen.told[-1] == ("finish", None)


def test_silence_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(Silent(), "reading", 2, "ab")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")
