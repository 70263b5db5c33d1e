"""A row at a time the blur of OpenCV, at the border and in pictures smaller than its reach too."""

import cv2
import numpy as np
import pytest

from iqmetrics.compiled import machine_code
from iqmetrics.nets.look import blur


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (3, 5), (9, 9), (40, 61), (100, 130)])
@pytest.mark.parametrize("sigma", [1.0, 1.6, 2.0])
def test_detail_is_what_the_blur_of_opencv_takes_away(size, sigma):
    grey = np.random.default_rng(len(size)).integers(0, 256, size, dtype=np.uint8)
    found = np.full(size, np.nan, np.float32)
    machine_code(blur.detail, "look", helpers=blur.HELPERS)(grey, blur.weights(sigma), found)
    numbers = grey.astype(np.float32)
    assert found == pytest.approx(numbers - cv2.GaussianBlur(numbers, (0, 0), sigma), abs=2e-4)


def test_weights_sum_to_one_and_fill_whole_groups():
    for sigma in (0.5, 1.0, 1.6, 3.0):
        found = blur.weights(sigma)
        assert (len(found) - 1) % blur.GROUP == 0
        assert found[0] + 2 * found[1:].sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("place", "inside"), [(-1, 1), (-3, 3), (4, 4), (5, 3), (8, 0), (9, 1)])
def test_what_lies_beyond_the_ends_is_mirrored(place, inside):
    assert blur.mirrored(place, 5) == inside
    assert np.pad(np.arange(5), 9, mode="reflect")[place + 9] == inside
