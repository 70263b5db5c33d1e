"""Convolutions by channel against torch's: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys, torch
from torch.nn import functional
from iqmetrics.nets.onnx_torch.depthwise_kernel import Steps, depthwise
from iqmetrics.nets.onnx_torch.kernels import power, taps_of
device = sys.argv[1]
torch.manual_seed(0)
torch.backends.cudnn.allow_tf32 = False
def of(*shape):
    return torch.randn(*shape, device=device)
for high, wide, strides, around, apart, channels, size in (
    (3, 3, (1, 1), (1, 1, 1, 1), (1, 1), 8, (6, 6)),
    (3, 3, (2, 2), (0, 0, 1, 1), (1, 1), 28, (9, 11)),
    (5, 5, (1, 1), (2, 2, 2, 2), (1, 1), 49, (5, 13)),
    (5, 5, (2, 2), (1, 1, 2, 2), (1, 1), 72, (10, 9)),
    (3, 3, (2, 1), (1, 0, 1, 2), (2, 3), 17, (13, 10)),
    (1, 7, (1, 1), (0, 3, 0, 3), (1, 1), 120, (1, 8)),
    (7, 7, (1, 1), (3, 3, 3, 3), (1, 1), 4, (6, 7)),
    (3, 3, (1, 1), (1, 1, 1, 1), (1, 1), 130, (2, 2)),
):
    x, weight, bias = of(2, channels, *size), of(channels, 1, high, wide), of(channels)
    steps = Steps(strides, around, apart)
    top, left, bottom, right = around
    wider = functional.pad(x, (left, right, top, bottom))
    wanted = functional.conv2d(wider, weight, bias, strides, 0, apart, channels)
    found = depthwise(x, weight, bias, steps)
    assert found.shape == wanted.shape and found.dtype == torch.float32
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(found, wanted, 1e-5, 1e-5), (high, (found - wanted).abs().max())
    held = depthwise(x, weight, None, steps, "Relu6")
    wanted = functional.conv2d(wider, weight, None, strides, 0, apart, channels).clamp(0, 6)
    assert torch.allclose(held, wanted, 1e-5, 1e-5)
    assert torch.equal(depthwise(x[1:], weight, bias, steps)[0], found[1])
    half = depthwise(x.half(), weight.half(), bias.half(), steps)
    wanted = functional.conv2d(
        wider.half().float(), weight.half().float(), bias.half().float(), strides, 0, apart,
        channels,
    )
    assert half.dtype == torch.float16 and torch.allclose(half.float(), wanted, 1e-3, 1e-3)
weight = of(5, 1, 3, 2)
laid = taps_of(weight, 16)
assert laid.shape == (1, 3, 2, 16) and laid is taps_of(weight, 16)
assert torch.equal(laid[0, 2, 1, :5], weight[:, 0, 2, 1]) and not laid[..., 5:].any()
assert [power(c) for c in (1, 6, 12, 24, 32, 49)] == [1, 2, 4, 8, 8, 1]
print("equal")
"""


def test_interpreted_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cuda")
