"""First convolutions against torch's: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys, torch
from torch.nn import functional
from iqmetrics.nets.onnx_torch.depthwise_kernel import Steps
from iqmetrics.nets.onnx_torch.first_kernel import first
from iqmetrics.nets.onnx_torch.operators import ACTS
device = sys.argv[1]
torch.manual_seed(0)
torch.backends.cudnn.allow_tf32 = False
for channels, outs, k, step, around, apart, last in (
    (3, 32, 3, 2, (1, 1, 1, 1), 1, "Relu"),
    (3, 24, 5, 2, (1, 1, 2, 2), 1, "PRelu"),
    (1, 16, 3, 1, (1, 1, 1, 1), 1, ""),
    (4, 130, 3, 1, (0, 2, 1, 0), 2, "Relu6"),
):
    x = torch.randn(3, channels, 13, 10, device=device)
    weight = torch.randn(outs, channels, k, k, device=device)
    bias, slope = torch.randn(outs, device=device), torch.rand(outs, device=device)
    top, left, bottom, right = around
    wider = functional.pad(x, (left, right, top, bottom))
    wanted = ACTS[last](functional.conv2d(wider, weight, bias, step, 0, apart), slope)
    steps = Steps((step, step), around, (apart, apart))
    found = first(x, weight, bias, steps, last, slope)
    assert found.shape == wanted.shape and found.dtype == torch.float32
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(found, wanted, 1e-5, 1e-4), (found - wanted).abs().max()
    for row in range(3 if device == "cuda" else 1):  # NumPy's products differ within a tile
        alone = first(x[row : row + 1], weight, bias, steps, last, slope)
        assert torch.equal(alone[0], found[row])
    half = first(x.half(), weight.half(), None, steps)
    assert half.dtype == torch.float16
    wanted = functional.conv2d(wider, weight, None, step, 0, apart)
    assert torch.allclose(half.float(), wanted, 1e-2, 5e-2)
print("equal")
"""


def test_interpreted_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cuda")
