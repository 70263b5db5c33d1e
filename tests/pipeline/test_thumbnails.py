"""Thumbnails are small, keep their shape and are found by content."""

import io
import sys
from dataclasses import replace

import numpy as np
import pytest
from factory import picture, record
from PIL import Image

from iqmetrics.images import Picture
from iqmetrics.pipeline import thumbnails
from iqmetrics.pipeline.thumbnails import SIDE
from iqmetrics.store import Store


def test_a_thumbnail_keeps_the_shape_and_the_colours() -> None:
    pixels = np.zeros((400, 800, 3), np.uint8)
    pixels[:, 400:] = (200, 40, 40)
    with Store(None) as store:
        thumbnails.keep(store, [Picture(record("a.png"), pixels)])
        data = store.thumbnail("sha-a.png")
        assert store.thumbnail("other") is None
    small = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)
    assert small.shape == (thumbnails.SIDE // 2, thumbnails.SIDE, 3)
    assert np.abs(small[40, 140] - (200, 40, 40)).max() < 12
    assert len(data) < 1500


@pytest.mark.parametrize("lacks", ["", "cv2"])
def test_a_thumbnail_shows_the_mean_of_what_lies_behind_each_pixel(
    lacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lossless, against OpenCV's exact mean of areas: 2 grey levels apart at most."""
    cv2 = pytest.importorskip("cv2")
    y, x = np.mgrid[0:1024, 0:832].astype(np.float32)
    waves = 128 + 60 * np.sin(x / 9 + y / 17) + 60 * np.sin(y / 7 - x / 31)
    pixels = np.stack([waves, waves[::-1], np.full_like(waves, 90)], -1).round().astype(np.uint8)
    exact = cv2.resize(pixels, (143, 176), interpolation=cv2.INTER_AREA)
    if lacks:
        monkeypatch.setitem(sys.modules, lacks, None)
    saved: list[Image.Image] = []
    monkeypatch.setattr(Image.Image, "save", lambda image, *_, **__: saved.append(image))
    thumbnails.jpeg(Picture(record("a.png"), pixels))
    assert np.abs(np.asarray(saved[0], float) - exact).mean() < 2


def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


@pytest.mark.parametrize(
    ("size", "small"),
    [((SIDE, SIDE), (SIDE, SIDE)), ((10, 7), (10, 7)), ((1, 1), (1, 1)), ((1000, 10), (SIDE, 2)),
     ((10, 1000), (2, SIDE)), ((4000, 1), (SIDE, 1))],
)  # fmt: skip
def test_any_shape_fits_and_small_ones_stay(size: tuple[int, int], small: tuple[int, int]) -> None:
    assert size_of(thumbnails.jpeg(picture(size=size))) == small


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert thumbnails.jpeg(picture(grey=9)) == thumbnails.jpeg(picture(grey=9))


def test_the_pixels_that_are_scored_are_left_alone() -> None:
    shown = picture(size=(400, 300))
    before = shown.pixels.copy()
    thumbnails.jpeg(shown)
    assert np.array_equal(shown.pixels, before)


def test_without_a_hash_there_is_nothing_to_find_it_by() -> None:
    nameless = Picture(replace(record("a.png"), sha256=""), np.zeros((8, 8, 3), np.uint8))
    with Store(None) as store:
        thumbnails.keep(store, [nameless, picture("b.png")])
        assert store.thumbnail("") is None
        assert store.thumbnail("sha-b.png")


def ramp(name: str, width: int, height: int) -> Picture:
    y, x = np.mgrid[0:height, 0:width]
    planes = [255 * x / width, 255 * y / height, np.full((height, width), 10 + ord(name[0]))]
    return Picture(record(name), np.stack(planes, -1).astype(np.uint8))


@pytest.mark.parametrize("size", [(64, 48), (300, 400), (1000, 10)])
def test_a_gpu_would_make_the_same_of_what_it_has(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the CPU as its stand-in: pictures of two sizes, each in its place."""
    stacks = pytest.importorskip("iqmetrics.nets.stacks")
    monkeypatch.setattr(thumbnails, "GPU", "cpu")
    shown = [ramp("a.png", *size), ramp("b.png", 40, 30), ramp("c.png", *size)]
    here = thumbnails.made(shown)
    stacks.there(shown[:2], "cpu")
    assert thumbnails.made(shown) == here, "one is not there"
    stacks.there(shown, "cpu")
    found = thumbnails.made(shown)
    assert [name for name, _ in found] == [name for name, _ in here]
    for (_, one), (_, other) in zip(found, here, strict=True):
        gap = np.subtract(*(np.asarray(Image.open(io.BytesIO(d)), float) for d in (one, other)))
        assert np.abs(gap).mean() < 3


def test_a_core_makes_them_where_the_gpu_has_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(thumbnails, "GPU", "cpu")
    shown = [ramp("a.png", 300, 200)]
    here = thumbnails.made(shown)

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("no memory")

    shown[0].copies["cpu"] = None
    monkeypatch.setattr(thumbnails, "_shrunk_on_gpu", full)
    assert thumbnails.made(shown) == here
