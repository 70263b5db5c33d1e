"""Energies, quiet patches and products of colours, beside scipy and plain numpy."""

import numpy as np
import pytest
from scipy.fft import dctn

from iqmetrics.nets.grain import cuts
from iqmetrics.nets.grain.bands import _dct
from iqmetrics.nets.grain.cuts import compiled


def test_energies_are_weighted_squares_of_a_dct_every_seven_pixels_and_last_fourth_powers():
    rng = np.random.default_rng(0)
    luma = rng.normal(100, 30, (32, 71)).astype(np.float32)
    members = (rng.random((8, 64)) * (rng.random((8, 64)) < 0.3)).astype(np.float32)
    members[:, 0] = 0
    found = np.full((8, 4, 10), np.nan, np.float32)
    compiled(cuts.energies)(luma, _dct().astype(np.float32), members, found)
    for i in range(4):
        for j in range(10):
            part = luma[7 * i : 7 * i + 8, 7 * j : 7 * j + 8].astype(np.float64)
            square = dctn(part, norm="ortho").ravel() ** 2
            assert found[:-1, i, j] == pytest.approx(members[:-1] @ square, rel=1e-4)
            assert found[-1, i, j] == pytest.approx(members[-1] @ square**2, rel=1e-4)


@pytest.mark.parametrize(("per_tile", "kept"), [(6, 9), (10, 25), (6, 36)])
def test_quiet_patches_speak_for_their_tile(per_tile, kept):
    energies = np.random.default_rng(kept).gamma(2, 3, (8, 2 * per_tile, 3 * per_tile))
    energies = energies.astype(np.float32)
    found = np.full((10, 2, 3), np.nan, np.float32)
    compiled(cuts.quiet)(energies, per_tile, kept, 0.01, found)
    for i in range(2):
        for j in range(3):
            down, across = (slice(k * per_tile, (k + 1) * per_tile) for k in (i, j))
            tile = energies[:, down, across].reshape(8, -1).astype(np.float64)
            least = np.argsort(5 * tile[0] + 4 * tile[1])[:kept]
            assert found[:8, i, j] == pytest.approx(tile[:, least].mean(1), rel=1e-5)
            every = np.log(np.array([18, 21, 15]) @ tile[2:5] / 54 + 0.01)
            assert found[8:, i, j] == pytest.approx([every.mean(), every.std(ddof=1)], rel=1e-5)


def test_of_patches_as_quiet_as_the_last_that_counts_all_do():
    energies = np.ones((8, 6, 6), np.float32)
    energies[:, 3:] = 2
    energies[2, 0, 0] = 19
    found = np.full((10, 1, 1), np.nan, np.float32)
    compiled(cuts.quiet)(energies, 6, 9, 0.01, found)
    assert found[:5, 0, 0] == pytest.approx([1, 1, 2, 1, 1])


@pytest.mark.parametrize("side", [10, 11])
def test_colours_are_means_of_products_of_fine_detail(side):
    half = np.random.default_rng(side).normal(100, 9, (3 * side + 4, 4 * side + 3, 3))
    half = half.astype(np.float32)
    found = np.full((3, 4, 6), np.nan, np.float32)
    compiled(cuts.colours)(half, side, found)
    even = side // 2 * 2
    for i in range(3):
        for j in range(4):
            tile = half[i * side : i * side + even, j * side : j * side + even].astype(np.float64)
            fine = tile[::2, ::2] - tile[1::2, ::2] - tile[::2, 1::2] + tile[1::2, 1::2]
            r, g, b = fine.reshape(-1, 3).T
            expected = [(x * y).mean() for x, y in ((r, r), (g, g), (b, b), (r, g), (g, b), (r, b))]
            assert found[i, j] == pytest.approx(expected, rel=1e-4, abs=1e-2)
