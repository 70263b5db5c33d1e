"""Patches, energies and products of colours, beside plain numpy and what torch does on a GPU."""

import numpy as np
import pytest

from iqmetrics.nets.grain import cuts
from iqmetrics.nets.grain.cuts import compiled


def test_patches_start_every_seven_pixels():
    luma = np.random.default_rng(0).random((50, 71), np.float32)
    found = np.full((3, 9, 64), np.nan, np.float32)
    compiled(cuts.patches)(luma, 2, found)
    for i in range(3):
        for j in range(9):
            part = luma[7 * (i + 2) : 7 * (i + 2) + 8, 7 * j : 7 * j + 8]
            assert np.array_equal(found[i, j], part.ravel())


def test_energies_are_weighted_squares_and_in_the_last_row_fourth_powers():
    rng = np.random.default_rng(1)
    waves = rng.normal(0, 3, (64, 101)).astype(np.float32)
    members = (rng.random((8, 64)) * (rng.random((8, 64)) < 0.3)).astype(np.float32)
    found = np.full((8, 101), np.nan, np.float32)
    compiled(cuts.energies)(waves, members, found)
    square = waves.astype(np.float64) ** 2
    assert found[:-1] == pytest.approx(members[:-1] @ square, rel=1e-5)
    assert found[-1] == pytest.approx(members[-1] @ square**2, rel=1e-5)


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
