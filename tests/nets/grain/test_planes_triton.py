"""Luma and halves beside plain numpy: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys
import numpy as np, torch
from iqmetrics.colour import LUMA
from iqmetrics.nets.grain.planes_triton import planes
device = sys.argv[1]
shown = np.random.default_rng(0).integers(0, 256, (2, 50, 71, 3), dtype=np.uint8)
shown[1] = 255
for top, left in ((0, 0), (3, 5), (10, 7)):
    found = planes(torch.from_numpy(shown).to(device), top, left, 40, 64)
    luma, half, half_luma = (t.cpu().numpy() for t in found)
    part = shown[:, top : top + 40, left : left + 64].astype(float)
    means = part.reshape(2, 20, 2, 32, 2, 3).mean((2, 4))
    assert np.array_equal(half, means)
    for one, wanted in ((luma, part @ LUMA), (half_luma, means @ LUMA)):
        assert one.shape == wanted.shape and np.abs(one - wanted).max() < 1e-4
print("equal")
"""


def test_interpreted_kernel_equals_numpy() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_numpy() -> None:
    assert_equal(COMPARE, "cuda")
