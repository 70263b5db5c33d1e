"""Progress on stderr: a bar on a terminal, lines elsewhere, silence when asked; never on stdout."""

import sys

import pytest
from iqmetrics.cli import progress as module
from iqmetrics.cli.progress import Bar, Lines, progress

from iqmetrics.pipeline.progress import Silent, track


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_the_listener_fits_where_stderr_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(progress(quiet=True), Silent)
    assert isinstance(progress(quiet=False), Lines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(progress(quiet=False), Bar)
    assert isinstance(progress(quiet=True), Silent)


def test_a_short_stage_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.start("scoring", 100)
    for _ in range(100):
        clock.now += 0.09
        lines.advance()
    lines.finish()
    assert capsys.readouterr() == ("", "")


def test_a_long_stage_says_one_line_every_ten_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines()
    lines.start("scoring", 100)
    for _ in range(100):
        clock.now += 0.5
        lines.advance()
    out, told = capsys.readouterr()
    assert out == ""
    assert told.splitlines() == [
        f"scoring: {done}/100, 2.0/s, about {(100 - done) // 2} s left"
        for done in (20, 40, 60, 80, 100)
    ]


def test_the_rate_counts_from_the_start_of_the_stage(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines()
    clock.now = 500.0
    lines.start("reading", 60)
    clock.now += 20
    lines.advance(40)
    assert capsys.readouterr().err == "reading: 40/60, 2.0/s, about 10 s left\n"
    lines.start("scoring", 10)
    clock.now += 10
    lines.advance()
    assert capsys.readouterr().err == "scoring: 1/10, 10.0 s each, about 90 s left\n"


def test_a_slow_start_is_not_told_as_if_it_went_on(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines()
    lines.start("scoring", 3000)
    for done, seconds in ((8, 29), (900, 10), (900, 10)):
        clock.now += seconds
        lines.advance(done)
    assert capsys.readouterr().err.splitlines() == [
        "scoring: 8/3000, 3.6 s each, about 3.0 h left",
        "scoring: 908/3000, 90.0/s, about 23 s left",
        "scoring: 1808/3000, 90.0/s, about 13 s left",
    ]


def test_a_bar_tells_no_rate_of_a_moment(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scorers that need no loading are not "39482.0/s"."""
    monkeypatch.setenv("TERM", "dumb")
    bar = Bar()
    bar.start("loading scorers", 13)
    clock.now += 0.001
    bar.advance(2)
    assert bar._bar.tasks[0].fields["rate"] == ""
    clock.now += 2.0
    bar.advance(2)
    assert bar._bar.tasks[0].fields["rate"] == "2.0/s"
    bar.finish()


def test_a_bar_is_drawn_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    bar = Bar()
    assert list(track(bar, "scoring", 3, "abc")) == ["a", "b", "c"]
    assert bar._bar.finished
    (task,) = bar._bar.tasks
    assert (task.description, task.completed, task.total) == ("scoring", 3, 3)
    assert capsys.readouterr().out == ""


def test_a_bar_that_is_interrupted_leaves_the_terminal_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bar = Bar()
    items = track(bar, "scoring", 3, "abc")
    next(items)
    items.close()
    assert not bar._bar.live.is_started


def test_a_bar_counts_what_comes_in_lumps() -> None:
    bar = Bar()
    bar.start("reading", 10)
    bar.advance(4)
    bar.advance(5)
    bar.finish()
    assert bar._bar.tasks[0].completed == 9
