"""The compiled loops of `look` beside OpenCV, numpy and plain loops."""

import cv2
import numpy as np
import pytest
from PIL import Image

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


def sketches(count: int, seed: int) -> np.ndarray:
    some = np.random.default_rng(seed).normal(0, 1, (count, 6)).astype(np.float32)
    return some / np.linalg.norm(some, axis=1, keepdims=True)


def test_pairs_are_the_likest_that_lie_far_away():
    places = np.random.default_rng(2).integers(0, 60, (150, 2))
    rows = sketches(150, 2)
    alike = rows[40:80] @ rows[40:].T
    found = compiled(kernels.close_pairs)(alike, rows, 40, places, 0.6, 20, 4)
    expected = []
    for a in range(40):
        later = [
            b
            for b in range(a + 1, 110)
            if alike[a, b] > 0.6 and np.abs(places[a + 40] - places[b + 40]).max() >= 20
        ]
        best = sorted(later, key=lambda b: -alike[a, b])[:4]
        expected += [(a + 40, b + 40) for b in best]
    assert len(expected) > 50
    assert found.tolist() == [list(pair) for pair in expected]


def test_a_bound_that_is_too_high_changes_no_pair_and_one_below_the_least_hides_it():
    places = np.random.default_rng(3).integers(0, 60, (90, 2))
    rows = sketches(90, 3)
    close, exact = compiled(kernels.close_pairs), rows @ rows.T
    found = close(exact, rows, 0, places, 0.6, 20, 4)
    assert len(found) > 50
    assert np.array_equal(close(exact + np.float32(0.3), rows, 0, places, 0.6, 20, 4), found)
    assert len(close(np.full_like(exact, 0.5), rows, 0, places, 0.6, 20, 4)) == 0


def test_products_are_those_of_the_pairs():
    rows = sketches(30, 4)
    first, second = np.array([0, 7, 29]), np.array([3, 7, 1])
    found = compiled(kernels.products)(rows, first, second)
    assert found == pytest.approx((rows[first] * rows[second]).sum(1), abs=1e-6)
    assert found[1] == pytest.approx(1)


@pytest.mark.parametrize("size", [(60, 90), (21, 64), (20, 20), (8, 30)])
def test_tops_are_the_highest_within_five_pixels(size):
    strength = np.random.default_rng(7).integers(0, 40, size).astype(np.float32)
    found = np.ones(size, np.bool_)
    compiled(kernels.tops)(strength, 30.0, 10, found)
    expected = (strength == cv2.dilate(strength, np.ones((5, 5), np.uint8))) & (strength > 30)
    expected[:10] = expected[-10:] = expected[:, :10] = expected[:, -10:] = False
    assert np.array_equal(found, expected)
    assert found.any() == (min(size) > 20)


def test_ratios_at_edges_are_those_of_sobel():
    luma = noise(40, 200).astype(np.float32)
    blurred = cv2.GaussianBlur(luma, (0, 0), 1.0)
    edges = (np.random.default_rng(4).random(luma.shape) < 0.1).astype(np.uint8)
    edges[0, 0] = edges[-1, -1] = 255
    before, after = (
        np.hypot(cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1))[edges > 0]
        for image in (luma, blurred)
    )
    out = np.empty(len(before), np.float32)
    clear, count = compiled(kernels.edge_ratios)(edges, luma, blurred, 20.0, out)
    ratio = before[before > 20] / after[before > 20]
    assert clear == len(ratio) > 100
    assert 0 < count < clear
    assert out[:count] == pytest.approx(ratio[ratio > 1.01], rel=1e-4)


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


def planes(pixels: np.ndarray) -> dict[str, np.ndarray]:
    luma = np.full(pixels.shape[:2], np.nan, np.float32)
    found = [luma, *(np.full(pixels.shape[:2], 99, np.uint8) for _ in range(3))]
    compiled(kernels.light_and_solid)(pixels, *found)
    return dict(zip(("luma", "grey", "blown", "crushed"), found, strict=True))


def test_luma_is_that_of_pillow():
    pixels = np.random.default_rng(6).integers(0, 256, (33, 57, 3), dtype=np.uint8)
    found = planes(pixels)
    pillow = np.asarray(Image.fromarray(pixels).convert("L"), int)
    assert np.abs(found["grey"].astype(int) - pillow).max() <= 1, "which rounds by 16-bit parts"
    assert found["luma"] == pytest.approx(pixels @ np.array([0.299, 0.587, 0.114]), abs=1e-4)
    assert (found["grey"] == np.rint(found["luma"])).all()


@pytest.mark.parametrize(
    ("rgb", "luma", "blown", "crushed"),
    [
        ((255, 255, 255), 255, 1, 0),
        ((254, 254, 254), 254, 1, 0),
        ((255, 255, 253), 254.772, 0, 0),
        ((2, 2, 2), 2, 0, 1),
        ((0, 0, 3), 0.342, 0, 0),
        ((0, 0, 0), 0, 0, 1),
    ],
)
def test_a_pixel_is_blown_or_crushed_in_all_channels(rgb, luma, blown, crushed):
    found = planes(np.array([[rgb]], np.uint8))
    assert found["luma"][0, 0] == pytest.approx(luma, abs=1e-3)
    assert (found["blown"][0, 0], found["crushed"][0, 0]) == (blown, crushed)


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose])
def test_corners_turn_with_the_picture(turn):
    grey = noise(40, 40, 9)
    there, back = (np.zeros((40, 40), np.float32) for _ in range(2))
    compiled(kernels.corner_strength)(grey, there)
    compiled(kernels.corner_strength)(np.ascontiguousarray(turn(grey)), back)
    assert there.any()
    assert back == pytest.approx(turn(there), abs=1e-7)


def test_an_edge_is_no_corner_and_a_negative_has_the_same_ones():
    edge = np.zeros((30, 30), np.uint8)
    edge[:, 15:] = 255
    corner = edge.copy()
    corner[:15] = 0
    flat, found, negative = (np.zeros((30, 30), np.float32) for _ in range(3))
    compiled(kernels.corner_strength)(edge, flat)
    compiled(kernels.corner_strength)(corner, found)
    compiled(kernels.corner_strength)(255 - corner, negative)
    assert flat.max() == 0
    assert np.hypot(*(np.array(np.unravel_index(found.argmax(), found.shape)) - 15)) < 3
    assert np.array_equal(found, negative)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (7, 40), (40, 3)])
def test_pictures_smaller_than_a_corner_have_none(size):
    found = np.zeros(size, np.float32)
    compiled(kernels.corner_strength)(noise(*size), found)
    assert not found.any()


def test_a_flat_window_stays_finite_and_has_no_length():
    rows = np.empty((1, 10), np.float32)
    compiled(kernels.unit_windows)(np.full((9, 9), 7, np.float32), np.array([[4, 4]]), rows)
    assert rows.tolist() == [[0.0] * 10]


def test_windows_know_neither_brightness_nor_contrast():
    detail, places = noise(40, 40).astype(np.float32), np.array([[20, 20], [10, 30]])
    one, other = (np.empty((2, 50), np.float32) for _ in range(2))
    compiled(kernels.unit_windows)(detail, places, one)
    compiled(kernels.unit_windows)(3 * detail + 50, places, other)
    assert other[:, :-1] == pytest.approx(one[:, :-1], abs=1e-5)
    assert other[:, -1] == pytest.approx(3 * one[:, -1], rel=1e-4)


def test_pairs_that_are_alike_but_near_or_not_alike_enough_are_none():
    places = np.array([[0, 0], [19, 0], [20, 0], [0, 20]])
    rows = np.array([[1], [0.75], [0.5], [0.25]], np.float32)
    alike = rows[:1] @ rows.T
    pairs = compiled(kernels.close_pairs)
    assert pairs(alike, rows, 0, places, 0.125, 20, 4).tolist() == [[0, 2], [0, 3]]
    assert pairs(alike, rows, 0, places, 0.4, 20, 4).tolist() == [[0, 2]]
    assert pairs(alike, rows, 0, places, 0.125, 20, 1).tolist() == [[0, 2]]
    assert pairs(alike, rows, 0, places, 0.75, 1, 4).tolist() == [], "not above is not alike"
    assert pairs(alike[:0], rows, 0, places, 0.8, 20, 4).shape == (0, 2)


def test_no_edges_no_ratios():
    luma = noise(30, 30).astype(np.float32)
    out, none = np.empty(0, np.float32), np.zeros((30, 30), np.uint8)
    assert compiled(kernels.edge_ratios)(none, luma, luma, 20.0, out) == (0, 0)


@pytest.mark.parametrize("rgb", [(0, 0, 0), (255, 255, 255), (119, 119, 119)])
def test_greys_have_neither_a_nor_b(rgb):
    linear = np.where(
        np.arange(256) <= 10,
        np.arange(256) / 255 / 12.92,
        ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
    )
    out = np.empty((1, 1, 3))
    compiled(kernels.lab)(np.array([[rgb]], np.uint8), linear, out)
    light = {0: 0, 255: 100, 119: 50.03}[rgb[0]]
    assert out.ravel() == pytest.approx([light, 0, 0], abs=0.02)


def test_counts_and_sums_add_up_over_pieces():
    pixels = np.random.default_rng(8).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    lab = np.random.default_rng(8).normal(30, 40, (20, 30, 3))
    whole, pieces = np.zeros((3, 256), np.int64), np.zeros((3, 256), np.int64)
    sums, parts = np.zeros(4), np.zeros(4)
    compiled(kernels.light_counts)(pixels, whole)
    compiled(kernels.colour_sums)(lab, 10.0, sums)
    for rows in np.array_split(np.arange(20), 3):
        compiled(kernels.light_counts)(pixels[rows], pieces)
        compiled(kernels.colour_sums)(lab[rows], 10.0, parts)
    assert np.array_equal(whole, pieces)
    assert parts == pytest.approx(sums, rel=1e-12)
