"""Planes that a loop fills and the next one may overwrite, kept by each thread.

Memory that a thread gives back and asks for again is cleared by the system each time: for seven
planes of a picture that took as long as a third of what is calculated in them.
"""

from math import prod
from threading import local
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

PLACES = 2
"""Planes that one thread may use at a time."""
MOST = 1 << 24
"""Bytes of a plane that are kept; larger ones are new each time."""

_kept = local()


def plane(place: int, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array with anything in it, until this thread asks for the same place again.

    Args:
        place: 0 .. `PLACES` - 1.
        shape: of the array.
        dtype: of its numbers.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    if size > MOST:
        return np.empty(shape, dtype)
    planes = _kept.__dict__.setdefault("planes", [np.empty(0, np.uint8)] * PLACES)
    if planes[place].size < size:
        planes[place] = np.empty(size, np.uint8)
    found: NDArray[Any] = planes[place][:size].view(dtype).reshape(shape)
    return found
