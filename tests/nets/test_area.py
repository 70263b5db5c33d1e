"""Smaller pictures, byte for byte those of OpenCV."""

import cv2
import numpy as np
import pytest

from iqmetrics.nets import area


def noise(high: int, wide: int) -> np.ndarray:
    return np.random.default_rng(high).integers(0, 256, (high, wide, 3), dtype=np.uint8)


def opencv(pixels: np.ndarray, high: int, wide: int) -> np.ndarray:
    return cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("by", [2, 3, 4, 5, 7, 8, 16])
def test_whole_factors_round_as_opencv_does(by):
    pixels = noise(20 * by, 33 * by)
    assert np.array_equal(area.shrunk(pixels, 20, 33), opencv(pixels, 20, 33))


@pytest.mark.parametrize("value", [0, 1, 254, 255])
def test_a_plain_picture_stays_what_it_is(value):
    plain = np.full((64 * 5, 64 * 5, 3), value, np.uint8)
    assert (area.shrunk(plain, 64, 64) == value).all()


def test_halves_are_rounded_to_even():
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[0, 0] = 8  # 8 / 16
    pixels[0, 4] = 24  # 24 / 16
    assert area.shrunk(pixels, 1, 2)[0, :, 0].tolist() == [0, 2]


@pytest.mark.parametrize("size", [(40, 50), (97, 31), (100, 60)])
def test_other_factors_are_opencvs(size):
    pixels = noise(100, 120)
    assert np.array_equal(area.shrunk(pixels, *size), opencv(pixels, *size))


@pytest.mark.parametrize("by", [1, 2, 3, 5])
def test_a_window_is_cut_out_first(by):
    pixels = noise(90, 110)
    found = area.window(pixels, 7, 11, 15, 18, by)
    part = pixels[7 : 7 + 15 * by, 11 : 11 + 18 * by]
    assert np.array_equal(found, opencv(np.ascontiguousarray(part), 15, 18))
    strided = noise(90, 220)[:, ::2]
    part = strided[7 : 7 + 15 * by, 11 : 11 + 18 * by]
    assert np.array_equal(area.window(strided, 7, 11, 15, 18, by), opencv(part.copy(), 15, 18))


@pytest.mark.parametrize("shape", [(1, 400), (400, 2)])
def test_a_strip_narrower_than_a_square_is_what_there_is(shape):
    pixels = noise(*shape)
    high, wide = (max(n // 5, 1) for n in shape)
    wanted = opencv(pixels, high, wide)
    assert np.array_equal(area.window(pixels, 0, 0, high, wide, 5), wanted)
