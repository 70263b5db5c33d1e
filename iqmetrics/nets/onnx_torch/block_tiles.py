"""What one program of a block's kernels makes: by the shape of one picture, never by how many.

The same shape is always summed in the same order, whatever comes together. The rules are what was
fastest on an H100 with 64 pictures a forward, over the shapes of this project's nets.
"""

from collections.abc import Sequence
from typing import NamedTuple

LITTLE = 100
"""Programs of 64 pixels, for 64 pictures, below which they get smaller: an H100 has 132
multiprocessors."""
WIDE_MAP = 48 * 48
"""Pixels from which a block is made in one pass: below, what lies between stays in the cache."""


class Tile(NamedTuple):
    """Squares of pixels, their lines and columns, channels in and out at a time, warps, stages."""

    places: int
    lines: int
    cross: int
    block: int
    beside: int
    warps: int
    stages: int


def power_from(count: int) -> int:
    """The smallest power of two that is not below `count`."""
    return 1 << (count - 1).bit_length()


def depthwise_tile(channels: int, rows: int, step: int, wide: int, size: int) -> Tile:
    """Of a convolution by channel.

    Args:
        channels: of the picture.
        rows: of the answer.
        step: the stride across.
        wide: columns of the kernel: many fill the registers.
        size: bytes of a number.
    """
    half = size == 2
    block = max(16, min(64 if half else 32, power_from(channels)))
    one = wide > 5 or (half and step > 1)
    lines, cross = (4, 1 if one else 2) if rows >= 4 else (min(rows, 2),) * 2
    return Tile((1024 if half else 256) // block, lines, cross, block, 0, 4 if half else 2, 1)


def point_tile(channels: int, outs: int, pixels: int, size: int) -> Tile:
    """Of a 1 x 1 convolution of so many pixels a picture."""
    block = max(16, min(64, power_from(channels)))
    beside = max(8, min(256 // size, power_from(outs)))
    little = pixels * -(-outs // beside) < LITTLE
    return Tile(16 if little else 64, 1, 1, block, beside, 4, 3)


def block_tile(
    channels: int, outs: int, pixels: int, strides: Sequence[int], kernel: Sequence[int], size: int
) -> Tile | None:
    """Of a convolution by channel with the 1 x 1 after it, or None where two passes are faster.

    Args:
        channels: of the picture.
        outs: channels of the answer.
        pixels: of the answer.
        strides: of the convolution by channel.
        kernel: its height and width.
        size: bytes of a number.
    """
    if pixels < WIDE_MAP:
        return None
    block, beside = max(16, power_from(channels)), max(8, power_from(outs))
    if size == 2:
        narrow = channels <= 160 and beside <= 32 and max(kernel) <= 3 and set(strides) == {1}
        if beside > 64 or (channels > 64 and not narrow):
            return None
        lines = 4 if set(strides) == {1} else 2
        return Tile(16, lines, 2, block if channels <= 64 else 32, beside, 4, 1)
    if channels not in (8, 16, 32) or beside > 32:
        return None
    return Tile(16, 4, 1, block, beside, 4 if block == 32 else 2, 1)
