"""Pictures for the tests of natural-scene statistics: real photographs and made ones."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord

PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
"""Photographs that lie in the wheel of scikit-image."""


@cache
def photo(name: str) -> NDArray[np.uint8]:
    skimage = pytest.importorskip("skimage")
    with Image.open(Path(skimage.__file__).parent / "data" / name) as file:
        return np.asarray(file.convert("RGB"))


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Blotches, noise and an exactly flat corner; not white anywhere."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 160, (height // 8 + 1, width // 8 + 1, 3))
    image = np.kron(coarse, np.ones((8, 8, 1)))[:height, :width]
    image = np.clip(image + rng.normal(0, 12, image.shape), 0, 240).astype(np.uint8)
    image[: height // 3, : width // 3] = (90, 120, 60)
    return image


def picture(pixels: NDArray[np.uint8], name: str = "a.png") -> Picture:
    return Picture(ImageRecord(name, name), np.array(pixels))


def calibration() -> Path:
    """The five pictures with official values, where this machine has them."""
    given = os.environ.get("IQM_CALIBRATION")
    shared = Path(__file__).resolve().parents[2] / "shared" / "reference" / "iqa_calibration"
    folder = Path(given) if given else shared
    if not folder.is_dir():
        pytest.skip("no calibration pictures here (IQM_CALIBRATION)")
    return folder
