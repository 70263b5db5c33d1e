"""Pictures with known lettering, drawn with the font inside Pillow: no font need be installed."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord


def drawn(
    lines: dict[tuple[int, int], str],
    size: int = 40,
    width: int = 320,
    height: int = 160,
    ink: tuple[int, int, int] = (20, 20, 60),
) -> NDArray[np.uint8]:
    """A pale sheet (height, width, 3) with each string at its (x, y)."""
    sheet = Image.new("RGB", (width, height), (222, 226, 214))
    pen = ImageDraw.Draw(sheet)
    for place, text in lines.items():
        pen.text(place, text, ink, ImageFont.load_default(size))
    return np.asarray(sheet).copy()


def pictured(
    pixels: NDArray[np.uint8], prompt: str | None = None, texts: tuple[str, ...] | None = None
) -> Picture:
    return Picture(ImageRecord("a.png", "a.png", prompt=prompt, texts=texts), pixels)
