"""Small pictures for the report, made while the pixels are there anyway."""

import io
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from iqmetrics.images import Picture, by_shape
from iqmetrics.pipeline.keys import content
from iqmetrics.store import Results

if TYPE_CHECKING:
    from PIL.Image import Image

    from iqmetrics.decode import Pixels

GPU = "cuda"
SIDE = 176
QUALITY = 40
"""1,000 thumbnails of photos take 6 MB inside a page, which leaves room for all that it says. WebP
would take 5 MB and six times as long."""

NARROW = 64
"""A picture less wide than this would lose its shape by an odd row or column."""


def keep(results: Results, pictures: Sequence[Picture]) -> None:
    """Keep a JPEG thumbnail of each picture."""
    results.add_thumbnails(made(pictures))


def made(pictures: Sequence[Picture]) -> list[tuple[str, bytes]]:
    """(content, JPEG bytes) of each picture that has a name in the store."""
    named = [p for p in pictures if p.record.sha256]
    return [(content(p.record), data) for p, data in zip(named, _jpegs(named), strict=True)]


def jpeg(picture: Picture) -> bytes:
    """A JPEG of at most `SIDE` x `SIDE` pixels, its shape kept."""
    return _coded(_shrunk(picture.pixels))


def _coded(image: "Image") -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _jpegs(pictures: Sequence[Picture]) -> list[bytes]:
    if pictures and all(GPU in p.copies for p in pictures):
        from torch import OutOfMemoryError

        with suppress(OutOfMemoryError):  # then a core makes them
            return [_coded(small) for small in _shrunk_on_gpu(pictures)]
    return [jpeg(p) for p in pictures]


def _shrunk_on_gpu(pictures: Sequence[Picture]) -> "list[Image]":
    """Of pictures that a GPU has: means of areas, within a few grey levels of `_shrunk`."""
    from PIL import Image

    from iqmetrics.nets.onnx_torch.shrink import shrunk
    from iqmetrics.nets.stacks import there

    found: dict[int, Image.Image] = {}
    for (height, width), places in by_shape(pictures).items():
        small = shrunk(there([pictures[i] for i in places], GPU), _size(height, width))
        found |= zip(places, map(Image.fromarray, small.cpu().numpy()), strict=True)
    return [found[i] for i in range(len(pictures))]


@cache
def _size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the thumbnail."""
    from PIL import Image

    image = Image.new("1", (width, height))
    image.thumbnail((SIDE, SIDE))
    return image.height, image.width


def _shrunk(pixels: "Pixels") -> "Image":
    from PIL import Image

    image = Image.fromarray(_halved(pixels))
    image.thumbnail((SIDE, SIDE), Image.Resampling.HAMMING, reducing_gap=1.0)
    return image


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
