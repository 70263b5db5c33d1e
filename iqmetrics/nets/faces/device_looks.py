"""The face detectors' windows cut and shrunk on the GPU: cutting is most of their CPU time."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from iqmetrics.nets.faces.looks import OnDevice


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


def looks(pictures: Sequence["OnDevice"], windows: Sequence[Window], size: int) -> "Tensor | None":
    """The windows as n x size x size x 3 bytes, black outside the picture.

    None when a window would have to grow: that is left to OpenCV.
    """
    from iqmetrics.nets.onnx_torch.shrink_triton import Part, shrink

    if not windows or any(w.side < size for w in windows):
        return None
    shapes = [picture.shape for picture in pictures]
    parts = []
    for w in windows:
        height, width, _ = shapes[w.picture]
        place = _seen(height, width, w.x, w.y, w.side, size)
        parts.append(Part(w.picture, w.x, w.y, *place, pictures[w.picture].turned))
    return shrink([p.pixels for p in pictures], parts, (size, size))


@lru_cache(maxsize=1024)
def _seen(
    height: int, width: int, x: int, y: int, side: int, size: int
) -> tuple[int, int, tuple[int, int]]:
    """Rows and columns of a window that lie in the picture, and what they are shrunk to."""
    high, wide = min(side, height - y), min(side, width - x)
    scale = size / side
    return high, wide, (max(1, round(high * scale)), max(1, round(wide * scale)))
