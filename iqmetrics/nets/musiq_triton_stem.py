# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""The convolutions of MUSIQ with their norms in Triton: a patch from pixels to a token's input.

A patch never leaves its program between a convolution and the norm, ReLU and maxima after it.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn
from iqmetrics.nets.musiq_ops import CHANNELS, GROUPS, Stem

PLACES = tl.constexpr(64)
"""Places of a patch after the maxima, 8 x 8."""
BEGIN = {"num_warps": 4, "num_stages": 3, "maxnreg": 168}
END = {"PATCHES": 2, "CHUNK": 64, "TAPS": 3, "CHUNKS": 2, "num_warps": 4}
"""Warps, registers and loads ahead; patches that a program takes and channels that it makes at a
time: the fastest of those tried on an H100."""


def begin(patches: Tensor, stem: Stem) -> tuple[Tensor, Tensor]:
    """The first convolution, its maxima (n, 8, 8, 64), and the first of the block on these."""
    n = len(patches)
    x, y = torch.empty((2, n, 8, 8, CHANNELS), dtype=patches.dtype, device=patches.device)
    _begin[(n,)](
        patches, x, y, stem.root, *stem.root_norm, stem.one, *stem.one_norm,
        CHANNELS=CHANNELS, GROUPS=GROUPS, **BEGIN,
    )  # fmt: skip
    return x, y


def end(x: Tensor, y: Tensor, stem: Stem) -> Tensor:
    """The rest of the block, (n, 256, 8, 8), from both answers of `begin`."""
    n, outs = len(x), len(stem.three)
    out = torch.empty((n, outs, 8, 8), dtype=x.dtype, device=x.device)
    _end[(triton.cdiv(n, END["PATCHES"]),)](
        x, y, out, n, stem.two, *stem.two_norm,
        stem.three, *stem.three_norm, stem.beside, *stem.beside_norm,
        CHANNELS=CHANNELS, OUTS=outs, GROUPS=GROUPS, **END,
    )  # fmt: skip
    return out


@triton.jit
def _mean(v, GROUPS: tl.constexpr):
    """Of each group of channels in each patch, (channels, patches, 1), from (.., .., places)."""
    channels: tl.constexpr = v.shape[0]
    patches: tl.constexpr = v.shape[1]
    each: tl.constexpr = channels // GROUPS
    total = tl.sum(tl.reshape(tl.sum(v, 2), (GROUPS, each, patches)), 1)
    mean = total / (v.shape[2] * each)
    mean = tl.broadcast_to(mean[:, None, :], (GROUPS, each, patches))
    return tl.reshape(mean, (channels, patches, 1))


@triton.jit
def _normal(v, weight, bias, eps, PATCHES: tl.constexpr, GROUPS: tl.constexpr):
    """Group norm of (channels, patches x places); weight and bias are of these channels."""
    channels: tl.constexpr = v.shape[0]
    v = tl.reshape(v, (channels, PATCHES, PLACES))
    off = v - _mean(v, GROUPS)
    root = 1 / tl.sqrt(_mean(off * off, GROUPS) + eps)
    channel = tl.arange(0, channels)[:, None, None]
    v = off * (root * tl.load(weight + channel)) + tl.load(bias + channel)
    return tl.reshape(v, (channels, PATCHES * PLACES))


@triton.jit
def _seen(patch, weight, v, row, pair, part):
    """Adds a row of the first convolution; `pair` is the two columns that it starts with."""
    pair = pair[:, None] + part[None, :] // 8
    inside = (row[:, None] >= 0) & (row[:, None] < 32) & (pair >= 0) & (pair < 16)
    at = row[:, None] * 128 + pair * 8 + part[None, :] % 8
    return tl.dot(weight, tl.load(patch + at, inside, 0).T, v)


@in_turn
@triton.jit
def _begin(
    patches,
    x,
    y,
    root,
    root_weight,
    root_bias,
    root_eps,
    one,
    one_weight,
    one_bias,
    one_eps,
    CHANNELS: tl.constexpr,
    GROUPS: tl.constexpr,
):
    number = tl.program_id(0).to(tl.int64)
    patches += number * 4096
    place, channel, part = tl.arange(0, PLACES), tl.arange(0, CHANNELS), tl.arange(0, 32)
    row, column = place // 8, place % 8
    # The 16 x 16 places in four parts: even or odd row, even or odd column.
    a = tl.zeros((CHANNELS, PLACES), tl.float32)
    b = tl.zeros((CHANNELS, PLACES), tl.float32)
    c = tl.zeros((CHANNELS, PLACES), tl.float32)
    d = tl.zeros((CHANNELS, PLACES), tl.float32)
    for down in range(7):
        w = tl.load(root + (down * CHANNELS + channel[:, None]) * 32 + part[None, :])
        a = _seen(patches, w, a, 4 * row + down - 2, 2 * column - 1, part)
        b = _seen(patches, w, b, 4 * row + down - 2, 2 * column, part)
        c = _seen(patches, w, c, 4 * row + down, 2 * column - 1, part)
        d = _seen(patches, w, d, 4 * row + down, 2 * column, part)
    whole = tl.reshape(a + b + c + d, (CHANNELS, 1, PLACES))
    mean = tl.reshape(_mean(whole, GROUPS), (CHANNELS, 1)) / 4
    a, b, c, d = a - mean, b - mean, c - mean, d - mean
    whole = tl.reshape(a * a + b * b + c * c + d * d, (CHANNELS, 1, PLACES))
    square = tl.reshape(_mean(whole, GROUPS), (CHANNELS, 1)) / 4
    by = tl.load(root_weight + channel[:, None]) / tl.sqrt(square + root_eps)
    more = tl.load(root_bias + channel[:, None])
    kind: tl.constexpr = x.dtype.element_ty
    a, b = tl.maximum(a * by + more, 0.0).to(kind), tl.maximum(b * by + more, 0.0).to(kind)
    c, d = tl.maximum(c * by + more, 0.0).to(kind), tl.maximum(d * by + more, 0.0).to(kind)
    # Maxima of 3 x 3: what lies to the right of and below the four is brought by products.
    to_place = place[:, None] - place[None, :]
    right = ((to_place == 1) & (column[None, :] < 7)).to(kind)
    below = (to_place == 8).to(kind)
    a = tl.maximum(tl.maximum(a, b), tl.dot(a, right).to(kind))
    c = tl.maximum(tl.maximum(c, d), tl.dot(c, right).to(kind))
    most = tl.maximum(tl.maximum(a, c), tl.dot(a, below).to(kind))
    at = number * PLACES * CHANNELS + place[None, :] * CHANNELS + channel[:, None]
    tl.store(x + at, most)
    w = tl.load(one + channel[:, None] * CHANNELS + channel[None, :])
    v = _normal(tl.dot(w, most), one_weight, one_bias, one_eps, 1, GROUPS)
    tl.store(y + at, tl.maximum(v, 0.0).to(kind))


@in_turn
@triton.jit(do_not_specialize=("n",))
def _end(
    x,
    y,
    out,
    n,
    two,
    two_weight,
    two_bias,
    two_eps,
    three,
    three_weight,
    three_bias,
    three_eps,
    beside,
    beside_weight,
    beside_bias,
    beside_eps,
    CHANNELS: tl.constexpr,
    OUTS: tl.constexpr,
    GROUPS: tl.constexpr,
    PATCHES: tl.constexpr,
    CHUNK: tl.constexpr,
    TAPS: tl.constexpr,
    CHUNKS: tl.constexpr,
):
    first = tl.program_id(0).to(tl.int64) * PATCHES
    x += first * PLACES * CHANNELS
    y += first * PLACES * CHANNELS
    out += first * PLACES * OUTS
    place, channel = tl.arange(0, PATCHES * PLACES), tl.arange(0, CHANNELS)
    there = first + place // PLACES < n
    row, column = place % PLACES // 8, place % 8
    v = tl.zeros((CHANNELS, PATCHES * PLACES), tl.float32)
    for tap in tl.range(9, num_stages=TAPS):
        down, across = tap // 3 - 1, tap % 3 - 1
        inside = (row + down >= 0) & (row + down < 8) & (column + across >= 0)
        inside = inside & (column + across < 8) & there
        at = (place + down * 8 + across)[:, None] * CHANNELS + channel[None, :]
        w = tl.load(two + (tap * CHANNELS + channel[:, None]) * CHANNELS + channel[None, :])
        v = tl.dot(w, tl.load(y + at, inside[:, None], 0).T, v)
    kind: tl.constexpr = x.dtype.element_ty
    v = _normal(v, two_weight, two_bias, two_eps, PATCHES, GROUPS)
    v = tl.maximum(v, 0.0).to(kind)
    at = place[:, None] * CHANNELS + channel[None, :]
    seen = tl.load(x + at, there[:, None], 0).T
    groups: tl.constexpr = CHUNK * GROUPS // OUTS
    at = place // PLACES * OUTS * PLACES + place % PLACES
    for start in tl.range(0, OUTS, CHUNK, num_stages=CHUNKS):
        made = start + tl.arange(0, CHUNK)
        where = made[:, None] * CHANNELS + channel[None, :]
        one = tl.dot(tl.load(three + where), v)
        other = tl.dot(tl.load(beside + where), seen)
        one = _normal(one, three_weight + start, three_bias + start, three_eps, PATCHES, groups)
        one += _normal(
            other, beside_weight + start, beside_bias + start, beside_eps, PATCHES, groups
        )
        one = tl.maximum(one, 0.0).to(kind)
        tl.store(out + made[:, None] * PLACES + at[None, :], one, there[None, :])
