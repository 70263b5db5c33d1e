import numpy as np
import pytest
import torch
from scipy.fft import dctn

from iqmetrics.nets.grain.bands import FEATURES, FLOOR, grid_of, tile_features


def features(pixels: np.ndarray) -> dict[str, np.ndarray]:
    found, _ = tile_features(torch.from_numpy(pixels)[None])
    return {name: found[0, ..., i].numpy() for i, name in enumerate(FEATURES)}


def noise(sigma: float, side: int = 512, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    grey = np.rint(128 + rng.normal(0, sigma, (side, side, 1))).clip(0, 255)
    return grey.astype(np.uint8).repeat(3, 2)


@pytest.mark.parametrize(("height", "width"), [(1024, 1024), (512, 768), (333, 1001), (2048, 1400)])
def test_the_grid_lies_inside_the_image_and_starts_on_even_pixels(height, width):
    grid = grid_of(height, width)
    assert grid.top % 2 == 0 and grid.left % 2 == 0
    assert grid.top + grid.rows * grid.side + 4 <= height
    assert grid.left + grid.columns * grid.side + 4 <= width
    assert grid.rows >= 7 and grid.columns >= 7


def test_white_noise_has_its_variance_in_every_band():
    found = features(noise(5))
    assert np.exp(found["grain_1"]).mean() == pytest.approx(25 + 1 / 12, rel=0.05)
    for band in ("mid_1", "high1_1", "high2_1"):
        assert found[band].mean() == pytest.approx(0, abs=0.05)
    assert found["kurtosis_1"].mean() == pytest.approx(np.log(3), abs=0.08)
    assert np.exp(found["grain_2"]).mean() == pytest.approx(25 / 4, rel=0.08)


def test_energies_are_those_of_an_orthonormal_dct():
    pixels = noise(9, 256, seed=3)
    grid = grid_of(256, 256)
    per_tile = grid.side // 7
    luma = pixels[..., 0].astype(float)
    lows, grains = [], []
    for i in range(per_tile):
        for j in range(per_tile):
            top, left = grid.top + 7 * i, grid.left + 7 * j
            square = dctn(luma[top : top + 8, left : left + 8], norm="ortho") ** 2
            order = np.add.outer(np.arange(8), np.arange(8))
            lows.append((square[(order >= 1) & (order <= 3)]).sum() / 9)
            grains.append(square[order >= 4].sum() / 54)
    kept = np.argsort(lows)[: max(2, round(0.25 * per_tile**2))]
    expected = np.log(np.mean(np.array(grains)[kept]) + FLOOR)
    assert features(pixels)["grain_1"][0, 0] == pytest.approx(expected, abs=2e-3)


def test_a_flat_image_gives_finite_features_and_the_floor():
    found = features(np.full((300, 300, 3), 77, np.uint8))
    assert all(np.isfinite(v).all() for v in found.values())
    assert found["grain_1"].max() == pytest.approx(np.log(FLOOR), abs=0.1)
    assert found["luma"].mean() == pytest.approx(77 / 255, abs=1e-4)


def test_clipping_and_colour_are_seen():
    white = np.full((300, 300, 3), 255, np.uint8)
    assert features(white)["clipped"].min() == 1
    rng = np.random.default_rng(1)
    own = np.rint(128 + rng.normal(0, 8, (400, 400, 3))).astype(np.uint8)
    assert features(own)["corr_rg"].mean() == pytest.approx(0, abs=0.05)
    assert features(noise(8, 400))["corr_gb"].mean() == pytest.approx(1, abs=0.01)


def test_images_of_a_batch_do_not_touch_each_other():
    a, b = noise(3, 300, 1), noise(7, 300, 2)
    both, _ = tile_features(torch.from_numpy(np.stack([a, b])))
    alone, _ = tile_features(torch.from_numpy(b)[None])
    assert torch.allclose(both[1], alone[0], atol=1e-4)


def rgb(sigma: float, side: int = 300, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    base = 128 + 40 * np.sin(5 * x + 3 * y)[..., None]
    return np.rint(base + rng.normal(0, sigma, (side, side, 3))).clip(0, 255).astype(np.uint8)


def test_a_picture_on_its_side_has_its_features_on_their_side():
    there = features(rgb(5))
    turned = features(np.ascontiguousarray(rgb(5).transpose(1, 0, 2)))
    for name, values in there.items():
        assert turned[name] == pytest.approx(values.T, abs=2e-3), name


def test_brightness_alone_changes_only_luma():
    pixels = rgb(4).clip(60, 180)
    there, brighter = features(pixels), features(pixels + 40)
    for name in set(FEATURES) - {"luma"}:
        assert brighter[name] == pytest.approx(there[name], abs=5e-3), name
    assert brighter["luma"] - there["luma"] == pytest.approx(40 / 255, abs=1e-4)


def test_channels_that_change_places_change_their_correlations():
    pixels = rgb(6)
    pixels[..., 1] = pixels[..., 0]
    there, swapped = features(pixels), features(np.ascontiguousarray(pixels[..., ::-1]))
    assert there["corr_rg"].mean() == pytest.approx(1, abs=0.01)
    assert swapped["corr_gb"] == pytest.approx(there["corr_rg"], abs=1e-4)
    assert swapped["corr_rg"] == pytest.approx(there["corr_gb"], abs=1e-4)
    assert swapped["corr_rb"] == pytest.approx(there["corr_rb"], abs=1e-4)
    assert swapped["colour"] == pytest.approx(there["colour"], abs=1e-4)


def test_energies_climb_with_the_noise_at_both_scales():
    ladder = [features(rgb(sigma)) for sigma in (0.5, 1, 2, 4, 8)]
    for name in ("grain_1", "grain_2", "colour"):
        means = [found[name].mean() for found in ladder]
        assert means == sorted(means) and means[-1] - means[0] > 3, name


def test_bands_tell_coarse_from_fine_and_streaks_from_specks():
    fine = np.zeros((300, 300, 3), np.uint8)
    fine[::2, ::2] = fine[1::2, 1::2] = 200
    streaks = np.zeros((300, 300, 3), np.uint8)
    streaks[::3] = 200
    checks, lines = features(fine), features(streaks)
    assert (checks["high2_1"] > checks["mid_1"] + 3).all()
    assert lines["aniso_1"].min() > 3 > 1 > features(noise(6, 300))["aniso_1"].mean()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (97, 1000), (10, 10), (3, 4000)])
def test_a_grid_too_small_is_told_and_not_made_up(height, width):
    grid = grid_of(height, width)
    assert grid.side == 42
    assert min(grid.rows, grid.columns) < 4


def test_the_grid_of_a_picture_on_its_side_lies_on_its_side():
    for height, width in ((300, 500), (1024, 333), (2000, 901)):
        one, other = grid_of(height, width), grid_of(width, height)
        assert (one.rows, one.top, one.side) == (other.columns, other.left, other.side)


def test_the_darkest_and_the_lightest_are_clipped_in_their_share():
    pixels = np.full((300, 300, 3), 128, np.uint8)
    pixels[:, :150] = 0
    clipped = features(pixels)["clipped"]
    assert clipped[:, 0].min() == 1 and clipped[:, -1].max() == 0
    grid = grid_of(300, 300)
    share = (150 - grid.left) / (grid.columns * grid.side)
    assert clipped.mean() == pytest.approx(share, abs=0.02)
