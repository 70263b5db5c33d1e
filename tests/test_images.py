"""Picture: pixels are checked and frozen; `once` computes once, also for a batch."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from iqmetrics.decode import Limits
from iqmetrics.errors import ImageProblem
from iqmetrics.images import Picture, by_shape, once_each, open_picture
from iqmetrics.records import ImageRecord


def picture(height: int = 4, width: int = 6) -> Picture:
    return Picture(ImageRecord("a.png", "a.png"), np.zeros((height, width, 3), np.uint8))


def test_pixels_must_be_uint8_rgb() -> None:
    with pytest.raises(ValueError, match="uint8 HxWx3"):
        Picture(ImageRecord("a", "a"), np.zeros((4, 4), np.uint8))


def test_pixels_cannot_be_changed_by_a_scorer() -> None:
    with pytest.raises(ValueError, match="read-only"):
        picture().pixels[0, 0, 0] = 1


def test_once_each_runs_only_for_the_pictures_that_lack_it() -> None:
    a, b, seen = picture(), picture(), []

    def net(batch: list[Picture]) -> list[int]:
        seen.append(len(batch))
        return [p.width for p in batch]

    a.once("net", lambda p: 99)
    assert once_each([a, b], "net", net) == [99, 6]
    assert once_each([a, b], "net", net) == [99, 6]
    assert seen == [1]


def test_by_shape_groups_positions() -> None:
    assert by_shape([picture(), picture(8, 8), picture()]) == {(4, 6): [0, 2], (8, 8): [1]}


def saved(path: Path, pixels: NDArray[np.uint8], **options: Any) -> ImageRecord:
    Image.fromarray(pixels).save(path, **options)
    return ImageRecord(path.name, str(path))


@pytest.mark.parametrize("kind", ["png", "bmp", "tiff", "webp"])
def test_lossless_files_are_opened_bit_by_bit(tmp_path: Path, kind: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (13, 17, 3), np.uint8)
    options = {"lossless": True} if kind == "webp" else {}
    opened = open_picture(saved(tmp_path / f"a.{kind}", pixels, **options))
    assert np.array_equal(opened.pixels, pixels)
    assert (opened.width, opened.height) == (17, 13)
    assert opened.flags == ()


def test_the_record_carries_the_hash_of_the_bytes_that_were_decoded(tmp_path: Path) -> None:
    record = saved(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    data = (tmp_path / "a.png").read_bytes()
    assert open_picture(record).record == replace(record, sha256=sha256(data).hexdigest())


def test_a_file_that_was_changed_since_it_was_listed_is_not_scored(tmp_path: Path) -> None:
    record = open_picture(saved(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))).record
    assert open_picture(record).record == record
    saved(tmp_path / "a.png", np.ones((4, 4, 3), np.uint8))
    with pytest.raises(ImageProblem, match="changed since it was listed") as caught:
        open_picture(record)
    assert caught.value.status == "unreadable"


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (Limits(pixels=15), "too_large"),
        (Limits(pixels=16), ""),
        (Limits(file_bytes=20), "too_large"),
    ],
)
def test_limits_are_kept(tmp_path: Path, limits: Limits, status: str) -> None:
    record = saved(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    if not status:
        assert open_picture(record, limits).width == 4
        return
    with pytest.raises(ImageProblem) as caught:
        open_picture(record, limits)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"", "truncated"), (b"no picture at all", "unsupported"), (None, "unreadable")],
)
def test_what_cannot_be_opened_has_a_status(
    tmp_path: Path, data: bytes | None, status: str
) -> None:
    path = tmp_path / "a.png"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ImageProblem) as caught:
        open_picture(ImageRecord("a.png", str(path)))
    assert caught.value.status == status


def test_once_computes_once_for_a_key_and_anew_for_another() -> None:
    made: list[str] = []

    def make(name: str) -> Callable[[Picture], str]:
        return lambda _: made.append(name) or name  # type: ignore[func-returns-value]

    p = picture()
    assert [p.once("a", make("x")), p.once("a", make("y")), p.once(("a", 2), make("z"))] == [
        "x", "x", "z",
    ]  # fmt: skip
    assert made == ["x", "z"]


def test_nothing_is_remembered_of_a_computation_that_failed() -> None:
    p = picture()
    with pytest.raises(ZeroDivisionError):
        p.once("a", lambda _: 1 // 0)
    assert p.once("a", lambda _: 7) == 7


def test_a_batch_must_answer_one_value_a_picture() -> None:
    with pytest.raises(ValueError, match="shorter"):
        once_each([picture(), picture()], "net", lambda batch: [1])


def test_a_value_of_none_counts_as_known() -> None:
    p = picture()
    assert once_each([p], "net", lambda batch: [None]) == [None]
    assert once_each([p], "net", lambda batch: [1 // 0]) == [None]


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((3,), np.uint8)],
    ids=["rgba", "float", "line"],
)
def test_other_arrays_are_refused(pixels: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="uint8 HxWx3"):
        Picture(ImageRecord("a", "a"), pixels)


class Counted:
    """Pixels of one value that count how often they are made."""

    shape = (4, 6, 3)

    def __init__(self, value: int) -> None:
        self.value, self.made = value, 0

    def pixels(self) -> NDArray[Any]:
        self.made += 1
        return np.full(self.shape, self.value, np.uint8)


def test_late_pixels_are_made_once_and_only_when_they_are_asked_for() -> None:
    late = Counted(7)
    waiting = Picture(ImageRecord("a", ""), late)
    assert (waiting.height, waiting.width, waiting.nbytes) == (4, 6, 72)
    assert waiting.remembered().pixels.nbytes == 0
    assert waiting.late is late and not late.made
    assert (waiting.pixels == 7).all() and waiting.pixels is waiting.pixels
    assert late.made == 1 and waiting.late is None and not waiting.pixels.flags.writeable


def test_who_makes_late_pixels_can_be_exchanged_until_they_are_there() -> None:
    first, other = Counted(1), Counted(2)
    waiting = Picture(ImageRecord("a", ""), first)
    waiting.late = other
    assert (waiting.pixels == 2).all() and not first.made
    waiting.late = first
    assert waiting.late is None and (waiting.pixels == 2).all()


def test_late_pixels_that_are_no_picture_are_refused_when_they_come() -> None:
    late = Counted(1)
    late.shape = (4, 6, 4)
    with pytest.raises(ValueError, match="uint8 HxWx3"):
        _ = Picture(ImageRecord("a", ""), late).pixels


def test_a_remembered_picture_keeps_its_memo_and_drops_its_pixels() -> None:
    whole = Picture(ImageRecord("a.png", ""), np.full((8, 6, 3), 9, np.uint8), ("alpha",))
    assert whole.once("mean", lambda p: float(p.pixels.mean())) == 9
    light = whole.remembered()
    assert light.pixels.nbytes == 0 and light.pixels.base is None
    assert light.record == whole.record and light.flags == ("alpha",)
    assert light.once("mean", lambda p: -1.0) == 9
