"""The compiled loops of the latent grid beside OpenCV and numpy."""

import cv2
import numpy as np
import pytest

from iqmetrics.compiled import machine_code
from iqmetrics.nets.look import lattice_kernels as kernels

detail, folded = (
    machine_code(kernel, "a test", helpers=kernels.HELPERS)
    for kernel in (kernels.detail, kernels.folded)
)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(width).normal(128, 30, (height, width)).astype(np.float32)


@pytest.mark.parametrize("size", [(9, 9), (40, 61), (33, 200)])
def test_detail_is_what_a_mean_leaves(size):
    luma = noise(*size)
    found = np.full(size, np.nan, np.float32)
    detail(luma, found)
    assert found == pytest.approx(luma - cv2.blur(luma, (5, 5)), abs=1e-4)


def sums_of(fine: np.ndarray, limit: float, periods: list[int]) -> np.ndarray:
    sums = np.full((len(periods), 2, max(periods), max(periods)), np.nan)
    folded(fine, limit, np.array(periods), sums)
    return sums


@pytest.mark.parametrize("periods", [(7, 9), (7, 14), (16, 8), (9, 18, 36)])
@pytest.mark.parametrize("size", [(50, 61), (18, 18), (40, 40)])
def test_folding_sums_whole_cells_only_and_calm_places_weigh_more(size, periods):
    fine = np.random.default_rng(5).normal(0, 2, size).astype(np.float32)
    sums = sums_of(fine, 3.0, list(periods))
    weight = 1 / (1 + cv2.sqrBoxFilter(fine, -1, (17, 17)))
    for k, p in enumerate(periods):
        for which, image in enumerate((np.clip(fine, -3, 3) * weight, weight)):
            high, wide = size[0] // p, size[1] // p
            whole = image[: high * p, : wide * p].astype(float)
            cells = whole.reshape(high, p, wide, p).sum((0, 2))
            assert sums[k, which, :p, :p] == pytest.approx(cells, rel=1e-4, abs=1e-4)


def test_beyond_a_period_nothing_is_written():
    sums = sums_of(np.ones((30, 30), np.float32), 1.0, [4, 8])
    assert np.isnan(sums[0, :, 4:]).all() and np.isnan(sums[0, :, :, 4:]).all()
    assert not np.isnan(sums[1]).any()


def test_plain_detail_weighs_half_where_its_square_is_one():
    sums = sums_of(np.ones((32, 32), np.float32), 6.0, [8])
    assert sums[0] == pytest.approx(np.full((2, 8, 8), 16 / 2), rel=1e-5)
    limited = sums_of(np.full((32, 32), 3.0, np.float32), 1.0, [8])
    assert limited[0, 0] == pytest.approx(np.full((8, 8), 16 / 10), rel=1e-5)
