"""The operators made of Triton kernels: interpreted on the CPU, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
torch = pytest.importorskip("torch")

COMPARE = """
import sys, torch
from iqmetrics.nets.onnx_torch import fast, operators
device = sys.argv[1]
torch.manual_seed(0)
torch.backends.cudnn.allow_tf32 = False
def of(*shape, last=True):
    made = torch.randn(*shape, device=device)
    return made.contiguous(memory_format=torch.channels_last) if last and len(shape) == 4 else made
def near(kind, values, attributes):
    a, b = (m.OPERATORS[kind](values, attributes) for m in (fast, operators))
    assert a.shape == b.shape and a.dtype == b.dtype, (a.shape, b.shape)
    assert torch.allclose(a, b, rtol=1e-4, atol=1e-4), (kind, attributes, (a - b).abs().max())
for k, step, around, apart in (
    (3, 1, (1, 1, 1, 1), 1), (3, 2, (0, 0, 1, 1), 1), (5, 2, (1, 1, 2, 2), 1),
    (5, 1, (2, 2, 2, 2), 1), (3, 1, (2, 2, 2, 2), 2), (7, 1, (3, 3, 3, 3), 1),
):
    for channels, last in ((6, True), (130, True), (16, False)):
        at = {"group": channels, "strides": (step, step), "pads": around}
        at["dilations"] = (apart, apart)
        x, w, b = of(2, channels, 9, 11, last=last), of(channels, 1, k, k), of(channels)
        near("Conv", (x, w, b), at)
near("Conv", (of(2, 6, 9, 11), of(6, 1, 3, 3)), {"group": 6, "auto_pad": b"SAME_UPPER"})
near("Conv", (of(2, 6, 9, 11), of(6, 1, 3, 3)), {"group": 6, "strides": (2, 1)})
near("Conv", (of(2, 6, 9, 11), of(6, 1, 3, 3)), {"group": 6, "dilations": (1, 3)})
near("Conv", (of(2, 20, 3, 3), of(20, 1, 3, 3)), {"group": 20, "strides": (2, 2)})
near("Conv", (of(2, 6, 9, 11), of(6, 1, 1, 7)), {"group": 6, "pads": (0, 3, 0, 3)})
near("Conv", (of(2, 6, 5, 4), of(9, 6, 1, 1), of(9)), {})
near("Conv", (of(2, 6, 5, 4, last=False), of(9, 6, 1, 1)), {})
near("Conv", (of(2, 6, 5, 4), of(9, 6, 3, 3), of(9)), {"pads": (1, 1, 1, 1)})
near("Conv", (of(2, 6, 5, 4), of(9, 6, 1, 1), of(9)), {"strides": (2, 2)})
block = {"middle": "", "last": "", "taps": {}}
def point(c, o, **at):
    return (of(2, c, 5, 4), None, None, of(o, c, 1, 1), at.get("bias"), at.get("more"), of(o))
for last in ("", "Relu", "Relu6", "PRelu", "Gelu"):
    near("iqm.Block", point(6, 5), {**block, "last": last})
near("iqm.Block", point(70, 300, bias=of(300)), block)
near("iqm.Block", point(6, 9, more=of(2, 9, 5, 4)), {**block, "last": "PRelu"})
near("iqm.Block", point(6, 9, more=of(2, 9, 5, 4, last=False)), block)
near("iqm.Block", point(6, 9, more=of(2, 9, 1, 1)), block)
for k, step, c, o, middle in ((3, 1, 6, 9, ""), (5, 2, 40, 20, "Relu6"), (3, 2, 33, 300, "Relu")):
    taps = {"group": c, "strides": (step, step), "auto_pad": b"SAME_UPPER"}
    rest = (of(o, c, 1, 1), of(o), of(2, o, -(-9 // step), -(-11 // step)), of(o))
    for last in (True, False):
        values = (of(2, c, 9, 11, last=last), of(c, 1, k, k), of(c), *rest)
        near("iqm.Block", values, {"middle": middle, "last": "PRelu", "taps": taps})
added = {**block, "last": "Relu", "pooled": True, "narrow": True}
near("iqm.Block", point(6, 9, more=of(2, 5, 11, 9)), added)
near("iqm.First", (of(2, 3, 9, 11), of(20, 3, 3, 3), None, None), {"last": "Relu6"})
assert fast.tried(torch.device(device))
assert fast.OPERATORS["Conv"]((of(2, 6, 5, 4), of(6, 1, 3, 3)), {"group": 6}).is_contiguous(
    memory_format=torch.channels_last
)
print("equal")
"""


def test_interpreted_kernels_equal_torchs_operators() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernels_equal_torchs_operators() -> None:
    assert_equal(COMPARE, "cuda")
