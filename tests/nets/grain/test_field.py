import numpy as np
import pytest
import torch

from iqmetrics.nets.grain.field import (
    Field,
    luminance_curve,
    mean,
    ratio,
    read_field,
    tile_means,
    trust_of,
)


def read(strength: np.ndarray, luma: np.ndarray | None = None, error: float = 0.02) -> Field:
    tensor = torch.tensor(strength, dtype=torch.float32)[None]
    luma = np.full(strength.shape, 0.5) if luma is None else luma
    bright = torch.tensor(luma, dtype=torch.float32)[None]
    flat = torch.zeros_like(tensor)
    return read_field(tensor, flat + error, flat + 0.3, bright, flat)


def test_even_grain_is_uniform_and_keeps_its_strength():
    found = read(np.full((14, 14), np.log(4.0)))
    assert found.uniformity.item() == pytest.approx(1)
    assert found.strength.item() == pytest.approx(4, rel=1e-5)
    assert found.size.item() == pytest.approx(np.exp(0.3), rel=1e-5)
    assert found.covered.item() == 1


def test_uniformity_is_the_stated_formula():
    strength = np.zeros((14, 14))
    strength[:, 7:] = 0.7
    found = read(strength)
    left = (0.35**2 - 0.75 * 0.02**2) ** 0.5
    assert found.spread.item() == pytest.approx(left, rel=1e-3)
    assert found.uniformity.item() == pytest.approx(1 / (1 + (left / 0.35) ** 2), rel=1e-3)


def test_what_even_grain_would_show_too_is_not_uneven():
    rng = np.random.default_rng(0)
    strength = rng.normal(0, 0.08, (14, 14))
    assert read(strength, error=0.0).uniformity.item() < 0.96
    assert read(strength, error=0.095).uniformity.item() > 0.99


def test_likely_errors_forgive_only_a_little():
    """A frame of texture is read with large errors: it must not count as even for that."""
    strength = np.zeros((14, 14))
    strength[:, 7:] = 0.7
    sure, unsure = read(strength, error=0.13).spread.item(), read(strength, error=0.5).spread.item()
    assert unsure == pytest.approx(sure, rel=1e-3)
    assert unsure > 0.33


def test_what_follows_luminance_is_not_uneven():
    rng = np.random.default_rng(0)
    luma = rng.uniform(0.05, 0.95, (14, 14))
    film = 0.5 * np.log(0.08 + 0.92 * 4 * luma * (1 - luma))
    assert read(film, luma).uniformity.item() > 0.9
    assert read(rng.permutation(film.ravel()).reshape(14, 14), luma).uniformity.item() < 0.8


def test_a_few_wild_tiles_do_not_bend_the_curve():
    luma = np.linspace(0.1, 0.9, 196).reshape(1, 14, 14)
    strength = np.zeros((1, 14, 14))
    strength[0, -1, -3:] = -2
    tensors = [torch.tensor(a, dtype=torch.float32) for a in (strength, luma, np.ones((1, 14, 14)))]
    assert luminance_curve(*tensors)[0, :10].abs().max() < 0.1


def test_trust_falls_with_error_and_ends_at_clipping():
    error = torch.tensor([0.0, 0.2, 2.0, 0.0])
    clipped = torch.tensor([0.0, 0.0, 0.0, 0.5])
    assert trust_of(error, clipped).tolist() == pytest.approx([1, 0.5, 1 / 101, 0])


def test_unreadable_images_cover_nothing():
    assert read(np.zeros((14, 14)), error=3.0).covered.item() == 0


def test_ratio_compares_inside_with_outside():
    deviation = torch.zeros(1, 6, 6)
    deviation[0, 2:4, 2:4] = float(np.log(0.3))
    inside = torch.zeros(6, 6)
    inside[2:4, 2:4] = 1
    value, least = ratio(deviation, torch.ones(1, 6, 6), inside, 1 - inside)
    assert value.item() == pytest.approx(0.3)
    assert least.item() == 4


def test_tile_means_and_weighted_means():
    plane = torch.arange(512.0)[None, :, None].expand(1, 512, 512)
    means = tile_means(plane, 512, 512)
    assert torch.allclose(means[0, :, 0], means[0, :, -1])
    assert (means[0, 1:, 0] - means[0, :-1, 0]).unique().tolist() == [42.0]
    weight = torch.zeros(1, 2, 2)
    weight[0, 0, 1] = 2
    assert mean(torch.tensor([[[1.0, 5.0], [9.0, 9.0]]]), weight).item() == 5


def test_grain_at_the_edges_only_is_still_grain():
    strength = np.full((14, 14), np.log(0.2))
    strength[:3] = strength[-3:] = np.log(5.0)
    found = read(strength)
    assert found.strength.item() < 1
    assert found.fullest.item() == pytest.approx(5)
    weak = read(np.full((14, 14), np.log(0.2)))
    assert weak.fullest.item() == pytest.approx(0.2)


def test_stacked_images_are_read_as_if_alone():
    rng = np.random.default_rng(4)
    strength, luma = (
        torch.tensor(rng.normal(0, 0.4, (3, 8, 9)), dtype=torch.float32),
        torch.tensor(rng.uniform(0.1, 0.9, (3, 8, 9)), dtype=torch.float32),
    )
    error = torch.tensor(rng.uniform(0.01, 0.4, (3, 8, 9)), dtype=torch.float32)
    flat = torch.zeros_like(strength)
    together = read_field(strength, error, flat, luma, flat)
    for n in range(3):
        one = [a[n : n + 1] for a in (strength, error, flat, luma, flat)]
        alone = read_field(*one)
        for name in ("strength", "uniformity", "spread", "fullest", "covered", "deviation"):
            assert torch.allclose(getattr(alone, name)[0], getattr(together, name)[n], atol=1e-5)


def test_tiles_in_another_order_are_as_even():
    rng = np.random.default_rng(5)
    strength, luma = rng.normal(0, 0.4, (10, 10)), rng.uniform(0.1, 0.9, (10, 10))
    order = rng.permutation(100)
    shuffled = read(strength.ravel()[order].reshape(10, 10), luma.ravel()[order].reshape(10, 10))
    there = read(strength, luma)
    for name in ("strength", "uniformity", "fullest"):
        assert getattr(shuffled, name).item() == pytest.approx(
            getattr(there, name).item(), rel=1e-4
        )


def test_grain_twice_as_strong_is_as_even():
    rng = np.random.default_rng(6)
    strength = rng.normal(0, 0.3, (10, 10))
    there, twice = read(strength), read(strength + np.log(2))
    assert twice.strength.item() == pytest.approx(2 * there.strength.item(), rel=1e-4)
    assert twice.uniformity.item() == pytest.approx(there.uniformity.item(), rel=1e-3)
    assert twice.fullest.item() == pytest.approx(2 * there.fullest.item(), rel=1e-4)


def test_uniformity_falls_as_the_difference_grows():
    values = []
    for gap in (0.0, 0.2, 0.5, 1.0, 2.0):
        strength = np.zeros((14, 14))
        strength[:, 7:] = gap
        values.append(read(strength).uniformity.item())
    assert values[0] == 1 and values == sorted(values, reverse=True) and values[-1] < 0.2


def test_no_trust_gives_finite_numbers():
    clipped = torch.ones(1, 6, 6)
    flat = torch.zeros(1, 6, 6)
    found = read_field(flat, flat + 0.1, flat, flat + 0.99, clipped)
    assert not found.trust.any() and found.covered.item() == 0
    for name in ("strength", "uniformity", "spread", "size", "fullest"):
        assert torch.isfinite(getattr(found, name)).all(), name
