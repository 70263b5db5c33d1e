"""Text hidden in the lowest bit of the alpha plane ("stealth pnginfo", column by column).

Layout: 15 bytes `stealth_pnginfo` or `stealth_pngcomp` (gzip), a 32-bit big-endian length in bits,
the data. Source: NovelAI's published metadata reader and sd-webui-stealth-pnginfo (format only).
"""

import zlib

from iqmetrics.metadata.containers import MAX_TEXT, Embedded, decode, inflate
from iqmetrics.metadata.jsontext import json_object

PLAIN, PACKED = b"stealth_pnginfo", b"stealth_pngcomp"
MAX_PIXELS = 40_000_000
HEADER = len(PLAIN) + 4


def read_stealth(path: str, embedded: Embedded) -> Embedded | None:
    """What the alpha plane of the PNG at `path` hides, as if it stood in text chunks; else None.

    Raises:
        ValueError: there is a hidden text and it is broken.
    """
    width, height = embedded.size
    if embedded.format != "PNG" or not embedded.alpha or not 0 < width * height <= MAX_PIXELS:
        return None
    hidden = hidden_text(_alpha_bytes(path))
    if hidden is None:
        return None
    row = json_object(hidden)
    text = {key: value for key, value in row.items() if isinstance(value, str)}
    return Embedded("PNG", embedded.size, True, text or {"parameters": hidden})


def _alpha_bytes(path: str) -> bytes:
    """The lowest bits of the alpha plane, column by column, eight to a byte; b"" if undecodable."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as image:
            alpha = np.asarray(image.getchannel("A"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return b""  # the pixels' own fault: decoding will say so
    return np.packbits((alpha & 1).T.ravel()).tobytes()


def hidden_text(data: bytes) -> str | None:
    """The text in the bits, or None when they carry no signature."""
    magic = data[: len(PLAIN)]
    if magic not in (PLAIN, PACKED):
        return None
    length = int.from_bytes(data[len(PLAIN) : HEADER], "big") // 8
    body = data[HEADER : HEADER + length]
    if len(body) < length:
        raise ValueError("the text hidden in the alpha plane is cut off")
    if magic == PACKED:
        try:
            body = inflate(body, MAX_TEXT, zlib.MAX_WBITS | 16)
        except zlib.error as error:
            raise ValueError(f"the text hidden in the alpha plane is broken: {error}") from error
    return decode(body)
