"""Pictures as the face nets are shown them, and squares of many of them at once.

A picture is an array in main memory, or `OnDevice`; squares are cut where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets import cuts
from iqmetrics.nets.faces.crop import Square, cut, planned
from iqmetrics.nets.side_by_side import each

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class OnDevice:
    """Pixels (height x width x 3 bytes) on a GPU, to be read mirrored where `turned`."""

    pixels: "Tensor"
    turned: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, 3."""
        return tuple(self.pixels.shape)

    def upright(self) -> "Tensor":
        """The pixels in the orientation in which they are read."""
        return self.pixels.flip(1) if self.turned else self.pixels


Shown = NDArray[np.uint8] | OnDevice


def squares_of(pictures: Sequence[Shown], squares: Sequence[Square], size: int) -> Any:
    """Each square of its picture, n x size x size x 3 bytes, where the pictures are."""
    there = [p for p in pictures if isinstance(p, OnDevice)]
    if not there:
        arrays = [p for p in pictures if not isinstance(p, OnDevice)]
        jobs = list(zip(arrays, squares, strict=True))
        found = each(lambda job: cut(*job, size), jobs)
        return np.array(found, np.uint8).reshape(-1, size, size, 3)
    plans = [
        planned(p.shape, square, size, i, p.turned)
        for i, (p, square) in enumerate(zip(there, squares, strict=True))
    ]
    return cuts.cut([p.pixels for p in there], plans, size)


def with_mirrored(crops: Any) -> Any:
    """Each cut-out and after it its mirror image, 2n x size x size x 3."""
    if isinstance(crops, np.ndarray):
        both: Any = np.stack([crops, crops[:, :, ::-1]], 1)
    else:
        import torch

        both = torch.stack([crops, crops.flip(2)], 1)
    return both.reshape(-1, *crops.shape[1:])


def here(crops: Any) -> NDArray[np.uint8]:
    """Cut-outs in main memory."""
    return crops if isinstance(crops, np.ndarray) else np.asarray(crops.cpu().numpy())
