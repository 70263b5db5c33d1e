# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Pictures resized and cut into patches in Triton: one pass from bytes to what MUSIQ takes."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn
from iqmetrics.nets.musiq_ops import SIDE

UNLIKE = (
    *("step_image", "step_channel", "step_row", "step_column", "count"),
    *("height", "width", "high", "wide", "top", "left", "columns"),
)
"""Numbers that differ from picture to picture: one kernel for all."""


def cut(images: Tensor, shape: tuple[int, int], out: Tensor) -> None:
    """Pictures resized, in -1..1, cut into patches with zeros around the picture where needed.

    Args:
        images: (n, 3, height, width) of bytes or of 0..1, lying in any order.
        shape: rows and columns of pixels that they are resized to (bicubic).
        out: (n, patches, 32, 32, 4), the fourth channel zero; patches go row by row.
    """
    height, width = images.shape[2:]
    rows, columns = (-(-n // SIDE) for n in shape)
    top, left = (rows * SIDE - shape[0]) // 2, (columns * SIDE - shape[1]) // 2
    _cut[rows * columns, len(images)](
        images, out, *images.stride(), out.stride(0) // (4 * SIDE * SIDE), height, width, *shape,
        height / shape[0], width / shape[1], top, left, columns,
        1 / 255 if images.dtype == torch.uint8 else 1.0,
        RESIZED=shape != (height, width), SIDE=SIDE, num_warps=8,
    )  # fmt: skip


@in_turn
@triton.jit(do_not_specialize=UNLIKE)
def _cut(
    images,
    out,
    step_image,
    step_channel,
    step_row,
    step_column,
    count,
    height,
    width,
    high,
    wide,
    down,
    across,
    top,
    left,
    columns,
    most,
    RESIZED: tl.constexpr,
    SIDE: tl.constexpr,
):
    patch, image = tl.program_id(0), tl.program_id(1).to(tl.int64)
    place, channel = tl.arange(0, SIDE * SIDE)[:, None], tl.arange(0, 4)[None, :]
    row = patch // columns * SIDE + place // SIDE - top
    column = patch % columns * SIDE + place % SIDE - left
    inside = (row >= 0) & (row < high) & (column >= 0) & (column < wide) & (channel < 3)
    images += image * step_image + channel * step_channel
    if RESIZED:
        y, x = (row + 0.5) * down - 0.5, (column + 0.5) * across - 0.5
        above, before = tl.floor(y), tl.floor(x)
        y, x = y - above, x - before
        v = tl.zeros((SIDE * SIDE, 4), tl.float32)
        for i in tl.static_range(4):
            from_row = tl.minimum(tl.maximum(above.to(tl.int32) + (i - 1), 0), height - 1)
            line = tl.zeros((SIDE * SIDE, 4), tl.float32)
            for j in tl.static_range(4):
                from_column = before.to(tl.int32) + (j - 1)
                from_column = tl.minimum(tl.maximum(from_column, 0), width - 1)
                at = from_row * step_row + from_column * step_column
                line += tl.load(images + at, inside, 0).to(tl.float32) * _share(x, j)
            v += line * _share(y, i)
    else:
        v = tl.load(images + row * step_row + column * step_column, inside, 0).to(tl.float32)
    v = tl.where(inside, (v * most - 0.5) * 2, 0.0)
    to = (image * count + patch) * (4 * SIDE * SIDE) + place * 4 + channel
    tl.store(out + to, v.to(out.dtype.element_ty))


@triton.jit
def _share(t, NUMBER: tl.constexpr):
    """Of pixel NUMBER of four, in the cubic (a = -0.75) at `t` in 0..1 between the middle two."""
    if NUMBER == 0:
        d = t + 1
    elif NUMBER == 1:
        d = t
    elif NUMBER == 2:
        d = 1 - t
    else:
        d = 2 - t
    if NUMBER == 1 or NUMBER == 2:
        share = (1.25 * d - 2.25) * d * d + 1
    else:
        share = ((-0.75 * d + 3.75) * d - 6.0) * d + 3.0
    return share
