"""The compiled loops of `look` beside numpy and plain loops."""

import numpy as np
import pytest
from PIL import Image

from iqmetrics.nets.look import kernels
from iqmetrics.nets.look.kernels import compiled


def test_light_is_counted_without_what_is_blown_or_crushed():
    pixels = np.array([[[255, 9, 9], [2, 1, 0], [3, 0, 253], [3, 7, 7]]], np.uint8)
    counts = np.zeros((3, 256), np.int64)
    compiled(kernels.light_counts)(pixels, counts)
    assert counts[0, 3] == 2 and counts[1, 0] == counts[1, 7] == 1 and counts[2, 253] == 1
    assert counts.sum() == 6


def test_colour_sums_leave_near_black_and_near_white_out_of_the_cast():
    lab = np.array([[[50.0, 3.0, 4.0], [4.0, 6.0, 8.0], [99.5, 0.0, 1.0]]])
    sums = np.zeros(4)
    compiled(kernels.colour_sums)(lab, 10.0, sums)
    assert sums.tolist() == pytest.approx([1 / 1.5, 2.0, 4 / 1.5, 5 + 10 + 1])


def planes(pixels: np.ndarray) -> dict[str, np.ndarray]:
    luma = np.full(pixels.shape[:2], np.nan, np.float32)
    found = [luma, *(np.full(pixels.shape[:2], 99, np.uint8) for _ in range(3))]
    compiled(kernels.light_and_solid)(pixels, *found)
    return dict(zip(("luma", "grey", "blown", "crushed"), found, strict=True))


def test_luma_is_that_of_pillow():
    pixels = np.random.default_rng(6).integers(0, 256, (33, 57, 3), dtype=np.uint8)
    found = planes(pixels)
    pillow = np.asarray(Image.fromarray(pixels).convert("L"), int)
    assert np.abs(found["grey"].astype(int) - pillow).max() <= 1, "which rounds by 16-bit parts"
    assert found["luma"] == pytest.approx(pixels @ np.array([0.299, 0.587, 0.114]), abs=1e-4)
    assert (found["grey"] == np.rint(found["luma"])).all()


@pytest.mark.parametrize(
    ("rgb", "luma", "blown", "crushed"),
    [
        ((255, 255, 255), 255, 1, 0),
        ((254, 254, 254), 254, 1, 0),
        ((255, 255, 253), 254.772, 0, 0),
        ((2, 2, 2), 2, 0, 1),
        ((0, 0, 3), 0.342, 0, 0),
        ((0, 0, 0), 0, 0, 1),
    ],
)
def test_a_pixel_is_blown_or_crushed_in_all_channels(rgb, luma, blown, crushed):
    found = planes(np.array([[rgb]], np.uint8))
    assert found["luma"][0, 0] == pytest.approx(luma, abs=1e-3)
    assert (found["blown"][0, 0], found["crushed"][0, 0]) == (blown, crushed)


@pytest.mark.parametrize("rgb", [(0, 0, 0), (255, 255, 255), (119, 119, 119)])
def test_greys_have_neither_a_nor_b(rgb):
    linear = np.where(
        np.arange(256) <= 10,
        np.arange(256) / 255 / 12.92,
        ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
    )
    out = np.empty((1, 1, 3))
    compiled(kernels.lab)(np.array([[rgb]], np.uint8), linear, out)
    light = {0: 0, 255: 100, 119: 50.03}[rgb[0]]
    assert out.ravel() == pytest.approx([light, 0, 0], abs=0.02)


def test_counts_and_sums_add_up_over_pieces():
    pixels = np.random.default_rng(8).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    lab = np.random.default_rng(8).normal(30, 40, (20, 30, 3))
    whole, pieces = np.zeros((3, 256), np.int64), np.zeros((3, 256), np.int64)
    sums, parts = np.zeros(4), np.zeros(4)
    compiled(kernels.light_counts)(pixels, whole)
    compiled(kernels.colour_sums)(lab, 10.0, sums)
    for rows in np.array_split(np.arange(20), 3):
        compiled(kernels.light_counts)(pixels[rows], pieces)
        compiled(kernels.colour_sums)(lab[rows], 10.0, parts)
    assert np.array_equal(whole, pieces)
    assert parts == pytest.approx(sums, rel=1e-12)
