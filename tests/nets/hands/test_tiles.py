"""Squares that are searched: where skin is, not the same skin twice, closer where there is a hint."""

import numpy as np
import pytest
from nets.hands.rendered import placed, wall

from iqmetrics.nets.hands import tiles
from iqmetrics.nets.hands.squares import squares
from iqmetrics.nets.hands.tiles import Skin, skin_map, whole

TONE = (224, 172, 140)


def patches(height: int, width: int, *boxes: tuple[int, int, int, int]) -> np.ndarray:
    pixels = wall(height, width)
    for y0, y1, x0, x1 in boxes:
        pixels[y0:y1, x0:x1] = TONE
    return pixels


def test_skin_is_seen_on_skin_only():
    skin = np.full((40, 40, 3), TONE, np.uint8)
    assert skin_map(skin).all() and not skin_map(wall(40, 40)).any()


def test_bare_walls_and_small_pictures_are_not_searched():
    assert Skin.of(wall(600, 600)).halves() == []
    assert Skin.of(wall(600, 600)).thirds([(300, 300)]) == []
    assert Skin.of(np.full((150, 150, 3), TONE, np.uint8)).halves() == []


def test_squares_lie_inside_and_are_limited():
    skin = Skin.of(np.full((900, 1600, 3), TONE, np.uint8))
    halves = skin.halves()
    assert len(halves) == tiles.HALVES
    thirds = skin.thirds([(x, y) for x in range(0, 1600, 100) for y in range(0, 900, 100)])
    assert len(thirds) == tiles.THIRDS
    for region in (*halves, *thirds):
        assert region.side / 2 <= region.x <= 1600 - region.side / 2
        assert region.side / 2 <= region.y <= 900 - region.side / 2
    assert {r.side for r in halves} == {450} and {r.side for r in thirds} == {300}


def test_two_places_with_skin_are_both_shown_before_one_is_shown_twice():
    skin = Skin.of(patches(1024, 1024, (0, 400, 0, 400), (700, 1000, 700, 1000)))
    first, second, *_ = skin.halves()
    assert (first.x, first.y) == (256, 256)
    assert (second.x, second.y) == (768, 768)


@pytest.mark.parametrize("shape", [(1024, 1024), (700, 1531), (1400, 333)])
def test_each_half_shows_the_most_skin_that_none_before_it_shows(shape):
    draw = np.random.default_rng(sum(shape))
    for _ in range(20):
        seen = draw.random(tiles.skin_size(*shape)) < draw.random() ** 2
        left, expected = seen.astype(float), []
        every = squares(*shape, len(seen), 2)
        open_ = [one for one in every if left[one.place].mean() >= tiles.SKIN_SHARE]
        while open_ and len(expected) < 5:
            best = max(open_, key=lambda one: np.float32(left[one.place].mean()))
            expected.append(best.region)
            open_.remove(best)
            left[best.place] /= 2
        assert Skin(seen, *shape).halves(5) == expected


def test_a_hint_is_looked_at_more_closely_and_only_there():
    skin = Skin.of(np.full((900, 900, 3), TONE, np.uint8))
    assert skin.thirds([]) == []
    for hint in ((450.0, 450.0), (80.0, 800.0)):
        for region in skin.thirds([hint]):
            assert abs(region.x - hint[0]) < 150 and abs(region.y - hint[1]) < 150


def test_a_small_hand_lies_in_a_square():
    halves = Skin.of(placed("five", 1024, 1024, 640, 620, 190)).halves()
    assert any(abs(t.x - 715) < t.side / 2 and abs(t.y - 735) < t.side / 2 for t in halves)


@pytest.mark.parametrize("size", [(30, 50), (50, 30)])
def test_whole_covers_the_longer_side(size):
    assert whole(wall(*size)).side == 50
