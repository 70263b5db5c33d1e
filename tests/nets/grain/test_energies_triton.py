"""Energies of patches beside an orthonormal DCT: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys
import numpy as np, torch
from scipy.fft import dctn
from iqmetrics.nets.grain import bands
from iqmetrics.nets.grain.energies_triton import energies
device = sys.argv[1]
luma = 255 * np.random.default_rng(0).random((2, 60, 80)) ** 3
luma[1, :30] = 200
dct, members = bands.tensors(device)
there = torch.from_numpy(luma.astype(np.float32)).to(device)
found = energies(there, dct, members, 8, 11).cpu().numpy()
assert found.shape == (8, 2, 8, 11)
by = members.cpu().numpy().astype(float)
for one in range(2):
    for i in range(8):
        for j in range(11):
            patch = luma[one, 7 * i : 7 * i + 8, 7 * j : 7 * j + 8]
            square = dctn(patch, norm="ortho").ravel() ** 2
            wanted = np.append(by[:-1] @ square, by[-1] @ square**2)
            assert np.allclose(found[:, one, i, j], wanted, 1e-4, 1e-5), (one, i, j)
print("equal")
"""


def test_interpreted_kernel_equals_numpy() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_numpy() -> None:
    assert_equal(COMPARE, "cuda")
