"""From whatever colours a file holds to uint8 sRGB, band by band.

ICC profiles go through littlecms (relative colorimetric, black point compensation). A profile that
leaves every colour of a grid within one level is taken as sRGB itself and nothing is changed.
"""

import io
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from iqmetrics.errors import ImageProblem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    Paint = Callable[[Image], tuple[NDArray[np.uint8], bool]]
    """A band of the image -> its pixels (rows x columns x 3), and whether any is transparent."""

GREY = 128
LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in luma, Y' of ITU-R BT.601."""
SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
DEEP = ("I", "F")


def painter(image: "Image") -> tuple["Paint", list[str]]:
    """How to colour the bands of this (loaded) image, and the flags of what that does.

    Raises:
        ImageProblem: pixel values that are not finite numbers.
    """
    flags = []
    deep = image.mode.startswith(DEEP)
    if deep:
        flags.append("high bit depth")
        scale = _scale(image)
        key = image.info.get("transparency")
    clear = not deep and image.has_transparency_data
    mode = "L" if deep else image.mode if image.mode in ("L", "CMYK", "LAB") else "RGB"
    mode = "RGB" if clear else mode
    mode, transform, told = _transform(image.info.get("icc_profile"), mode)
    flags += told

    def paint(band: "Image") -> tuple["NDArray[np.uint8]", bool]:
        import numpy as np
        from PIL.Image import fromarray, new

        alpha: Image | None = None
        if deep:
            values = np.asarray(band)
            if isinstance(key, int):
                alpha = fromarray(np.where(values == key, 0, 255).astype(np.uint8))
            band = _eight_bits(values, scale)
        elif clear:
            band = band.convert("RGBA")
            alpha = band.getchannel("A")
        band = band.convert(mode) if band.mode != mode else band
        if transform is not None:
            band = transform.apply(band)
        band = band.convert("RGB") if band.mode != "RGB" else band
        if alpha is None or alpha.getextrema() == (255, 255):
            return np.asarray(band), False
        ground = new("RGB", band.size, (GREY, GREY, GREY))
        ground.paste(band, mask=alpha)  # rounds to the nearest level
        return np.asarray(ground), True

    return paint, flags


def _scale(image: "Image") -> float:
    """Levels of 0..255 in one unit of a deep image: 16 bits by 257, floats of 0..1 by 255."""
    import numpy as np

    if image.mode.startswith("I;"):
        return 1 / 257
    values = np.asarray(image)
    top = float(values.max(initial=0))
    if not np.isfinite(values.sum(dtype=np.float64)):
        raise ImageProblem("unreadable", "pixel values that are not finite numbers")
    if image.mode.startswith("F") and top <= 1:
        return 255.0
    return 1.0 if top <= 255 else 1 / 257 if top <= 65535 else 255 / top


def _eight_bits(values: "NDArray[Any]", scale: float) -> "Image":
    import numpy as np
    from PIL import Image

    if values.dtype == np.uint16:
        return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
    scaled = np.rint(values.astype(np.float64) * scale)
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))


@lru_cache(maxsize=16)
def _transform(profile: bytes | None, mode: str) -> tuple[str, Any, list[str]]:
    """(mode to convert to first, transform from it to sRGB or None, flags)."""
    from PIL import ImageCms

    kind: Any = mode
    try:
        if mode == "LAB" and not profile:
            return mode, _build(ImageCms.createProfile("LAB"), mode), []
        if not profile:
            return mode, None, []
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        kind = SPACES.get(source.profile.xcolor_space, "")
        if kind != mode and (kind, mode) != ("RGB", "L"):
            return mode, None, ["icc ignored"]
        transform = _build(source, kind)
        return (mode, None, []) if _changes_nothing(transform, kind) else (kind, transform, ["icc"])
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return mode, None, ["icc ignored"]


def _build(source: Any, mode: str) -> Any:
    from PIL import ImageCms

    return ImageCms.buildTransform(
        source, ImageCms.createProfile("sRGB"), mode, "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip


def _changes_nothing(transform: Any, mode: str) -> bool:
    import numpy as np
    from PIL import Image

    if mode not in ("RGB", "L"):
        return False
    steps = np.linspace(0, 255, 17).round().astype(np.uint8)
    axes = np.meshgrid(steps, steps, steps) if mode == "RGB" else [np.arange(256, dtype=np.uint8)]
    grid = np.stack([axis.ravel() for axis in axes], axis=-1)[None]
    before = Image.fromarray(grid if mode == "RGB" else grid[..., 0])
    after = np.asarray(transform.apply(before), np.int16)
    return bool(np.abs(after - grid).max() <= 1)
