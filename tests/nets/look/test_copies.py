import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from iqmetrics.nets.look.copies import REPEATED, find_copies


def texture(height: int, width: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rough = gaussian_filter(rng.normal(0, 1, (height, width)), 1.5)
    return np.clip(128 + rough * 150, 0, 255).astype(np.uint8)


def test_chance_texture_has_no_copies():
    found = find_copies(texture(400, 500, 0))
    assert found.keypoints > 500
    assert found.share < 0.002


def test_a_tiled_patch_is_found_with_its_shift():
    pixels = texture(400, 500, 1)
    pixels[:256, :320] = np.tile(texture(64, 64, 2), (4, 5))
    found = find_copies(pixels)
    assert found.share > 0.15
    assert {abs(found.shift[0]) % 64, abs(found.shift[1]) % 64} <= {0, 4, 60}
    assert found.shift_share > 0.05


def test_stamps_lie_where_the_pairs_say():
    pixels = texture(400, 500, 3)
    stamp = texture(80, 80, 4)
    places = [(10, 20), (150, 300), (290, 60)]
    for top, left in places:
        pixels[top : top + 80, left : left + 80] = stamp
    found = find_copies(pixels)
    assert found.share > REPEATED
    for x, y, u, v in found.pairs:
        offsets = {(left, top) for top, left in places}
        ends = {min(((x - a) ** 2 + (y - b) ** 2, (a, b)) for a, b in offsets)[1]}
        ends |= {min(((u - a) ** 2 + (v - b) ** 2, (a, b)) for a, b in offsets)[1]}
        assert len(ends) == 2


def test_alike_is_not_the_same():
    """A regular wall: the same bricks in the same rows, each with a surface of its own."""
    rng = np.random.default_rng(5)
    wall = np.full((400, 480), 200.0)
    for row in range(10):
        for column in range(9):
            top, left = row * 40, column * 60 - 30 * (row % 2)
            if left >= 0 and left + 56 <= 480:
                brick = 120 + gaussian_filter(rng.normal(0, 1, (36, 56)), 1.2) * 60
                wall[top : top + 36, left : left + 56] = brick
    assert find_copies(np.clip(wall, 0, 255).astype(np.uint8)).share < REPEATED


def test_flat_and_large_pictures():
    assert find_copies(np.full((300, 300), 90, np.uint8)).share == 0
    large = np.kron(texture(400, 800, 6), np.ones((2, 2), np.uint8))
    large[:, 800:] = large[:, :800]
    found = find_copies(large)
    assert found.share > 0.2
    assert abs(found.shift[0]) == pytest.approx(800, abs=8)
