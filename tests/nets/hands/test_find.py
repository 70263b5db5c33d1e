"""Finding: where a hand was put, small hands by tiles, nothing where nothing is."""

import numpy as np
import pytest
from nets.hands.rendered import hand, placed, wall

from iqmetrics.nets.hands import find as finding
from iqmetrics.nets.hands.find import find, look
from iqmetrics.nets.hands.palm import overlap


def test_a_hand_is_found_once_and_where_it_is():
    found = find(placed("five", 500, 700, 100, 300))
    assert len(found) == 1
    x0, y0, x1, y1 = found[0].box
    assert 300 < x0 < x1 < 636 and 100 < y0 < y1 < 436
    assert found[0].presence >= finding.PRESENCE


def test_a_small_hand_in_a_large_scene_is_found_by_a_tile():
    scene = placed("five", 1024, 1024, 640, 620, 190)
    found = find(scene)
    assert len(found) == 1
    x0, y0, x1, y1 = found[0].box
    assert 620 < x0 < x1 < 810 and 640 < y0 < y1 < 830


@pytest.mark.parametrize("size", [(200, 300), (64, 64), (1, 1), (3, 900)])
def test_walls_have_no_hands(size):
    assert find(wall(*size)) == []


def test_two_hands_largest_first():
    scene = np.hstack([placed("five", 400, 400, 30, 30, 220), placed("six", 400, 400, 30, 30)])
    found = find(scene)
    assert len(found) == 2
    assert found[0].size > found[1].size
    assert found[0].region.x > 400 > found[1].region.x


def test_finding_is_repeatable_and_follows_a_shift():
    first, again = find(placed("five", 500, 600, 50, 60)), find(placed("five", 500, 600, 50, 60))
    assert first[0].box == again[0].box
    moved = find(placed("five", 500, 600, 90, 160))
    there = np.array(first[0].box) + [100, 40] * 2
    assert overlap(there, np.array([moved[0].box]))[0] > 0.85


def test_landmarks_lie_in_order_from_wrist_to_tip():
    points = find(hand("five"))[0].points
    for tip in (8, 12, 16, 20):
        lengths = np.linalg.norm(points[tip - 3 : tip + 1] - points[0], axis=1)
        assert (np.diff(lengths) > 0).all()


def test_looking_nowhere_finds_nothing():
    assert look(wall(50, 50), []) == []
