"""Rotated squares: points there and back, MediaPipe's two rules on known hands, crops."""

import numpy as np
import pytest

from iqmetrics.nets.hands.region import OUTSIDE, Region, crop, of_landmarks, of_palm


def test_the_middle_of_a_crop_is_the_centre_of_its_region():
    region = Region(120.0, 80.0, 50.0, 0.7)
    assert region.to_image(np.array([[112.0, 112.0]]), 224)[0] == pytest.approx([120, 80])


def test_a_straight_region_spans_its_side():
    corners = Region(100.0, 100.0, 40.0, 0.0).to_image(np.array([[0.0, 0.0], [10.0, 10.0]]), 10)
    assert corners == pytest.approx(np.array([[80.0, 80.0], [120.0, 120.0]]))


def test_up_in_the_crop_is_the_direction_of_the_angle():
    region = Region(0.0, 0.0, 10.0, np.pi / 2)  # fingers to the right
    low, high = region.to_image(np.array([[5.0, 10.0], [5.0, 0.0]]), 10)
    assert high - low == pytest.approx([10, 0], abs=1e-9)


def test_grown_keeps_centre_and_angle():
    assert Region(1.0, 2.0, 10.0, 0.3).grown(1.5) == Region(1.0, 2.0, 15.0, 0.3)


def test_palm_rule_shifts_half_a_box_towards_the_fingers_and_grows_2_6():
    box = np.array([40.0, 40.0, 60.0, 60.0])
    region = of_palm(box, np.float32([50, 60]), np.float32([50, 40]))
    assert (region.x, region.y, region.side, region.angle) == pytest.approx((50, 40, 52, 0))


def test_landmark_region_turns_with_the_hand():
    rng = np.random.default_rng(2)
    points = rng.normal(0, 20, (21, 2)) + np.array([200, 200])
    points[0], points[9] = (200, 260), (200, 190)
    points[5], points[13] = (180, 195), (220, 195)
    straight = of_landmarks(points)
    assert straight.angle == pytest.approx(0)
    a = 0.6
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    turned = of_landmarks((points - 200) @ turn.T + 200)
    assert turned.angle == pytest.approx(a)
    assert turned.side == pytest.approx(straight.side)
    centre = turn @ (np.array([straight.x, straight.y]) - 200) + 200
    assert (turned.x, turned.y) == pytest.approx(tuple(centre))


@pytest.mark.parametrize("side", [32, 64, 160, 640])
def test_a_crop_of_a_ramp_holds_the_ramp(side):
    y, x = np.mgrid[0:800, 0:800]
    ramp = np.stack([x / 4, y / 4, 0 * x], -1).astype(np.uint8)
    cut = crop(ramp, Region(400.0, 400.0, float(side), 0.0), 64).astype(float)
    want = (400 - side / 2 + (np.arange(64)) * side / 64) / 4
    assert np.abs(cut[32, :, 0] - want).max() < max(1.2, side / 64 / 4 + 0.8)
    assert np.abs(cut[:, 32, 1] - want).max() < max(1.2, side / 64 / 4 + 0.8)


def test_outside_the_image_is_grey():
    white = np.full((50, 50, 3), 255, np.uint8)
    assert (crop(white, Region(-300.0, -300.0, 40.0, 0.0), 16) == OUTSIDE).all()
    half = crop(white, Region(0.0, 25.0, 40.0, 0.0), 16)
    assert (half[:, :6] == OUTSIDE).all() and (half[:, 10:] == 255).all()
