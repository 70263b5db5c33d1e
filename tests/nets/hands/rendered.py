"""The rendered hands of fixtures/hands as arrays, and a canvas to place them on."""

from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parents[3] / "fixtures" / "hands"


def hand(name):
    """five, six, four or fist: uint8 336 x 336 x 3."""
    return np.array(Image.open(FOLDER / f"{name}.jpg").convert("RGB"))


def wall(height, width, seed=0):
    """A dull wall, in no skin colour."""
    grain = np.random.default_rng(seed).integers(-6, 7, (height, width, 1))
    return np.clip(np.array([96, 112, 128]) + grain, 0, 255).astype(np.uint8)


def placed(name, height, width, y, x, side=336):
    """A wall with one rendered hand on it."""
    canvas = wall(height, width)
    cut = np.array(Image.fromarray(hand(name)).resize((side, side), Image.Resampling.LANCZOS))
    canvas[y : y + side, x : x + side] = cut
    return canvas
