import numpy as np
import pytest

from iqmetrics.nets.look.lattice import SMALLEST, _variance, grid_strength


def scene(seed: int = 0, side: int = 480) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    smooth = 120 + 60 * np.sin(9 * x * y) + 20 * np.cos(23 * x - 7 * y)
    return (smooth + rng.normal(0, 3, (side, side))).astype(np.float32)


@pytest.mark.parametrize("period", [8, 16])
def test_a_lattice_of_two_levels_is_found_with_its_period(period):
    y, x = np.mgrid[0:480, 0:480]
    pattern = 2.0 * (((x + 3) % period == 0) | ((y + 5) % period == 0))
    clean, _ = grid_strength(scene())
    amplitude, found = grid_strength(scene() + pattern.astype(np.float32))
    assert amplitude > 0.4 > 4 * clean
    assert found == period or (found, period) == (16, 8)


def test_strength_follows_the_amplitude():
    y, x = np.mgrid[0:480, 0:480]
    wave = np.cos(np.pi * x / 4) * np.cos(np.pi * y / 4)
    found = [grid_strength((scene() + a * wave).astype(np.float32))[0] for a in (1, 2, 4)]
    assert found[1] / found[0] == pytest.approx(2, rel=0.15)
    assert found[2] / found[1] == pytest.approx(2, rel=0.25)


def test_other_periods_are_no_latent_grid():
    _, x = np.mgrid[0:480, 0:480]
    for period in (10, 13):
        stripes = 6.0 * (x % period == 0)
        assert grid_strength((scene() + stripes).astype(np.float32))[0] < 0.2


def test_a_flat_picture_has_no_grid():
    assert grid_strength(np.full((SMALLEST, SMALLEST), 50, np.float32))[0] == pytest.approx(0)


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.transpose, lambda a: 255 - a])
def test_a_grid_is_as_strong_in_the_picture_turned_or_in_negative(turn):
    y, x = np.mgrid[0:480, 0:480]
    grid = 3.0 * ((x % 8 == 0) | (y % 8 == 0))
    luma = (scene() + grid).astype(np.float32)
    there = grid_strength(luma)
    turned = grid_strength(np.ascontiguousarray(turn(luma)))
    assert turned[0] == pytest.approx(there[0], rel=0.1)
    assert turned[1] == there[1]


def test_brightness_is_no_grid_and_the_same_picture_says_the_same():
    luma = scene(3)
    assert grid_strength(luma + 20)[0] == pytest.approx(grid_strength(luma)[0], abs=0.02)
    assert grid_strength(luma.copy()) == grid_strength(luma)


def test_the_power_of_a_pattern_is_its_variance_and_that_of_its_means():
    sums = np.random.default_rng(4).uniform(1, 9, (2, 13, 13))
    pattern = sums[0] / sums[1]
    parts = pattern, pattern.mean(0), pattern.mean(1)
    assert _variance(sums) == pytest.approx(sum(part.var() for part in parts), rel=1e-14)


def test_lines_across_count_as_lines_down():
    lines = (scene() + 5.0 * (np.arange(480) % 8 == 0)).astype(np.float32)
    across, down = grid_strength(lines), grid_strength(np.ascontiguousarray(lines.T))
    assert across[0] > 0.5 and across[1] == down[1]
    assert down[0] == pytest.approx(across[0], rel=0.05)
