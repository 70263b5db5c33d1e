"""The convolutions in Triton: interpreted on the CPU here, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
torch = pytest.importorskip("torch")

COMPARE = """
import sys, torch
from iqmetrics.nets import musiq_ops, musiq_triton_stem
from iqmetrics.nets.musiq_steps import random_stem
device, kind = sys.argv[1], torch.float16 if sys.argv[1] == "cuda" else torch.float32
torch.manual_seed(0)
def of(*shape):
    return torch.randn(*shape, device=device)
stem = random_stem(of, kind)
patches = of(5, 32, 32, 4).to(kind)
patches[..., 3] = 0
patches[4] = patches[4, 0, 0]
def near(a, b):
    assert a.shape == b.shape and a.dtype == b.dtype
    far = (a.float() - b.float()).abs()
    worst = (far / (1 + b.float().abs())).max()
    assert worst < (2e-2 if kind == torch.float16 else 1e-4), worst
    assert far.mean() < 1e-3, far.mean()
for found, wanted in zip(musiq_triton_stem.begin(patches, stem), musiq_ops.begin(patches, stem)):
    near(found, wanted)
x, y = musiq_ops.begin(patches, stem)
found = musiq_triton_stem.end(x, y, stem)
near(found, musiq_ops.end(x, y, stem))
alone = musiq_triton_stem.end(x[1:2], y[1:2], stem)
near(found[1:2], alone)
assert device == "cpu" or torch.equal(found[1:2], alone)
print("equal")
"""


def test_interpreted_kernels_equal_the_torch_ones() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernels_equal_the_torch_ones() -> None:
    assert_equal(COMPARE, "cuda")
