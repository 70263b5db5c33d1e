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
ALIGNED, WIDEST, LARGEST = 4, 16384, 16 << 20
"""A GPU undoes the filters of pictures whose width is a multiple of the first and at most the
second, and whose room has at most so many bytes (`nets.png_filters`)."""


class Rows:
    """Rows of RGB whose filters are still on: a GPU undoes them beside all else.

    Attributes:
        room: the memory they lie at the start of, height x (width + 1) x 3 bytes without gaps.
        shape: height, width and 3, of the picture.

    Raises:
        ValueError: the memory is of another form, or a GPU would not take it.
    """

    def __init__(self, room: Bytes) -> None:
        height, width = room.shape[0], room.shape[1] - 1
        if not self.can_be(height, width) or not room.flags.c_contiguous:
            raise ValueError(f"rows cannot lie in a room of {room.shape}")
        self.room = room
        self.shape = height, width, 3

    @staticmethod
    def can_be(height: int, width: int) -> bool:
        """Whether rows of such a picture may keep their filters."""
        fits = 0 < width <= WIDEST and 3 * height * (width + 1) <= LARGEST
        return fits and width % ALIGNED == 0

    @property
    def lines(self) -> Bytes:
        """The rows, see `undo`: height x (1 + 3 width)."""
        height, width, _ = self.shape
        size = height * (1 + 3 * width)
        return self.room.reshape(-1)[:size].reshape(height, 1 + 3 * width)

    def pixels(self) -> Bytes:
        """The picture in other memory; raises `Unavailable` without numba."""
        return _undone(self.lines, lambda height, width: np.empty((height, width, 3), np.uint8))


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
    height, width = _size(data)
    lines = np.empty((height, 1 + 3 * width), np.uint8)
    return _undone(lines, into) if _inflated(data, chunks, lines) else None


def rows(data: bytes, chunks: "Sequence[Chunk]", into: "Room") -> Rows | None:
    """As `read`, but the filters are left on; None also where a GPU would not undo them.

    `into` is asked for one column more than the picture has.
    """
    height, width = _size(data)
    if not Rows.can_be(height, width):
        return None
    found = Rows(into(height, width + 1))
    return found if _inflated(data, chunks, found.lines) else None


def _size(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[20:24]), int.from_bytes(data[16:20])


def _inflated(data: bytes, chunks: "Sequence[Chunk]", lines: Bytes) -> bool:
    """Fills the rows as they were filtered, or says that the file is not as `read` wants it."""
    import imagecodecs

    if data[26:29] != b"\0\0\0":  # another compression, filter method, or interlaced
        return False
    view = memoryview(data)
    parts = [view[start + 8 : end - 4] for name, start, end in chunks if name == b"IDAT"]
    packed: Any = parts[0] if len(parts) == 1 else b"".join(parts)
    flat: Any = lines.reshape(-1)
    try:
        found = imagecodecs.deflate_decode(packed, out=flat)
    except imagecodecs.DeflateError:
        return False
    return len(found) == lines.size and bool(lines[:, 0].max() <= PAETH)


def _undone(lines: Bytes, into: "Room") -> Bytes:
    height, size = lines.shape
    pixels = into(height, size // 3)
    _compiled()(lines, pixels.reshape(height, size - 1))
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
