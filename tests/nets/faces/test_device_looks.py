from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from iqmetrics.nets.faces import detect
from iqmetrics.nets.faces.device_looks import looks


@dataclass
class Square:
    picture: int
    x: int
    y: int
    side: int


def scene(*shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)


def test_windows_are_those_that_opencv_cuts():
    pictures = [scene(700, 640), scene(600, 900)]
    windows = [w for i, p in enumerate(pictures) for w in detect._windows(i, p.shape, True)]
    there = [torch.from_numpy(p) for p in pictures]
    found = looks(there, windows, 192)
    assert found is not None and found.shape == (len(windows), 192, 192, 3)
    for one, window in zip(found.numpy(), windows, strict=True):
        wanted = detect._look(pictures[window.picture], window, 192).astype(int)
        assert np.abs(one - wanted).max() <= 1 and (one != wanted).mean() < 0.02


def test_outside_the_picture_is_black():
    found = looks([torch.full((100, 50, 3), 255, dtype=torch.uint8)], [Square(0, 0, 0, 100)], 50)
    assert found is not None
    assert (found[0, :, :25] == 255).all() and (found[0, :, 25:] == 0).all()


def test_growing_is_left_to_opencv():
    assert looks([torch.zeros((64, 64, 3), dtype=torch.uint8)], [Square(0, 0, 0, 64)], 128) is None
    assert looks([], [], 128) is None
