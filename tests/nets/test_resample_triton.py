"""The kernel: interpreted on the CPU here, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys, numpy as np, torch
from iqmetrics.nets import resample, resample_cpu, resample_triton
draw = np.random.default_rng(0)
sizes = [(61, 97, 30, 50), (40, 40, 40, 17), (503, 31, 50, 20), (20, 30, 45, 64), (9, 9, 9, 9)]
for high, wide, *size in sizes:
    shown = draw.integers(0, 256, (2, high, wide, 3), dtype=np.uint8)
    shown[0, :, ::7] = 255
    for how in ("bicubic", "bilinear"):
        found = resample_triton.resize(torch.tensor(shown, device=sys.argv[1]), tuple(size), how)
        wanted = np.stack([resample_cpu.resize(s, tuple(size), how) for s in shown])
        assert found.dtype == torch.uint8 and np.array_equal(found.cpu().numpy(), wanted), size
    seen = resample.resize(torch.tensor(shown, device=sys.argv[1]), tuple(size))
    assert np.abs(seen.cpu().numpy() - np.stack(
        [resample_cpu.resize(s, tuple(size)) for s in shown]).transpose(0, 3, 1, 2)).max() <= 1
print("equal")
"""


def test_the_interpreted_kernel_equals_the_sums_in_whole_numbers() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_the_compiled_kernel_equals_the_sums_in_whole_numbers() -> None:
    assert_equal(COMPARE, "cuda")
