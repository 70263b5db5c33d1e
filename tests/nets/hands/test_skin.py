import cv2
import numpy as np
import torch

from iqmetrics.nets.hands import skin
from iqmetrics.nets.hands.tiles import Skin, skin_map


def pictures() -> list[np.ndarray]:
    draw = np.random.default_rng(0)
    found = []
    for height, width in ((512, 512), (512, 512), (300, 500), (90, 90)):
        coarse = draw.integers(0, 256, (height // 30, width // 30, 3)).astype(np.uint8)
        coarse[: height // 60] = (200, 140, 110)
        found.append(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
    return found


def test_skin_has_opencvs_colours() -> None:
    draw = np.random.default_rng(1)
    pixels = draw.integers(0, 256, (200, 256, 3)).astype(np.uint8)
    found = skin.skin(torch.from_numpy(pixels[None]))[0].numpy()
    assert np.array_equal(found, skin_map(pixels)) and 0.02 < found.mean() < 0.5


def test_maps_and_so_the_squares_are_those_of_the_cpu() -> None:
    shown = pictures()
    found = skin.maps([torch.from_numpy(p) for p in shown])
    for some, pixels in zip(found, shown, strict=True):
        assert (some != skin_map(pixels)).mean() < 1e-3, "a grey level at the edge of the box"
        assert Skin(some, *pixels.shape[:2]).halves() == Skin.of(pixels).halves()
