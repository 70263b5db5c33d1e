"""Natural-scene statistics of batches of pictures on the GPU: the same numbers as `cpu`.

Pictures of one size are judged together. Triton kernels (`fused`) do the work where Triton is
installed, as it is with torch for CUDA on Linux; else plain torch (`eager`).
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from iqmetrics.errors import Unavailable
from iqmetrics.images import Picture, by_shape
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
    found: dict[int, T] = {}
    for (height, width), places in by_shape(pictures).items():
        step = max(1, PIXELS_AT_ONCE // (height * width))
        for start in range(0, len(places), step):
            chunk = places[start : start + step]
            stack = _stacked([pictures[place] for place in chunk], device)
            answers = judge(stack.to(device, non_blocking=True))
            found.update(zip(chunk, answers, strict=True))
    return [found[place] for place in range(len(pictures))]


def _stacked(pictures: Sequence[Picture], device: str) -> "Tensor":
    """The pixels side by side, in memory that the GPU can read, copied on a few threads."""
    import torch

    shape = (len(pictures), *pictures[0].pixels.shape)
    stack = torch.empty(shape, dtype=torch.uint8, pin_memory=device.startswith("cuda"))
    target = stack.numpy()
    with ThreadPoolExecutor(min(len(pictures), len(os.sched_getaffinity(0)), 8)) as pool:
        list(pool.map(lambda k: np.copyto(target[k], pictures[k].pixels), range(len(pictures))))
    return stack
