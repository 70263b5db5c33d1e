# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""The kernel of `cuts`."""

from typing import Any

import torch
import triton
import triton.language as tl
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.nets.launches import in_turn

PLACES = 256
FIELDS = 10


def cut(
    whole: NDArray[Any], matrices: NDArray[Any], size: int, outside: int, device: torch.device
) -> Tensor:
    """Cut-outs n x size x size x 3 from n rows of `FIELDS` whole numbers and n matrices."""
    n = len(whole)
    out = torch.empty((n, size, size, 3), dtype=torch.uint8, device=device)
    facts = torch.from_numpy(whole).to(device)
    numbers = torch.from_numpy(matrices).to(device)
    grid = (triton.cdiv(size * size, PLACES), n)
    sizes = {"FIELDS": FIELDS, "PLACES": PLACES}
    # Products are rounded before they are added: else halves fall to the other side than OpenCV's.
    _cut[grid](facts, numbers, out, size, outside, **sizes, enable_fp_fusion=False)
    return out


@in_turn
@triton.jit(do_not_specialize=("size", "outside"))
def _cut(facts, numbers, out, size, outside, FIELDS: tl.constexpr, PLACES: tl.constexpr):
    job = tl.program_id(1).to(tl.int64)
    fact = facts + job * FIELDS
    pixels = tl.load(fact).to(tl.pointer_type(tl.uint8))
    height, width = tl.load(fact + 1), tl.load(fact + 2)
    left, top = tl.load(fact + 3), tl.load(fact + 4)
    columns, rows = tl.load(fact + 5), tl.load(fact + 6)
    shrink = tl.load(fact + 7)
    turned, mirrored = tl.load(fact + 8), tl.load(fact + 9)
    number = numbers + job * 6
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    inside = place < size * size
    x, y = place % size, place // size
    seen_x = x + mirrored * (size - 1 - 2 * x)
    across = tl.load(number) * seen_x + tl.load(number + 1) * y + tl.load(number + 2)
    down = tl.load(number + 3) * seen_x + tl.load(number + 4) * y + tl.load(number + 5)
    column, row = tl.floor(across), tl.floor(down)
    right, below = (across - column).to(tl.float32), (down - row).to(tl.float32)
    column, row = column.to(tl.int64), row.to(tl.int64)
    red = tl.zeros((PLACES,), tl.float32)
    green = tl.zeros((PLACES,), tl.float32)
    blue = tl.zeros((PLACES,), tl.float32)
    share = tl.div_rn(1.0, (shrink * shrink).to(tl.float32))  # OpenCV multiplies by it
    for corner in tl.static_range(4):
        c, r = column + corner % 2, row + corner // 2
        by = (right if corner % 2 else 1 - right) * (below if corner // 2 else 1 - below)
        there = (c >= 0) & (c < columns) & (r >= 0) & (r < rows)
        c = tl.maximum(tl.minimum(c, columns - 1), 0)
        r = tl.maximum(tl.minimum(r, rows - 1), 0)
        a = tl.zeros((PLACES,), tl.float32)
        b = tl.zeros((PLACES,), tl.float32)
        d = tl.zeros((PLACES,), tl.float32)
        for i in range(shrink):
            for j in range(shrink):
                at_x = left + c * shrink + j
                at_y = top + r * shrink + i
                safe = inside & (at_x >= 0) & (at_x < width) & (at_y >= 0) & (at_y < height)
                at_x = at_x + turned * (width - 1 - 2 * at_x)
                at = pixels + (at_y * width + at_x) * 3
                a += tl.load(at, safe, 0).to(tl.float32)
                b += tl.load(at + 1, safe, 0).to(tl.float32)
                d += tl.load(at + 2, safe, 0).to(tl.float32)
        plain = (outside >= 0) & (there == 0)
        a = tl.where(plain, outside, _whole(a * share, shrink))
        b = tl.where(plain, outside, _whole(b * share, shrink))
        d = tl.where(plain, outside, _whole(d * share, shrink))
        red += by * a
        green += by * b
        blue += by * d
    to = out + (job * size * size + place) * 3
    tl.store(to, tl.floor(red + 0.5).to(tl.uint8), inside)
    tl.store(to + 1, tl.floor(green + 0.5).to(tl.uint8), inside)
    tl.store(to + 2, tl.floor(blue + 0.5).to(tl.uint8), inside)


@triton.jit
def _whole(value, shrink):
    """Rounded as OpenCV does: halves up for blocks of 2 x 2, else to even."""
    found = tl.floor(value + 0.5)
    half = (found - value == 0.5) & (shrink > 2)
    odd = found - 2 * tl.floor(found / 2)
    return tl.where(half, found - odd, found)
