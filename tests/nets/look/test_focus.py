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


@pytest.mark.parametrize("shape", [(1, 4000), (4000, 1), (1, 1)])
def test_a_line_of_pixels_has_no_width(shape):
    noise = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    assert edge_width(noise) == (None, 0)


def test_without_edges_there_is_no_width():
    assert edge_width(np.full((200, 200), 99, np.float32)) == (None, 0)


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose, lambda a: 255 - a])
def test_the_width_is_that_of_the_picture_turned_or_in_negative(turn):
    luma = stripes(1.4)
    turned = np.ascontiguousarray(turn(luma))
    assert edge_width(turned)[0] == pytest.approx(edge_width(luma)[0], rel=0.05)


def test_rounded_luma_given_or_made_is_the_same():
    luma = stripes(1.2)
    assert edge_width(luma, np.rint(luma).astype(np.uint8)) == edge_width(luma)


def test_contrast_and_brightness_do_not_make_edges_wider():
    luma = stripes(1.5)
    for contrast in (0.6, 0.25):
        found = edge_width(luma * contrast + 40)[0]
        assert found == pytest.approx(edge_width(luma)[0], rel=0.02)


def test_faint_or_few_edges_are_no_width():
    faint = 100 + (stripes(1.0) - 20) * 0.02
    assert edge_width(faint)[0] is None
    spot = np.full((200, 200), 50, np.float32)
    spot[100:104, 100:104] = 200
    assert edge_width(spot)[0] is None
