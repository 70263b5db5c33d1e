"""Blocks and 1 x 1 convolutions: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys, torch
from torch.nn import functional
from iqmetrics.nets.onnx_torch.operators import ACTS
from iqmetrics.nets.onnx_torch import block_kernel, block_tiles
from iqmetrics.nets.onnx_torch.block_kernel import Before, block
from iqmetrics.nets.onnx_torch.block_tiles import block_tile
from iqmetrics.nets.onnx_torch.depthwise_kernel import Steps
device = sys.argv[1]
torch.manual_seed(0)
torch.backends.cudnn.allow_tf32 = False
for channels, outs, last in ((3, 5, "PRelu"), (40, 130, "Gelu"), (64, 16, "Relu6"), (33, 1, "")):
    x = torch.randn(2, channels, 7, 9, device=device)
    weight = torch.randn(outs, channels, 1, 1, device=device)
    bias, slope = torch.randn(outs, device=device), torch.rand(outs, device=device)
    more = torch.randn(2, outs, 7, 9, device=device)
    wanted = ACTS[last](functional.conv2d(x, weight, bias) + more, slope)
    found = block(x, weight, bias, more, last, slope)
    assert found.shape == wanted.shape and found.dtype == torch.float32
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(found, wanted, 1e-5, 1e-4), (channels, outs, last)
    half = block(x.half(), weight.half())
    assert half.dtype == torch.float16
    assert torch.allclose(half.float(), functional.conv2d(x, weight), 1e-2, 5e-2)
block_tiles.WIDE_MAP = 16  # small maps are made in one pass, too
rows = (0, 1) if device == "cuda" else (0,)  # NumPy's products depend on where in a tile a row is
def of(*shape):
    return torch.randn(*shape, device=device)
def near(found, wanted, kind):
    assert found.shape == wanted.shape and found.dtype == kind
    bound = 1e-4 if kind == torch.float32 else 5e-2
    assert torch.allclose(found.float(), wanted, bound / 10, bound), (found - wanted).abs().max()
for channels, outs, k, step, around, kind in (
    (16, 30, 3, 1, (1, 1, 1, 1), torch.float32),
    (32, 8, 3, 2, (0, 0, 1, 1), torch.float32),
    (49, 20, 3, 1, (2, 2, 2, 2), torch.float16),
    (49, 20, 5, 2, (1, 1, 2, 2), torch.float16),
    (70, 16, 3, 1, (1, 1, 1, 1), torch.float16),
    (40, 9, 5, 1, (2, 2, 2, 2), torch.float32),
):
    size = 5 * step + 1, 6 * step
    apart = 2 if around[0] == k - 1 else 1
    steps = Steps((step, step), around, (apart, apart))
    x, taps, first = of(2, channels, *size), of(channels, 1, k, k) / k, of(channels)
    weight, bias, slope = of(outs, channels, 1, 1) / channels**0.5, of(outs), of(outs)
    given = [v.to(kind) for v in (x, taps, first, weight, bias, slope)]
    x, taps, first, weight, bias, slope = [v.float() for v in given]
    top, left, bottom, right = around
    wider = functional.pad(x, (left, right, top, bottom))
    middle = functional.conv2d(wider, taps, first, step, 0, apart, channels).clamp(0, 6)
    wanted = functional.conv2d(middle.to(kind).float(), weight, bias)
    more = of(2, outs - 3, *(2 * side + 1 for side in wanted.shape[2:])).to(kind)
    wanted[:, : outs - 3] += functional.max_pool2d(more.float(), 2)
    wanted = functional.prelu(wanted, slope)
    before = Before(given[1], given[2], steps, "Relu6")
    def made(x, more):
        return block(x, given[3], given[4], more, "PRelu", given[5], True, before)
    found = made(given[0], more)
    near(found, wanted, kind)
    for row in rows:  # whatever comes together
        assert torch.equal(made(given[0][row : row + 1], more[row : row + 1])[0], found[row])
    tile = block_tile(channels, outs, found[0, 0].numel(), (step, step), (k, k), found.itemsize)
    assert (tile is None) == (channels == 40)  # the others are made in one pass, too
    block_kernel.block_tile = lambda *shape: None
    near(made(given[0], more), wanted, kind)
    block_kernel.block_tile = block_tile
for side, outs in ((2, 33), (8, 100)):
    x, weight = of(5, 70, side, side), of(outs, 70, 1, 1)
    found = block(x, weight)
    near(found, functional.conv2d(x, weight), torch.float32)
    assert all(torch.equal(block(x[i : i + 1], weight)[0], found[i]) for i in rows)
print("equal")
"""


def test_interpreted_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cuda")
