"""Good files of every format, what random damage makes of them, and files made to do harm."""

import io
import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

PNG = b"\x89PNG\r\n\x1a\n"


def scene(height: int = 48, width: int = 64) -> Image.Image:
    v, u = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    waves = np.stack([255 * u, 255 * v, 127 + 120 * np.sin(9 * u * v)], axis=2)
    return Image.fromarray(np.rint(waves).astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG of these (already filtered) rows, however wrong; `extra` chunks before the pixels."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(rows, 9))
    return PNG + chunk(b"IHDR", head) + b"".join(extra) + pixels + chunk(b"IEND", b"")


def good_files() -> dict[str, bytes]:
    """Every format and the kinds of each that take another way through the decoders."""
    rgb = scene()
    other = rgb.rotate(180)
    exif = Image.Exif()
    exif[0x0112] = 6
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgba = rgb.copy()
    rgba.putalpha(rgb.convert("L"))
    deep = Image.fromarray(np.asarray(rgb.convert("L"), np.uint16) * 257)
    floats = Image.fromarray(np.asarray(rgb.convert("L"), np.float32) / 255)
    rows = b"".join(b"\0" + r.astype(">u2").tobytes() for r in np.asarray(rgb, np.uint16) * 257)
    files = {
        "plain.png": saved(rgb, "PNG"),
        "exif-icc.png": saved(rgb, "PNG", exif=exif, icc_profile=icc),
        "palette.png": saved(rgb.quantize(32), "PNG", transparency=3),
        "rgba.png": saved(rgba, "PNG"),
        "grey16.png": saved(deep, "PNG"),
        "rgb16.png": png(64, 48, 16, 2, rows),
        "text.png": png(64, 48, 8, 0, b"\0" * 65 * 48, chunk(b"tEXt", b"prompt\0a cat")),
        "anim.png": saved(rgb, "PNG", save_all=True, append_images=[other]),
        "plain.jpg": saved(rgb, "JPEG"),
        "progressive.jpg": saved(rgb, "JPEG", progressive=True, exif=exif),
        "cmyk.jpg": saved(rgb.convert("CMYK"), "JPEG"),
        "lossy.webp": saved(rgb, "WEBP"),
        "lossless.webp": saved(rgba, "WEBP", lossless=True, exif=exif),
        "anim.webp": saved(rgb, "WEBP", save_all=True, append_images=[other]),
        "still.gif": saved(rgb.quantize(32), "GIF"),
        "anim.gif": saved(rgb.quantize(32), "GIF", save_all=True, append_images=[other]),
        "plain.bmp": saved(rgb, "BMP"),
        "palette.bmp": saved(rgb.quantize(32), "BMP"),
        "float.tiff": saved(floats, "TIFF"),
        "deep.tiff": saved(deep, "TIFF", compression="tiff_lzw"),
        "plain.avif": saved(rgb, "AVIF"),
        "rgba.avif": saved(rgba, "AVIF", exif=exif),
    }
    for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        files[f"{name}.tiff"] = saved(rgb, "TIFF", compression=name)
    return files


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One random damage, after which a PNG often has its checksums right again."""
    some = bytearray(data)
    at = rng.randrange(len(some)) if rng.random() < 0.6 else rng.randrange(min(64, len(some)))
    length = 1 << rng.randrange(8)
    kind = rng.randrange(6)
    if kind == 0:
        for _ in range(1 + rng.randrange(16)):
            some[rng.randrange(len(some))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        some[at : at + length] = rng.randbytes(length)
    elif kind == 2:
        del some[at:]
    elif kind == 3:
        del some[at : at + length]
    elif kind == 4:
        some[at:at] = some[at // 2 : at // 2 + length]
    else:
        some[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
    return right_checksums(bytes(some)) if rng.random() < 0.7 else bytes(some)


def right_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have right checksums, so that damage reaches the decoder."""
    if not data.startswith(PNG):
        return data
    some, at = bytearray(data), 8
    while at + 12 <= len(some):
        end = at + 8 + int.from_bytes(some[at : at + 4])
        if end + 4 > len(some):
            break
        some[end : end + 4] = zlib.crc32(some[at + 4 : end]).to_bytes(4)
        at = end + 4
    return bytes(some)


def mutations(count: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """`count` damaged files, each format in turn."""
    rng = random.Random(seed)
    files = sorted(good_files().items())
    for number in range(count):
        name, data = files[number % len(files)]
        yield f"{number:06d}-{name}", damaged(data, rng)


def bombs() -> dict[str, tuple[bytes, str]]:
    """Files that want far more than they weigh, and the status each must get ("ok" = a picture)."""
    plain = saved(scene(), "PNG")
    zeros = b"\0" * (64 << 20)
    packed = zlib.compress(zeros, 9)
    text = chunk(b"zTXt", b"workflow\0\0" + packed)
    itxt = chunk(b"iTXt", b"workflow\0\1\0\0\0" + packed)
    icc = chunk(b"iCCP", b"profile\0\0" + packed)
    huge = bytearray(plain)
    huge[16:24] = struct.pack(">II", 65535, 65535)
    jpeg = bytearray(saved(scene(), "JPEG"))
    size = jpeg.index(b"\xff\xc0") + 5
    jpeg[size : size + 4] = struct.pack(">HH", 65500, 65500)
    bmp = bytearray(saved(scene(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 65535, 65535)
    gif = bytearray(saved(scene().quantize(8), "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    tiff = tiff_header(65535, 65535)
    return {
        "65535.png": (right_checksums(bytes(huge)), "too_large"),
        "65500.jpg": (bytes(jpeg), "too_large"),
        "65535.bmp": (bytes(bmp), "too_large"),
        "65535.gif": (bytes(gif), "too_large"),
        "65535.tiff": (tiff, "too_large"),
        "ztxt.png": (plain[:33] + text * 20 + plain[33:], "ok"),
        "itxt.png": (plain[:33] + itxt * 20 + plain[33:], "ok"),
        "iccp.png": (plain[:33] + icc + plain[33:], "unreadable"),
        "short.png": (png(9000, 9000, 8, 2, b"\0" * 1000), "truncated"),
        "frames.gif": (many_frames(10_000), "ok"),
    }


def largest() -> dict[str, bytes]:
    """Files of the largest size that is read, a few hundred kilobytes each."""
    side = 10_000
    return {
        "rgb.png": png(side, side, 8, 2, b"\0" * (3 * side + 1) * side),
        "rgba.png": png(side, side, 8, 6, b"\0" * (4 * side + 1) * side),
        "grey16.png": png(side, side, 16, 0, b"\0" * (2 * side + 1) * side),
        "bits.png": png(side, side, 1, 0, b"\0" * (side // 8 + 1) * side),
        "grey.jpg": saved(Image.new("L", (side, side)), "JPEG"),
        "rgb.jpg": saved(Image.new("RGB", (side, side)), "JPEG"),
        "deflate.tiff": saved(Image.new("RGB", (side, side)), "TIFF", compression="tiff_deflate"),
    }


def tiff_header(width: int, height: int) -> bytes:
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (279, 9)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + b"\0" * 64


def many_frames(count: int) -> bytes:
    """A GIF of one small frame, repeated."""
    one = saved(Image.new("P", (4, 4)), "GIF")
    frame = one[one.index(b",") : -1]
    return one[: one.index(b",")] + (b"\x21\xf9\x04\0\1\0\0\0" + frame) * count + b";"
