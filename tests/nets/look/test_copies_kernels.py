"""The loops of repeated texture beside OpenCV, numpy and plain loops."""

import cv2
import numpy as np
import pytest

from iqmetrics.compiled import machine_code
from iqmetrics.nets.look import copies_kernels as kernels


def compiled(kernel):
    return machine_code(kernel, "a test", helpers=kernels.HELPERS)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return cv2.GaussianBlur(rng.integers(0, 256, (height, width), dtype=np.uint8), (0, 0), 1.2)


def corners(grey, least=1e-4, border=10):
    place, strength = np.empty(grey.size, np.int32), np.empty(grey.size, np.float32)
    count = compiled(kernels.corners)(grey, least, border, place, strength)
    return place[:count], strength[:count]


@pytest.mark.parametrize("border", [kernels.FRAME + 2, 10])
@pytest.mark.parametrize("size", [(60, 90), (31, 64), (21, 300), (21, 21)])
def test_corners_are_the_highest_of_opencv_within_five_pixels(size, border):
    grey = noise(*size)
    strength = cv2.cornerMinEigenVal(grey, 7)
    high = (strength == cv2.dilate(strength, np.ones((5, 5), np.uint8))) & (strength > 1e-4)
    inside = np.zeros(size, bool)
    inside[border:-border, border:-border] = True
    expected = np.flatnonzero(high & inside)
    place, found = corners(grey, border=border)
    assert place.tolist() == expected.tolist()
    assert found == pytest.approx(strength.ravel()[expected], abs=1e-7)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (20, 20), (7, 400), (400, 3), (20, 300)])
def test_pictures_smaller_than_a_window_have_no_corners(size):
    assert len(corners(noise(*size))[0]) == 0


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose])
def test_corners_turn_with_the_picture(turn):
    grey = noise(60, 60, 9)
    back = np.zeros((60, 60), bool)
    back.ravel()[corners(np.ascontiguousarray(turn(grey)))[0]] = True
    there = np.zeros((60, 60), bool)
    there.ravel()[corners(grey)[0]] = True
    assert there.any()
    assert np.array_equal(back, turn(there))


def test_an_edge_is_no_corner_and_a_negative_has_the_same_ones():
    edge = np.zeros((50, 50), np.uint8)
    edge[:, 25:] = 255
    corner = edge.copy()
    corner[:25] = 0
    assert len(corners(edge)[0]) == 0
    place, strength = corners(corner)
    y, x = np.divmod(place[strength.argmax()], 50)
    assert np.hypot(y - 25, x - 25) < 3
    assert np.array_equal(corners(255 - corner)[0], place)


def sketched(detail, places, least=0.5, cells=7):
    kept, rows = np.empty(len(places), np.intp), np.empty((len(places), cells**2), np.float32)
    count = compiled(kernels.sketches)(detail, places, least, kept, rows)
    return kept[:count], rows[:count]


def test_sketches_are_means_of_cells_without_level_and_of_length_one():
    detail = noise(80, 90).astype(np.float32)
    places = np.array([[20, 30], [79, 10], [10, 69]])
    kept, rows = sketched(detail, places)
    assert kept.tolist() == [0, 1, 2]
    for row, (x, y) in zip(rows, places, strict=True):
        cells = detail[y - 10 : y + 11, x - 10 : x + 11].reshape(7, 3, 7, 3).mean((1, 3)).ravel()
        cells -= cells.mean()
        assert row == pytest.approx(cells / np.linalg.norm(cells), abs=1e-5)


def test_windows_without_detail_are_left_out():
    detail = np.full((60, 60), 7, np.float32)
    detail[30:] = noise(30, 60)
    places = np.array([[20, 12], [20, 45], [30, 15]])
    kept, rows = sketched(detail, places, least=10.5)
    assert kept.tolist() == [1]
    assert np.isfinite(rows).all()


def test_sketches_know_neither_brightness_nor_contrast():
    detail, places = noise(40, 40).astype(np.float32), np.array([[20, 20], [12, 28]])
    one, other = (sketched(image, places, cells=3)[1] for image in (detail, 3 * detail + 50))
    assert other == pytest.approx(one, abs=1e-5)


def test_products_are_correlations_of_the_windows():
    detail = noise(60, 70).astype(np.float32)
    places = np.array([[20, 20], [40, 35], [25, 45]])
    first, second = np.array([0, 0, 1]), np.array([1, 0, 2])
    found = compiled(kernels.products)(detail, places, 21, first, second)
    cut = [detail[y - 10 : y + 11, x - 10 : x + 11].ravel() for x, y in places]
    expected = [np.corrcoef(cut[a], cut[b])[0, 1] for a, b in zip(first, second, strict=True)]
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("inner", [1, 4, 5, 6, 49])
def test_turned_is_a_product_of_matrices(inner):
    rng = np.random.default_rng(inner)
    columns = rng.normal(0, 1, (3, inner, kernels.BLOCK)).astype(np.float32)
    waves = rng.normal(0, 1, (8, inner)).astype(np.float32)
    out = np.full((3, 8, kernels.BLOCK), np.nan, np.float32)
    compiled(kernels.turned)(columns, waves, out)
    assert out == pytest.approx(waves @ columns, abs=1e-4)


def sketches(count: int, seed: int) -> np.ndarray:
    some = np.random.default_rng(seed).normal(0, 1, (count, 6)).astype(np.float32)
    return some / np.linalg.norm(some, axis=1, keepdims=True)


def blocks(rows: np.ndarray) -> np.ndarray:
    """Rows as the columns of blocks, zeros behind the last."""
    count = -(-len(rows) // kernels.BLOCK) * kernels.BLOCK
    padded = np.zeros((count, rows.shape[1]), np.float32)
    padded[: len(rows)] = rows
    return padded.reshape(-1, kernels.BLOCK, rows.shape[1]).transpose(0, 2, 1).copy()


def pairs(rows, places, least=0.6, far=20, most=4, bound=None):
    columns = blocks(rows if bound is None else bound)
    return compiled(kernels.close_pairs)(columns, rows, places, least, far, most)


@pytest.mark.parametrize("count", [2, 150, 256, 257, 700])
def test_pairs_are_the_likest_that_lie_far_away(count):
    places = np.random.default_rng(2).integers(0, 60, (count, 2))
    rows = sketches(count, 2)
    alike = rows @ rows.T
    apart = np.abs(places[:, None] - places[None]).max(-1) >= 20
    expected = []
    for a in range(count):
        later = np.flatnonzero((alike[a] > 0.6) & apart[a] & (np.arange(count) > a))
        expected += [(a, b) for b in sorted(later, key=lambda b: -alike[a, b])[:4]]
    assert pairs(rows, places).tolist() == [list(pair) for pair in expected]


def test_a_bound_that_is_too_high_changes_no_pair_and_one_below_the_least_hides_it():
    places = np.random.default_rng(3).integers(0, 60, (90, 2))
    rows = sketches(90, 3)
    found = pairs(rows, places)
    assert len(found) > 50
    assert np.array_equal(pairs(rows, places, bound=1.2 * rows), found)
    assert len(pairs(rows, places, bound=0.5 * rows)) == 0


def test_pairs_that_are_alike_but_near_or_not_alike_enough_are_none():
    places = np.array([[0, 0], [19, 0], [20, 0], [0, 20]])
    rows = np.array([[1], [0.75], [0.5], [0.25]], np.float32)

    def of_first(*rule):
        return [pair for pair in pairs(rows, places, *rule).tolist() if pair[0] == 0]

    assert of_first(0.125, 20, 4) == [[0, 2], [0, 3]]
    assert of_first(0.4, 20, 4) == [[0, 2]]
    assert of_first(0.125, 20, 1) == [[0, 2]]
    assert of_first(0.75, 1, 4) == [], "not above is not alike"
    assert pairs(rows[:0], places[:0]).shape == (0, 2)


def test_paint_is_the_highest_value_near_by_as_opencv_dilates():
    rng = np.random.default_rng(6)
    places, values = rng.integers(0, [50, 40], (30, 2)), rng.random(30).astype(np.float32)
    marks, found = np.zeros((40, 50), np.float32), np.zeros((40, 50), np.float32)
    np.maximum.at(marks, (places[:, 1], places[:, 0]), values)
    compiled(kernels.painted)(places, values, 8, found)
    assert np.array_equal(found, cv2.dilate(marks, np.ones((17, 17), np.uint8)))
