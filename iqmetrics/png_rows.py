"""The rows of a plain 8-bit RGB PNG: inflated by libdeflate, their filters undone by machine code.

Takes some 60 % of libspng's time a picture, and .3 s and 60 MB to start, once a process: for many
pictures. Whatever is unusual is left to the other decoders, which also say why.

Source: PNG specification (W3C, third edition), sections 7.2, 9.2 and 10.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.compiled import machine_code
from iqmetrics.errors import Unavailable

if TYPE_CHECKING:
    from iqmetrics.decode import Room
    from iqmetrics.sniff import Chunk

Bytes = NDArray[np.uint8]

SUB, UP, AVERAGE, PAETH = 1, 2, 3, 4


@cache
def ready() -> bool:
    """Whether the packages are here; loads them, which takes a while."""
    try:
        import imagecodecs

        lines = np.zeros((2, 4), np.uint8)
        _compiled()(lines, np.zeros((2, 3), np.uint8))
        return bool(imagecodecs.DEFLATE.available)
    except (ImportError, Unavailable):
        return False


def read(data: bytes, chunks: "Sequence[Chunk]", into: "Room") -> Bytes | None:
    """The pixels, or None where the file is not whole, not plain or interlaced.

    Args:
        data: a PNG of 8-bit RGB whose checksums were found right.
        chunks: its chunks, see `sniff.check_png`.
        into: asked for the memory of (height, width) x 3 bytes.
    """
    import imagecodecs

    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data[26:29] != b"\0\0\0":  # another compression, filter method, or interlaced
        return None
    packed = b"".join(data[start + 8 : end - 4] for name, start, end in chunks if name == b"IDAT")
    lines = np.empty((height, 1 + 3 * width), np.uint8)
    flat: Any = lines.reshape(-1)
    try:
        found = imagecodecs.deflate_decode(packed, out=flat)
    except imagecodecs.DeflateError:
        return None
    if len(found) != lines.size or lines[:, 0].max() > PAETH:
        return None
    pixels = into(height, width)
    _compiled()(lines, pixels.reshape(height, 3 * width))
    return pixels


def undo(lines: Bytes, pixels: Bytes) -> None:
    """Undoes the filters of rows of RGB.

    Args:
        lines: height x (1 + 3 width): the filter's number (0..4) and the filtered bytes.
        pixels: height x 3 width, filled.
    """
    height, size = pixels.shape
    above = np.zeros(size, np.uint8)
    for y in range(height):
        kind, line, row = lines[y, 0], lines[y, 1:], pixels[y]
        if kind == PAETH:
            a0, a1, a2, c0, c1, c2 = 0, 0, 0, 0, 0, 0
            for x in range(0, size, 3):  # three colours side by side: none waits for another
                b0, b1, b2 = int(above[x]), int(above[x + 1]), int(above[x + 2])
                a0 = (line[x] + paeth(a0, b0, c0)) & 255
                a1 = (line[x + 1] + paeth(a1, b1, c1)) & 255
                a2 = (line[x + 2] + paeth(a2, b2, c2)) & 255
                row[x], row[x + 1], row[x + 2] = a0, a1, a2
                c0, c1, c2 = b0, b1, b2
        else:
            for x in range(size):
                left = row[x - 3] if x > 2 else 0
                if kind == SUB:
                    row[x] = line[x] + left
                elif kind == UP:
                    row[x] = line[x] + above[x]
                elif kind == AVERAGE:
                    row[x] = line[x] + (left + above[x]) // 2
                else:
                    row[x] = line[x]
        above = row


def paeth(left: int, above: int, corner: int) -> int:
    """Whichever of the three is nearest to left + above - corner (section 9.4).

    Two comparisons with one bar find the same as three distances (F. Giesen, in stb_image).
    """
    bar = 3 * corner - (left + above)
    low, high = min(left, above), max(left, above)
    other = low if high <= bar else corner
    return high if bar <= low else other


@cache
def _compiled() -> Callable[..., Any]:
    return machine_code(undo, "decoding", helpers=(paeth,))
