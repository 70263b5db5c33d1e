"""Several folders are one: their paths start at the folder that holds all of them."""

from pathlib import Path

import pytest

from iqmetrics.errors import BadInput
from iqmetrics.metadata.folders import select_folders
from iqmetrics.metadata.walk import RESULTS


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("a/1.png", "a/deep/2.png", "b/1.png", "b/1.txt", "b/manifest.jsonl", "c/1.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def images(*folders: Path, **options: object) -> list[str]:
    _, found = select_folders(folders, **options)  # type: ignore[arg-type]
    return [entry.path for entry in found.images]


def test_paths_are_those_that_the_parent_would_give(runs: Path) -> None:
    base, found = select_folders([runs / "b", runs / "a"])
    assert base == str(runs)
    assert [e.path for e in found.images] == ["a/1.png", "a/deep/2.png", "b/1.png"]
    assert list(found.sidecars) == ["b/1.txt"]
    assert [e.path for e in found.tables] == ["b/manifest.jsonl"]
    assert found.skipped == {}


def test_a_folder_within_another_counts_once(runs: Path) -> None:
    assert images(runs / "a" / "deep", runs / "a") == ["1.png", "deep/2.png"]
    assert images(runs / "a", runs / "a") == ["1.png", "deep/2.png"]


def test_a_name_that_only_begins_alike_is_another_folder(runs: Path) -> None:
    (runs / "ab").mkdir()
    (runs / "ab/1.png").write_bytes(b"x")
    assert images(runs / "a", runs / "ab") == ["a/1.png", "a/deep/2.png", "ab/1.png"]


def test_globs_and_the_limit_are_heeded(runs: Path) -> None:
    _, found = select_folders([runs / "a", runs / "b"], exclude=["a/deep/*"], limit=1)
    assert [e.path for e in found.images] == ["a/1.png"]
    assert found.skipped == {"excluded": ["a/deep/2.png"], "over the limit": ["b/1.png"]}


def test_results_among_them_are_not_read(runs: Path) -> None:
    (runs / "iqm").mkdir()
    (runs / "iqm/thumb.png").write_bytes(b"x")
    _, found = select_folders([runs / "a", runs / "iqm", runs / "c"], out=runs / "c")
    assert [e.path for e in found.images] == ["a/1.png", "a/deep/2.png"]
    assert found.skipped[RESULTS] == ["iqm/", "c/"]


def test_one_without_images_is_named(runs: Path) -> None:
    (runs / "empty").mkdir()
    (runs / "text").mkdir()
    (runs / "text/1.md").write_text("x")
    _, found = select_folders([runs / "a", runs / "empty", runs / "text"])
    assert found.skipped["folder without images"] == ["empty/", "text/"]


def test_what_is_no_folder_is_refused(runs: Path) -> None:
    with pytest.raises(BadInput, match="is not a folder"):
        select_folders([runs / "a", runs / "b/1.png"])
