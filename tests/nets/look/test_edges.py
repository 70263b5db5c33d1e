"""Edges and what a blur does to them, beside OpenCV."""

import cv2
import numpy as np
import pytest

from iqmetrics.nets.look import edges as kernels
from iqmetrics.nets.look.edges import compiled


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return cv2.GaussianBlur(rng.integers(0, 256, (height, width), dtype=np.uint8), (0, 0), 1.2)


def canny(grey: np.ndarray, low: int = 30, high: int = 90) -> np.ndarray:
    height, width = grey.shape
    marks = np.zeros((height + 2, width + 2), np.uint8)
    found = np.empty(height * width, np.int32)
    count = compiled(kernels.edges)(grey, low, high, marks, found)
    inside = marks[1:-1, 1:-1]
    assert count == np.count_nonzero(inside) == np.count_nonzero(marks)
    return inside


@pytest.mark.parametrize("size", [(2, 2), (2, 40), (40, 2), (31, 64), (60, 90), (300, 200)])
@pytest.mark.parametrize("blur", [0, 0.8, 2.5])
def test_edges_are_those_of_opencv(size, blur):
    grey = np.random.default_rng(len(size)).integers(0, 256, size, dtype=np.uint8)
    grey = cv2.GaussianBlur(grey, (0, 0), blur) if blur else grey
    for low, high in ((30, 90), (5, 10), (100, 400)):
        assert np.array_equal(canny(grey, low, high), cv2.Canny(grey, low, high))


def test_shapes_drawn_at_every_slope_have_the_edges_of_opencv():
    grey = np.full((300, 300), 40, np.uint8)
    cv2.ellipse(grey, (150, 150), (120, 70), 30, 0, 360, 200, -1, cv2.LINE_AA)
    grey[::2, 200:] = np.minimum(grey[::2, 200:], 90)
    assert canny(grey).any()
    assert np.array_equal(canny(grey), cv2.Canny(grey, 30, 90))


def test_a_faint_edge_counts_only_where_a_strong_one_leads_to_it():
    grey = np.full((60, 60), 100, np.uint8)
    grey[:, 30:] = 115  # 4 x 15 is more than 30 and less than 90
    assert not canny(grey).any()
    grey[:3, 30:] = 200
    assert canny(grey)[10:50].any(1).all()


def slopes(image):
    return np.hypot(cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1))


def test_ratios_at_edges_are_those_of_sobel():
    luma = noise(40, 200).astype(np.float32)
    blurred = cv2.GaussianBlur(luma, (0, 0), 1.0)
    edges = (np.random.default_rng(4).random(luma.shape) < 0.1).astype(np.uint8)
    edges[0, 0] = edges[-1, -1] = 255
    before, after = slopes(luma)[edges > 0], slopes(blurred)[edges > 0]
    out = np.empty(len(before), np.float32)
    clear, count = compiled(kernels.edge_ratios)(edges, luma, blurred, 20.0, out)
    ratio = before[before > 20] / after[before > 20]
    assert clear == len(ratio) > 100
    assert 0 < count < clear
    assert out[:count] == pytest.approx(ratio[ratio > 1.01], rel=1e-4)


def test_ratios_at_the_border_are_those_of_opencv():
    luma = noise(40, 60, 5).astype(np.float32)
    blurred = cv2.GaussianBlur(luma, (0, 0), 1.0)
    border = np.ones(luma.shape, np.uint8)
    border[1:-1, 1:-1] = 0
    before, after = slopes(luma)[border > 0], slopes(blurred)[border > 0]
    out = np.empty(len(before), np.float32)
    _, count = compiled(kernels.edge_ratios)(border, luma, blurred, 20.0, out)
    ratio = before[before > 20] / after[before > 20]
    assert count > 10
    assert out[:count] == pytest.approx(ratio[ratio > 1.01], rel=1e-4)


def test_no_edges_no_ratios():
    luma = noise(30, 30).astype(np.float32)
    out, none = np.empty(0, np.float32), np.zeros((30, 30), np.uint8)
    assert compiled(kernels.edge_ratios)(none, luma, luma, 20.0, out) == (0, 0)
