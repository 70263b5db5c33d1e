# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Convolutions of 1 x 1 in Triton, with what follows them: channels last, one pass over memory."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.onnx_torch.kernels import ACTS, act

PLACES, DEEP, BESIDE = 64, 32, 128
"""Pixels and channels that one program makes at most, and channels that it takes at a time."""


def point(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    more: Tensor | None = None,
    last: str = "",
    slope: Tensor | None = None,
) -> Tensor:
    """The activation of 1 x 1 convolution + bias + more, as exact as in float32.

    Args:
        x: (n, channels, height, width), copied to channels last where it lies otherwise.
        weight: (outs, channels, 1, 1).
        bias: (outs).
        more: what is added, of the shape of the answer.
        last: activation, one of `ACTS`.
        slope: of a PReLU, (outs).
    """
    x = x.contiguous(memory_format=torch.channels_last)
    n, channels, height, width = x.shape
    outs, total = len(weight), n * height * width
    out = torch.empty(
        (n, outs, height, width),
        dtype=x.dtype,
        device=x.device,
        memory_format=torch.channels_last,
    )
    if more is not None:
        more = more.contiguous(memory_format=torch.channels_last)
    beside = max(16, min(BESIDE, triton.next_power_of_2(outs)))
    held = [x if v is None else v for v in (bias, more, slope)]
    _point[triton.cdiv(total, PLACES), triton.cdiv(outs, beside)](
        x, weight, *held, out, total, channels, outs,
        BIAS=bias is not None, MORE=more is not None, LAST=ACTS[last],
        PLACES=PLACES, DEEP=DEEP, BESIDE=beside,
    )  # fmt: skip
    return out


@triton.jit(do_not_specialize=("total",))
def _point(
    x,
    weight,
    bias,
    more,
    slope,
    out,
    total,
    channels,
    outs,
    BIAS: tl.constexpr,
    MORE: tl.constexpr,
    LAST: tl.constexpr,
    PLACES: tl.constexpr,
    DEEP: tl.constexpr,
    BESIDE: tl.constexpr,
):
    place = (tl.program_id(0) * PLACES + tl.arange(0, PLACES)).to(tl.int64)
    made = tl.program_id(1) * BESIDE + tl.arange(0, BESIDE)
    here, wanted = place < total, made < outs
    sums = tl.zeros((PLACES, BESIDE), tl.float32)
    for first in range(0, channels, DEEP):
        channel = first + tl.arange(0, DEEP)
        known = channel < channels
        seen = tl.load(
            x + place[:, None] * channels + channel[None, :], here[:, None] & known[None, :], 0
        )
        by = tl.load(
            weight + made[None, :] * channels + channel[:, None],
            known[:, None] & wanted[None, :],
            0,
        )
        sums = tl.dot(seen, by, sums, input_precision="tf32x3")
    if BIAS:
        sums += tl.load(bias + made, wanted, 0).to(tl.float32)[None, :]
    to = place[:, None] * outs + made[None, :]
    shown = here[:, None] & wanted[None, :]
    if MORE:
        sums += tl.load(more + to, shown, 0).to(tl.float32)
    if LAST == 3:
        sums = act(sums, tl.load(slope + made, wanted, 0).to(tl.float32)[None, :], 3)
    else:
        sums = act(sums, 0.0, LAST)
    tl.store(out + to, sums.to(out.dtype.element_ty), shown)
