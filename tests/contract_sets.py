"""Pictures made of numbers, for scorers whose net is replaced by a stand-in."""

import numpy as np

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord


def pictures_with(*vectors: tuple[int, ...]) -> list[Picture]:
    """One picture a vector: a single row whose red values are the vector."""
    made = []
    for i, vector in enumerate(vectors):
        pixels = np.zeros((1, len(vector), 3), np.uint8)
        pixels[0, :, 0] = vector
        made.append(Picture(ImageRecord(f"{i}.png", ""), pixels))
    return made
