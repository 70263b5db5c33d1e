"""The GPU's way to what the stroke net is told, on the CPU: the numbers of `strokes`."""

import cv2
import numpy as np
import pytest
from lettering import drawn

pytest.importorskip("torch")

import torch

from iqmetrics.nets.text import strokes, strokes_torch

SIGN = drawn({(10, 4): "GRAND OPENING"}, width=320, height=56)
CROPS = [
    SIGN,
    cv2.GaussianBlur(SIGN, (0, 0), 3),
    SIGN[:, :90],
    np.full((1, 1, 3), 128, np.uint8),
    cv2.resize(SIGN, (900, 48)),
    cv2.resize(SIGN, (60, 200)),
]


def test_every_crop_is_told_the_same_as_on_the_cpu() -> None:
    scales, _ = strokes._net()
    lumas = [strokes.grey(crop) for crop in CROPS]
    rows = [len(crop) for crop in CROPS]
    wanted = [strokes.features(*one, scales) for one in zip(lumas, rows, strict=True)]
    found = strokes_torch.features(lumas, rows, scales, "cpu")
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == b.shape == (536,)
        np.testing.assert_allclose(a, b, atol=2e-4, rtol=2e-4)


def test_soundness_is_the_same_and_does_not_depend_on_company() -> None:
    crops = [*CROPS, *CROPS[::-1]]
    there = strokes.unsoundness(crops, "cpu:0")
    assert there == pytest.approx(strokes.unsoundness(crops), abs=1e-4)
    assert strokes.unsoundness(CROPS[:1], "cpu:0")[0] == there[0]
    assert strokes.unsoundness([], "cpu:0") == []


def test_percentiles_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).random((2, 37)).astype(np.float32)
    known = np.arange(37)[None] < [[37], [6]]
    percentiles = (0, 10, 99.5, 100)
    values = np.where(known, values, np.inf).astype(np.float32)
    places, between = map(torch.from_numpy, strokes_torch._places(known.sum(1), percentiles))
    found = strokes_torch._percentiles(torch.from_numpy(values), places, between, 0.5).exp() - 0.5
    for row, value, inside in zip(found.numpy(), values, known, strict=True):
        np.testing.assert_allclose(row, np.percentile(value[inside], percentiles), rtol=1e-5)
