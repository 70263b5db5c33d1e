"""1 x 1 convolutions with what follows: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys, torch
from torch.nn import functional
from iqmetrics.nets.onnx_torch.operators import ACTS
from iqmetrics.nets.onnx_torch.point_kernel import point
device = sys.argv[1]
torch.manual_seed(0)
torch.backends.cudnn.allow_tf32 = False
for channels, outs, last in ((3, 5, "PRelu"), (40, 130, "Gelu"), (64, 16, "Relu6"), (33, 1, "")):
    x = torch.randn(2, channels, 7, 9, device=device)
    weight = torch.randn(outs, channels, 1, 1, device=device)
    bias, slope = torch.randn(outs, device=device), torch.rand(outs, device=device)
    more = torch.randn(2, outs, 7, 9, device=device)
    wanted = ACTS[last](functional.conv2d(x, weight, bias) + more, slope)
    found = point(x, weight, bias, more, last, slope)
    assert found.shape == wanted.shape and found.dtype == torch.float32
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(found, wanted, 1e-5, 1e-4), (channels, outs, last)
    half = point(x.half(), weight.half())
    assert half.dtype == torch.float16
    assert torch.allclose(half.float(), functional.conv2d(x, weight), 1e-2, 5e-2)
print("equal")
"""


def test_interpreted_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cuda")
