"""Where a row of marks is set, for the pixel loops: most runs of it have none and are skipped."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RUN: Final = 64
"""Marks that are looked at together."""


def marked(marks: NDArray[np.uint8], least: int | np.uint8, start: int, out: NDArray[Any]) -> int:
    """Fills `out` with the places of marks above `least`, ascending, counted from `start` on.

    Args:
        marks: n.
        least: 0..254.
        start: the number of the first place.
        out: n at least; what lies behind those that are filled may change too.

    Returns:
        How many there are.
    """
    count, low = np.uint64(0), np.uint8(least)  # unsigned: places are not tried for being negative
    for begin in range(0, len(marks), RUN):
        part, first = marks[begin : begin + RUN], start + begin
        highest = np.uint8(0)
        for j in range(len(part)):
            highest = part[j] if part[j] > highest else highest
        if highest > low:
            for j in range(len(part)):
                out[count] = first + j
                count += np.uint64(part[j] > low)
    return int(np.int64(count))
