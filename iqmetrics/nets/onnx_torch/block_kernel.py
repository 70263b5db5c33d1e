# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""A block, or its 1 x 1 convolution alone, in Triton: channels last, one pass over memory.

Where few channels are looked at, the convolution of each channel before the 1 x 1 is made in the
same program: what lies between is never written.
"""

from dataclasses import dataclass
from math import prod

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn
from iqmetrics.nets.onnx_torch.block_tiles import block_tile, point_tile
from iqmetrics.nets.onnx_torch.depthwise_kernel import Steps, depthwise
from iqmetrics.nets.onnx_torch.kernels import ACTS, act, by_channel, power, taps_of


@dataclass(frozen=True)
class Before:
    """The convolution by channel before a 1 x 1: kernel (channels, 1, high, wide), bias, steps.

    Attributes:
        act: activation between the two, one of `ACTS` without a slope.
    """

    taps: Tensor
    bias: Tensor | None
    steps: Steps
    act: str = ""


def block(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    more: Tensor | None = None,
    last: str = "",
    slope: Tensor | None = None,
    pooled: bool = False,
    before: Before | None = None,
) -> Tensor:
    """The activation of 1 x 1 convolution + bias + more, as exact as in float32.

    Args:
        x: (n, channels, height, width), copied to channels last where it lies otherwise.
        weight: (outs, channels, 1, 1).
        bias: (outs).
        more: what is added, of the shape of the answer; it may have fewer channels.
        last: activation, one of `ACTS`.
        slope: of a PReLU, (outs).
        pooled: `more` is twice as high and wide, of each square the largest is added.
        before: what is done to `x` first.
    """
    outs, tile, steps = len(weight), None, Steps((1, 1), (0, 0, 0, 0), (1, 1))
    if before is not None:
        kernel, strides = before.taps.shape[2:], before.steps.strides
        pixels = prod(before.steps.size(x.shape[2:], kernel))
        tile = block_tile(x.shape[1], outs, pixels, strides, kernel, x.element_size())
        if tile is None:
            x, before = depthwise(x, before.taps, before.bias, before.steps, before.act), None
    x = x.contiguous(memory_format=torch.channels_last)
    n, channels, height, width = x.shape
    rows, columns, high, wide = height, width, 0, 0
    if before is not None:
        high, wide = before.taps.shape[2:]
        steps = before.steps
        rows, columns = steps.size((height, width), (high, wide))
    out = torch.empty(
        (n, outs, rows, columns),
        dtype=x.dtype,
        device=x.device,
        memory_format=torch.channels_last,
    )
    made = tile or point_tile(channels, outs, rows * columns, x.element_size())
    if more is not None:
        more = more.contiguous(memory_format=torch.channels_last)
    kept, tall, broad = (outs, 0, 0) if more is None else more.shape[1:]
    total = n * triton.cdiv(rows, made.lines) * triton.cdiv(columns, made.cross)
    powers = [power(count) for count in (channels, outs, kept)]
    groups = [c // p for c, p in zip((channels, outs, kept), powers, strict=True)]
    first = (taps_of(before.taps, made.block), before.bias) if before else (None, None)
    held = [x if v is None else v for v in (*first, weight, bias, more, slope)]
    _block[triton.cdiv(total, made.places), triton.cdiv(outs, made.beside)](
        x, *held, out,
        total, *groups, height, width, rows, columns, *steps.around[:2], tall, broad,
        EACH=powers[0], MADE=powers[1], KEPT=powers[2],
        HIGH=high, WIDE=wide, DOWN=steps.strides[0], ACROSS=steps.strides[1],
        APART_DOWN=steps.dilations[0], APART_ACROSS=steps.dilations[1],
        TAPS_BIAS=first[1] is not None, MIDDLE=ACTS[before.act if before else ""],
        BIAS=bias is not None, MORE=more is not None, POOLED=pooled, LAST=ACTS[last],
        PLACES=made.places, LINES=made.lines, CROSS=made.cross, BLOCK=made.block,
        BESIDE=made.beside, ONCE=channels <= made.block,
        num_warps=made.warps, num_stages=made.stages,
    )  # fmt: skip
    return out


SIZES = (
    "total", "groups", "made_groups", "kept_groups", "height", "width", "rows", "columns",
    "top", "left", "tall", "broad",
)  # fmt: skip
"""Numbers for which no kernel of their own is compiled: every size of picture has others."""


@triton.jit
def _together(parts, COUNT: tl.constexpr, PLACES: tl.constexpr, BLOCK: tl.constexpr):
    """COUNT (4 or 8) tensors of PLACES x BLOCK as one, those of a place one after another."""
    if COUNT == 4:
        even, odd = tl.join(parts[0], parts[2]), tl.join(parts[1], parts[3])
        whole = tl.permute(tl.join(even, odd), (0, 2, 3, 1))
    else:
        first = tl.join(tl.join(parts[0], parts[4]), tl.join(parts[2], parts[6]))
        second = tl.join(tl.join(parts[1], parts[5]), tl.join(parts[3], parts[7]))
        whole = tl.permute(tl.join(first, second), (0, 2, 3, 4, 1))
    return tl.reshape(whole, (PLACES * COUNT, BLOCK))


@triton.jit
def _largest(more, at, channels, broad, held):
    """Of each square of 2 x 2 pixels whose first value is `at` there, the largest."""
    near = more + at
    upper = tl.maximum(tl.load(near, held, 0), tl.load(near + channels, held, 0))
    near += broad * channels
    lower = tl.maximum(tl.load(near, held, 0), tl.load(near + channels, held, 0))
    return tl.maximum(upper, lower)


@in_turn
@triton.jit(do_not_specialize=SIZES)
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
    groups,
    made_groups,
    kept_groups,
    height,
    width,
    rows,
    columns,
    top,
    left,
    tall,
    broad,
    EACH: tl.constexpr,
    MADE: tl.constexpr,
    KEPT: tl.constexpr,
    HIGH: tl.constexpr,
    WIDE: tl.constexpr,
    DOWN: tl.constexpr,
    ACROSS: tl.constexpr,
    APART_DOWN: tl.constexpr,
    APART_ACROSS: tl.constexpr,
    TAPS_BIAS: tl.constexpr,
    MIDDLE: tl.constexpr,
    BIAS: tl.constexpr,
    MORE: tl.constexpr,
    POOLED: tl.constexpr,
    LAST: tl.constexpr,
    PLACES: tl.constexpr,
    LINES: tl.constexpr,
    CROSS: tl.constexpr,
    BLOCK: tl.constexpr,
    BESIDE: tl.constexpr,
    ONCE: tl.constexpr,
):
    channels, outs, kept = groups * EACH, made_groups * MADE, kept_groups * KEPT
    stacks = (rows + LINES - 1) // LINES
    flanks = (columns + CROSS - 1) // CROSS
    made = tl.program_id(1) * BESIDE + tl.arange(0, BESIDE)
    wanted = made < outs
    each: tl.constexpr = LINES * CROSS
    done = tl.program_id(0) * (PLACES * each) + tl.arange(0, PLACES * each)
    there, shown = done, done < total
    spot, line, image = done, done, done
    if HIGH > 0 or POOLED:
        to, part = done // each, done % each
        spot = (to % flanks) * CROSS + part % CROSS
        line = ((to // flanks) % stacks) * LINES + part // CROSS
        image = to // (flanks * stacks)
        there = (image * rows + line) * columns + spot
        shown = (to < total) & (line < rows) & (spot < columns)
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    column = (place % flanks) * (CROSS * ACROSS) - left
    row = ((place // flanks) % stacks) * (LINES * DOWN) - top
    at = ((place // (flanks * stacks) * height + row) * width + column) * channels
    sums = tl.zeros((PLACES * each, BESIDE), tl.float32)
    end = channels
    if ONCE:
        end = BLOCK
    for first in range(0, end, BLOCK):
        channel = first + tl.arange(0, BLOCK)
        known = channel < channels
        if HIGH > 0:
            parts = by_channel(
                x, taps + first * (HIGH * WIDE), taps_bias, at, row, column, place < total, channel,
                channels, height, width, HIGH, WIDE, DOWN, ACROSS, APART_DOWN, APART_ACROSS,
                TAPS_BIAS, LINES, CROSS, PLACES, BLOCK,
            )  # fmt: skip
            middle = _together(parts, each, PLACES, BLOCK)
            seen = act(middle, 0.0, MIDDLE).to(x.dtype.element_ty)
        else:
            seen = tl.load(
                x + (there * channels)[:, None] + channel[None, :],
                shown[:, None] & known[None, :],
                0,
            )
        by = tl.load(
            weight + made[None, :] * channels + channel[:, None],
            known[:, None] & wanted[None, :],
            0,
        )
        sums = tl.dot(seen, by, sums, input_precision="tf32x3")
    if BIAS:
        sums += tl.load(bias + made, wanted, 0).to(tl.float32)[None, :]
    if MORE:
        held = shown[:, None] & (wanted & (made < kept))[None, :]
        if POOLED:
            corner = (((image * tall + 2 * line) * broad + 2 * spot) * kept)[:, None]
            sums += _largest(more, corner + made[None, :], kept, broad, held).to(tl.float32)
        else:
            sums += tl.load(more + (there * kept)[:, None] + made[None, :], held, 0).to(tl.float32)
    if LAST == 3:
        sums = act(sums, tl.load(slope + made, wanted, 0).to(tl.float32)[None, :], 3)
    else:
        sums = act(sums, 0.0, LAST)
    to = out + (there * outs)[:, None] + made[None, :]
    tl.store(to, sums.to(out.dtype.element_ty), shown[:, None] & wanted[None, :])
