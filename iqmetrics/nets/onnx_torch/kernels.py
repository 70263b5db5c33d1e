# mypy: disable-error-code="no-untyped-def, untyped-decorator, assignment, var-annotated"
"""What the Triton kernels of a block share: activations, and sums of one channel each.

A program makes squares of LINES x CROSS values of a channel, so that neighbours share what they
read, and each value is taken up in the same order whatever the squares: the same sums, to the bit.
Sums are in float32.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

ACTS = {"": 0, "Relu": 1, "Relu6": 2, "PRelu": 3, "Gelu": 4}
"""Activations and their numbers in kernels."""
MOST = 2**31
"""Values of a tensor for which the kernels can count."""

_laid: dict[int, WeakTensorKeyDictionary] = {}


def taps_of(weight: Tensor, block: int) -> Tensor:
    """Kernels (channels, 1, high, wide) as (blocks, high, wide, block) in float32, 0 at the end.

    Made once for a weight, which never changes.
    """
    known = _laid.setdefault(block, WeakTensorKeyDictionary())
    if weight not in known:
        channels, _, high, wide = weight.shape
        blocks = triton.cdiv(channels, block)
        laid = torch.zeros((blocks * block, high, wide), device=weight.device)
        laid[:channels] = weight[:, 0]
        known[weight] = laid.reshape(blocks, block, high, wide).permute(0, 2, 3, 1).contiguous()
    found: Tensor = known[weight]
    return found


def power(channels: int) -> int:
    """The largest of 1, 2, 4 and 8 that divides them: what a kernel may know of an address."""
    return channels & -channels & 7 or 8


@triton.jit
def act(value, slope, ACT: tl.constexpr):
    """The activation of that number."""
    if ACT == 1:
        value = tl.maximum(value, 0.0)
    if ACT == 2:
        value = tl.minimum(tl.maximum(value, 0.0), 6.0)
    if ACT == 3:
        value = tl.where(value > 0, value, value * slope)
    if ACT == 4:
        value = 0.5 * value * (1.0 + tl.erf(value * 0.7071067811865476))
    return value


@triton.jit
def by_channel(
    x,
    taps,
    bias,
    at,
    row,
    column,
    here,
    channel,
    channels,
    height,
    width,
    HIGH: tl.constexpr,
    WIDE: tl.constexpr,
    DOWN: tl.constexpr,
    ACROSS: tl.constexpr,
    APART_DOWN: tl.constexpr,
    APART_ACROSS: tl.constexpr,
    BIAS: tl.constexpr,
    LINES: tl.constexpr,
    CROSS: tl.constexpr,
    PLACES: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """LINES x CROSS tensors (PLACES, BLOCK): each square's values, line by line.

    `x` lies channels last and has `channels`, `height` and `width`; `taps` are those of this block
    of channels, see `taps_of`; `here` says which squares there are. The first tap of a square is
    at `row` and `column`, `at` as an offset into x: it may lie outside.
    """
    known = channel < channels
    first = tl.zeros((PLACES, BLOCK), tl.float32)
    if BIAS:
        first += tl.load(bias + channel, known, 0).to(tl.float32)[None, :]
    sums = ()
    for _ in tl.static_range(LINES * CROSS):
        sums = sums + (first,)  # noqa: RUF005
    near = x + at[:, None] + channel[None, :]
    lane = tl.arange(0, BLOCK)
    for side in tl.static_range((CROSS - 1) * ACROSS + (WIDE - 1) * APART_ACROSS + 1):
        fits = here & ((column + side).to(tl.uint32) < width.to(tl.uint32))  # < 0 is large
        seen = ()
        for line in tl.static_range((LINES - 1) * DOWN + (HIGH - 1) * APART_DOWN + 1):
            inside = fits & ((row + line).to(tl.uint32) < height.to(tl.uint32))
            to = near + (line * width + side) * channels
            seen = seen + (tl.load(to, inside[:, None] & known[None, :], 0),)  # noqa: RUF005
        for beside in tl.static_range(CROSS):
            if (
                side >= beside * ACROSS
                and (side - beside * ACROSS) % APART_ACROSS == 0
                and side - beside * ACROSS <= (WIDE - 1) * APART_ACROSS
            ):
                for down in tl.static_range(HIGH):
                    tap = down * WIDE + (side - beside * ACROSS) // APART_ACROSS
                    by = tl.load(taps + tap * BLOCK + lane)[None, :]
                    fresh = ()
                    for s in tl.static_range(LINES * CROSS):
                        if s % CROSS == beside:
                            value = seen[s // CROSS * DOWN + down * APART_DOWN].to(tl.float32)
                            fresh = fresh + (sums[s] + value * by,)  # noqa: RUF005
                        else:
                            fresh = fresh + (sums[s],)  # noqa: RUF005
                    sums = fresh
    return sums
