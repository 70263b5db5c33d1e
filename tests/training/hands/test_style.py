"""Styles change how a hand looks, not where it is."""

import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import hand  # noqa: E402  (puts training/hands on the path)

from style import disturb, restyle  # noqa: E402  # isort: skip


def chance(seed):
    g = torch.Generator().manual_seed(seed)
    return (lambda *shape: torch.rand(*shape, generator=g)), g


def test_restyled_layers_differ_and_stay_finite():
    layer = hand(16)
    rand, _ = chance(1)
    out = restyle(layer.image, layer.alpha, rand)
    assert out.shape == layer.image.shape and torch.isfinite(out).all()
    changed = (out - layer.image).abs().mean((1, 2, 3)) > 0.004
    assert 6 <= int(changed.sum()) <= 16


def test_a_new_skin_keeps_light_and_dark_in_order():
    ramp = torch.linspace(0.2, 0.9, 64).expand(12, 3, 64, 64)
    rand, _ = chance(2)
    out = restyle(ramp, torch.ones(12, 1, 64, 64), rand)[..., 32, 8:56].mean(1)
    assert (out[:, -1] > out[:, 0]).float().mean() > 0.9


def test_disturbing_keeps_the_range_and_the_place():
    image = torch.full((16, 3, 224, 224), 0.2)
    image[:, :, 60:100, 120:160] = 0.9
    rand, g = chance(3)
    out = disturb(image, rand, g)
    assert out.min() >= 0 and out.max() <= 1
    grey = out.mean(1)
    inside, outside = grey[:, 64:96, 124:156].mean((1, 2)), grey[:, 130:, :100].mean((1, 2))
    assert (inside > outside + 0.05).all()
    half = (inside + outside)[:, None, None] / 2
    y, x = torch.meshgrid(torch.arange(224.0), torch.arange(224.0), indexing="ij")
    near = (x - 140).abs().maximum((y - 80).abs()) < 40
    bright = (grey > half) & near
    centre = torch.stack([(p * bright).sum((1, 2)) / bright.sum((1, 2)) for p in (x, y)])
    assert (centre - torch.tensor([[139.5], [79.5]])).abs().max() < 2


def test_the_same_chance_gives_the_same_picture():
    image = torch.rand(8, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    outs = []
    for _ in range(2):
        torch.manual_seed(0)  # grain comes from torch's own generator
        outs.append(disturb(image, *chance(5)))
    assert torch.equal(*outs)
