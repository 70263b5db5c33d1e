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


def stamped(side: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """A picture with one stamp in it twice, and the stamp."""
    pixels, stamp = texture(360, 420, 8), texture(side, side, 9)
    pixels[20 : 20 + side, 30 : 30 + side] = stamp
    pixels[220 : 220 + side, 260 : 260 + side] = stamp
    return pixels, stamp


def test_the_commonest_shift_is_the_way_from_stamp_to_stamp():
    found = find_copies(stamped()[0])
    assert found.shift == (pytest.approx(230, abs=4), pytest.approx(200, abs=4))
    assert found.shift_share > 0.8


def test_a_brighter_copy_is_a_copy():
    """Fine detail is compared without its level and contrast: clones are often toned."""
    pixels, stamp = stamped()
    pixels[220:300, 260:340] = np.clip(stamp * 0.8 + 40, 0, 255)
    assert find_copies(pixels).share > 0.6 * find_copies(stamped()[0]).share


def test_a_twin_that_touches_is_no_copy():
    """Closer than 20 pixels a detail only resembles itself."""
    pixels = texture(360, 420, 10)
    pixels[100:110, 100:160] = pixels[110:120, 100:160]
    assert find_copies(pixels).share < 0.002


def test_noise_on_a_copy_makes_it_less_sure():
    rng = np.random.default_rng(0)
    shares = []
    for sigma in (0, 4, 40):
        pixels = stamped()[0].astype(float)
        pixels[220:300, 260:340] += rng.normal(0, sigma, (80, 80)) if sigma else 0
        shares.append(find_copies(np.clip(pixels, 0, 255).astype(np.uint8)).share)
    assert shares[0] >= shares[1] > shares[2]
    assert shares[2] < 0.1 * shares[0]


def test_pictures_smaller_than_a_window_have_no_copies():
    assert find_copies(texture(18, 18, 11)).keypoints == 0
    assert find_copies(texture(24, 400, 11)).share == 0
    for shape in ((1, 4000), (4000, 1)):  # halved, they would have no width left
        assert find_copies(np.full(shape, 9, np.uint8)).keypoints == 0


def test_at_most_sixty_pairs_are_shown_the_surest_first():
    pixels = np.tile(texture(64, 64, 12), (6, 7))
    found = find_copies(pixels)
    assert len(found.pairs) == 60
    assert all(max(abs(x - u), abs(y - v)) >= 20 for x, y, u, v in found.pairs)
    assert find_copies(pixels).pairs == found.pairs, "the same every time"
