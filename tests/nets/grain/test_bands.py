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
