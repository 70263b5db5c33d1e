# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Convolutions of one channel each in Triton: channels last, one pass.

cuDNN does them in several passes and with changes of layout. Sums are in float32; an answer is of
the kind of its input.
"""

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

ACTS = {"": 0, "Relu": 1, "Relu6": 2, "PRelu": 3, "Gelu": 4}
"""Activations and their numbers in kernels."""
VALUES = 2048
"""Values that one program makes."""
SHAPES = (
    "total", "height", "width", "rows", "columns",
    "top", "left", "step_down", "step_across", "apart_down", "apart_across",
)  # fmt: skip
"""Numbers for which no kernel of their own is compiled: every size of picture has others."""


def depthwise(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    strides: Sequence[int],
    around: Sequence[int],
    dilations: Sequence[int],
    last: str = "",
) -> Tensor:
    """A convolution of each channel of (n, channels, height, width) by its own kernel.

    Args:
        x: taken channels last, copied where it lies otherwise.
        weight: (channels, 1, kernel height, kernel width).
        bias: (channels).
        strides: down, across.
        around: zeros added above, left, below and right.
        dilations: down, across.
        last: activation, one of `ACTS` without a slope.
    """
    x = x.contiguous(memory_format=torch.channels_last)
    n, channels, height, width = x.shape
    high, wide = weight.shape[2:]
    top, left, bottom, right = around
    rows = (height + top + bottom - dilations[0] * (high - 1) - 1) // strides[0] + 1
    columns = (width + left + right - dilations[1] * (wide - 1) - 1) // strides[1] + 1
    out = torch.empty(
        (n, channels, rows, columns),
        dtype=x.dtype,
        device=x.device,
        memory_format=torch.channels_last,
    )
    beside = min(128, triton.next_power_of_2(channels))
    places = max(1, VALUES // beside)
    total = n * rows * columns
    grid = (triton.cdiv(total, places), triton.cdiv(channels, beside))
    _depthwise[grid](
        x, weight, x if bias is None else bias, out, total, channels, height, width, rows, columns,
        top, left, strides[0], strides[1], dilations[0], dilations[1],
        BIAS=bias is not None, LAST=ACTS[last], HIGH=high, WIDE=wide, PLACES=places, BESIDE=beside,
    )  # fmt: skip
    return out


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


@triton.jit(do_not_specialize=SHAPES)
def _depthwise(
    x,
    taps,
    bias,
    out,
    total,
    channels,
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
    BIAS: tl.constexpr,
    LAST: tl.constexpr,
    HIGH: tl.constexpr,
    WIDE: tl.constexpr,
    PLACES: tl.constexpr,
    BESIDE: tl.constexpr,
):
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    channel = tl.program_id(1) * BESIDE + tl.arange(0, BESIDE)
    here, known = place < total, channel < channels
    column = place % columns
    row = (place // columns) % rows
    start = (place // (columns * rows)).to(tl.int64) * height
    value = tl.zeros((PLACES, BESIDE), tl.float32)
    if BIAS:
        value += tl.load(bias + channel, known, 0).to(tl.float32)[None, :]
    for down in tl.static_range(HIGH):
        for across in tl.static_range(WIDE):
            r = row * step_down - top + down * apart_down
            c = column * step_across - left + across * apart_across
            inside = here & (r >= 0) & (r < height) & (c >= 0) & (c < width)
            at = ((start + r) * width + c) * channels
            seen = tl.load(
                x + at[:, None] + channel[None, :], inside[:, None] & known[None, :], 0
            ).to(tl.float32)
            by = tl.load(taps + channel * (HIGH * WIDE) + down * WIDE + across, known, 0)
            value += seen * by.to(tl.float32)[None, :]
    to = out + place.to(tl.int64)[:, None] * channels + channel[None, :]
    value = act(value, 0.0, LAST)
    tl.store(to, value.to(out.dtype.element_ty), here[:, None] & known[None, :])
