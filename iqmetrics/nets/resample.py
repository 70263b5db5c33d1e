"""Pillow's resize as two matrix products: the same pixels on a GPU, many pictures at once.

Pillow resizes along one axis, then along the other, rounds to 8 bits after each, and weighs
neighbours by fixed-point numbers of 22 bits. All of that is kept; float32 sums can only differ
where a value lies within about 1e-4 of a half. `resample_cpu` takes the same sums in whole numbers.
Source: Pillow, Resample.c (the definition, not its text); Keys 1981 for the cubic, a = -0.5.
"""

from functools import cache
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iqmetrics.nets import cuts

Filter = Literal["bicubic", "bilinear"]
Taps = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]

REACH = {"bicubic": 2.0, "bilinear": 1.0}
"""How far a filter reaches, in pixels of the smaller picture."""
FIXED_POINT = float(1 << 22)


def resize(stack: Tensor, size: tuple[int, int], how: Filter = "bicubic") -> Tensor:
    """`Image.resize` of (n, height, width, 3) uint8 to (n, 3, *size), whole numbers.

    In uint8, exact, by `resample_triton` on a GPU that has it; in float32 elsewhere.
    """
    if stack.is_cuda and cuts.possible(str(stack.device)):
        from iqmetrics.nets import resample_triton

        return resample_triton.resize(stack, size, how).permute(0, 3, 1, 2)
    have = tuple(stack.shape[1:3])
    values = stack.permute(0, 3, 1, 2).float()
    for axis in passes(have, size):
        weights = _weights(have[axis], size[axis], how, stack.device)
        values = _whole(values @ weights.T if axis else weights @ values)
    return values


def passes(have: tuple[int, ...], want: tuple[int, int]) -> list[int]:
    """Axes of (height, width) in the order they are resized in: those that change, width first.

    Since version 13 Pillow begins with a height that loses more than twice what the width loses;
    measured on 3,000 pairs of sizes. It is done so whatever Pillow is installed.
    """
    lost = [before - after for before, after in zip(have, want, strict=True)]
    order = (0, 1) if lost[0] > max(0, 2 * lost[1]) else (1, 0)
    return [axis for axis in order if lost[axis]]


def _whole(values: Tensor) -> Tensor:
    return values.add_(0.5).floor_().clamp_(0, 255)


@cache
def _weights(have: int, want: int, how: Filter, device: torch.device) -> Tensor:
    return torch.tensor(weights(have, want, how), dtype=torch.float32, device=device)


def weights(have: int, want: int, how: Filter = "bicubic") -> NDArray[np.float64]:
    """What each of `want` pixels takes from each of `have`, (want, have), rows sum to about 1."""
    first, last, fixed = taps(have, want, how)
    found = np.zeros((want, have))
    for row, start, stop, own in zip(found, first, last, fixed, strict=True):
        row[start:stop] = own[: stop - start]
    return found / FIXED_POINT


@cache
def taps(have: int, want: int, how: Filter = "bicubic") -> Taps:
    """The same as whole numbers: first and last + 1 of those pixels, (want,), and 2^22 x weight.

    The weights are (want, longest), zero behind the last. Every operation is in Pillow's order:
    what it rounds to the next number, this does too.
    """
    scale = have / want
    stretch = max(scale, 1.0)
    reach = REACH[how] * stretch
    centres = (np.arange(want) + 0.5) * scale
    first = np.maximum(0, (centres - reach + 0.5).astype(np.int64))
    last = np.minimum(have, (centres + reach + 0.5).astype(np.int64))
    places = first[:, None] + np.arange((last - first).max())
    found = _curve((places - centres[:, None] + 0.5) * (1 / stretch), how)
    found *= places < last[:, None]
    found /= found.cumsum(1)[:, -1:]
    return first, last, np.trunc(found * FIXED_POINT + np.copysign(0.5, found)).astype(np.int32)


def _curve(x: NDArray[np.float64], how: Filter) -> NDArray[np.float64]:
    x = np.abs(x)
    if how == "bilinear":
        return np.maximum(0.0, 1 - x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * -0.5
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
