"""The face detectors' windows cut and shrunk on the GPU: cutting is most of their CPU time."""

from collections.abc import Sequence
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
    parts = []
    for w in windows:
        picture = pictures[w.picture]
        seen = [min(w.side, n - start) for n, start in zip(picture.shape, (w.y, w.x), strict=False)]
        scale = size / w.side
        to = max(1, round(seen[0] * scale)), max(1, round(seen[1] * scale))
        parts.append(Part(w.picture, w.x, w.y, seen[0], seen[1], to, picture.turned))
    return shrink([p.pixels for p in pictures], parts, (size, size))
