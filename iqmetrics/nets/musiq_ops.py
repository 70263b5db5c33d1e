"""The steps of MUSIQ in plain torch, for any device: what `musiq_triton` does in fewer passes.

Patches lie channels last, (patches, rows, columns, channels), contiguous, but for the last answer;
sums are in float32 and answers in the kind of number that came.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE, CHANNELS, GROUPS = 32, 64, 32
"""Pixels of a patch's side, channels of the first layers and groups of every group norm."""
TOGETHER = 4096
"""Patches that are convolved at a time: they take 1 GB or so."""


class Norm(NamedTuple):
    """Group norm: what each channel is multiplied by, what is added, and what is never below."""

    weight: Tensor
    bias: Tensor
    eps: float


class Stem(NamedTuple):
    """Weights of the convolutions, outputs before inputs, and the norm that follows each.

    `root` is (7 rows, 64, 8 columns x 4 channels), zero in the last column and channel; `one` and
    `two` are (64, 64) and (9, 64, 64); `three` and `beside` are (256, 64).
    """

    root: Tensor
    root_norm: Norm
    one: Tensor
    one_norm: Norm
    two: Tensor
    two_norm: Norm
    three: Tensor
    three_norm: Norm
    beside: Tensor
    beside_norm: Norm


def unit(images: Tensor) -> Tensor:
    """Pictures of bytes or of 0..1, as float32 of 0..1."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images.float()


def cut(images: Tensor, shape: tuple[int, int], out: Tensor) -> None:
    """Pictures resized, in -1..1, cut into patches with zeros around the picture where needed.

    Args:
        images: (n, 3, height, width) of bytes or of 0..1, lying in any order.
        shape: rows and columns of pixels that they are resized to (bicubic).
        out: (n, patches, 32, 32, 4), the fourth channel zero; patches go row by row.
    """
    seen = (unit(images) - 0.5) * 2
    if shape != tuple(images.shape[2:]):
        seen = F.interpolate(seen, shape, mode="bicubic", align_corners=False)
    rows, columns = (-(-n // SIDE) for n in shape)
    down, across = rows * SIDE - shape[0], columns * SIDE - shape[1]
    around = (across // 2, across - across // 2, down // 2, down - down // 2)
    grown = F.pad(seen.to(out.dtype), around).view(-1, 3, rows, SIDE, columns, SIDE)
    parts = grown.permute(0, 2, 4, 3, 5, 1).flatten(1, 2)
    out.copy_(F.pad(parts, (0, 1)))


def begin(patches: Tensor, stem: Stem) -> tuple[Tensor, Tensor]:
    """The first convolution, its maxima (n, 8, 8, 64), and the first of the block on these."""
    found = [_begin(part, stem) for part in torch.split(patches, TOGETHER)]
    return torch.cat([x for x, _ in found]), torch.cat([y for _, y in found])


def end(x: Tensor, y: Tensor, stem: Stem) -> Tensor:
    """The rest of the block, (n, 256, 8, 8), from both answers of `begin`."""
    parts = zip(torch.split(x, TOGETHER), torch.split(y, TOGETHER), strict=True)
    return torch.cat([_end(*part, stem) for part in parts])


def sum_norm(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """The layer norm of `x` (float32, rows x dim) + `y`, in `y`'s kind."""
    return F.layer_norm(x + y.float(), x.shape[-1:], weight, bias, eps).to(y.dtype)


def add_norm(x: Tensor, y: Tensor, z: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Adds `y` and `z` to `x` (float32, rows x dim) in place; its layer norm, in `y`'s kind."""
    x += y.float()
    x += z.float()
    return F.layer_norm(x, x.shape[-1:], weight, bias, eps).to(y.dtype)


def grow(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """GELU of a linear layer, exact."""
    return F.gelu(F.linear(x, weight, bias))


def _begin(patches: Tensor, stem: Stem) -> tuple[Tensor, Tensor]:
    grown = F.pad(patches.permute(0, 3, 1, 2), (2, 4, 2, 3))
    weight = stem.root.view(7, CHANNELS, 8, 4).permute(1, 3, 0, 2)
    normal = torch.relu(_normal(F.conv2d(grown, weight, stride=2), stem.root_norm))
    pooled = F.max_pool2d(F.pad(normal, (0, 1, 0, 1)), 3, 2)
    x = _last(pooled.to(patches.dtype))
    y = torch.relu(_normal(_first(x @ stem.one.T), stem.one_norm))
    return x, _last(y.to(x.dtype))


def _end(x: Tensor, y: Tensor, stem: Stem) -> Tensor:
    weight = stem.two.view(3, 3, CHANNELS, CHANNELS).permute(2, 3, 0, 1)
    y = torch.relu(_normal(F.conv2d(_first(y), weight, padding=1), stem.two_norm))
    y = _last(y.to(x.dtype)) @ stem.three.T
    both = _normal(_first(y), stem.three_norm)
    both += _normal(_first(x @ stem.beside.T), stem.beside_norm)
    return torch.relu(both).to(x.dtype)


def _normal(planes: Tensor, norm: Norm) -> Tensor:
    return F.group_norm(planes.float(), GROUPS, norm.weight, norm.bias, norm.eps)


def _first(x: Tensor) -> Tensor:
    """Channels before places."""
    return x.permute(0, 3, 1, 2)


def _last(x: Tensor) -> Tensor:
    """Places before channels, contiguous."""
    return x.permute(0, 2, 3, 1).contiguous()
