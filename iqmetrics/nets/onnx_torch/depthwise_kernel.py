# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Convolutions of one channel each in Triton: channels last, one pass.

cuDNN does them in several passes and with changes of layout. Sums are in float32; an answer is of
the kind of its input.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn
from iqmetrics.nets.onnx_torch.block_tiles import depthwise_tile
from iqmetrics.nets.onnx_torch.kernels import ACTS, act, by_channel, power, taps_of


class Steps(NamedTuple):
    """How a kernel goes over a picture: each of two down, then across."""

    strides: Sequence[int]
    around: Sequence[int]
    dilations: Sequence[int]

    def size(self, picture: Sequence[int], kernel: Sequence[int]) -> tuple[int, int]:
        """Rows and columns of the answer; `around` are zeros above, left, below and right."""
        sides = self.around[0] + self.around[2], self.around[1] + self.around[3]
        rows, columns = (
            (length + side - apart * (k - 1) - 1) // step + 1
            for length, side, k, step, apart in zip(
                picture, sides, kernel, self.strides, self.dilations, strict=True
            )
        )
        return rows, columns


def depthwise(
    x: Tensor, weight: Tensor, bias: Tensor | None, steps: Steps, last: str = ""
) -> Tensor:
    """A convolution of each channel of (n, channels, height, width) by its own kernel.

    Args:
        x: taken channels last, copied where it lies otherwise.
        weight: (channels, 1, kernel height, kernel width).
        bias: (channels).
        steps: strides, zeros around, dilations.
        last: activation, one of `ACTS` without a slope.
    """
    x = x.contiguous(memory_format=torch.channels_last)
    n, channels, height, width = x.shape
    high, wide = weight.shape[2:]
    rows, columns = steps.size((height, width), (high, wide))
    out = torch.empty(
        (n, channels, rows, columns),
        dtype=x.dtype,
        device=x.device,
        memory_format=torch.channels_last,
    )
    made = depthwise_tile(channels, rows, steps.strides[1], wide, x.element_size())
    total = n * triton.cdiv(rows, made.lines) * triton.cdiv(columns, made.cross)
    each = power(channels)
    _depthwise[triton.cdiv(total, made.places), triton.cdiv(channels, made.block)](
        x, taps_of(weight, made.block), x if bias is None else bias, out,
        total, channels // each, height, width, rows, columns, *steps.around[:2],
        EACH=each, HIGH=high, WIDE=wide, DOWN=steps.strides[0], ACROSS=steps.strides[1],
        APART_DOWN=steps.dilations[0], APART_ACROSS=steps.dilations[1],
        BIAS=bias is not None, LAST=ACTS[last], LINES=made.lines, CROSS=made.cross,
        PLACES=made.places, BLOCK=made.block, num_warps=made.warps,
    )  # fmt: skip
    return out


@in_turn
@triton.jit(
    do_not_specialize=("total", "groups", "height", "width", "rows", "columns", "top", "left")
)
def _depthwise(
    x,
    taps,
    bias,
    out,
    total,
    groups,
    height,
    width,
    rows,
    columns,
    top,
    left,
    EACH: tl.constexpr,
    HIGH: tl.constexpr,
    WIDE: tl.constexpr,
    DOWN: tl.constexpr,
    ACROSS: tl.constexpr,
    APART_DOWN: tl.constexpr,
    APART_ACROSS: tl.constexpr,
    BIAS: tl.constexpr,
    LAST: tl.constexpr,
    LINES: tl.constexpr,
    CROSS: tl.constexpr,
    PLACES: tl.constexpr,
    BLOCK: tl.constexpr,
):
    channels = groups * EACH
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    channel = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    here, known = place < total, channel < channels
    stacks = (rows + LINES - 1) // LINES
    flanks = (columns + CROSS - 1) // CROSS
    spot = (place % flanks) * CROSS
    line = ((place // flanks) % stacks) * LINES
    image = place // (flanks * stacks)
    row, column = line * DOWN - top, spot * ACROSS - left
    at = ((image * height + row) * width + column) * channels
    sums = by_channel(
        x, taps + tl.program_id(1) * (HIGH * WIDE * BLOCK), bias, at, row, column, here, channel,
        channels, height, width, HIGH, WIDE, DOWN, ACROSS, APART_DOWN, APART_ACROSS,
        BIAS, LINES, CROSS, PLACES, BLOCK,
    )  # fmt: skip
    to = out + (((image * rows + line) * columns + spot) * channels)[:, None] + channel[None, :]
    for s in tl.static_range(LINES * CROSS):
        value = act(sums[s], 0.0, LAST).to(out.dtype.element_ty)
        shown = here & (line + s // CROSS < rows) & (spot + s % CROSS < columns)
        beside = (s // CROSS * columns + s % CROSS) * channels
        tl.store(to + beside, value, shown[:, None] & known[None, :])
