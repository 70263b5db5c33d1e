"""The decode policy: from the bytes of one file to uint8 sRGB pixels, the same way every time.

Formats are told by content, never by name: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF. EXIF orientation
is applied, an ICC profile is converted to sRGB, more than 8 bits are scaled (not clamped), CMYK and
palettes become RGB, transparency is laid over mid-grey, an animation shows its first frame. What
was done is flagged. Whoever changes any of this bumps `DECODE_POLICY` in `images`.
"""

import io
import os
import stat
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iqmetrics.errors import ImageProblem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
GREY = 128
MAX_PIXELS = 100_000_000
MAX_BYTES = 1 << 30
ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class Decoded:
    """Pixels (uint8, height x width x 3, sRGB) and what it took to get them."""

    pixels: "NDArray[np.uint8]"
    flags: tuple[str, ...]


def read_bytes(path: str) -> bytes:
    """The whole file; nothing that could block (a FIFO, a device) is ever opened.

    Raises:
        ImageProblem: "unreadable" or "too_large", with the reason.
    """
    try:
        facts = os.stat(path)
        if not stat.S_ISREG(facts.st_mode):
            raise ImageProblem("unreadable", "not a regular file")
        if facts.st_size > MAX_BYTES:
            raise ImageProblem("too_large", f"{facts.st_size} bytes in one file")
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ImageProblem("unreadable", error.strerror or str(error)) from error


def decode(data: bytes, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Decode one file's bytes.

    Raises:
        ImageProblem: "truncated", "unsupported", "too_large" or "unreadable", with the reason.
    """
    if not data:
        raise ImageProblem("truncated", "the file is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # our own limit below is the one that counts
        image = _open(data)
        if image.width * image.height > max_pixels:
            raise ImageProblem(
                "too_large", f"{image.width} x {image.height} pixels, at most {max_pixels} are read"
            )
        try:
            whole = image.format != "PNG" or _check_png(data)
            return (_fast_png(data, image) if whole else None) or _pixels(image)
        except (
            OSError,
            SyntaxError,
            ValueError,
            OverflowError,
            NotImplementedError,
            EOFError,
        ) as error:
            raise _broken(str(error)) from error
        except MemoryError as error:
            raise ImageProblem("too_large", "not enough memory to decode it") from error


def _open(data: bytes) -> "Image":
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        if name := _sniff(data):
            raise ImageProblem(
                "truncated", f"the header of a {name} file, and not enough after it"
            ) from error
        raise ImageProblem(
            "unsupported", "not a PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF"
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageProblem("too_large", str(error)) from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        OverflowError,
        NotImplementedError,
        EOFError,
    ) as error:
        raise _broken(str(error)) from error


def _sniff(data: bytes) -> str:
    heads = {
        b"\x89PNG": "PNG",
        b"\xff\xd8\xff": "JPEG",
        b"GIF8": "GIF",
        b"BM": "BMP",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
    }
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"):
        return "AVIF"
    return next((name for head, name in heads.items() if data.startswith(head)), "")


def _broken(reason: str) -> ImageProblem:
    words = (
        "truncated",
        "premature",
        "not enough",
        "end of file",
        "eof",
        "unexpected end",
        "broken data stream",
    )
    cut = any(word in reason.lower() for word in words)
    return ImageProblem("truncated" if cut else "unreadable", reason or "it cannot be decoded")


def _fast_png(data: bytes, image: "Image") -> Decoded | None:
    """Plain 8-bit RGB PNG through OpenCV: the same pixels in less time, also across threads.

    OpenCV answers half a picture for a file that ends early, so only a whole file goes here.
    """
    plain = image.format == "PNG" and image.mode == "RGB" and data[24] == 8
    special = {"icc_profile", "exif", "transparency"} & image.info.keys()
    if not plain or special or getattr(image, "n_frames", 1) > 1:
        return None
    try:
        import cv2
    except ImportError:
        return None
    import numpy as np

    how = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    found = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if found is None or found.shape != (image.height, image.width, 3):
        return None
    return Decoded(found, ())


def _check_png(data: bytes) -> bool:
    """Whether a PNG is whole, down to its end chunk.

    Raises:
        ImageProblem: a checksum of the chunks that make the picture is wrong: decoders go on
            with wrong pixels there, and a wrong picture must not get a score.
    """
    import zlib

    view, at = memoryview(data), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(view[at : at + 4])
        name = bytes(view[at + 4 : at + 8])
        if end + 4 > len(data):
            return False
        right = zlib.crc32(view[at + 4 : end]) == int.from_bytes(view[end : end + 4])
        if not right and name in (b"IHDR", b"PLTE", b"IDAT"):
            raise ImageProblem("unreadable", f"damaged: the checksum of {name.decode()} is wrong")
        if name == b"IEND":
            return True
        at = end + 4
    return False


def _pixels(image: "Image") -> Decoded:
    import numpy as np

    flags = []
    if getattr(image, "n_frames", 1) > 1:
        flags.append("animated")
    image.load()
    turn = image.getexif().get(ORIENTATION, 1)
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        flags.append("high bit depth")
        image = _eight_bits(image)
    alpha = None
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"), np.float32)[..., None] / 255
        image = image.convert("RGB")
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile and (converted := _to_srgb(image, profile)):
        image, told = converted
        flags += told
    pixels: NDArray[np.uint8] = np.array(image.convert("RGB"))
    if alpha is not None and alpha.min() < 1:
        flags.append("alpha")
        pixels = np.rint(pixels * alpha + GREY * (1 - alpha)).astype(np.uint8)
    if 2 <= turn <= 8:
        flags.append("oriented")
        pixels = _oriented(pixels, turn)
    return Decoded(np.ascontiguousarray(pixels, np.uint8), tuple(flags))


def _eight_bits(image: "Image") -> "Image":
    """Grey of more than 8 bits, scaled: 16-bit by 257, floats of 0..1 by 255."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise ImageProblem("unreadable", "pixel values that are not finite numbers")
    if image.mode.startswith("F"):
        scale = 255.0 if values.max(initial=0) <= 1 else 1.0 if values.max() <= 255 else 1 / 257
    else:
        scale = 1 / 257 if image.mode != "I" or values.max(initial=0) > 255 else 1.0
    return Image.fromarray(np.clip(np.rint(values * scale), 0, 255).astype(np.uint8))


def _to_srgb(image: "Image", profile: bytes) -> "tuple[Image, list[str]] | None":
    """The image converted from its profile; a profile that cannot be used is flagged."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower() and image.mode == "RGB":
            return None
        done = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )  # fmt: skip
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image, ["icc ignored"]
    return (done, ["icc"]) if done is not None else (image, ["icc ignored"])


def _oriented(pixels: "NDArray[np.uint8]", turn: int) -> "NDArray[np.uint8]":
    """EXIF 2.32, tag 0x0112: how to turn the stored rows upright."""
    import numpy as np

    if turn in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    flip_rows, flip_columns = turn in (3, 4, 7, 8), turn in (2, 3, 6, 7)
    return np.ascontiguousarray(pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1])
