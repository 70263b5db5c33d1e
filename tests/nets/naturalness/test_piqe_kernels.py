"""The pixel loops of PIQE, run as plain Python."""

import naturalness_reference as reference
import numpy as np
import pytest
from naturalness_pictures import noise

from iqmetrics.nets.naturalness import piqe_kernels as kernels


def test_gray_is_stretched_to_the_brightest_pixel() -> None:
    rgb = noise(12, 15)
    out = np.empty((12, 15), np.uint8)
    kernels.stretched_gray(rgb, out)
    assert out.max() == 255
    assert np.array_equal(out, reference.stretched_gray(rgb))


def test_spread_is_the_standard_deviation() -> None:
    values = np.array([1.0, 4.0, 4.0, 7.5, 0.25, 3.0])
    assert kernels.spread(values) == pytest.approx(values.std(ddof=1))
    assert kernels.deviation(6.0, 12.0, 3) == 0


def test_a_flat_piece_of_six_is_found_anywhere() -> None:
    wavy = np.array([1.0, -1.0] * 8)
    assert not kernels.flat_piece(wavy)
    for start in range(11):
        border = wavy.copy()
        border[start : start + 6] = 0.5
        assert kernels.flat_piece(border), start
    border = wavy.copy()
    border[5:10] = 0.5
    assert not kernels.flat_piece(border), "five are not enough"


def test_blocks_know_variance_noise_and_impairment() -> None:
    rng = np.random.default_rng(3)
    image = np.full((16, 48), 120, np.uint8)
    image[:, 16:32] = rng.integers(0, 255, (16, 16))  # noise to the rim
    image[4:12, 38:42] = rng.integers(0, 255, (8, 4))  # noise inside a flat rim
    out = np.empty((1, 3, 3))
    kernels.piqe_blocks(image, out)
    variance, noisy, impaired = out[0].T
    assert variance[1] > 0.1 and noisy[1] == 1 and impaired[1] == 0
    assert impaired[2] == 1, "its rim is flat"
    field = reference.mscn(image.astype(float), "edge")
    assert variance == pytest.approx(
        [field[:, k : k + 16].var(ddof=1) for k in (0, 16, 32)], abs=1e-9
    )
