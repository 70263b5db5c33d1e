"""The Triton kernels: interpreted on the CPU here, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
torch = pytest.importorskip("torch")

COMPARE = """
import sys, torch
from iqmetrics.nets import musiq_ops, musiq_triton
device, kind = sys.argv[1], torch.float16 if sys.argv[1] == "cuda" else torch.float32
torch.manual_seed(0)
def of(*shape):
    return torch.randn(*shape, device=device)
def near(a, b):
    assert a.shape == b.shape and a.dtype == b.dtype
    assert torch.allclose(a.float(), b.float(), rtol=2e-3, atol=2e-3), (a - b).abs().max()
x, w, b = of(3, 16, 16, 64).to(kind), of(64), of(64)
near(musiq_triton.norm_pool(x, w, b, 1e-6), musiq_ops.norm_pool(x, w, b, 1e-6))
x = of(3, 8, 8, 64).to(kind)
near(musiq_triton.norm_relu(x, w, b, 1e-4), musiq_ops.norm_relu(x, w, b, 1e-4))
x, y, w, b = of(2, 8, 8, 256).to(kind), of(2, 8, 8, 256).to(kind), of(256), of(256)
near(*(m.norm_sum(x, w, b, y, b, w, 1e-4) for m in (musiq_triton, musiq_ops)))
x, y, w, b = of(2, 5, 384), of(2, 5, 384).to(kind), of(384), of(384)
other = x.clone()
near(musiq_triton.add_norm(x, y, w, b, 1e-6), musiq_ops.add_norm(other, y, w, b, 1e-6))
assert torch.equal(x, other)
print("equal")
"""


def test_interpreted_kernels_equal_the_torch_ones() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernels_equal_the_torch_ones() -> None:
    assert_equal(COMPARE, "cuda")
