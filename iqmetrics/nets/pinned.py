"""Pictures in pinned memory, which a GPU reads by itself: sent from where decoding put them."""

from typing import TYPE_CHECKING

from iqmetrics import png_rows
from iqmetrics.decode import empty

if TYPE_CHECKING:
    from torch import Tensor

    from iqmetrics.decode import Pixels

LARGEST = png_rows.LARGEST
"""Bytes; larger pictures are few at once, and memory of this kind is not given back."""


def memory(height: int, width: int) -> "Pixels":
    """Memory for a picture, (height, width, 3) uint8; not pinned where it cannot be."""
    import torch

    if height * width * 3 <= LARGEST:
        try:
            return torch.empty((height, width, 3), dtype=torch.uint8, pin_memory=True).numpy()
        except RuntimeError:  # no GPU, or the system gives no more of it
            pass
    return empty(height, width)


def tensor(pixels: "Pixels") -> "Tensor | None":
    """The tensor in pinned memory whose pixels these are; None where they are in other memory."""
    import torch

    owner = pixels.base
    if isinstance(owner, torch.Tensor) and owner.shape == pixels.shape and owner.is_pinned():
        return owner
    return None
