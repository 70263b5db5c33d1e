# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""The steps of `musiq_ops` in Triton, for CUDA: few passes over memory."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn
from iqmetrics.nets.musiq_triton_cut import cut as cut
from iqmetrics.nets.musiq_triton_stem import begin as begin
from iqmetrics.nets.musiq_triton_stem import end as end


def sum_norm(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """The layer norm of `x` (float32, rows x dim) + `y`, in `y`'s kind."""
    return _run(x, y, y, weight, bias, eps, False)


def add_norm(x: Tensor, y: Tensor, z: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Adds `y` and `z` to `x` (float32, rows x dim) in place; its layer norm, in `y`'s kind."""
    return _run(x, y, z, weight, bias, eps, True)


def grow(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """GELU of a linear layer in the product's own pass, which has its tanh form: off by 5e-4."""
    grown = torch._addmm_activation(bias, x.flatten(0, -2), weight.t(), use_gelu=True)
    return grown.view(*x.shape[:-1], -1)


def _run(
    x: Tensor, y: Tensor, z: Tensor, weight: Tensor, bias: Tensor, eps: float, keep: bool
) -> Tensor:
    out = torch.empty_like(y)
    dim = x.shape[-1]
    size = triton.next_power_of_2(dim)
    rows = x.numel() // dim
    _norm[(rows,)](x, y, z, weight, bias, out, eps, dim, KEEP=keep, SIZE=size, num_warps=4)
    return out


@in_turn
@triton.jit
def _norm(x, y, z, weight, bias, out, eps, dim, KEEP: tl.constexpr, SIZE: tl.constexpr):
    start = tl.program_id(0).to(tl.int64) * dim
    place = tl.arange(0, SIZE)
    inside = place < dim
    v = tl.load(x + start + place, inside, 0)
    v += tl.load(y + start + place, inside, 0).to(tl.float32)
    if KEEP:
        v += tl.load(z + start + place, inside, 0).to(tl.float32)
        tl.store(x + start + place, v, inside)
    mean = tl.sum(v, 0) / dim
    off = tl.where(inside, v - mean, 0.0)
    root = 1 / tl.sqrt(tl.sum(off * off, 0) / dim + eps)
    v = off * root * tl.load(weight + place, inside, 0) + tl.load(bias + place, inside, 0)
    tl.store(out + start + place, v.to(out.dtype.element_ty), inside)
