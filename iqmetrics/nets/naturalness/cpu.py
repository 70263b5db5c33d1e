"""Natural-scene statistics of one picture on the CPU, by compiled kernels without the GIL."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.compiled import Kernel, machine_code, numba_for
from iqmetrics.images import Picture
from iqmetrics.nets.naturalness import kernels, piqe_kernels

WHO = "natural-scene statistics"

HELPERS: tuple[Kernel, ...] = (
    kernels.mirrored,
    kernels.mscn_row,
    kernels.tally,
    piqe_kernels.deviation,
    piqe_kernels.spread,
    piqe_kernels.flat_piece,
)
"""Functions that kernels call; they are compiled into their callers."""


@cache
def compiled(kernel: Kernel, strict: bool = False) -> Kernel:
    """A kernel of `kernels` or `piqe_kernels` as machine code; see `machine_code`."""
    return machine_code(kernel, WHO, strict, HELPERS)


def gray(picture: Picture) -> NDArray[np.uint8]:
    """Rounded luma (H x W, uint8) as MATLAB's rgb2gray, made once a picture."""
    return picture.once("naturalness.gray", lambda p: _gray(p, kernels.matlab_gray))


def stretched_gray(picture: Picture) -> NDArray[np.uint8]:
    """Luma (H x W, uint8) scaled so that the brightest pixel is 255; not for a black picture."""
    return _gray(picture, piqe_kernels.stretched_gray)


def _gray(picture: Picture, kernel: Kernel) -> NDArray[np.uint8]:
    out = np.empty(picture.pixels.shape[:2], np.uint8)
    compiled(kernel, strict=True)(np.ascontiguousarray(picture.pixels), out)
    return out


def half_size(image: NDArray[Any]) -> NDArray[np.float64]:
    """Antialiased bicubic halving of an H x W image (`kernels.half_size`)."""
    out = np.empty(((image.shape[0] + 1) // 2, (image.shape[1] + 1) // 2))
    compiled(kernels.half_size)(image, out)
    return out


def pair_sums(
    image: NDArray[Any], block: tuple[int, int], zero: bool = False
) -> NDArray[np.float64]:
    """Sums a block (`kernels.pair_sums`): rows x columns x 5 maps x 5 sums."""
    rows, columns = image.shape[0] // block[0], image.shape[1] // block[1]
    sums = np.zeros((rows, columns, 5, 5))
    compiled(kernels.pair_sums)(image, block[0], block[1], zero, sums)
    return sums


def piqe_blocks(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Variance, noise and impairment of each block (`piqe_kernels.piqe_blocks`)."""
    side = piqe_kernels.BLOCK
    out = np.empty((image.shape[0] // side, image.shape[1] // side, 3))
    compiled(piqe_kernels.piqe_blocks)(image, out)
    return out


def ready() -> None:
    """Raises `Unavailable` when numba is missing; kernels themselves compile on first use."""
    numba_for(WHO, HELPERS)
