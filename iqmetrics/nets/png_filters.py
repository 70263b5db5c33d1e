"""The filters of PNG rows undone on a GPU, all pictures of a batch at once, beside what it does.

On a core they are two fifths of decoding. The pixels are brought back for whoever wants them here.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from iqmetrics.nets import pinned
from iqmetrics.nets.trial import works
from iqmetrics.png_rows import PAETH, Rows

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from iqmetrics.decode import Pixels
    from iqmetrics.images import Picture


class Landed(NamedTuple):
    """Pixels on their way back from a GPU: there once what was asked of it until then is done."""

    held: "Pixels"
    asked: "torch.cuda.Event"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, 3."""
        height, width, _ = self.held.shape
        return height, width, 3

    def pixels(self) -> "Pixels":
        """The pixels, after a wait."""
        self.asked.synchronize()
        return self.held


def can_finish(picture: "Picture", device: str) -> bool:
    """Whether this picture is rows that `finished` takes, and the device can do it."""
    return (
        isinstance(picture.late, Rows)
        and device.startswith("cuda")
        and _room(picture) is not None
        and possible(device)
    )


def finished(pictures: "Sequence[Picture]", device: str) -> "Tensor":
    """The pixels of pictures of one size, (n, height, width, 3) uint8, on the device.

    Raises:
        ValueError: one of them is not rows in pinned memory.
    """
    import torch

    rooms = [room for p in pictures if (room := _room(p)) is not None]
    whole = undone(rooms, device)
    size, shape = whole[0].numel(), whole.shape[1:]
    back = [room.view(-1)[:size].view(shape) for room in rooms]  # by then the rows have gone
    for here, there in zip(back, whole, strict=True):
        here.copy_(there, non_blocking=True)
    asked: torch.cuda.Event = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
    asked.record()
    for picture, here in zip(pictures, back, strict=True):
        picture.late = Landed(here.numpy(), asked)
    return whole


def _room(picture: "Picture") -> "Tensor | None":
    return pinned.tensor(picture.late.room) if isinstance(picture.late, Rows) else None


def undone(rooms: "Sequence[Tensor]", device: str) -> "Tensor":
    """The pictures in rooms of `png_rows.Rows`, all of one size, n x height x width x 3 bytes."""
    import torch

    from iqmetrics.nets import png_filters_triton

    height, columns, _ = rooms[0].shape
    size = height * (3 * columns - 2)
    lines = torch.empty(
        (len(rooms), png_filters_triton.room(size)), dtype=torch.uint8, device=device
    )
    for place, one in zip(lines, rooms, strict=True):
        place[:size].copy_(one.view(-1)[:size], non_blocking=True)
    return png_filters_triton.undo(lines, height, columns - 1)


@cache
def possible(device: str) -> bool:
    """Whether Triton is here and undoes every filter right on the device: a few rows are tried."""
    import torch

    draw = np.random.default_rng(0)
    tried = Rows(draw.integers(0, 256, (3 * (PAETH + 1), 9, 3), dtype=np.uint8))
    tried.lines[:, 0] = [*range(PAETH + 1)] * 3

    def near() -> bool:
        found = undone([torch.from_numpy(tried.room)], device)
        return np.array_equal(found[0].cpu().numpy(), tried.pixels())

    return works(near, f"rows of PNGs are not finished on {device} (only slower)")
