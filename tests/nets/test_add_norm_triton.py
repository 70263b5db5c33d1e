"""The kernel: interpreted on the CPU here, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys, torch
from iqmetrics.nets import add_norm_triton
from iqmetrics.nets.add_norm import add_norm
torch.manual_seed(0)
for dim in (24, 384, 1024):
    for residual, kind in ((torch.float32, torch.float16), (torch.float16, torch.float16)):
        x, y = torch.randn(2, 5, dim).to(residual), torch.randn(2, 5, dim).to(kind)
        weight, bias = torch.randn(dim).to(residual), torch.randn(dim).to(residual)
        here = x.clone()
        wanted = add_norm(here, y, weight, bias, 1e-5)
        x, y, weight, bias = (t.to(sys.argv[1]) for t in (x, y, weight, bias))
        found = add_norm_triton.add_norm(x, y, weight, bias, 1e-5)
        assert found.dtype == wanted.dtype and torch.equal(x.cpu(), here)
        assert torch.allclose(found.cpu().float(), wanted.float(), rtol=2e-3, atol=3e-3)
print("equal")
"""


def test_the_interpreted_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_the_compiled_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cuda")
