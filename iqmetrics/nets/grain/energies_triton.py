# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Energies of patches in Triton: each patch goes from luma to its sums without a stop in memory."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.grain.cuts import PATCH, STRIDE
from iqmetrics.nets.launches import in_turn

PLACES = 64
"""Patches that one program makes."""
SUMS = 16
"""Columns of the sums' weights: a power of two, as many as a product of matrices wants at least."""
SHAPES = ("height", "width", "rows", "columns")


def energies(luma: Tensor, dct: Tensor, members: Tensor, rows: int, columns: int) -> Tensor:
    """Sums over the squared DCT coefficients of patches of 8 x 8 that start every 7 pixels.

    A patch's mean is taken away first, so that rounding stays small; the first coefficient, which
    holds the mean alone, must count for nothing.

    Args:
        luma: N x H x W.
        dct: 64 x 64, a row a wave.
        members: n x 64, n <= 16: weights of coefficients in each sum. In the last of the n the
            fourth powers are summed.
        rows: rows of patches.
        columns: of patches.

    Returns:
        n x N x rows x columns.
    """
    luma = luma.contiguous()
    many, n = len(members), len(luma)
    weights = members.new_zeros((PATCH * PATCH, SUMS))
    weights[:, : many - 1] = members[:-1].T
    out = torch.empty((many, n, rows, columns), device=luma.device)
    _energies[triton.cdiv(rows * columns, PLACES), n](
        luma, dct.T.contiguous(), weights, members[-1].contiguous(), out, *luma.shape[1:],
        rows, columns, MANY=many, PLACES=PLACES, PATCH=PATCH, STRIDE=STRIDE, SUMS=SUMS,
    )  # fmt: skip
    return out


@in_turn
@triton.jit(do_not_specialize=SHAPES)
def _energies(
    luma,
    dct,
    weights,
    fourths,
    out,
    height,
    width,
    rows,
    columns,
    MANY: tl.constexpr,
    PLACES: tl.constexpr,
    PATCH: tl.constexpr,
    STRIDE: tl.constexpr,
    SUMS: tl.constexpr,
):
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    here = place < rows * columns
    one = tl.program_id(1).to(tl.int64)
    corner = (one * height + place // columns * STRIDE) * width + place % columns * STRIDE
    pixel = tl.arange(0, PATCH * PATCH)
    within = (pixel // PATCH) * width + pixel % PATCH
    seen = tl.load(luma + corner[:, None] + within[None, :], here[:, None], 0)
    seen -= (tl.sum(seen, 1) / (PATCH * PATCH))[:, None]
    waves = tl.load(dct + pixel[:, None] * (PATCH * PATCH) + pixel[None, :])
    found = tl.dot(seen, waves, input_precision="tf32x3")
    square = found * found
    made = tl.arange(0, SUMS)
    by = tl.load(weights + pixel[:, None] * SUMS + made[None, :])
    sums = tl.dot(square, by, input_precision="tf32x3")
    each = tl.num_programs(1).to(tl.int64) * rows * columns
    out += one * rows * columns + place
    to = out[:, None] + made[None, :] * each
    tl.store(to, sums, here[:, None] & (made < MANY - 1)[None, :])
    last = tl.sum(square * square * tl.load(fourths + pixel)[None, :], 1)
    tl.store(out + (MANY - 1) * each, last, here)
