"""The Triton kernels: interpreted on the CPU here, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
torch = pytest.importorskip("torch")

COMPARE = """
import sys, torch
from iqmetrics.nets.naturalness import eager, fused
device = sys.argv[1]
SIZES = ((2, 25, 35, 3),) if device == "cpu" else ((2, 97, 131, 3), (1, 256, 300, 3))
for size in SIZES:
    rgb = torch.randint(0, 256, size, generator=torch.Generator().manual_seed(0)).byte()
    rgb[:, :20, :20] = 99
    rgb = rgb.to(device)
    gray = fused.gray(rgb)
    assert torch.equal(gray.double(), eager.gray(rgb))
    for part in (rgb[:, 3:20, 2:30], rgb[:, :, ::2]):
        assert torch.equal(fused.gray(part).double(), eager.gray(part))
    half = fused.half_size(gray)
    assert torch.allclose(half, eager.half_size(gray), rtol=0, atol=1e-12)
    for image in (gray, half):
        for zero in (False, True):
            field = fused.mscn(image, zero)
            assert torch.allclose(field, eager.mscn(image, zero), rtol=0, atol=1e-9)
        for block in ((12, 16), tuple(image.shape[1:])):
            a, b = fused.pair_sums(field, block), eager.pair_sums(field, block)
            assert a.shape == b.shape and torch.allclose(a, b, rtol=1e-10, atol=1e-10)
    assert (fused.mscn(gray, False)[:, 4:16, 4:16] == 0).all(), "flat areas are exactly zero"
print("equal")
"""


def test_interpreted_kernels_equal_the_torch_ones() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernels_equal_the_torch_ones() -> None:
    assert_equal(COMPARE, "cuda")
