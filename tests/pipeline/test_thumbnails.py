"""Thumbnails are small, keep their shape and are found by content."""

import io

import numpy as np
from factory import record
from PIL import Image

from iqmetrics.images import Picture
from iqmetrics.pipeline import thumbnails
from iqmetrics.store import Store


def test_a_thumbnail_keeps_the_shape_and_the_colours() -> None:
    pixels = np.zeros((400, 800, 3), np.uint8)
    pixels[:, 400:] = (200, 40, 40)
    with Store(None) as store:
        thumbnails.keep(store, [Picture(record("a.png"), pixels)])
        data = store.thumbnail("sha-a.png")
        assert store.thumbnail("other") is None
    small = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)
    assert small.shape == (thumbnails.SIDE // 2, thumbnails.SIDE, 3)
    assert np.abs(small[40, 140] - (200, 40, 40)).max() < 12
    assert len(data) < 1500
