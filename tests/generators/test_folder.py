"""Exports of closed systems as a model: which image belongs to which request."""

from pathlib import Path

import pytest
from PIL import Image

from iqmetrics.errors import BadInput
from iqmetrics.generators.base import Request
from iqmetrics.generators.folder import Folder


def put(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), grey).save(path)


def ask(folder: Path, *places: tuple[str, int, int]) -> list[int | str]:
    """The grey of each (prompt_id, seed, number), or the kind of failure."""
    requests = [Request(f"{p}/{s}", "p", s, place=(p, n)) for p, s, n in places]
    results = Folder(str(folder))(requests)
    return [r.image.getpixel((0, 0)) if r.image else r.error.kind for r in results]  # type: ignore


def test_seed_in_the_name_wins_over_the_order(tmp_path: Path) -> None:
    put(tmp_path / "cat/5.png", 50)
    put(tmp_path / "cat/1.png", 10)
    assert ask(tmp_path, ("cat", 5, 1), ("cat", 1, 2)) == [50, 10]


def test_images_without_seeds_are_taken_in_their_natural_order(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        put(tmp_path / f"cat_{number}.png", number)
    put(tmp_path / "catfish_1.png", 99)
    places = [("cat", 1000 + n, n) for n in (1, 2, 3, 4)]
    assert ask(tmp_path, *places) == [1, 2, 10, "no_image"]


def test_a_table_beside_the_images_says_whose_they_are(tmp_path: Path) -> None:
    put(tmp_path / "user_a_cat_1f3c.png", 7)
    (tmp_path / "prompts.csv").write_text("file_name,prompt_id\nuser_a_cat_1f3c.png,cat\n")
    assert ask(tmp_path, ("cat", 0, 1), ("dog", 0, 1)) == [7, "no_image"]


def test_a_broken_image_is_a_failure_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"\x89PNG broken")
    [result] = Folder(str(tmp_path))([Request("cat/0", "p", place=("cat", 1))])
    assert result.error is not None and "cat.png cannot be read" in result.error.reason


def test_empty_absent_and_measured_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no images"):
        Folder(str(tmp_path)).open(measure=False)
    with pytest.raises(BadInput, match="is not a folder"):
        Folder(str(tmp_path / "no")).open(measure=False)
    with pytest.raises(BadInput, match="nothing to measure"):
        Folder(str(tmp_path)).open(measure=True)


def test_the_fingerprint_follows_the_files(tmp_path: Path) -> None:
    put(tmp_path / "cat.png", 1)
    before = Folder(str(tmp_path)).fingerprint()
    assert Folder(str(tmp_path)).fingerprint() == before
    put(tmp_path / "dog.png", 1)
    assert Folder(str(tmp_path)).fingerprint() != before


@pytest.mark.parametrize(
    "data", ["file_name,prompt_id\nä.png,cat\n".encode("latin-1"), b"a\0b\n" * 3]
)
def test_a_table_that_cannot_be_read_is_told_and_not_passed_over(
    tmp_path: Path, data: bytes
) -> None:
    put(tmp_path / "cat.png", 1)
    (tmp_path / "prompts.csv").write_bytes(data)
    if b"\0" in data:  # Python 3.11 and later read NUL as any other character
        assert ask(tmp_path, ("cat", 0, 1)) == [1]
        return
    with pytest.raises(BadInput, match=r"prompts\.csv is not a CSV table in UTF-8"):
        Folder(str(tmp_path)).open(measure=False)


def test_names_of_any_script_are_found(tmp_path: Path) -> None:
    put(tmp_path / "夏 日/7.png", 70)
    put(tmp_path / "a[b]*_3.png", 30)
    assert ask(tmp_path, ("夏 日", 7, 1), ("a[b]*", 3, 1), ("a[b]x", 3, 1)) == [70, 30, "no_image"]


def test_a_row_of_a_file_that_is_gone_is_no_image(tmp_path: Path) -> None:
    put(tmp_path / "other.png", 1)
    (tmp_path / "prompts.csv").write_text("file_name,prompt_id\ngone.png,cat\n,dog\nother.png,\n")
    assert ask(tmp_path, ("cat", 0, 1), ("dog", 0, 1)) == ["no_image", "no_image"]


def test_numbers_in_any_writing_are_put_in_order_or_read_as_letters(tmp_path: Path) -> None:
    for name, grey in (("cat/b9².png", 3), ("cat/a10.png", 2), ("cat/a２.png", 1)):
        put(tmp_path / name, grey)
    assert ask(tmp_path, *(("cat", 1000, n) for n in (1, 2, 3))) == [1, 2, 3]


@pytest.mark.parametrize("number", [0, -1, 3])
def test_an_image_that_was_not_counted_is_none(tmp_path: Path, number: int) -> None:
    put(tmp_path / "cat/a.png", 1)
    put(tmp_path / "cat/b.png", 2)
    assert ask(tmp_path, ("cat", 99, number)) == ["no_image"]


def test_a_result_names_its_file_and_that_no_seed_was_kept(tmp_path: Path) -> None:
    put(tmp_path / "deep/cat/5.png", 50)
    put(tmp_path / "cat-5.PNG", 51)
    [result] = Folder(str(tmp_path))([Request("r", "p", 5, place=("cat", 1))])
    assert result.telemetry == {"file": "cat-5.PNG"}
    assert result.not_applied == ("seed",) and result.image is not None


def test_one_broken_image_leaves_the_others(tmp_path: Path) -> None:
    put(tmp_path / "cat/1.png", 10)
    (tmp_path / "cat/2.png").write_bytes((tmp_path / "cat/1.png").read_bytes()[:50])
    (tmp_path / "cat/3.png").mkdir()
    places = [("cat", n, n) for n in (1, 2, 3)]
    assert ask(tmp_path, *places) == [10, "no_image", "no_image"]
