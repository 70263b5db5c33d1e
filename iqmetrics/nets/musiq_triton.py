# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""The normalisations of `musiq_ops` in Triton, one pass over memory each, for CUDA."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.musiq_ops import GROUPS


def norm_pool(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Group norm, ReLU and 3 x 3 maxima at every second place, zero beyond right and below."""
    n, side, _, channels = x.shape
    out = torch.empty((n, side // 2, side // 2, channels), dtype=x.dtype, device=x.device)
    _pool[(n,)](x, out, weight, bias, eps, SIDE=side, CHANNELS=channels, GROUPS=GROUPS, num_warps=8)
    return out


def norm_relu(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Group norm and ReLU."""
    out = torch.empty_like(x)
    n, places, channels = len(x), x.shape[1] * x.shape[2], x.shape[3]
    _norm[(n,)](
        x, weight, bias, x, weight, bias, out, eps,
        TWO=False, PLACES=places, CHANNELS=channels, GROUPS=GROUPS, num_warps=4,
    )  # fmt: skip
    return out


def norm_sum(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    y: Tensor,
    weight_y: Tensor,
    bias_y: Tensor,
    eps: float,
) -> Tensor:
    """ReLU of the sum of two group norms."""
    out = torch.empty_like(x)
    n, places, channels = len(x), x.shape[1] * x.shape[2], x.shape[3]
    _norm[(n,)](
        x, weight, bias, y, weight_y, bias_y, out, eps,
        TWO=True, PLACES=places, CHANNELS=channels, GROUPS=GROUPS, num_warps=8,
    )  # fmt: skip
    return out


def add_norm(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Adds `y` to `x` (float32, rows x dim) in place; the layer norm of that, in `y`'s kind."""
    out = torch.empty_like(y)
    dim = x.shape[-1]
    size = triton.next_power_of_2(dim)
    _add[(x.numel() // dim,)](x, y, weight, bias, out, eps, dim, SIZE=size, num_warps=4)
    return out


@triton.jit
def _factors(
    v, weight, bias, eps, PLACES: tl.constexpr, CHANNELS: tl.constexpr, GROUPS: tl.constexpr
):
    """What each channel is multiplied by and what is added, for values (places, channels)."""
    each: tl.constexpr = CHANNELS // GROUPS
    channel = tl.arange(0, CHANNELS)
    total = tl.sum(tl.reshape(tl.sum(v, 0), (GROUPS, each)), 1)
    mean = tl.broadcast_to((total / (PLACES * each))[:, None], (GROUPS, each))
    mean = tl.reshape(mean, (CHANNELS,))
    off = v - mean[None, :]
    square = tl.sum(tl.reshape(tl.sum(off * off, 0), (GROUPS, each)), 1)
    root = 1 / tl.sqrt(square / (PLACES * each) + eps)
    root = tl.reshape(tl.broadcast_to(root[:, None], (GROUPS, each)), (CHANNELS,))
    by = tl.load(weight + channel) * root
    return by, tl.load(bias + channel) - mean * by


@triton.jit
def _pool(
    x,
    out,
    weight,
    bias,
    eps,
    SIDE: tl.constexpr,
    CHANNELS: tl.constexpr,
    GROUPS: tl.constexpr,
):
    places: tl.constexpr = SIDE * SIDE
    half: tl.constexpr = SIDE // 2
    patch = tl.program_id(0).to(tl.int64)
    x += patch * places * CHANNELS
    out += patch * half * half * CHANNELS
    channel = tl.arange(0, CHANNELS)[None, :]
    v = tl.load(x + tl.arange(0, places)[:, None] * CHANNELS + channel).to(tl.float32)
    by, more = _factors(v, weight, bias, eps, places, CHANNELS, GROUPS)
    place = tl.arange(0, half * half)[:, None]
    row, column = 2 * (place // half), 2 * (place % half)
    most = tl.zeros((half * half, CHANNELS), tl.float32)
    for down in tl.static_range(3):
        for right in tl.static_range(3):
            inside = (row + down < SIDE) & (column + right < SIDE)
            at = ((row + down) * SIDE + column + right) * CHANNELS + channel
            v = tl.load(x + at, inside, 0).to(tl.float32) * by[None, :] + more[None, :]
            most = tl.where(inside, tl.maximum(most, v), most)
    tl.store(out + place * CHANNELS + channel, most.to(out.dtype.element_ty))


@triton.jit
def _norm(
    x,
    weight,
    bias,
    y,
    weight_y,
    bias_y,
    out,
    eps,
    TWO: tl.constexpr,
    PLACES: tl.constexpr,
    CHANNELS: tl.constexpr,
    GROUPS: tl.constexpr,
):
    start = tl.program_id(0).to(tl.int64) * PLACES * CHANNELS
    at = start + tl.arange(0, PLACES)[:, None] * CHANNELS + tl.arange(0, CHANNELS)[None, :]
    v = tl.load(x + at).to(tl.float32)
    by, more = _factors(v, weight, bias, eps, PLACES, CHANNELS, GROUPS)
    v = v * by[None, :] + more[None, :]
    if TWO:
        w = tl.load(y + at).to(tl.float32)
        by, more = _factors(w, weight_y, bias_y, eps, PLACES, CHANNELS, GROUPS)
        v += w * by[None, :] + more[None, :]
    tl.store(out + at, tl.maximum(v, 0.0).to(out.dtype.element_ty))


@triton.jit
def _add(x, y, weight, bias, out, eps, dim, SIZE: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * dim
    place = tl.arange(0, SIZE)
    inside = place < dim
    v = tl.load(x + start + place, inside, 0)
    v += tl.load(y + start + place, inside, 0).to(tl.float32)
    tl.store(x + start + place, v, inside)
    mean = tl.sum(v, 0) / dim
    off = tl.where(inside, v - mean, 0.0)
    root = 1 / tl.sqrt(tl.sum(off * off, 0) / dim + eps)
    v = off * root * tl.load(weight + place, inside, 0) + tl.load(bias + place, inside, 0)
    tl.store(out + start + place, v.to(out.dtype.element_ty), inside)
