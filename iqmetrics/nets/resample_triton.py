# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Pillow's resize in Triton: the sums of `resample` in whole numbers, so the same to the bit."""

from functools import cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets import resample
from iqmetrics.nets.launches import in_turn

VALUES = 1024
"""Values that one program makes."""


def resize(stack: Tensor, size: tuple[int, int], how: resample.Filter = "bicubic") -> Tensor:
    """`Image.resize` of (n, height, width, 3) to (n, *size, 3), all uint8."""
    n, *have = stack.shape[:3]
    out = stack.contiguous()
    for axis in resample.passes(tuple(have), size):
        first, weights = _taps(have[axis], size[axis], how, stack.device)
        outer, inner = (n * have[0], 3) if axis else (n, 3 * have[1])
        before, have[axis] = have[axis], size[axis]
        seen, out = out, torch.empty((n, *have, 3), dtype=torch.uint8, device=stack.device)
        made = size[axis] * inner
        _blend[outer, triton.cdiv(made, VALUES)](
            seen, first, weights, out, before * inner, made, inner, before - 1,
            TAPS=weights.shape[1], VALUES=VALUES,
        )  # fmt: skip
    return out


@cache
def _taps(
    have: int, want: int, how: resample.Filter, device: torch.device
) -> tuple[Tensor, Tensor]:
    """The first of the pixels of each new one, and the weights from there on."""
    first, _, weights = resample.taps(have, want, how)
    return torch.from_numpy(first.astype("int32")).to(device), torch.tensor(weights, device=device)


@in_turn
@triton.jit(do_not_specialize=("read", "made", "inner", "last"))
def _blend(
    x, first, weights, out, read, made, inner, last, TAPS: tl.constexpr, VALUES: tl.constexpr
):
    line = tl.program_id(0).to(tl.int64)
    value = tl.program_id(1) * VALUES + tl.arange(0, VALUES)
    wanted = value < made
    place, beside = value // inner, value % inner
    start = tl.load(first + place, wanted, 0)
    total = tl.full((VALUES,), 1 << 21, tl.int32)
    for tap in range(TAPS):
        weight = tl.load(weights + place * TAPS + tap, wanted, 0)
        at = tl.minimum(start + tap, last) * inner + beside  # behind the last all weigh nothing
        total += tl.load(x + line * read + at, wanted, 0).to(tl.int32) * weight
    seen = tl.minimum(tl.maximum(total >> 22, 0), 255)
    tl.store(out + line * made + value, seen.to(tl.uint8), wanted)
