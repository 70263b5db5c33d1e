"""The one photographed face that comes with scikit-image, as test pictures."""

from functools import cache

import cv2
import numpy as np
import pytest

from iqmetrics.images import Picture
from iqmetrics.nets.faces import canonical
from iqmetrics.nets.faces.crop import cut
from iqmetrics.records import ImageRecord


@cache
def astronaut():
    """512 x 512; one smiling frontal face, its box about (174, 76)-(276, 174)."""
    return np.ascontiguousarray(pytest.importorskip("skimage.data").astronaut()[..., :3])


def sized(pixels, side):
    method = cv2.INTER_AREA if side < pixels.shape[0] else cv2.INTER_CUBIC
    return cv2.resize(pixels, (side, side), interpolation=method)


def picture(pixels):
    return Picture(ImageRecord("a.png", "a.png"), np.ascontiguousarray(pixels))


def frontal(pixels, symmetric, square):
    """The frontal face of a picture whose mesh was traced in `square`."""
    wide = canonical.sampled(square)
    return canonical.drawn(cut(pixels, wide, canonical.DETAIL), symmetric, wide)
