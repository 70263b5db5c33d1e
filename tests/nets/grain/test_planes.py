"""Luma and halves of a window, beside plain numpy and what torch does on a GPU."""

import numpy as np
import pytest

from iqmetrics.colour import LUMA
from iqmetrics.nets.grain.planes import planes


@pytest.mark.parametrize(("top", "left"), [(0, 0), (3, 5), (10, 0)])
def test_planes_are_those_of_numpy(top, left):
    pixels = np.random.default_rng(top).integers(0, 256, (50, 71, 3), dtype=np.uint8)
    luma, half, half_luma = planes(pixels, top, left, 40, 64)
    part = pixels[top : top + 40, left : left + 64].astype(np.float64)
    means = part.reshape(20, 2, 32, 2, 3).mean((1, 3))
    assert luma == pytest.approx(part @ LUMA, abs=1e-4)
    assert np.array_equal(half, means)
    assert half_luma == pytest.approx(means @ LUMA, abs=1e-4)


def test_white_and_a_view_do_not_overflow():
    pixels = np.full((40, 80, 3), 255, np.uint8)[:, ::2]
    luma, half, half_luma = planes(pixels, 0, 0, 40, 40)
    assert (half == 255).all()
    assert luma == pytest.approx(255, abs=1e-4)
    assert half_luma == pytest.approx(255, abs=1e-4)
