"""The scorecard behind the server follows the store, and nobody waits for it."""

import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from factory import FACTS, good, record

from iqmetrics.errors import BadInput
from iqmetrics.pipeline.outcomes import Run
from iqmetrics.pipeline.score import STORE
from iqmetrics.store import Store
from iqmetrics.views import live


def put(folder: Path, *values: float) -> None:
    with Store(folder / STORE) as store:
        records = [record(f"{n}.png", prompt=f"p{n}") for n in range(len(values))]
        store.add((FACTS.key(r), "toy", good(v, 1.0)) for r, v in zip(records, values, strict=True))
        Run(records, (FACTS,)).save(store)


def test_a_feed_waits_for_the_first_scorecard_and_a_page_does_not(tmp_path: Path) -> None:
    put(tmp_path, 0.2, 0.4)
    folder = live.Folder(tmp_path)
    with folder._reading:  # somebody else is reading
        assert folder.latest() is None
        assert folder.refresh() is None, "one reads at a time"
    assert folder.scorecard().rows[0].mean == pytest.approx(0.3)


def test_a_changed_store_is_read_again_and_an_unchanged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FRESH_S", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)
    put(tmp_path, 0.2, 0.4)
    folder = live.Folder(tmp_path)
    first = folder.scorecard()
    assert folder.refresh() is None
    put(tmp_path, 0.2, 0.4, 0.9)
    goes_on, read = Event(), live.read

    def read_when_told(store: Store) -> Any:
        assert goes_on.wait(10)
        return read(store)

    monkeypatch.setattr(live, "read", read_when_told)
    assert folder.latest() is first, "the old one is shown while the new one is read"
    goes_on.set()
    deadline = time.monotonic() + 10
    while folder.scorecard() is first and time.monotonic() < deadline:
        time.sleep(0.01)
    assert folder.scorecard().rows[0].images == 3


def test_a_slow_read_is_not_repeated_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FRESH_S", 1000.0)
    put(tmp_path, 0.2)
    folder = live.Folder(tmp_path)
    folder.scorecard()
    put(tmp_path, 0.2, 0.4)
    assert folder.refresh() is None


def test_a_store_without_a_run_is_told_as_an_error(tmp_path: Path) -> None:
    Store(tmp_path / STORE).__exit__()
    folder = live.Folder(tmp_path)
    with pytest.raises(BadInput, match="not scored"):
        folder.scorecard()
    with pytest.raises(BadInput, match="not scored"):
        folder.latest()
    thread = live.Folder(tmp_path).refresh()
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive()


def test_after_a_long_read_a_longer_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the store, reading takes a bounded share of the time."""
    monkeypatch.setattr(live, "FRESH_S", 0.0)
    monkeypatch.setattr(live, "SHARE", 1000)
    original = live.read

    def slow(store: Store) -> Any:
        time.sleep(0.05)
        return original(store)

    monkeypatch.setattr(live, "read", slow)
    put(tmp_path, 0.2)
    folder = live.Folder(tmp_path)
    folder.scorecard()
    put(tmp_path, 0.2, 0.4)
    assert folder.refresh() is None
    assert 40 < folder._next - time.monotonic() < 1000


def test_a_read_that_failed_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FRESH_S", 0.0)
    monkeypatch.setattr(live, "SHARE", 0)
    Store(tmp_path / STORE).__exit__()
    folder = live.Folder(tmp_path)
    for _ in range(2):
        thread = folder.refresh()
        assert thread is not None, "who failed to read has let go"
        thread.join(10)
    put(tmp_path, 0.2)
    assert folder.scorecard().rows[0].images == 1


def test_a_store_that_is_gone_is_told_and_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"scores\.sqlite is gone"):
        live.Folder(tmp_path).store()
    assert not list(tmp_path.iterdir())
