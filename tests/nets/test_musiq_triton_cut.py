"""Cutting in Triton: interpreted on the CPU here, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
torch = pytest.importorskip("torch")

COMPARE = """
import sys, torch
from iqmetrics.nets import musiq_ops, musiq_triton_cut
device = sys.argv[1]
torch.manual_seed(0)
bytes_ = torch.randint(0, 256, (2, 70, 45, 3), dtype=torch.uint8, device=device).permute(0, 3, 1, 2)
floats = torch.rand(2, 3, 20, 33, device=device)
for images, shape in (
    (bytes_, (70, 45)), (bytes_, (50, 32)), (bytes_, (33, 21)),
    (floats, (20, 33)), (floats, (58, 96)), (floats, (10, 16)),
):
    count = -(-shape[0] // 32) * -(-shape[1] // 32)
    found, wanted = torch.full((2, 2, 3 + count, 32, 32, 4), 9.0, device=device)
    for module, out in ((musiq_triton_cut, found), (musiq_ops, wanted)):
        module.cut(images, shape, out[:, 2:-1])
    assert torch.allclose(found, wanted, rtol=0, atol=3e-6), (shape, (found - wanted).abs().max())
print("equal")
"""


def test_interpreted_cuts_equal_the_torch_ones() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_cuts_equal_the_torch_ones() -> None:
    assert_equal(COMPARE, "cuda")
