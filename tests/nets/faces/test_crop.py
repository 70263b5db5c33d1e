import numpy as np
import pytest

from iqmetrics.nets.faces.crop import Square, cut, placed, planned


def ramp(height=60, width=80):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 3, y * 4, np.zeros_like(x)], -1).astype(np.uint8)


def test_an_upright_square_of_the_same_size_is_a_slice():
    pixels = ramp()
    assert (cut(pixels, Square(40, 30, 20), 20) == pixels[20:40, 30:50]).all()


def test_a_quarter_turn_is_a_rotation_of_the_array():
    pixels = ramp()
    turned = cut(pixels, Square(40, 30, 20, np.pi / 2), 20)
    expected = np.rot90(pixels[20:40, 30:50])
    assert np.abs(turned.astype(int) - expected).max() <= 4


def test_shrinking_averages_instead_of_picking():
    checks = np.zeros((64, 64, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 200
    small = cut(checks, Square(32, 32, 64), 16)
    assert small[2:-2, 2:-2].min() >= 99 and small[2:-2, 2:-2].max() <= 101


def test_outside_the_picture_the_border_repeats():
    out = cut(np.full((20, 20, 3), 77, np.uint8), Square(0, 0, 30), 30)
    assert (out == 77).all()


@pytest.mark.parametrize("x", [-500.0, 1000.0])
def test_a_square_far_outside_still_gives_pixels(x):
    assert cut(ramp(), Square(x, 10, 40), 16).shape == (16, 16, 3)


def test_points_go_there_and_back():
    square = Square(31.5, 12.25, 40, 0.3)
    points = np.random.default_rng(0).normal(20, 10, (9, 3))
    back = square.from_image(square.to_image(points, 192), 192)
    np.testing.assert_allclose(back, points, atol=1e-9)


def test_a_plan_leads_from_the_cut_out_to_where_the_square_is():
    square, corners = Square(310.4, 205.7, 180.0, 0.4), np.array([[0.5, 0.5], [64.5, 0.5], [9, 40]])
    plan = planned((400, 600), square, 64)
    at = (corners - 0.5) @ plan.matrix[:, :2].T + plan.matrix[:, 2]
    seen = (at + 0.5) * plan.shrink + [plan.left, plan.top]
    assert plan.shrink == 2
    assert seen == pytest.approx(square.to_image(corners, 64), abs=1e-9)


def test_points_of_many_squares_are_placed_as_those_of_each():
    squares = [Square(31.5, 12.25, 40, 0.3), Square(-4, 90, 7, -1.2)]
    for shape in ((2, 9, 3), (2, 2, 9, 2)):
        points = np.random.default_rng(1).normal(20, 10, shape)
        wanted = [s.to_image(p, 192) for s, p in zip(squares, points.copy(), strict=True)]
        np.testing.assert_allclose(placed(points, squares, 192), wanted, atol=1e-9)
    assert placed(np.zeros((0, 468, 3)), [], 192).shape == (0, 468, 3)


def test_the_middle_of_the_cut_out_is_the_middle_of_the_square():
    at = Square(10, 20, 8, 1.1).to_image(np.array([[96.0, 96.0]]), 192)
    np.testing.assert_allclose(at, [[10, 20]], atol=1e-9)


def test_rounding_hides_float_noise():
    a, b = Square(10.01, 5, 40, 0.1), Square(10.01 + 1e-9, 5, 40, 0.1 - 1e-9)
    assert a != b and a.rounded() == b.rounded()
