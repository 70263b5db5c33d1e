import cv2
import numpy as np
import pytest

from iqmetrics.nets.look.focus import ENOUGH_EDGES, edge_width


def stripes(sigma: float) -> np.ndarray:
    pixels = np.zeros((300, 300), np.float32)
    for start in range(20, 300, 60):
        pixels[:, start : start + 30] = 200
    return cv2.GaussianBlur(pixels + 20, (0, 0), sigma) if sigma else pixels + 20


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0])
def test_the_width_of_a_blurred_edge_is_its_sigma(sigma):
    width, edges = edge_width(stripes(sigma))
    assert edges >= ENOUGH_EDGES
    assert width == pytest.approx(sigma, rel=0.3)


def test_more_blur_is_wider():
    widths = [edge_width(stripes(s))[0] for s in (0, 0.7, 1.2, 2.5)]
    assert widths == sorted(widths)
    assert widths[0] < 0.9


def test_a_sharp_subject_counts_before_a_soft_background():
    half = stripes(3.0)
    half[:150] = stripes(0.7)[:150]
    assert edge_width(half)[0] < 1.3


def test_without_edges_there_is_no_width():
    assert edge_width(np.full((200, 200), 99, np.float32)) == (None, 0)
