"""What the bytes of an image file say before anything decodes them: kind, wholeness, chunks.

Sources: PNG specification (W3C, third edition) sections 5 and 11; JPEG ITU-T T.81 B.1.1.3; GIF89a
sections 17 and 27; RIFF WebP container; TIFF 6.0 section 2; ISO/IEC 14496-12 section 4.2 (AVIF).
"""

import sys
import zlib
from collections.abc import Callable, Sequence

from iqmetrics.errors import ImageProblem

PNG = b"\x89PNG\r\n\x1a\n"
LONG_TEXT = 1 << 16
"""PNG text of more bytes than this is not shown to the decoder: it cannot change a pixel."""

Chunk = tuple[bytes, int, int]
"""(name, start, end) of one PNG chunk, its length and checksum included."""

TEXT = (b"tEXt", b"zTXt", b"iTXt")
PLAIN = {b"IHDR", b"IDAT", b"IEND", *TEXT, b"pHYs", b"tIME", b"sRGB"}
"""PNG chunks with which a picture is exactly its samples."""

HEADS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}

CUT_WORDS = ("truncated", "premature", "not enough", "end of file", "unexpected end")


def name_of(data: bytes) -> str:
    """The format that the first bytes announce; "" when none of ours."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and b"avi" in data[8:40]:
        return "AVIF"
    return next((name for head, name in HEADS.items() if data.startswith(head)), "")


def is_cut(data: bytes, reason: str = "") -> bool:
    """Whether a file that could not be decoded ends too early, by its own structure or `reason`."""
    if any(word in reason.lower() for word in CUT_WORDS):
        return True
    kind = name_of(data)
    if kind == "PNG":
        return not any(name == b"IEND" for name, _, _ in _chunks(data))
    if kind == "JPEG":
        return data.rstrip(b"\0\r\n")[-2:] != b"\xff\xd9"
    if kind == "GIF":
        return data.rstrip(b"\0")[-1:] != b";"
    if kind == "BMP":
        return int.from_bytes(data[2:6], "little") > len(data)
    if kind == "WebP":
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if kind == "TIFF":
        order = "little" if data.startswith(b"II") else "big"
        return int.from_bytes(data[4:8], order) >= len(data)  # type: ignore[arg-type]
    no_pixels = b"mdat" not in data and b"idat" not in data
    return kind == "AVIF" and (no_pixels or _boxes_end(data) > len(data))


def check_png(data: bytes) -> list[Chunk] | None:
    """The chunks of a PNG down to its end chunk, or None when that is missing.

    Raises:
        ImageProblem: a checksum of the chunks that make the picture is wrong: decoders go on
            with wrong pixels there, and a wrong picture must not get a score.
    """
    found, view, checksum = _chunks(data), memoryview(data), _checksum()
    for name, start, end in found:
        if name in (b"IHDR", b"PLTE", b"IDAT", b"tRNS") and checksum(
            view[start + 4 : end - 4]
        ) != int.from_bytes(view[end - 4 : end]):
            raise ImageProblem("unreadable", f"damaged: the checksum of {name.decode()} is wrong")
    return found if found and found[-1][0] == b"IEND" else None


def _checksum() -> Callable[[memoryview], int]:
    """CRC-32; libdeflate's takes a tenth of zlib's time, where somebody has loaded it."""
    codecs = sys.modules.get("imagecodecs")
    if codecs is None or not codecs.DEFLATE.available:
        return zlib.crc32
    found: Callable[[memoryview], int] = codecs.deflate_crc32
    return found


def is_plain(data: bytes, chunks: Sequence[Chunk]) -> bool:
    """Whether it is 8-bit RGB without anything that could change its colours or its shape."""
    eight_bit_rgb = data[24:26] == b"\x08\x02"
    return eight_bit_rgb and all(c[0] in PLAIN for c in chunks) and not _turned(data, chunks)


def without_long_text(data: bytes, chunks: Sequence[Chunk]) -> bytes:
    """The same PNG less its long text, e.g. a workflow or a decompression bomb."""
    long = {
        (start, end) for name, start, end in chunks if name in TEXT and end - start > LONG_TEXT
    } | {(start, end) for name, start, end in chunks if _is_bomb(data, name, start, end)}
    if not long:
        return data
    kept = (data[start:end] for _, start, end in chunks if (start, end) not in long)
    return b"".join((PNG, *kept))


def _is_bomb(data: bytes, name: bytes, start: int, end: int) -> bool:
    """Compressed text that gets longer than `LONG_TEXT`, or is damaged."""
    body = data[start + 8 : end - 4]
    if name == b"zTXt":
        packed = body.partition(b"\0")[2][1:]
    elif name == b"iTXt" and body.partition(b"\0")[2][:1] == b"\1":
        packed = body.partition(b"\0")[2][2:].split(b"\0", 2)[-1]
    else:
        return False
    try:
        return len(zlib.decompressobj().decompress(packed, LONG_TEXT + 1)) > LONG_TEXT
    except zlib.error:
        return True


def _turned(data: bytes, chunks: Sequence[Chunk]) -> bool:
    """Whether there may be an orientation in text chunks (XMP, or EXIF as ImageMagick kept it)."""
    texts = (data[start:end] for name, start, end in chunks if name in TEXT)
    return any(b"rientation" in text or b"Raw profile" in text for text in texts)


def _chunks(data: bytes) -> list[Chunk]:
    found, at = [], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            break
        found.append((data[at + 4 : at + 8], at, end))
        if found[-1][0] == b"IEND":
            break
        at = end
    return found


def _boxes_end(data: bytes) -> int:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        if size == 0:
            return len(data)
        at += max(size, 8)
    return at
