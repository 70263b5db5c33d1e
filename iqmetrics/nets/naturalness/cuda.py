"""Natural-scene statistics of batches of pictures on the GPU: the same numbers as `cpu`.

Pictures of one size are judged together. Triton kernels (`fused`) do the work where Triton is
installed, as it is with torch for CUDA on Linux; else plain torch (`eager`).
"""

from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture
from iqmetrics.nets import stacks
from iqmetrics.nets.naturalness import eager

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")

PIXELS_AT_ONCE = 64 << 20
"""Pixels in one batch; each takes about 50 bytes of GPU memory."""


def check() -> None:
    """Raises `Unavailable` when torch is not installed or sees no GPU."""
    try:
        import torch
    except ImportError as error:
        raise Unavailable.extra("the GPU", "torch", "score") from error
    if not torch.cuda.is_available():
        raise Unavailable("torch sees no CUDA device here", "iqm score --device cpu")


@cache
def operations(device: str) -> ModuleType:
    """The module with `gray`, `mscn`, `half_size` and `pair_sums` that is best on `device`."""
    if device.startswith("cuda"):
        try:
            from iqmetrics.nets.naturalness import fused
        except ImportError:
            return eager
        return fused
    return eager


def each(
    pictures: Sequence[Picture], judge: "Callable[[Tensor], Sequence[T]]", device: str
) -> list[T]:
    """`judge` of every picture, in order; it sees stacks N x H x W x 3 (uint8) on the device."""
    return stacks.each(pictures, judge, device, PIXELS_AT_ONCE)
