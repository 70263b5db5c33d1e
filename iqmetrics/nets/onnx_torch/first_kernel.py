# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""The convolution of a picture's few channels in Triton, with its activation: one pass."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn
from iqmetrics.nets.onnx_torch.depthwise_kernel import Steps
from iqmetrics.nets.onnx_torch.kernels import ACTS, act, power

PLACES = 64
"""Pixels that one program makes, of all channels up to 128."""


def first(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    steps: Steps,
    last: str = "",
    slope: Tensor | None = None,
) -> Tensor:
    """The activation of a convolution, as exact as in float32.

    Args:
        x: (n, channels, height, width), copied to channels last where it lies otherwise.
        weight: (outs, channels, kernel height, kernel width).
        bias: (outs).
        steps: strides, zeros around, dilations.
        last: activation, one of `ACTS`.
        slope: of a PReLU, (outs).
    """
    x = x.contiguous(memory_format=torch.channels_last)
    weight = weight.contiguous(memory_format=torch.channels_last)
    n, channels, height, width = x.shape
    outs, _, high, wide = weight.shape
    rows, columns = steps.size((height, width), (high, wide))
    out = torch.empty(
        (n, outs, rows, columns),
        dtype=x.dtype,
        device=x.device,
        memory_format=torch.channels_last,
    )
    total, seen = n * rows * columns, channels * high * wide
    block = 16 if 0 < seen % 32 <= 16 else 32
    beside = max(16, min(128, triton.next_power_of_2(outs)))
    each = power(outs)
    held = [x if v is None else v for v in (bias, slope)]
    _first[triton.cdiv(total, PLACES), triton.cdiv(outs, beside)](
        x, weight, *held, out,
        total, outs // each, height, width, rows, columns, *steps.around[:2],
        CHANNELS=channels, EACH=each, HIGH=high, WIDE=wide,
        DOWN=steps.strides[0], ACROSS=steps.strides[1],
        APART_DOWN=steps.dilations[0], APART_ACROSS=steps.dilations[1],
        BIAS=bias is not None, LAST=ACTS[last],
        PLACES=PLACES, BLOCK=block, BLOCKS=triton.cdiv(seen, block), BESIDE=beside,
    )  # fmt: skip
    return out


@in_turn
@triton.jit(
    do_not_specialize=("total", "groups", "height", "width", "rows", "columns", "top", "left")
)
def _first(
    x,
    weight,
    bias,
    slope,
    out,
    total,
    groups,
    height,
    width,
    rows,
    columns,
    top,
    left,
    CHANNELS: tl.constexpr,
    EACH: tl.constexpr,
    HIGH: tl.constexpr,
    WIDE: tl.constexpr,
    DOWN: tl.constexpr,
    ACROSS: tl.constexpr,
    APART_DOWN: tl.constexpr,
    APART_ACROSS: tl.constexpr,
    BIAS: tl.constexpr,
    LAST: tl.constexpr,
    PLACES: tl.constexpr,
    BLOCK: tl.constexpr,
    BLOCKS: tl.constexpr,
    BESIDE: tl.constexpr,
):
    outs = groups * EACH
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    made = tl.program_id(1) * BESIDE + tl.arange(0, BESIDE)
    here, wanted = place < total, made < outs
    row = (place // columns) % rows * DOWN - top
    column = place % columns * ACROSS - left
    at = ((place // (columns * rows) * height + row) * width + column) * CHANNELS
    sums = tl.zeros((PLACES, BESIDE), tl.float32)
    for number in tl.static_range(BLOCKS):
        one = number * BLOCK + tl.arange(0, BLOCK)
        known = one < CHANNELS * HIGH * WIDE
        down = one // (CHANNELS * WIDE) * APART_DOWN
        across = one // CHANNELS % WIDE * APART_ACROSS
        off = (down * width + across) * CHANNELS + one % CHANNELS
        r = (row[:, None] + down[None, :]).to(tl.uint32)  # < 0 is large
        c = (column[:, None] + across[None, :]).to(tl.uint32)
        inside = (r < height.to(tl.uint32)) & (c < width.to(tl.uint32))
        inside = inside & here[:, None] & known[None, :]
        seen = tl.load(x + at[:, None] + off[None, :], inside, 0)
        by = tl.load(
            weight + made[None, :] * (CHANNELS * HIGH * WIDE) + one[:, None],
            known[:, None] & wanted[None, :],
            0,
        )
        sums = tl.dot(seen, by, sums, input_precision="tf32x3")
    if BIAS:
        sums += tl.load(bias + made, wanted, 0).to(tl.float32)[None, :]
    if LAST == 3:
        sums = act(sums, tl.load(slope + made, wanted, 0).to(tl.float32)[None, :], 3)
    else:
        sums = act(sums, 0.0, LAST)
    to = out + (place * outs)[:, None] + made[None, :]
    tl.store(to, sums.to(out.dtype.element_ty), here[:, None] & wanted[None, :])
