"""The compiled loops of `look` beside OpenCV, numpy and plain loops."""

import cv2
import numpy as np
import pytest

from iqmetrics.nets.look import kernels
from iqmetrics.nets.look.kernels import compiled


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return cv2.GaussianBlur(rng.integers(0, 256, (height, width), dtype=np.uint8), (0, 0), 1.2)


@pytest.mark.parametrize("size", [(60, 90), (31, 64), (9, 9)])
def test_corners_are_those_of_opencv(size):
    grey = noise(*size)
    found = np.zeros(size, np.float32)
    compiled(kernels.corner_strength)(grey, found)
    inside = np.s_[kernels.FRAME : -kernels.FRAME, kernels.FRAME : -kernels.FRAME]
    assert found[inside] == pytest.approx(cv2.cornerMinEigenVal(grey, 7)[inside], abs=1e-7)
    found[inside] = 0
    assert not found.any()


def test_windows_have_no_mean_and_length_one():
    detail = noise(80, 90).astype(np.float32)
    places = np.array([[20, 30], [79, 10], [10, 69]])
    rows = np.empty((3, 442), np.float32)
    compiled(kernels.unit_windows)(detail, places, rows)
    for row, (x, y) in zip(rows, places, strict=True):
        window = detail[y - 10 : y + 11, x - 10 : x + 11].ravel()
        window = window - window.mean()
        assert row[-1] == pytest.approx(np.linalg.norm(window), rel=1e-4)
        assert row[:-1] == pytest.approx(window / np.linalg.norm(window), abs=1e-5)


def test_pairs_are_the_likest_that_lie_far_away():
    rng = np.random.default_rng(2)
    places = rng.integers(0, 60, (150, 2))
    alike = rng.random((40, 110)).astype(np.float32)
    found = compiled(kernels.close_pairs)(alike, 40, places, 0.9, 20, 4)
    expected = []
    for a in range(40):
        later = [
            b
            for b in range(a + 1, 110)
            if alike[a, b] > 0.9 and np.abs(places[a + 40] - places[b + 40]).max() >= 20
        ]
        best = sorted(later, key=lambda b: -alike[a, b])[:4]
        expected += [(a + 40, b + 40) for b in best]
    assert len(expected) > 50
    assert found.tolist() == [list(pair) for pair in expected]


def test_gradients_at_edges_are_those_of_sobel():
    luma = noise(40, 200).astype(np.float32)
    blurred = cv2.GaussianBlur(luma, (0, 0), 1.0)
    edges = (np.random.default_rng(4).random(luma.shape) < 0.1).astype(np.uint8)
    edges[0, 0] = edges[-1, -1] = 255
    out = np.empty((2, np.count_nonzero(edges)), np.float32)
    assert compiled(kernels.edge_gradients)(edges, luma, blurred, out) == out.shape[1]
    for image, found in ((luma, out[0]), (blurred, out[1])):
        dx, dy = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
        assert found == pytest.approx(np.hypot(dx, dy)[edges > 0], abs=1e-2)


def test_folding_sums_whole_cells_only():
    rng = np.random.default_rng(5)
    images = rng.random((2, 50, 61)).astype(np.float32)
    sums = np.full((2, 2, 9, 9), np.nan)
    compiled(kernels.folded)(*images, np.array([7, 9]), sums)
    for k, p in enumerate((7, 9)):
        for which, image in enumerate(images):
            whole = image[: 50 // p * p, : 61 // p * p].astype(float)
            cells = whole.reshape(50 // p, p, 61 // p, p).sum((0, 2))
            assert sums[k, which, :p, :p] == pytest.approx(cells, rel=1e-5)


def test_weights_fall_with_power_and_detail_is_limited():
    detail = np.array([[-9.0, 0.5, 9.0]], np.float32)
    power = np.array([[1.0, 0.0, 3.0]], np.float32)
    compiled(kernels.weigh)(detail, power, 6.0)
    assert power.tolist() == [[0.5, 1.0, 0.25]]
    assert detail.tolist() == [[-3.0, 0.5, 1.5]]


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
