"""The kernel: interpreted on the CPU here, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")
pytest.importorskip("numba")

COMPARE = """
import sys, numpy as np, torch
from iqmetrics.nets import png_filters
from iqmetrics.png_rows import Rows
draw = np.random.default_rng(0)
for height, width in ((1, 4), (5, 8), (33, 4), (40, 36), (7, 132)):
    shown = []
    for _ in range(3):
        rows = Rows(draw.integers(0, 256, (height, width + 1, 3), dtype=np.uint8))
        rows.lines[:, 0] = draw.integers(0, 5, height)
        near = draw.integers(0, 3, (height, 3 * width))
        rows.lines[::2, 1:] = near[::2]  # small steps, so that ties happen
        shown.append(rows)
    found = png_filters.undone([torch.from_numpy(r.room) for r in shown], sys.argv[1])
    wanted = np.stack([r.pixels() for r in shown])
    assert np.array_equal(found.cpu().numpy(), wanted), (height, width)
assert png_filters.possible(sys.argv[1])
print("equal")
"""


def test_the_interpreted_kernel_undoes_what_a_core_undoes() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_the_compiled_kernel_undoes_what_a_core_undoes() -> None:
    assert_equal(COMPARE, "cuda")
