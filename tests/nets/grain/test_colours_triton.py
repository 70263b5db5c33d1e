"""Brightness and colour of tiles beside plain numpy: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys
import numpy as np, torch
from iqmetrics.nets.grain.colours_triton import colours
device = sys.argv[1]
half = 255 * np.random.default_rng(0).random((2, 48, 70, 3)).astype(np.float32)
luma = half.mean(-1)
luma[1, :21, :21] = 255
for side in (21, 20):
    there = (torch.from_numpy(a).to(device) for a in (half, luma))
    found = colours(*there, side, 2, 3, 0.01).cpu().numpy()
    for one in range(2):
        for i in range(2):
            for j in range(3):
                y, x = slice(i * side, (i + 1) * side), slice(j * side, (j + 1) * side)
                tile, even = luma[one, y, x].astype(float), side // 2 * 2
                part = half[one, y, x].astype(float)[:even, :even]
                fine = part[::2, ::2] - part[1::2, ::2] - part[::2, 1::2] + part[1::2, 1::2]
                r, g, b = fine.reshape(-1, 3).T
                power = [(c * c).mean() + 0.01 for c in (r, g, b)]
                wanted = [
                    tile.mean() / 255, np.log(tile.std() + 0.1), ((tile < 2) | (tile > 253)).mean(),
                    (r * g).mean() / (power[0] * power[1]) ** 0.5,
                    (g * b).mean() / (power[1] * power[2]) ** 0.5,
                    (r * b).mean() / (power[0] * power[2]) ** 0.5, np.log(sum(power) / 3),
                ]
                assert np.abs(found[one, i, j] - wanted).max() < 1e-4, (side, one, i, j)
print("equal")
"""


def test_interpreted_kernel_equals_numpy() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_numpy() -> None:
    assert_equal(COMPARE, "cuda")
