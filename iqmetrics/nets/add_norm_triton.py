# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""The kernel of `add_norm`: a program a row, sums in float32."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn


def add_norm(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """See `iqmetrics.nets.add_norm.add_norm`."""
    out = torch.empty_like(y)
    dim = x.shape[-1]
    size = triton.next_power_of_2(dim)
    _add[(x.numel() // dim,)](x, y, weight, bias, out, eps, dim, SIZE=size, num_warps=4)
    return out


@in_turn
@triton.jit
def _add(x, y, weight, bias, out, eps, dim, SIZE: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * dim
    place = tl.arange(0, SIZE)
    inside = place < dim
    v = tl.load(x + start + place, inside, 0).to(tl.float32)
    v += tl.load(y + start + place, inside, 0).to(tl.float32)
    tl.store(x + start + place, v.to(x.dtype.element_ty), inside)
    mean = tl.sum(v, 0) / dim
    off = tl.where(inside, v - mean, 0.0)
    root = 1 / tl.sqrt(tl.sum(off * off, 0) / dim + eps)
    by = tl.load(weight + place, inside, 0).to(tl.float32)
    v = off * root * by + tl.load(bias + place, inside, 0).to(tl.float32)
    tl.store(out + start + place, v.to(out.dtype.element_ty), inside)
