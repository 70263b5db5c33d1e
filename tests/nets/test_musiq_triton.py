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
x, y, z, w, b = of(2, 5, 384), of(2, 5, 384).to(kind), of(2, 5, 384).to(kind), of(384), of(384)
def near(a, b, atol=2e-3):
    assert a.shape == b.shape and a.dtype == b.dtype == kind
    assert torch.allclose(a, b, rtol=2e-3, atol=atol), (a - b).abs().max()
other = x.clone()
near(*(m.sum_norm(x, y, w, b, 1e-6) for m in (musiq_triton, musiq_ops)))
assert torch.equal(x, other)
found = musiq_triton.add_norm(x, y, z, w, b, 1e-6)
near(found, musiq_ops.add_norm(other, y, z, w, b, 1e-6))
assert torch.equal(x, other)
line = (of(24, 384) / 20).to(kind), of(24).to(kind)
near(*(m.grow(y, *line) for m in (musiq_triton, musiq_ops)), 3e-3)
print("equal")
"""


def test_the_interpreted_kernel_equals_the_torch_one() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_the_compiled_kernel_equals_the_torch_one() -> None:
    assert_equal(COMPARE, "cuda")
