"""The decode policy: from the bytes of one file to uint8 sRGB pixels, the same way every time.

Formats are told by content, never by name: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF. EXIF orientation
is applied, an ICC profile is converted to sRGB (PNG's gAMA and cHRM are not read), more than 8 bits
are scaled (not clamped), CMYK and palettes become RGB, transparency is laid over mid-grey, an
animation shows its first frame. What was done is flagged. Whoever changes any of this bumps
`DECODE_POLICY` in `images`. How the bytes are checked is in `sniff`, colour in `colour`.
"""

import io
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iqmetrics import colour, sniff
from iqmetrics.errors import ImageProblem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    Pixels = NDArray[np.uint8]
    Room = Callable[[int, int], Pixels]
    """Asked for the memory of a picture, height x width x 3 bytes."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
ORIENTATION = 0x0112
BAND_PIXELS = 1 << 20
"""Colour is converted in bands of about this many pixels, so that large pictures stay cheap."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: pixels, bytes of the file, seconds, bytes of memory.

    Seconds and memory (above that of an idle worker) are enforced in worker processes only.
    """

    pixels: int = 100_000_000
    file_bytes: int = 1 << 29
    seconds: float = 10.0
    memory: int = 1 << 30


MAX_PIXELS = Limits().pixels


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pixels (uint8, height x width x 3, sRGB) and what it took to get them.

    Where they are `filtered` they are the room of `png_rows.Rows`.
    """

    pixels: "Pixels"
    flags: tuple[str, ...]
    filtered: bool = False


def empty(height: int, width: int) -> "Pixels":
    """Memory for a picture of this size, in this process."""
    import numpy as np

    return np.empty((height, width, 3), np.uint8)


def read_bytes(path: str, limit: int = Limits().file_bytes) -> bytes:
    """The whole file; nothing that could block (a FIFO, a device) is ever opened for reading.

    Raises:
        ImageProblem: "unreadable" or "too_large", with the reason.
    """
    try:
        _regular(os.stat(path), limit)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb") as file:
            facts = os.fstat(file.fileno())  # it may have been exchanged in between
            _regular(facts, limit)
            data = file.read(facts.st_size + 1)  # Python takes memory for all that it may read
            if len(data) > facts.st_size:
                data += file.read(limit + 1 - len(data))
    except OSError as error:
        raise ImageProblem("unreadable", error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the name
        raise ImageProblem("unreadable", str(error)) from error
    if len(data) > limit:
        raise ImageProblem("too_large", f"more than {limit} bytes in one file")
    return data


def _regular(facts: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ImageProblem("unreadable", "not a regular file")
    if facts.st_size > limit:
        raise ImageProblem("too_large", f"{facts.st_size} bytes in one file")


def decode(
    data: bytes,
    max_pixels: int = MAX_PIXELS,
    into: "Room" = empty,
    quick: bool = False,
    rows: bool = False,
) -> Decoded:
    """Decode one file's bytes.

    Args:
        data: the file.
        max_pixels: larger pictures are refused before they are decoded.
        into: asked for the memory of (height, width) x 3 bytes, e.g. shared with another process.
        quick: many pictures follow, so that what takes a while to load is worth it; same pixels.
        rows: the filters of a PNG's rows may be left on, where it is decoded `quick`.

    Raises:
        ImageProblem: "truncated", "unsupported", "too_large" or "unreadable", with the reason.
    """
    if not data:
        raise ImageProblem("truncated", "the file is empty")
    try:
        chunks = sniff.check_png(data) if data.startswith(sniff.PNG) else None
        data = sniff.without_long_text(data, chunks) if chunks else data
        image = _open(data)
        if image.width * image.height > max_pixels:
            size = f"{image.width} x {image.height} pixels"
            raise ImageProblem("too_large", f"{size}, at most {max_pixels} are read")
        if chunks and sniff.is_plain(data, chunks):
            found = _quick(data, chunks, into, rows) if quick else None
            if found := found or _fast(data, image, into):
                return found
        return _pixels(image, into)
    except ImageProblem:
        raise
    except MemoryError as error:
        raise ImageProblem("too_large", "not enough memory to decode it") from error
    except Exception as error:  # decoders raise whatever hostile bytes lead them to
        status = "truncated" if sniff.is_cut(data, str(error)) else "unreadable"
        raise ImageProblem(status, str(error) or type(error).__name__) from error


def _open(data: bytes) -> "Image":
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        name = sniff.name_of(data)
        if not name:
            known = "not a PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF"
            raise ImageProblem("unsupported", known) from error
        if sniff.is_cut(data):
            reason = f"the header of a {name} file, and not enough after it"
            raise ImageProblem("truncated", reason) from error
        raise ImageProblem("unreadable", f"a damaged {name} file") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageProblem("too_large", str(error)) from error


def _quick(
    data: bytes, chunks: "Sequence[sniff.Chunk]", into: "Room", rows: bool
) -> Decoded | None:
    from iqmetrics import png_rows

    if not png_rows.ready():
        return None
    if rows and (found := png_rows.rows(data, chunks, into)):
        return Decoded(found.room, (), filtered=True)
    pixels = png_rows.read(data, chunks, into)
    return None if pixels is None else Decoded(pixels, ())


def _fast(data: bytes, image: "Image", into: "Room") -> Decoded | None:
    """A whole, plain 8-bit RGB PNG through libspng or OpenCV: the same pixels in less time.

    None when neither package is here, or when they do not take the file: then Pillow says why.
    """
    shape = (image.height, image.width, 3)
    try:
        import imagecodecs

        pixels = into(*shape[:2])
        imagecodecs.spng_decode(data, out=pixels)
        return Decoded(pixels, ())
    except ImportError:
        pass
    except (RuntimeError, ValueError):  # SpngError is a RuntimeError
        return None
    try:
        import cv2
    except ImportError:
        return None
    import numpy as np

    how = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        found: Any = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:
        return None
    if found is None or found.shape != shape:
        return None
    if into is empty:
        return Decoded(found, ())
    pixels = into(*shape[:2])
    pixels[:] = found
    return Decoded(pixels, ())


def _pixels(image: "Image", into: "Room") -> Decoded:
    flags = ["animated"] if getattr(image, "is_animated", False) else []
    image.load()
    turn, told = _orientation(image)
    flags += told
    paint, told = colour.painter(image)
    flags += told
    turned = turn in (5, 6, 7, 8)
    height, width = image.height, image.width
    pixels = into(width, height) if turned else into(height, width)
    target = _as_stored(pixels, turn)
    rows = max(1, BAND_PIXELS // max(1, width))
    opaque = True
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        whole = top == 0 and bottom == height
        band = image if whole else image.crop((0, top, width, bottom))
        target[top:bottom], alpha = paint(band)
        opaque = opaque and not alpha
    if not opaque:
        flags.append("alpha")
    if turn > 1:
        flags.append("oriented")
    return Decoded(pixels, tuple(flags))


def _orientation(image: "Image") -> tuple[int, list[str]]:
    """EXIF orientation 1..8; broken EXIF does not cost the picture, it is flagged."""
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except Exception:  # Pillow raises whatever hostile EXIF leads it to
        return 1, ["exif ignored"]
    return (turn if turn in range(1, 9) else 1), []


def _as_stored(pixels: "Pixels", turn: int) -> "Pixels":
    """A view of the upright picture whose rows are those of the file (EXIF 2.32, tag 0x0112)."""
    flip_rows, flip_columns = turn in (3, 4, 7, 8), turn in (2, 3, 6, 7)
    view = pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
    return view.transpose(1, 0, 2) if turn in (5, 6, 7, 8) else view
