import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from iqmetrics.nets.onnx_torch.pixels import Range

ALL = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)


@pytest.mark.parametrize("given", [Range(255.0), Range(127.5, 1.0)])
def test_both_sides_give_the_same_bits(given):
    there = given.on_device(torch.from_numpy(ALL)).numpy()
    here = given.on_cpu(ALL)
    assert here.dtype == there.dtype == np.float32 and np.array_equal(here, there)


def test_ranges():
    assert (Range(255.0).on_cpu(ALL).min(), Range(255.0).on_cpu(ALL).max()) == (0, 1)
    assert (Range(127.5, 1.0).on_cpu(ALL).min(), Range(127.5, 1.0).on_cpu(ALL).max()) == (-1, 1)


def test_floats_are_in_range_already():
    given = np.array([[0.25, 3.0]])
    assert Range(255.0).on_cpu(given).tolist() == [[0.25, 3.0]]
    assert Range(255.0).on_device(torch.from_numpy(given)).tolist() == [[0.25, 3.0]]
