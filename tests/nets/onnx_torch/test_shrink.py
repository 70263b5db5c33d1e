import numpy as np
import pytest

pytest.importorskip("torch")

import cv2
import torch

from iqmetrics.nets.onnx_torch.shrink import shrunk, upload, weights


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize(
    ("size", "to"),
    [((512, 512), (192, 192)), ((200, 320), (50, 160)), ((97, 61), (96, 7)), ((64, 64), (64, 32))],
)
def test_it_is_opencvs_area_average(size, to):
    pixels = noise(2, *size, 3)
    found = shrunk(torch.from_numpy(pixels), to).numpy()
    for one, made in zip(pixels, found, strict=True):
        wanted = cv2.resize(one, to[::-1], interpolation=cv2.INTER_AREA)
        off = np.abs(made.astype(int) - wanted.astype(int))
        assert made.shape == wanted.shape
        assert off.max() <= 1 and (off > 0).mean() < 0.15, "only halves may round the other way"


def test_the_share_of_other_ratios_is_nearly_always_the_same():
    pixels = noise(1, 1024, 1024, 3)
    wanted = cv2.resize(pixels[0], (384, 384), interpolation=cv2.INTER_AREA)
    off = shrunk(torch.from_numpy(pixels), (384, 384))[0].numpy().astype(int) - wanted
    assert np.abs(off).max() <= 1 and (off != 0).mean() < 0.02


def test_weights_are_shares():
    for size, to in ((5, 2), (1024, 640), (7, 7), (9, 1)):
        table = weights(size, to)
        assert table.shape == (to, size)
        np.testing.assert_allclose(table.sum(1), 1, atol=1e-6)
        np.testing.assert_allclose(table.sum(0), to / size, atol=1e-6)
    assert weights(4, 2).tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]


def test_the_same_size_is_left_alone():
    pixels = torch.from_numpy(noise(1, 8, 9, 3))
    assert shrunk(pixels, (8, 9)) is pixels


def test_read_only_pixels_can_go_there():
    pixels = noise(4, 5, 3)
    pixels.flags.writeable = False
    assert np.array_equal(upload(pixels, torch.device("cpu")).numpy(), pixels)


@pytest.mark.parametrize("to", [(32, 30), (64, 48)])
def test_pictures_one_by_one_are_those_of_a_stack(to):
    stack = torch.from_numpy(noise(3, 64, 48, 3))
    assert torch.equal(shrunk(list(stack), to), shrunk(stack, to))
