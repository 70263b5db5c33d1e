"""Turned squares of pictures that are on a GPU, cut out there, all of a batch in one pass.

The same pixels as OpenCV makes on a CPU in two steps, to a grey level or two: whole blocks averaged
where the square is larger than its cut-out, then bilinear.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.trial import works

if TYPE_CHECKING:
    from torch import Tensor

BORDER = -1
"""As `outside`: what lies outside a window repeats its border."""


class Cut(NamedTuple):
    """What one cut-out is made of.

    Attributes:
        picture: the picture's number.
        left: first column of the window that is looked at.
        top: its first row.
        columns: of the window, once averaged.
        rows: of the window, once averaged.
        shrink: pixels that are averaged, across and down.
        matrix: 2 x 3, from a pixel (x, y) of the cut-out to one of the averaged window.
        turned: the picture is read mirrored.
        mirrored: the cut-out is written mirrored.
    """

    picture: int
    left: int
    top: int
    columns: int
    rows: int
    shrink: int
    matrix: NDArray[np.float64]
    turned: bool = False
    mirrored: bool = False


@cache
def possible(device: str) -> bool:
    """Whether Triton is here and cuts right on the device: a small picture is tried."""
    import torch

    shown = np.random.default_rng(0).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    matrix = np.array([[1.0, 0.0, 0.25], [0.0, 1.0, 0.0]])

    def near() -> bool:
        found = cut([torch.from_numpy(shown).to(device)], [Cut(0, 2, 1, 3, 3, 2, matrix)], 2)
        blocks = shown[1:7, 2:8].reshape(3, 2, 3, 2, 3).astype(float).mean((1, 3))
        blocks = np.floor(blocks + 0.5)
        wanted = np.floor(0.75 * blocks[:2, :2] + 0.25 * blocks[:2, 1:] + 0.5)
        return np.array_equal(found[0].cpu().numpy(), wanted)

    return works(near, f"pictures are not cut on {device} (only slower)")


def cut(
    pictures: "Sequence[Tensor]", cuts: Sequence[Cut], size: int, outside: int = BORDER
) -> "Tensor":
    """The cut-outs, n x size x size x 3 bytes, on the device of the pictures.

    Args:
        pictures: height x width x 3 bytes each, contiguous, all on one device.
        cuts: what to cut.
        size: side of all cut-outs.
        outside: value of what lies outside a window; `BORDER` repeats its border.
    """
    import torch

    from iqmetrics.nets import cuts_triton

    if not cuts:
        return torch.empty((0, size, size, 3), dtype=torch.uint8, device=pictures[0].device)
    known = [(shown.data_ptr(), *shown.shape[:2]) for shown in pictures]
    whole = np.array(
        [
            (*known[picture], *window, turned, mirrored)
            for picture, *window, _, turned, mirrored in cuts
        ],
        np.int64,
    )
    matrices = np.array([c.matrix for c in cuts], np.float64).reshape(-1, 6)
    return cuts_triton.cut(whole, matrices, size, outside, pictures[0].device)
