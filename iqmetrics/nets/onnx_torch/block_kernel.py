# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""`iqm.Block` in Triton: channels last, one pass over memory, sums in float32."""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.onnx_torch.kernels import SHAPES, size

ACTS = {"": 0, "Relu": 1, "Relu6": 2, "PRelu": 3, "Gelu": 4}
PLACES, DEEP = 64, 32
"""Pixels that one program makes, and channels of the input that it takes at a time."""
MOST_BESIDE = 256
"""Channels that one program makes at most: beyond, what comes before is worked out again."""
EXACT, ROUGH = "tf32x3", "tf32"
"""Products as exact as float32's own, or with factors rounded to 11 bits."""


def block(
    x: Tensor,
    taps: Tensor | None,
    taps_bias: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    more: Tensor | None,
    slope: Tensor | None,
    middle: str,
    last: str,
    strides: Sequence[int] = (1, 1),
    around: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    precision: str = EXACT,
) -> Tensor:
    """The block of (n, channels, height, width), copied to channels last where it lies otherwise.

    Args:
        x: what goes in.
        taps: (channels, 1, kernel height, kernel width), or None: only a 1 x 1.
        taps_bias: (channels).
        weight: (outs, channels, 1, 1).
        bias: (outs).
        more: what is added, of the shape of the answer.
        slope: of a PReLU, (outs).
        middle: activation before the 1 x 1, one of `ACTS`.
        last: activation at the end.
        strides: of the kernel a channel: down, across.
        around: zeros added above, left, below and right.
        dilations: down, across.
        precision: `EXACT` or `ROUGH`.
    """
    x = x.contiguous(memory_format=torch.channels_last)
    n, channels, height, width = x.shape
    high, wide = taps.shape[2:] if taps is not None else (0, 0)
    rows, columns = height, width
    if taps is not None:
        rows, columns = size(x, taps, strides, around, dilations)
    shape, outs = (n, len(weight), rows, columns), len(weight)
    out = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
    if more is not None:
        more = more.contiguous(memory_format=torch.channels_last)
    beside = max(16, min(MOST_BESIDE if high else 128, triton.next_power_of_2(outs)))
    total = n * rows * columns
    grid = (triton.cdiv(total, PLACES), triton.cdiv(outs, beside))
    held = [x if v is None else v for v in (taps, taps_bias, weight, bias, more, slope)]
    _block[grid](
        x, *held, out, total, channels, outs, height, width, rows, columns,
        around[0], around[1], strides[0], strides[1], dilations[0], dilations[1],
        HIGH=high, WIDE=wide, TAPS_BIAS=taps_bias is not None, MIDDLE=ACTS[middle],
        BIAS=bias is not None, MORE=more is not None, LAST=ACTS[last], PRECISION=precision,
        PLACES=PLACES, DEEP=DEEP, BESIDE=beside, num_warps=8 if beside > 128 else 4,
    )  # fmt: skip
    return out


@triton.jit
def _act(value, slope, ACT: tl.constexpr):
    if ACT == 1:
        value = tl.maximum(value, 0.0)
    if ACT == 2:
        value = tl.minimum(tl.maximum(value, 0.0), 6.0)
    if ACT == 3:
        value = tl.where(value > 0, value, value * slope)
    if ACT == 4:
        value = 0.5 * value * (1.0 + tl.erf(value * 0.7071067811865476))
    return value


@triton.jit(do_not_specialize=SHAPES)
def _block(
    x,
    taps,
    taps_bias,
    weight,
    bias,
    more,
    slope,
    out,
    total,
    channels,
    outs,
    height,
    width,
    rows,
    columns,
    top,
    left,
    step_down,
    step_across,
    apart_down,
    apart_across,
    HIGH: tl.constexpr,
    WIDE: tl.constexpr,
    TAPS_BIAS: tl.constexpr,
    MIDDLE: tl.constexpr,
    BIAS: tl.constexpr,
    MORE: tl.constexpr,
    LAST: tl.constexpr,
    PRECISION: tl.constexpr,
    PLACES: tl.constexpr,
    DEEP: tl.constexpr,
    BESIDE: tl.constexpr,
):
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    made = tl.program_id(1) * BESIDE + tl.arange(0, BESIDE)
    here, wanted = place < total, made < outs
    column = place % columns
    row = (place // columns) % rows
    start = (place // (columns * rows)).to(tl.int64) * height
    sums = tl.zeros((PLACES, BESIDE), tl.float32)
    for first in range(0, channels, DEEP):
        channel = first + tl.arange(0, DEEP)
        known = channel < channels
        if HIGH > 0:
            seen = tl.zeros((PLACES, DEEP), tl.float32)
            if TAPS_BIAS:
                seen += tl.load(taps_bias + channel, known, 0).to(tl.float32)[None, :]
            for down in tl.static_range(HIGH):
                for across in tl.static_range(WIDE):
                    r = row * step_down - top + down * apart_down
                    c = column * step_across - left + across * apart_across
                    inside = here & (r >= 0) & (r < height) & (c >= 0) & (c < width)
                    at = ((start + r) * width + c) * channels
                    value = tl.load(
                        x + at[:, None] + channel[None, :], inside[:, None] & known[None, :], 0
                    ).to(tl.float32)
                    by = tl.load(taps + channel * (HIGH * WIDE) + down * WIDE + across, known, 0)
                    seen += value * by.to(tl.float32)[None, :]
            seen = _act(seen, 0.0, MIDDLE).to(weight.dtype.element_ty)
        else:
            at = place.to(tl.int64) * channels
            seen = tl.load(x + at[:, None] + channel[None, :], here[:, None] & known[None, :], 0)
        by = tl.load(
            weight + made[None, :] * channels + channel[:, None],
            known[:, None] & wanted[None, :],
            0,
        )
        sums = tl.dot(seen, by, sums, input_precision=PRECISION)
    if BIAS:
        sums += tl.load(bias + made, wanted, 0).to(tl.float32)[None, :]
    to = place.to(tl.int64)[:, None] * outs + made[None, :]
    shown = here[:, None] & wanted[None, :]
    if MORE:
        sums += tl.load(more + to, shown, 0).to(tl.float32)
    if LAST == 3:
        sums = _act(sums, tl.load(slope + made, wanted, 0).to(tl.float32)[None, :], 3)
    else:
        sums = _act(sums, 0.0, LAST)
    tl.store(out + to, sums.to(out.dtype.element_ty), shown)
