"""What cameras, painters and generators do to a picture of a hand; counts are not touched."""

from collections.abc import Callable

import torch
from fuse import blur
from torch import Tensor

Rand = Callable[..., Tensor]


def restyle(image: Tensor, alpha: Tensor, rand: Rand) -> Tensor:
    """Other skins for some layers (B3HW with alpha B1HW): tone, smoothness, outline, shading.

    A third get another skin colour through their brightness, a quarter are smoothed as paint or a
    render is, some get a dark outline, some light from one side. No net can lean on skin texture.
    """
    n, dev = len(image), image.device
    wide = lambda p: (rand(n, 1, 1, 1) < p).float()  # noqa: E731
    grey = image.mean(1, keepdim=True)
    mean = (grey * alpha).sum((1, 2, 3)) / alpha.sum((1, 2, 3)).clamp_min(1)
    tone = rand(n, 1) ** 0.8
    pale, dark = (torch.tensor(c, device=dev) for c in ((0.93, 0.74, 0.64), (0.36, 0.23, 0.16)))
    skin = (pale * tone + dark * (1 - tone)) * (1 + (rand(n, 3) - 0.5) * 0.3)
    skin = torch.where(rand(n, 1) < 0.15, rand(n, 3), skin)[:, :, None, None]
    bright = (grey / mean[:, None, None, None].clamp_min(0.05)).clamp(0.02, 3)
    painted = skin * bright ** (0.5 + 1.1 * rand(n, 1, 1, 1))
    image = image + (painted - image) * wide(0.33)
    soft = blur(image * alpha, 3) / blur(alpha, 3).clamp_min(1e-2)
    image = image + (soft - image) * wide(0.25) * (0.5 + 0.5 * rand(n, 1, 1, 1))
    edge = (1 - blur(alpha, 1)).clamp(0, 0.5) * 2
    image = image * (1 - edge * wide(0.15) * (0.4 + 0.6 * rand(n, 1, 1, 1)))
    ramp = torch.linspace(-1, 1, image.shape[-1], device=dev)
    slope = ramp[:, None] * (rand(n, 1, 1, 1) - 0.5) + ramp * (rand(n, 1, 1, 1) - 0.5)
    return image * (1 + slope * wide(0.4)).clamp(0.3, 1.7)


def disturb(image: Tensor, rand: Rand, g: torch.Generator) -> Tensor:
    """Light, colour, focus, resolution, noise, paint: what generators and cameras do."""
    n, side = len(image), image.shape[-1]
    wide = lambda p: (rand(n, 1, 1, 1) < p).float()  # noqa: E731
    image = image.clamp(0, 1) ** torch.exp((rand(n, 1, 1, 1) - 0.5) * 0.9)
    image = image * (1 + (rand(n, 3, 1, 1) - 0.5) * 0.25) + (rand(n, 1, 1, 1) - 0.5) * 0.16
    grey = image.mean(1, keepdim=True)
    image = grey + (image - grey) * (1 + (rand(n, 1, 1, 1) - 0.55) * 1.2 * wide(0.6))
    middle = image.mean((1, 2, 3), keepdim=True)
    image = middle + (image - middle) * (0.7 + 0.7 * rand(n, 1, 1, 1))
    chunks = []
    for part in image.split(max(n // 8, 1)):
        low = int(torch.randint(56, 224, (1,), generator=g))
        if torch.rand(1, generator=g) < 0.55:
            part = torch.nn.functional.interpolate(part, low, mode="bilinear", antialias=True)
            mode = "bicubic" if torch.rand(1, generator=g) < 0.5 else "bilinear"
            part = torch.nn.functional.interpolate(part, side, mode=mode)
        chunks.append(part)
    image = torch.cat(chunks)
    soft = blur(image, 1)
    image = image + (soft - image) * wide(0.2) + (image - soft) * wide(0.25) * 1.2
    flat = (blur(image, 2) * 7).round() / 7
    image = image + (flat - image) * wide(0.06)
    grain = torch.randn(image.shape, device=image.device) * 0.05 * rand(n, 1, 1, 1) * wide(0.5)
    return (image + grain).clamp(0, 1)
