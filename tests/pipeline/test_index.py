"""A folder becomes records: read once, read again only where it changed, nothing left out unsaid."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from factory import Recorder, paint, record
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.pipeline import index as module
from iqmetrics.pipeline.index import Index, index, look, without_duplicates
from iqmetrics.pipeline.settings import Settings
from iqmetrics.store import Store

Reader = Callable[..., tuple[Index, list[str]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for model in "ab":
        for number in range(2):
            path = paint(tmp_path / "out" / model / f"{number}.png", 20 * number + ord(model))
            path.with_suffix(".txt").write_text(f"prompt {number}")
    return tmp_path / "out"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Index with one store that stays open; also which files were opened."""
    opened: list[str] = []
    original = module._read_one

    def watched(root: str, entry: module.Entry) -> object:
        opened.append(entry.path)
        return original(root, entry)

    monkeypatch.setattr(module, "_read_one", watched)
    with Store(None) as store:

        def call(target: object, **settings: object) -> tuple[Index, list[str]]:
            opened.clear()
            wanted = Settings(**settings)  # type: ignore[arg-type]
            found = index(look(target, store, wanted), store, wanted, Recorder())
            return found, sorted(opened)

        yield call


def test_records_know_model_prompt_and_hash(folder: Path, read: Reader) -> None:
    found, _ = read(folder)
    assert [(r.image, r.model, r.prompt) for r in found.records] == [
        (f"{m}/{n}.png", m, f"prompt {n}") for m in "ab" for n in range(2)
    ]
    assert len({r.sha256 for r in found.records}) == 4
    assert found.problems == {}


def test_an_unchanged_folder_is_not_opened_again(folder: Path, read: Reader) -> None:
    first, opened = read(folder)
    assert {f"{m}/{n}.png" for m in "ab" for n in range(2)} <= set(opened)
    again, opened = read(folder)
    assert opened == []
    assert again == first


def test_only_a_changed_file_is_opened_again(folder: Path, read: Reader) -> None:
    before, _ = read(folder)
    paint(folder / "a" / "1.png", 200, (8, 8))
    after, opened = read(folder)
    assert opened == ["a/1.png"]
    changed = [b.image for a, b in zip(before.records, after.records, strict=True) if a != b]
    assert changed == ["a/1.png"]


def test_a_changed_sidecar_changes_the_prompt(folder: Path, read: Reader) -> None:
    read(folder)
    (folder / "a" / "0.txt").write_text("another prompt")
    found, opened = read(folder)
    assert opened == ["a/0.txt"]
    assert found.records[0].prompt == "another prompt"


def test_what_an_older_reader_found_is_read_again(
    folder: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(folder)
    monkeypatch.setattr(module, "FORMAT", "next")
    _, opened = read(folder)
    assert "a/0.png" in opened


@pytest.mark.parametrize("flush", [1, 3, 256])
def test_everything_read_is_kept_whatever_the_flush(
    folder: Path, read: Reader, flush: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FLUSH", flush)
    found, _ = read(folder)
    assert len(found.records) == 4
    assert read(folder)[1] == []


def test_an_unreadable_file_is_a_problem_and_is_tried_again(
    folder: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = module.file_digest

    def refuse(file: object, kind: str) -> object:
        if file.name.endswith("a/0.png"):  # type: ignore[attr-defined]
            raise PermissionError(13, "Permission denied")
        return original(file, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "file_digest", refuse)
    found, _ = read(folder)
    assert found.problems["a/0.png"].status == "unreadable"
    assert found.problems["a/0.png"].reason == "Permission denied"
    assert len(found.records) == 4, "it still counts as an image"
    monkeypatch.undo()
    with Store(None) as store:
        wanted = Settings()
        assert index(look(folder, store, wanted), store, wanted, Recorder()).problems == {}


def test_reading_is_told_from_start_to_end(folder: Path) -> None:
    seen = Recorder()
    with Store(None) as store:
        index(look(folder, store, Settings()), store, Settings(), seen)
    (start, (stage, total)), *rest, end = seen.told  # type: ignore[misc]
    assert (start, stage) == ("start", "reading")
    assert rest == [("advance", 1)] * total
    assert end == ("finish", None)


def test_texts_given_by_hand_go_to_every_image(folder: Path, read: Reader) -> None:
    found, _ = read(folder, texts=("SALE", "夏"))
    assert {r.texts for r in found.records} == {("SALE", "夏")}


def test_include_exclude_and_limit_are_counted(folder: Path, read: Reader) -> None:
    found, _ = read(folder, exclude=("b/*",))
    assert [r.image for r in found.records] == ["a/0.png", "a/1.png"]
    assert found.skipped["excluded"] == 2
    found, _ = read(folder, include=("*/0.png",), limit=1)
    assert [r.image for r in found.records] == ["a/0.png"]
    assert found.skipped["not included"] == 2
    assert found.skipped["over the limit"] == 1


def test_results_of_an_earlier_run_are_no_images(folder: Path) -> None:
    (folder / "iqm").mkdir()
    paint(folder / "iqm" / "thumbnail.png")
    with Store(folder / "iqm" / "scores.sqlite") as store:
        listing = look(folder, store, Settings())
    assert [e.path for e in listing.selection.images] == [
        f"{m}/{n}.png" for m in "ab" for n in range(2)
    ]


def test_a_file_or_several_instead_of_a_folder(folder: Path, read: Reader) -> None:
    one, _ = read(folder / "a" / "0.png")
    assert [r.image for r in one.records] == ["0.png"]
    two, _ = read([folder / "a" / "0.png", str(folder / "b" / "1.png")])
    assert [r.image for r in two.records] == ["a/0.png", "b/1.png"]


def test_equal_files_of_one_prompt_are_counted_once_and_told(folder: Path, read: Reader) -> None:
    twin = folder / "a" / "0-copy.png"
    twin.write_bytes((folder / "a" / "0.png").read_bytes())
    twin.with_suffix(".txt").write_text("prompt 0")
    found, _ = read(folder)
    assert len(found.records) == 4
    assert found.skipped["identical file"] == 1


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([], "no images in"),
        (["notes.md"], r"\(1 not an image\)"),
        (["grids/a.png", "b.psd"], r"\(1 PSD \(not read\), 1 grid\)"),
    ],
)
def test_a_folder_without_images_says_what_is_there(
    tmp_path: Path, files: list[str], told: str
) -> None:
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    with pytest.raises(BadInput, match=told), Store(None) as store:
        look(tmp_path, store, Settings())


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with Store(None) as store:
        with pytest.raises(BadInput, match="does not exist"):
            look(tmp_path / "nowhere", store, Settings())
        with pytest.raises(BadInput, match="cannot be read"):
            look([tmp_path / "nowhere.png"], store, Settings())
        with pytest.raises(BadInput, match="no files given"):
            look([], store, Settings())


def lines(folder: Path, **settings: object) -> list[str]:
    wanted = Settings(**settings)  # type: ignore[arg-type]
    with Store(None) as store:
        return list(look(folder, store, wanted).stat_lines(wanted))


def test_equal_lines_mean_that_nothing_changed(folder: Path) -> None:
    assert lines(folder) == lines(folder)
    assert len(lines(folder)) == 8, "four images and their sidecars"


@pytest.mark.parametrize("change", ["touch", "grow", "add", "remove", "rename", "sidecar"])
def test_every_change_of_the_folder_changes_the_lines(folder: Path, change: str) -> None:
    before, image = lines(folder), folder / "a" / "0.png"
    if change == "touch":
        os.utime(image, ns=(1, 1))
    elif change == "grow":
        image.write_bytes(image.read_bytes() + b"\0")
    elif change == "add":
        paint(folder / "a" / "new.png")
    elif change == "remove":
        image.unlink()
    elif change == "rename":
        image.rename(image.with_name("00.png"))
    else:
        image.with_suffix(".txt").write_text("other")
    assert lines(folder) != before


def test_the_prompt_file_is_part_of_it(folder: Path, tmp_path: Path) -> None:
    prompts = tmp_path / "p.csv"
    prompts.write_text("image,prompt\n")
    before = lines(folder, prompts=prompts)
    prompts.write_text("image,prompt\na/0.png,x\n")
    assert lines(folder, prompts=prompts) != before


def test_duplicates_are_told_by_model_prompt_and_content() -> None:
    a, b = record("a.png"), record("b.png", pick=2)
    same = replace(b, sha256=a.sha256)
    assert without_duplicates([a, b]) == [a, b]
    assert without_duplicates([a, same]) == [a]
    for other in ({"model": "n"}, {"prompt_id": "q"}):
        assert len(without_duplicates([a, replace(same, **other)])) == 2  # type: ignore[arg-type]


def test_files_without_a_hash_are_never_duplicates() -> None:
    bare = [replace(record(name), sha256="") for name in ("a.png", "b.png")]
    assert without_duplicates(bare) == bare


def test_picks_have_no_gap_where_a_duplicate_was() -> None:
    rows = [record(f"{n}.png", pick=n) for n in (1, 2, 3, 4)]
    rows[1] = replace(rows[1], sha256=rows[0].sha256)
    kept = without_duplicates(rows)
    assert [(r.image, r.pick) for r in kept] == [("1.png", 1), ("3.png", 2), ("4.png", 3)]


def test_a_group_without_duplicates_keeps_its_picks() -> None:
    first = [record("x.png", pick=1), replace(record("y.png", pick=2), sha256="sha-x.png")]
    other = [record("z.png", prompt="q", pick=1), record("w.png", prompt="q", pick=2)]
    kept = without_duplicates([*first, *other])
    assert [(r.image, r.pick) for r in kept] == [("x.png", 1), ("z.png", 1), ("w.png", 2)]


ARRAY = np.zeros((8, 8, 3), np.uint8)


@pytest.mark.parametrize(
    "target",
    [ARRAY, ARRAY[None], Image.new("RGB", (8, 8)), ["a.png", ARRAY], None, 5, [None], iter(["a"])],
    ids=["array", "batch", "picture", "mixed", "nothing", "number", "list of none", "generator"],
)
def test_what_is_neither_a_path_nor_a_list_of_paths_is_told(target: object) -> None:
    """One image instead of a list of one is the first mistake that everybody makes."""
    with Store(None) as store, pytest.raises(BadInput, match="cannot score") as caught:
        look(target, store, Settings())
    assert "list of PIL images" in caught.value.hint
