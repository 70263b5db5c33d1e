"""Pillow's resize as two matrix products: the same pixels on a GPU, many pictures at once.

Pillow resizes rows first, then columns, rounds to 8 bits after each, and weighs neighbours by
fixed-point numbers of 22 bits. All of that is kept; float32 sums can only differ where a value lies
within about 1e-4 of a half.
Source: Pillow, Resample.c (the definition, not its text); Keys 1981 for the cubic, a = -0.5.
"""

from functools import cache
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Filter = Literal["bicubic", "bilinear"]

REACH = {"bicubic": 2.0, "bilinear": 1.0}
"""How far a filter reaches, in pixels of the smaller picture."""
FIXED_POINT = float(1 << 22)


def resize(stack: Tensor, size: tuple[int, int], how: Filter = "bicubic") -> Tensor:
    """`Image.resize` of (n, height, width, 3) uint8 to (n, 3, *size), whole numbers in float32."""
    height, width = stack.shape[1:3]
    values = stack.permute(0, 3, 1, 2).float()
    if width != size[1]:
        values = _whole(values @ _weights(width, size[1], how, stack.device).T)
    if height != size[0]:
        values = _whole(_weights(height, size[0], how, stack.device) @ values)
    return values


def _whole(values: Tensor) -> Tensor:
    return values.add_(0.5).floor_().clamp_(0, 255)


@cache
def _weights(have: int, want: int, how: Filter, device: torch.device) -> Tensor:
    return torch.tensor(weights(have, want, how), dtype=torch.float32, device=device)


def weights(have: int, want: int, how: Filter = "bicubic") -> NDArray[np.float64]:
    """What each of `want` pixels takes from each of `have`, (want, have), rows sum to about 1."""
    scale = have / want
    stretch = max(scale, 1.0)
    reach = REACH[how] * stretch
    centres = (np.arange(want) + 0.5) * scale
    first = np.maximum(0, (centres - reach + 0.5).astype(int))
    last = np.minimum(have, (centres + reach + 0.5).astype(int))
    places = np.arange(have)
    inside = (places >= first[:, None]) & (places < last[:, None])
    found = _curve((places + 0.5 - centres[:, None]) / stretch, how) * inside
    found /= found.sum(1, keepdims=True)
    fixed: NDArray[np.float64] = np.trunc(found * FIXED_POINT + np.copysign(0.5, found))
    return fixed / FIXED_POINT


def _curve(x: NDArray[np.float64], how: Filter) -> NDArray[np.float64]:
    x = np.abs(x)
    if how == "bilinear":
        return np.maximum(0.0, 1 - x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
