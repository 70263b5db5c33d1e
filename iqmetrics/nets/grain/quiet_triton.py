# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-any-return"
"""What the energies of patches say of each tile, in Triton: all features of one scale at once."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from iqmetrics.nets.launches import in_turn

PAIRS = 8192
"""Pairs of patches that one program compares at once."""
WHOLE = ("tiles", "columns", "per_tile", "kept")


def quiet(energies: Tensor, per_tile: int, kept: int, floor: float) -> Tensor:
    """What the quieter patches of each tile say, and all of them: N x rows x columns x 10.

    The features of one scale, in the order of `bands.FEATURES`. A tile's quieter patches are the
    `kept` with the least energy in the LOW band, more where some are equal.

    Args:
        energies: 8 x N x rows x columns of patches: averages of `bands.BANDS`, fourths of HIGH.
        per_tile: patches along a tile.
        kept: how many patches of a tile count at least.
        floor: what is added to an energy before its logarithm is taken.
    """
    n, rows, columns = energies.shape[1], *(size // per_tile for size in energies.shape[2:])
    out = torch.empty((n, rows, columns, 10), device=energies.device)
    places = triton.next_power_of_2(per_tile * per_tile)
    _quiet[(n * rows * columns,)](
        energies, out, n * rows * columns, columns, per_tile, kept, floor,
        PLACES=places, BESIDE=max(1, PAIRS // places),
    )  # fmt: skip
    return out


@triton.jit
def _band(energies, number, each, at, known):
    return tl.load(energies + number * each + at, known, 0)


@triton.jit
def _low(energies, each, at, known):
    five, four = _band(energies, 0, each, at, known), _band(energies, 1, each, at, known)
    return (5 * five + 4 * four) / 9


@triton.jit
def _mean(energies, number, each, at, marks, many):
    return tl.sum(_band(energies, number, each, at, marks), 0) / many


@in_turn
@triton.jit(do_not_specialize=WHOLE)
def _quiet(
    energies,
    out,
    tiles,
    columns,
    per_tile,
    kept,
    floor,
    PLACES: tl.constexpr,
    BESIDE: tl.constexpr,
):
    tile = tl.program_id(0).to(tl.int64)
    count = per_tile * per_tile
    each = tiles.to(tl.int64) * count
    wide = columns * per_tile
    corner = (tile // columns) * per_tile * wide + (tile % columns) * per_tile
    place = tl.arange(0, PLACES)
    known = place < count
    at = corner + (place // per_tile) * wide + place % per_tile
    low = _low(energies, each, at, known)
    fewer = tl.zeros((PLACES,), tl.int32)
    for first in range(0, count, BESIDE):
        other = first + tl.arange(0, BESIDE)
        there = other < count
        that = corner + (other // per_tile) * wide + other % per_tile
        value = _low(energies, each, that, there)
        less = (value[None, :] < low[:, None]) & there[None, :]
        fewer += tl.sum(less.to(tl.int32), 1)
    marks = known & (fewer < kept)
    many = tl.sum(marks.to(tl.float32), 0)
    low1 = _mean(energies, 0, each, at, marks, many)
    low2 = _mean(energies, 1, each, at, marks, many)
    mid = _mean(energies, 2, each, at, marks, many)
    high1 = _mean(energies, 3, each, at, marks, many)
    high2 = _mean(energies, 4, each, at, marks, many)
    across = _mean(energies, 5, each, at, marks, many)
    down = _mean(energies, 6, each, at, marks, many)
    fourth = _mean(energies, 7, each, at, marks, many)
    every = 18 * _band(energies, 2, each, at, known) + 21 * _band(energies, 3, each, at, known)
    every = tl.log((every + 15 * _band(energies, 4, each, at, known)) / 54 + floor)
    mean = tl.sum(tl.where(known, every, 0.0), 0) / count
    off = tl.where(known, every - mean, 0.0)
    grain = tl.log((18 * mid + 21 * high1 + 15 * high2) / 54 + floor)
    above = (21 * high1 + 15 * high2) / 36
    to = out + tile * 10
    tl.store(to, grain)
    tl.store(to + 1, tl.log(low1 + floor) - grain)
    tl.store(to + 2, tl.log(low2 + floor) - grain)
    tl.store(to + 3, tl.log(mid + floor) - grain)
    tl.store(to + 4, tl.log(high1 + floor) - grain)
    tl.store(to + 5, tl.log(high2 + floor) - grain)
    tl.store(to + 6, tl.abs(tl.log(across + floor) - tl.log(down + floor)))
    floors = floor * floor
    tl.store(to + 7, tl.log((fourth + 3 * floors) / (above * above + floors)))
    tl.store(to + 8, mean - grain)
    tl.store(to + 9, tl.sqrt(tl.sum(off * off, 0) / (count - 1)))
