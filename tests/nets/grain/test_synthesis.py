import numpy as np
import pytest

from iqmetrics.nets.grain import synthesis
from iqmetrics.nets.grain.synthesis import (
    FIELDS,
    KINDS,
    LUMA,
    add_grain,
    cell_size,
    field,
    textures,
)


@pytest.mark.parametrize("kind", KINDS)
def test_planes_are_standardised_alike_and_independent(kind):
    a, b = textures(kind, 256, 2, np.random.default_rng(1))
    assert a.mean() == pytest.approx(0, abs=1e-3)
    assert a.std() == pytest.approx(1, abs=1e-3)
    assert abs((a * b).mean()) < 0.03
    assert cell_size(a) == pytest.approx(cell_size(b), rel=0.1)


def test_cell_size_is_one_for_white_and_follows_the_blur():
    rng = np.random.default_rng(0)
    white, coarse = (textures(kind, 512, 1, rng)[0] for kind in ("white", "coarse"))
    assert cell_size(white) == pytest.approx(1, abs=0.02)
    assert cell_size(coarse) == pytest.approx(0.7 * np.sqrt(2 * np.pi), rel=0.04)


@pytest.mark.parametrize("name", FIELDS)
def test_fields_run_from_the_ratio_to_one(name):
    found = field(name, 300, 400, 0.3, np.random.default_rng(4))
    assert found.shape == (300, 400)
    assert found.max() <= 1.0001 and found.min() >= 0.2999
    if name != "uniform":
        assert found.min() < 0.35 and found.max() > 0.9


def test_the_noise_that_is_added_has_the_strength_asked_for():
    clean = np.full((400, 400, 3), 128, np.uint8)
    rng = np.random.default_rng(2)
    for colour in (0.0, 0.5, 1.0):
        made = add_grain(clean, "white", 6, np.ones((400, 400), np.float32), rng, colour)
        assert made.luma_noise.std() == pytest.approx(6, rel=0.02)
        noise = made.pixels.astype(float) - 128
        assert np.corrcoef(noise[..., 0].ravel(), noise[..., 2].ravel())[0, 1] == pytest.approx(
            colour, abs=0.03
        )
        assert np.allclose(made.luma_noise, made.pixels @ LUMA - clean @ LUMA)


def test_film_grain_is_strongest_in_the_mid_tones():
    luma = np.array([0.02, 0.5, 0.98], np.float32)
    for seed in range(5):
        dark, mid, bright = synthesis.tone_curve("film", luma, np.random.default_rng(seed))
        assert mid > dark and mid > bright


def test_unknown_names_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="no grain model"):
        textures("glitter", 64, 1, rng)
    with pytest.raises(ValueError, match="no field"):
        field("stripes", 64, 64, 0.5, rng)
