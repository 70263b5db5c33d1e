"""The pixel loops, run as plain Python, against a dense reference."""

import naturalness_reference as reference
import numpy as np
import pytest
from naturalness_pictures import noise
from numpy.typing import NDArray

from iqmetrics.nets.naturalness import kernels


def gray(height: int, width: int) -> NDArray[np.uint8]:
    return reference.gray(noise(height, width)).astype(np.uint8)


def test_gray_is_matlabs() -> None:
    rgb = noise(21, 17)
    out = np.empty((21, 17), np.uint8)
    kernels.matlab_gray(rgb, out)
    assert np.array_equal(out, reference.gray(rgb))


def test_gray_of_gray_is_itself() -> None:
    levels = np.arange(256, dtype=np.uint8)
    rgb = np.repeat(levels[None, :, None], 3, axis=2)
    out = np.empty((1, 256), np.uint8)
    kernels.matlab_gray(rgb, out)
    assert np.array_equal(out[0], levels)


@pytest.mark.parametrize("size", [(16, 24), (17, 23), (9, 8)])
def test_half_size_is_imresize(size: tuple[int, int]) -> None:
    image = gray(*size)
    out = np.empty(((size[0] + 1) // 2, (size[1] + 1) // 2))
    kernels.half_size(image, out)
    assert out == pytest.approx(reference.half(image.astype(float)), abs=1e-12)


def test_half_of_a_flat_image_is_exactly_flat() -> None:
    out = np.empty((8, 8))
    kernels.half_size(np.full((16, 16), 137, np.uint8), out)
    assert (out == 137).all()


def test_halving_weights_sum_to_one() -> None:
    assert 2 * (kernels.H0 + kernels.H1 + kernels.H2 + kernels.H3) == 1


@pytest.mark.parametrize(("zero", "mode"), [(False, "edge"), (True, "constant")])
def test_mscn_rows_are_those_of_a_dense_window(zero: bool, mode: str) -> None:
    image = gray(19, 23)
    expected = reference.mscn(image.astype(float), mode)
    mean, square, out = np.empty(29), np.empty(29), np.zeros(25)
    for i in range(19):
        kernels.mscn_row(image, i, zero, mean, square, out)
        assert out[1:-1] == pytest.approx(expected[i], abs=1e-9), i


def test_flat_and_linear_areas_are_exactly_zero() -> None:
    ramp = np.repeat(np.arange(40, dtype=np.uint8)[None] * 3, 20, axis=0)
    mean, square, out = np.empty(46), np.empty(46), np.zeros(42)
    for image in (np.full((20, 40), 201, np.uint8), ramp):
        kernels.mscn_row(image, 10, False, mean, square, out)
        assert (out[4:-4] == 0).all()


def test_tally_counts_both_sides() -> None:
    sums = np.zeros(5)
    kernels.tally(np.array([1.0, -2.0, 0.0, 3.0]), np.array([2.0, 1.0, 5.0, -1.0]), sums)
    assert sums.tolist() == [2, 4 + 9, 1, 4, 2 + 2 + 3]


@pytest.mark.parametrize("block", [(8, 12), (24, 36)])
def test_pair_sums_wrap_within_blocks(block: tuple[int, int]) -> None:
    image = gray(24, 36)
    field = reference.mscn(image.astype(float), "edge")
    rows, columns = 24 // block[0], 36 // block[1]
    sums = np.zeros((rows, columns, 5, 5))
    kernels.pair_sums(image, *block, False, sums)
    for r in range(rows):
        for c in range(columns):
            part = field[r * block[0] : (r + 1) * block[0], c * block[1] : (c + 1) * block[1]]
            shifts = ((0, 1), (1, 0), (1, 1), (1, -1))
            maps = [part, *(part * np.roll(part, shift, (0, 1)) for shift in shifts)]
            expected = [
                [
                    (v < 0).sum(),
                    (v[v < 0] ** 2).sum(),
                    (v > 0).sum(),
                    (v[v > 0] ** 2).sum(),
                    np.abs(v).sum(),
                ]
                for v in maps
            ]
            assert sums[r, c] == pytest.approx(np.array(expected), abs=1e-8)


def test_mirrored_repeats_the_border_pixel() -> None:
    assert [kernels.mirrored(k, 4) for k in range(-4, 9)] == [3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0]
