"""Small pictures for the report, made while the pixels are there anyway."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from iqmetrics.images import Picture
from iqmetrics.pipeline.keys import content
from iqmetrics.store import Store

if TYPE_CHECKING:
    from iqmetrics.decode import Pixels

SIDE = 176
QUALITY = 40
"""1,000 thumbnails of photos take 6 MB inside a page, which leaves room for all that it says. WebP
would take 5 MB and six times as long."""

NARROW = 64
"""A picture less wide than this would lose its shape by an odd row or column."""


def keep(store: Store, pictures: Sequence[Picture]) -> None:
    """Store a JPEG thumbnail of each picture."""
    store.add_thumbnails(made(pictures))


def made(pictures: Sequence[Picture]) -> list[tuple[str, bytes]]:
    """(content, JPEG bytes) of each picture that has a name in the store."""
    return [(content(p.record), jpeg(p)) for p in pictures if p.record.sha256]


def jpeg(picture: Picture) -> bytes:
    """A JPEG of at most `SIDE` x `SIDE` pixels, its shape kept."""
    from PIL import Image

    image = Image.fromarray(_halved(picture.pixels))
    image.thumbnail((SIDE, SIDE), Image.Resampling.HAMMING, reducing_gap=1.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _halved(pixels: "Pixels") -> "Pixels":
    """Means of 2 x 2 pixels as long as that leaves enough: Pillow has a dear start with many."""
    import numpy as np

    while max(pixels.shape[:2]) >= 2 * SIDE and min(pixels.shape[:2]) >= NARROW:
        try:
            import cv2
        except ImportError:
            break
        height, width = (length // 2 for length in pixels.shape[:2])
        even = pixels[: 2 * height, : 2 * width]
        half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(half, np.uint8)
    return pixels
