"""Small pictures for the report, made while the pixels are there anyway."""

import io
from collections.abc import Sequence

from iqmetrics.images import Picture
from iqmetrics.pipeline.keys import content
from iqmetrics.store import Store

SIDE = 176
QUALITY = 40
"""1,000 thumbnails of photos take 5 MB inside a page, which leaves room for all that it says."""


def keep(store: Store, pictures: Sequence[Picture]) -> None:
    """Store a WebP thumbnail of each picture."""
    store.add_thumbnails(made(pictures))


def made(pictures: Sequence[Picture]) -> list[tuple[str, bytes]]:
    """(content, WebP bytes) of each picture that has a name in the store."""
    return [(content(p.record), webp(p)) for p in pictures if p.record.sha256]


def webp(picture: Picture) -> bytes:
    """A WebP of at most `SIDE` x `SIDE` pixels, its shape kept."""
    from PIL import Image

    image = Image.fromarray(picture.pixels)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=1.0)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=2)
    return out.getvalue()


def jpeg(webp_bytes: bytes) -> bytes:
    """A thumbnail as JPEG, a fifth of a PNG of it, for what cannot show WebP."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(webp_bytes)).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()
