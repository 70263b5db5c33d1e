"""The face detectors' windows cut and shrunk on the GPU: cutting is most of their CPU time."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from iqmetrics.nets.onnx_torch.shrink import shrunk


class Window(Protocol):
    """A square of a picture: the picture's number, left and top edge and side in pixels."""

    @property
    def picture(self) -> int: ...  # noqa: D102
    @property
    def x(self) -> int: ...  # noqa: D102
    @property
    def y(self) -> int: ...  # noqa: D102
    @property
    def side(self) -> int: ...  # noqa: D102


def looks(pictures: Sequence[Tensor], windows: Sequence[Window], size: int) -> Tensor | None:
    """The windows as n x size x size x 3 bytes, black outside the picture.

    None when a window would have to grow: that is left to OpenCV.
    """
    if not windows or any(w.side < size for w in windows):
        return None
    out = torch.zeros((len(windows), size, size, 3), dtype=torch.uint8, device=pictures[0].device)
    groups: dict[tuple[int, int, int, int], list[int]] = {}
    parts = []
    for i, w in enumerate(windows):
        part = pictures[w.picture][w.y : w.y + w.side, w.x : w.x + w.side]
        scale = size / w.side
        high, wide = (max(1, round(n * scale)) for n in part.shape[:2])
        parts.append(part)
        groups.setdefault((part.shape[0], part.shape[1], high, wide), []).append(i)
    for (_, _, high, wide), places in groups.items():
        for first in range(0, len(places), 64):
            some = places[first : first + 64]
            index = torch.tensor(some, device=out.device)
            out[index, :high, :wide] = shrunk(torch.stack([parts[i] for i in some]), (high, wide))
    return out
