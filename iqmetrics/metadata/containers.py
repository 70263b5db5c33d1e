"""Read the metadata of image files without decoding a pixel, bounded in size.

PNG, JPEG and WebP are walked chunk by chunk (text may also stand behind the pixels), AVIF is
searched, GIF, BMP and TIFF go through Pillow. Sources: PNG specification (W3C, third edition)
section 11.3, JPEG APP1 (Exif 2.32, 4.7.2; XMP part 3), RIFF WebP container specification.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from iqmetrics.errors import BadInput

if TYPE_CHECKING:
    from PIL import Image

MAX_TEXT = 32 << 20
"""Bytes of text (after decompression) read of one file; real workflows reach a few MiB."""
MAX_CHUNKS = 100_000

PNG = b"\x89PNG\r\n\x1a\n"
EXIF_HEADER = b"Exif\x00\x00"
XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\x00"
AVIF_BRAND = re.compile(rb"^....ftyp.*(avif|avis)", re.DOTALL)
AVIF_SIZE = re.compile(rb"ispe\0\0\0\0(.{8})", re.DOTALL)
TIFF_HEADER = re.compile(rb"II\*\0\x08\0\0\0|MM\0\*\0\0\0\x08")
XMP_PACKET = re.compile(rb"<x:xmpmeta.*?</x:xmpmeta>", re.DOTALL)

BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    NotImplementedError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""What a broken file may raise here: the set that Pillow's own fuzzers accept, and ours."""


@dataclass(slots=True)
class Embedded:
    """The raw metadata of one file.

    `text` keyword -> text (PNG text chunks, a JPEG comment as "comment"); `exif` tag -> string;
    `xmp` the XMP packet; `size` (width, height) as stored; `alpha` whether there is an alpha plane;
    `problem` what of it could not be read (the rest still counts).
    """

    format: str
    size: tuple[int, int] = (0, 0)
    alpha: bool = False
    text: dict[str, str] = field(default_factory=dict)
    exif: Mapping[int, str] = field(default_factory=dict)
    xmp: str = ""
    problem: str = ""


def read_container(path: str) -> Embedded:
    """Everything the file at `path` carries beside its pixels.

    Raises:
        BadInput: the file cannot be opened, is no image, or its metadata is broken or too large.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(16)
            file.seek(0)
            if head.startswith(PNG):
                return _png(file)
            if head.startswith(b"\xff\xd8"):
                return _jpeg(file)
            if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
                return _webp(file)
            return _avif(file) if head[4:8] == b"ftyp" else _by_pillow(file)
    except BROKEN as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if reason.startswith("cannot identify image file"):  # Pillow goes on with a Python object
            reason = "not an image that can be opened"
        raise BadInput(f"the metadata cannot be read: {reason}") from error


def _exactly(file: BinaryIO, length: int) -> bytes:
    if length > MAX_TEXT:
        raise ValueError(f"a metadata chunk of {length} bytes is over the limit of {MAX_TEXT}")
    data = file.read(length)
    if len(data) != length:
        raise EOFError("the file ends inside its metadata")
    return data


def inflate(data: bytes, room: int, wbits: int = zlib.MAX_WBITS) -> bytes:
    """Decompress at most `room` bytes; more raises ValueError (a bomb)."""
    stream = zlib.decompressobj(wbits)
    plain = stream.decompress(data, room + 1)
    if len(plain) > room:
        raise ValueError(f"compressed text unpacks to more than {room} bytes")
    return plain


def decode(data: bytes) -> str:
    """UTF-8 where it is UTF-8, else Latin-1 (what PNG tEXt is meant to be)."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    file.seek(len(PNG))
    for _ in range(MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header)
        start = file.tell()
        yield kind, length
        if kind == b"IEND":
            return
        file.seek(start + length + 4)


def _png(file: BinaryIO) -> Embedded:
    found = Embedded("PNG")
    room = MAX_TEXT
    for kind, length in _png_chunks(file):
        if kind == b"IHDR":
            width, height, _depth, colour = struct.unpack(">IIBB", _exactly(file, 10))
            found.size, found.alpha = (width, height), colour in (4, 6)
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            try:
                key, text = _png_text(kind, _exactly(file, length), room)
            except (ValueError, EOFError, zlib.error) as error:
                found.problem = found.problem or str(error)
                continue
            room -= len(text)
            if key == "XML:com.adobe.xmp":
                found.xmp = found.xmp or decode(text)
            else:
                found.text.setdefault(key, decode(text))
        elif kind == b"eXIf":
            _add_exif(found, _exactly(file, length))
    return found


def _png_text(kind: bytes, data: bytes, room: int) -> tuple[str, bytes]:
    keyword, _, rest = data.partition(b"\x00")
    if kind == b"zTXt":
        rest = inflate(rest[1:], room)
    elif kind == b"iTXt":
        compressed = rest[:1] == b"\x01"
        _language, _, rest = rest[2:].partition(b"\x00")
        _translated, _, rest = rest.partition(b"\x00")
        rest = inflate(rest, room) if compressed else rest
    return keyword.decode("latin-1"), rest


def _jpeg(file: BinaryIO) -> Embedded:
    found = Embedded("JPEG")
    file.seek(2)
    for _ in range(MAX_CHUNKS):
        marker = file.read(2)
        while marker[:1] == b"\xff" and marker[1:] == b"\xff":
            marker = b"\xff" + file.read(1)
        if len(marker) < 2 or marker[0] != 0xFF or marker[1] in (0xD9, 0xDA):
            break
        if marker[1] == 0x01 or 0xD0 <= marker[1] <= 0xD7:
            continue
        (length,) = struct.unpack(">H", _exactly(file, 2))
        data = _exactly(file, max(0, length - 2))
        if marker[1] == 0xE1 and data.startswith(EXIF_HEADER):
            _add_exif(found, data)
        elif marker[1] == 0xE1 and data.startswith(XMP_HEADER):
            found.xmp = found.xmp or decode(data[len(XMP_HEADER) :])
        elif marker[1] == 0xFE:
            found.text.setdefault("comment", decode(data.rstrip(b"\x00")))
        elif 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC) and len(data) >= 5:
            height, width = struct.unpack(">HH", data[1:5])
            found.size = (width, height)
    return found


def _webp(file: BinaryIO) -> Embedded:
    found = Embedded("WEBP")
    file.seek(12)
    for _ in range(MAX_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        kind, length = struct.unpack("<4sI", header)
        start = file.tell()
        if kind == b"VP8X":
            data = _exactly(file, 10)
            found.alpha = bool(data[0] & 0x10)
            found.size = (
                1 + int.from_bytes(data[4:7], "little"),
                1 + int.from_bytes(data[7:10], "little"),
            )
        elif kind == b"VP8L":
            bits = int.from_bytes(_exactly(file, 5)[1:], "little")
            found.size = (
                found.size if any(found.size) else ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
            )
            found.alpha = bool(bits >> 28 & 1)
        elif kind == b"VP8 ":
            width, height = struct.unpack("<HH", _exactly(file, 10)[6:])
            found.size = found.size if any(found.size) else (width & 0x3FFF, height & 0x3FFF)
        elif kind == b"EXIF":
            _add_exif(found, _exactly(file, length))
        elif kind == b"XMP ":
            found.xmp = decode(_exactly(file, length))
        file.seek(start + length + (length & 1))
    return found


def _avif(file: BinaryIO) -> Embedded:
    """AVIF by its signatures (`ispe` box, TIFF header, XMP): Pillow would start a decoder."""
    data = file.read(MAX_TEXT)
    if not AVIF_BRAND.search(data[:64]):
        raise ValueError("not a picture format that is known")
    found = Embedded("AVIF", alpha=b"auxC" in data[:4096])
    if place := AVIF_SIZE.search(data[:4096]):
        width, height = struct.unpack(">II", place[1])
        found.size = (width, height)
    for place in islice(TIFF_HEADER.finditer(data), 16):
        _add_exif(found, data[place.start() :])
        if found.exif:
            found.problem = ""
            break
    if place := XMP_PACKET.search(data):
        found.xmp = decode(place[0])
    return found


def _by_pillow(file: BinaryIO) -> Embedded:
    from PIL import Image

    try:
        image = Image.open(file, formats=("GIF", "BMP", "TIFF"))
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error
    found = Embedded(image.format or "", image.size, image.mode in ("RGBA", "LA"))
    for key, value in image.info.items():
        if isinstance(key, str) and isinstance(value, (str, bytes)) and len(value) <= MAX_TEXT:
            if key == "xmp":
                found.xmp = value if isinstance(value, str) else decode(value)
            elif key == "comment":
                found.text["comment"] = value if isinstance(value, str) else decode(value)
    if image.info.get("exif") or image.format == "TIFF":
        _add_exif(found, image.getexif())
    return found


def _add_exif(found: Embedded, data: "bytes | Image.Exif") -> None:
    """Put the string tags of an EXIF block (main and Exif directory) into `found`."""
    if found.exif:
        return
    try:
        found.exif = exif_strings(data)
    except BROKEN as error:
        found.problem = found.problem or f"broken EXIF: {error}"


def exif_strings(data: "bytes | Image.Exif") -> dict[int, str]:
    """The string tags of an EXIF block, of its main and its Exif directory, by tag number."""
    from PIL import Image
    from PIL.ExifTags import IFD

    if isinstance(data, bytes):
        exif = Image.Exif()
        exif.load(data)
    else:
        exif = data
    tags = {**exif, **exif.get_ifd(IFD.Exif)}
    found = {}
    for tag, value in tags.items():
        if isinstance(value, str):
            found[tag] = value
        elif isinstance(value, bytes):
            found[tag] = user_comment(value)
    return found


def user_comment(data: bytes) -> str:
    """An EXIF UserComment as text (Exif 2.32, 4.6.5): eight bytes of character code, then text.

    `UNICODE` is UTF-16; writers disagree on the byte order, so the one that gives more ASCII is it.
    """
    code, body = data[:8], data[8:]
    if code.startswith(b"UNICODE"):
        big = body.decode("utf-16-be", "replace")
        little = body.decode("utf-16-le", "replace")
        if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return body.decode("utf-16", "replace").rstrip("\x00")
        ascii_big = sum(c < "\x80" for c in big)
        return (big if ascii_big >= sum(c < "\x80" for c in little) else little).rstrip("\x00")
    if code.startswith((b"ASCII\x00", b"JIS\x00", b"\x00\x00\x00\x00\x00\x00\x00\x00")):
        return decode(body).rstrip("\x00")
    return decode(data).rstrip("\x00")
