# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""Area averages of parts of pictures in Triton: bytes in, bytes out, each pixel read from cache."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn

PLACES = 256
FIELDS = 10


class Part(NamedTuple):
    """A rectangle of a picture and the size that it is brought to, neither side growing.

    Attributes:
        picture: the picture's number.
        left: first column.
        top: first row.
        high: rows.
        wide: columns.
        to: rows and columns of the answer.
        turned: the picture is read mirrored.
    """

    picture: int
    left: int
    top: int
    high: int
    wide: int
    to: tuple[int, int]
    turned: bool = False


def shrink(pictures: Sequence[Tensor], parts: Sequence[Part], size: tuple[int, int]) -> Tensor:
    """Each part, n x size[0] x size[1] x 3 bytes, black where it ends before; halves go to even.

    Args:
        pictures: height x width x 3 bytes each, contiguous, all on one device.
        parts: what to look at, inside its picture.
        size: rows and columns of all answers.
    """
    known = [(shown.data_ptr(), *shown.shape[:2]) for shown in pictures]
    rows = [
        (*known[picture], left, top, high, wide, *to, turned)
        for picture, left, top, high, wide, to, turned in parts
    ]
    device = pictures[0].device
    facts = torch.from_numpy(np.array(rows, np.int64)).to(device)
    out = torch.empty((len(parts), *size, 3), dtype=torch.uint8, device=device)
    grid = (triton.cdiv(size[0] * size[1], PLACES), len(parts))
    _shrink[grid](facts, out, *size, FIELDS=FIELDS, PLACES=PLACES)
    return out


@triton.jit
def _share(edge, length, pixel, to):
    """How much of a pixel lies between `edge` and `edge + length`, in units of 1 / `to` pixel."""
    low = tl.maximum(edge, pixel * to)
    high = tl.minimum(edge + length, pixel * to + to)
    return tl.maximum(high - low, 0)


@in_turn
@triton.jit(do_not_specialize=("rows", "columns"))
def _shrink(facts, out, rows, columns, FIELDS: tl.constexpr, PLACES: tl.constexpr):
    job = tl.program_id(1).to(tl.int64)
    fact = facts + job * FIELDS
    pixels = tl.load(fact).to(tl.pointer_type(tl.uint8))
    width = tl.load(fact + 2).to(tl.int32)
    left, top = tl.load(fact + 3).to(tl.int32), tl.load(fact + 4).to(tl.int32)
    high, wide = tl.load(fact + 5).to(tl.int32), tl.load(fact + 6).to(tl.int32)
    to_high, to_wide = tl.load(fact + 7).to(tl.int32), tl.load(fact + 8).to(tl.int32)
    turned = tl.load(fact + 9).to(tl.int32)
    place = tl.program_id(0) * PLACES + tl.arange(0, PLACES)
    row, column = place // columns, place % columns
    shown = (row < to_high) & (column < to_wide)
    down, across = row * high, column * wide
    first_row, first_column = down // to_high, across // to_wide
    red = tl.zeros((PLACES,), tl.int64)
    green = tl.zeros((PLACES,), tl.int64)
    blue = tl.zeros((PLACES,), tl.int64)
    for i in range((high + to_high - 1) // to_high + 1):
        y = first_row + i
        line = pixels + (top + y).to(tl.int64) * (width * 3)
        a = tl.zeros((PLACES,), tl.int32)
        b = tl.zeros((PLACES,), tl.int32)
        c = tl.zeros((PLACES,), tl.int32)
        for j in range((wide + to_wide - 1) // to_wide + 1):
            x = first_column + j
            by = _share(across, wide, x, to_wide)
            seen = shown & (y < high) & (x < wide)
            at_x = left + x
            at = line + (at_x + turned * (width - 1 - 2 * at_x)) * 3
            a += by * tl.load(at, seen, 0).to(tl.int32)
            b += by * tl.load(at + 1, seen, 0).to(tl.int32)
            c += by * tl.load(at + 2, seen, 0).to(tl.int32)
        times = _share(down, high, y, to_high).to(tl.int64)
        red += times * a
        green += times * b
        blue += times * c
    area = high.to(tl.int64) * wide
    to = out + (job * rows * columns + place) * 3
    inside = place < rows * columns
    tl.store(to, _whole(red, area), inside)
    tl.store(to + 1, _whole(green, area), inside)
    tl.store(to + 2, _whole(blue, area), inside)


@triton.jit
def _whole(total, area):
    """The mean, rounded; halves to even."""
    found = total // area
    rest = 2 * (total - found * area)
    up = (rest > area) | ((rest == area) & (found % 2 == 1))
    return (found + up.to(tl.int64)).to(tl.uint8)
