"""Thumbnails of very many images lie in packs: few files, of which one image more changes one."""

import base64
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from report_pages import part_of

from iqmetrics.store import Store
from iqmetrics.views.report import packs
from iqmetrics.views.report.parts import Parts

NAMES = [f"sha-{n}" for n in range(800)]


@pytest.fixture
def store() -> Store:
    store = Store(None)
    store.add_thumbnails((name, f"jpeg of {name}".encode()) for name in [*NAMES, "new"])
    return store


def written(store: Store, names: list[str], folder: Path) -> tuple[list[int | None], list[str]]:
    parts = Parts(folder)
    found = packs.write(store, names, parts)
    parts.remove_others()
    return found


def shown(places: list[int | None], names: list[str], folder: Path) -> list[str | None]:
    """What the page shows of each image: images of one pack stand in it in their order."""
    left = {number: iter(part_of(folder / f"{name}.js")) for number, name in enumerate(names)}
    told = [None if at is None else base64.b64decode(next(left[at])).decode() for at in places]
    assert all(next(rest, None) is None for rest in left.values()), "nothing is left over"
    return told


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_every_image_finds_its_own_thumbnail(store: Store, tmp_path: Path) -> None:
    asked = [*NAMES[:100], "none", NAMES[3], "also none", *NAMES[100:]]
    known = {name: f"jpeg of {name}" for name in NAMES}
    places, names = written(store, asked, tmp_path)
    assert shown(places, names, tmp_path) == [known.get(name) for name in asked]


def test_a_pack_holds_many_and_no_page_of_them_is_heavy(store: Store, tmp_path: Path) -> None:
    _, names = written(store, NAMES, tmp_path)
    sizes = [len(part_of(tmp_path / f"{name}.js")) for name in names]
    assert len(files(tmp_path)) == len(names)
    assert all(packs.LEAST <= size <= packs.MOST for size in sizes[:-1])
    assert 24 < len(NAMES) / len(names) < 40


@pytest.mark.parametrize(("ends", "size"), [(True, 16), (False, 64)])
def test_a_pack_holds_sixteen_at_least_and_sixty_four_at_most(
    tmp_path: Path, ends: bool, size: int
) -> None:
    """Whatever its images are: here each of them might end a pack, or none."""
    names = [name for n in range(6000) if (crc32((name := f"n{n}").encode()) % 16 == 0) is ends]
    store, names = Store(None), names[: 3 * size + 1]
    store.add_thumbnails((name, b"jpeg") for name in names)
    places, packed = written(store, names, tmp_path)
    assert len(packed) == 4 and all(name.startswith("pack-") for name in packed)
    assert [places.count(number) for number in range(4)] == [size, size, size, 1]
    assert places == sorted(places, key=int)


@pytest.mark.parametrize("at", [0, 37, 399, 400, 800])
def test_one_image_more_changes_few_packs(store: Store, tmp_path: Path, at: int) -> None:
    written(store, NAMES, tmp_path)
    before = files(tmp_path)
    places, names = written(store, [*NAMES[:at], "new", *NAMES[at:]], tmp_path)
    after = files(tmp_path)
    assert 1 <= len(after.items() - before.items()) <= 6
    assert len(before.items() - after.items()) <= 6
    assert shown(places, names, tmp_path)[at] == "jpeg of new"


def test_packs_that_are_there_are_neither_read_nor_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, before = written(store, NAMES, tmp_path), files(tmp_path)
    asked: list[Any] = []
    original = Store.thumbnails
    monkeypatch.setattr(Store, "thumbnails", lambda s, n: asked.append(n) or original(s, n))
    assert written(store, NAMES, tmp_path) == first
    assert (files(tmp_path), asked) == (before, [])
    lost = tmp_path / f"{first[1][3]}.js"
    lost.unlink()
    assert written(store, NAMES, tmp_path) == first
    assert lost.exists() and len(asked) == 1


def test_a_thumbnail_that_comes_later_is_shown(store: Store, tmp_path: Path) -> None:
    written(store, [*NAMES[:20], "late"], tmp_path)
    store.add_thumbnails([("late", b"here")])
    places, names = written(store, [*NAMES[:20], "late"], tmp_path)
    assert shown(places, names, tmp_path)[-1] == "here"


def test_no_images_make_no_pack(store: Store, tmp_path: Path) -> None:
    assert written(store, [], tmp_path) == ([], [])
    assert written(store, ["none"], tmp_path) == ([None], [])
    assert files(tmp_path) == {}
