"""Pictures of one size side by side on a device, so that a net sees them together."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from iqmetrics.images import Picture, by_shape

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")


def each(
    pictures: Sequence[Picture],
    judge: "Callable[[Tensor], Sequence[T]]",
    device: str,
    pixels_at_once: int,
) -> list[T]:
    """`judge` of every picture, in order; it sees stacks N x H x W x 3 (uint8) on the device."""
    found: dict[int, T] = {}
    for (height, width), places in by_shape(pictures).items():
        step = max(1, pixels_at_once // (height * width))
        for start in range(0, len(places), step):
            chunk = places[start : start + step]
            answers = judge(stack([pictures[place] for place in chunk], device))
            found.update(zip(chunk, answers, strict=True))
    return [found[place] for place in range(len(pictures))]


def stack(pictures: Sequence[Picture], device: str) -> "Tensor":
    """Pixels of pictures of one size, (n, height, width, 3) uint8, on the device.

    For a GPU they are gathered in pinned memory, on a few threads, and sent without waiting.
    """
    import torch

    shape = (len(pictures), *pictures[0].pixels.shape)
    gathered = torch.empty(shape, dtype=torch.uint8, pin_memory=device.startswith("cuda"))
    target = gathered.numpy()
    with ThreadPoolExecutor(min(len(pictures), len(os.sched_getaffinity(0)), 8)) as pool:
        list(pool.map(lambda k: np.copyto(target[k], pictures[k].pixels), range(len(pictures))))
    return gathered.to(device, non_blocking=True)
