"""Large matrices of a net as whole numbers of eight bits: half the bytes of float16.

Each row of a matrix (an output channel) gets one step, the largest of its values over 127; a value
is kept as the nearest number of steps, so it comes back within half a step. Vectors and small
matrices (norms, biases, the first and last convolution) stay as they are. Symmetric quantisation a
channel: Krishnamoorthi 2018, arXiv:1806.08342, section 3.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[Any]]

LARGE = 4096
"""Values of a matrix, from which on it is packed."""
STEPS = ".steps"
"""What follows a matrix's name in the name of its steps."""


def pack(weights: Weights) -> Weights:
    """Weights to store: of each large matrix int8 numbers and float32 steps, one a row.

    Args:
        weights: float arrays of any shape; of a matrix (2 axes or more) the first is the output.
    """
    packed: Weights = {}
    for name, value in weights.items():
        if value.ndim < 2 or value.size < LARGE:
            packed[name] = value
            continue
        rows = value.reshape(len(value), -1).astype(np.float32)
        steps = np.abs(rows).max(1) / np.float32(127)
        steps[steps == 0] = 1  # a row of zeros
        packed[name] = np.rint(rows / steps[:, None]).astype(np.int8).reshape(value.shape)
        packed[name + STEPS] = steps
    return packed


def unpack(packed: Weights) -> Weights:
    """Float16 matrices of what `pack` left; weights that were never packed are given back."""
    weights = dict(packed)
    for name, value in packed.items():
        if value.dtype == np.int8:
            steps = weights.pop(name + STEPS).reshape(-1, *[1] * (value.ndim - 1))
            weights[name] = (value * steps).astype(np.float16)
    return weights
