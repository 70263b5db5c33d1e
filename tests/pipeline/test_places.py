"""Results are read from any folder, and after a move: the images are found all the same."""

import os
from pathlib import Path

import pytest
from factory import paint, record

from iqmetrics.pipeline.places import placed
from iqmetrics.pipeline.score import STORE, read, score
from iqmetrics.store import Store


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    paint(tmp_path / "there" / "outputs" / "a" / "1.png", 1)
    paint(tmp_path / "there" / "outputs" / "b" / "1.png", 2)
    return tmp_path / "there" / "outputs"


def paths(results: Path) -> list[str]:
    with Store(results / STORE) as store:
        return [record.path for record in read(store).run.records]


def test_a_relative_folder_is_found_from_elsewhere(
    outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(outputs.parent)
    with score("outputs", scorers=("size",), out="outputs/iqm").store:
        pass
    monkeypatch.chdir("/")
    assert paths(outputs / "iqm") == [str(outputs / "a/1.png"), str(outputs / "b/1.png")]


def test_a_moved_folder_takes_its_images_along(outputs: Path) -> None:
    with score(outputs, scorers=("size",), out=outputs / "iqm").store:
        pass
    moved = outputs.parent / "moved"
    os.rename(outputs, moved)
    assert paths(moved / "iqm") == [str(moved / "a/1.png"), str(moved / "b/1.png")]


def test_what_is_nowhere_keeps_its_path(tmp_path: Path) -> None:
    gone = [record("a.png"), record("b.png")]
    assert placed(gone, tmp_path / "iqm") == gone
    assert placed(gone, "") == gone
    assert placed([], tmp_path) == []
