"""A process that may die: what ends it costs one outcome, and the rest is scored."""

import pickle
import signal
from dataclasses import replace
from pathlib import Path

import fatal_scorers
import pytest
from factory import paint
from test_book import Desk
from test_tasks import group
from test_worker import as_it_is, images

from iqmetrics.engines import apart
from iqmetrics.engines.book import ENDED
from iqmetrics.engines.tasks import Done, Task
from iqmetrics.engines.work import ImageWork
from iqmetrics.engines.worker import Orders
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.base import Scorer

SCORERS: dict[str, Scorer] = {
    "mean": fatal_scorers.Mean(),
    "fatal": fatal_scorers.Fatal(),
    "set": fatal_scorers.Spread(),
}


def orders(scorers: dict[str, Scorer] = SCORERS) -> Orders:
    return Orders(scorers, tuple(scorers), "cpu", 0, 8, as_it_is, images, {})


def works(folder: Path, *greys: int) -> tuple[ImageWork, ...]:
    found = []
    for grey in greys:
        name = f"{grey}.png"
        keys = {s: f"{s}/{grey}".encode() for s in ("mean", "fatal")}
        record = ImageRecord(name, str(paint(folder / name, grey)))
        found.append(ImageWork(record, keys, b"problem/" + name.encode()))
    return tuple(found)


def desk(*todo: Task) -> Desk:
    made = Desk(*todo)
    made.book.scorers = SCORERS
    return made


def test_it_scores_as_this_process_does(tmp_path: Path) -> None:
    at = desk(Task(works(tmp_path, 3, 9), (group({"3.png", "9.png"}),)))  # type: ignore[arg-type]
    assert apart.run(at.book, orders())
    values = {key: dict(r.values) for key, r in at.saved.items()}
    assert values == {
        b"mean/3": {"mean": 3},
        b"mean/9": {"mean": 9},
        b"fatal/3": {"fatal": 3},
        b"fatal/9": {"fatal": 9},
        b"3.png9.png": {"spread": 6},
    }
    assert at.counted == 2


def test_images_that_end_it_cost_one_outcome_each(tmp_path: Path) -> None:
    at = desk(Task(works(tmp_path, 3, 211, 9, 212, 201)))
    assert apart.run(at.book, orders())
    assert len(at.saved) == 10
    failed = {key: r.missing for key, r in at.saved.items() if r.missing}
    assert set(failed) == {b"fatal/211", b"fatal/212", b"mean/201"}
    assert failed[b"fatal/211"]["fatal"].reason == "the process ended while fatal judged this image"
    assert failed[b"mean/201"]["mean"].reason == "ValueError: cannot judge 201"
    assert at.book.fatal == {"211.png", "212.png"}


def test_a_scorer_of_a_function_cannot_go_there_and_nothing_is_done(tmp_path: Path) -> None:
    class Here(fatal_scorers.Mean):
        pass

    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(Here())
    at = desk(Task(works(tmp_path, 3)))
    assert not apart.run(at.book, orders({"mean": Here()}))
    assert len(at.book.tasks) == 1 and at.saved == {}


def test_a_process_that_does_not_start_is_no_verdict_on_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "CODE", "raise SystemExit(3)")
    at = desk(Task(works(tmp_path, 3)))
    assert not apart.run(at.book, orders())
    assert len(at.book.tasks) == 1 and at.saved == {}


def test_without_pipes_there_is_no_such_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "POSSIBLE", False)
    at = desk(Task(works(tmp_path, 3)))
    assert not apart.run(at.book, orders())


def test_an_interrupt_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children = []
    start = apart._Child.start

    def started(self: apart._Child) -> bool:
        done = start(self)
        children.append(self._process)
        return done

    def stop(more: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(apart._Child, "start", started)
    at = desk(Task(works(tmp_path, 3)))
    at.book.advance = stop
    with pytest.raises(KeyboardInterrupt):
        apart.run(at.book, orders())
    assert len(at.saved) == 2, "what was done is kept"
    assert children[0] is not None and children[0].returncode is not None


def test_what_a_scorer_prints_stays_there_and_one_without_weights_is_left_out(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`iqm score --json` prints one document, whatever a model has to say while it loads."""
    known = {"loud": fatal_scorers.Loud(), "absent": fatal_scorers.Absent()}
    at = desk(Task((replace(works(tmp_path, 3)[0], todo={"loud": b"k", "absent": b"a"}),)))
    at.book.scorers = known
    assert apart.run(at.book, orders(known))
    assert {key: dict(r.values) for key, r in at.saved.items()} == {b"k": {"loud": 3}}
    assert capfd.readouterr() == ("", "")


def test_its_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task(works(tmp_path, 5))
    child = apart._Child(orders())
    try:
        assert child.start()
        first = child._process
        assert first is not None
        first.send_signal(signal.SIGINT)
        answer = child.ask(task)
        assert isinstance(answer, Done), "^C reaches all of a terminal; the parent decides"
        assert len(answer.outcomes) == 2
        first.kill()
        first.wait()
        assert child.ask(task) == ENDED, "it died between two tasks"
        assert child._process is None
        assert isinstance(child.ask(task), Done), "another one is started"
        second = child._process
        assert second is not None and second.pid != first.pid and second.stdin is not None
        second.stdin.close()
        assert second.wait(20) == 0, "it leaves when nobody asks any more"
    finally:
        child.end()
    monkeypatch.setattr(apart, "CODE", "raise SystemExit(3)")
    assert child.ask(task) == "no further process could be started"


@pytest.mark.parametrize("said", [b"", b"garbage", b"\x80\x05.", b"\x80\x05K"])
def test_a_process_that_speaks_otherwise_has_not_started(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"import os, sys; os.write(int(sys.argv[1]), {said!r})"
    monkeypatch.setattr(apart, "CODE", code)
    one = apart._Child(orders())
    assert not one.start()
    assert one._process is None, "it was waited for"


def test_decoding_that_fails_there_is_one_short_reason(tmp_path: Path) -> None:
    at = desk(Task(works(tmp_path, 3)))
    assert apart.run(at.book, replace(orders(), cut=fatal_scorers.torn))
    reasons = {m.reason for r in at.saved.values() for m in r.missing.values()}
    assert len(reasons) == 2, "one a scorer"
    for reason in reasons:
        assert "OSError: no process can be started xx" in reason and len(reason) < 600
