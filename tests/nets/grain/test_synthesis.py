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


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_chance_gives_the_same_grain(kind):
    clean = np.random.default_rng(0).integers(60, 200, (64, 96, 3), dtype=np.uint8)
    whole = np.ones((64, 96), np.float32)
    one, again, other = (
        add_grain(clean, kind, 5, whole, np.random.default_rng(seed)).pixels for seed in (3, 3, 4)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_no_strength_or_no_field_leaves_the_picture_as_it_was():
    clean = np.random.default_rng(0).integers(0, 256, (50, 40, 3), dtype=np.uint8)
    ones = np.ones((50, 40), np.float32)
    for sigma, relative in ((0, ones), (9, 0 * ones)):
        made = add_grain(clean, "film", sigma, relative, np.random.default_rng(1))
        assert np.array_equal(made.pixels, clean)
        assert not made.luma_noise.any()


def test_grain_is_as_strong_as_the_field_says_place_by_place():
    clean = np.full((200, 300, 3), 128, np.uint8)
    relative = np.ones((200, 300), np.float32)
    relative[:, :150] = 0.25
    made = add_grain(clean, "coarse", 12, relative, np.random.default_rng(2))
    left, right = made.luma_noise[:, :150].std(), made.luma_noise[:, 150:].std()
    assert left / right == pytest.approx(0.25, abs=0.02)
    assert right == pytest.approx(12, rel=0.06)
    assert np.array_equal(made.relative, relative)


@pytest.mark.parametrize("name", FIELDS)
def test_a_ratio_of_one_is_a_whole_field(name):
    assert field(name, 40, 60, 1.0, np.random.default_rng(0)) == pytest.approx(1)


def test_fields_smooth_the_place_that_they_are_named_after():
    for seed in range(8):
        edges = field("edges", 201, 201, 0.2, np.random.default_rng(seed))
        assert edges[100, 100] < 0.25 and edges[0, 0] > 0.95
        half = field("half", 201, 201, 0.2, np.random.default_rng(seed))
        assert half * half[::-1, ::-1] == pytest.approx(0.2, abs=1e-3), "one side mirrors the other"
        face = field("face", 201, 201, 0.2, np.random.default_rng(seed))
        assert 0.05 < (face < 0.5).mean() < 0.3


def test_planes_wrap_around_and_may_be_handed_in():
    planes = textures("coarse", 64, 4, np.random.default_rng(0))
    seam = np.abs(planes[0][:, 0] - planes[0][:, -1]).mean()
    inside = np.abs(np.diff(planes[0], axis=1)).mean()
    assert seam == pytest.approx(inside, rel=0.3)
    clean = np.full((48, 64, 3), 128, np.uint8)
    ones = np.ones((48, 64), np.float32)
    made = add_grain(clean, "coarse", 5, ones, np.random.default_rng(1), planes=planes)
    assert made.size == pytest.approx(cell_size(planes[0]))


def test_tone_curves_are_one_or_bent_as_their_kind():
    luma = np.linspace(0, 1, 101, dtype=np.float32)
    rng = np.random.default_rng(0)
    for kind in ("white", "coarse", "ar"):
        assert (synthesis.tone_curve(kind, luma, rng) == 1).all()
    developed = synthesis.tone_curve("boolean", luma, rng)
    assert developed == pytest.approx(developed[::-1], abs=1e-3)
    assert developed[50] == pytest.approx(1) and developed[0] == pytest.approx(np.sqrt(0.12))
    assert (np.diff(developed[:51]) >= 0).all()
