"""Features of tiles by kernels beside those by torch: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys
import numpy as np, torch
from iqmetrics.nets.grain import bands, fused
device = sys.argv[1]
assert fused.possible(device)
draw = np.random.default_rng(0)
for height, width in ((180, 230), (213, 181)):
    base = draw.integers(30, 220, (3, 8, 8, 3)).repeat(40, 1).repeat(40, 2)[:, :height, :width]
    noise = draw.normal(0, 6, base.shape) * np.array([0, 1, 3]).reshape(3, 1, 1, 1)
    shown = torch.from_numpy((base + noise).clip(0, 255).astype(np.uint8)).to(device)
    grid = bands.grid_of(height, width)
    found, wanted = fused.features(shown, grid), bands.by_torch(shown, grid)
    assert found.shape == wanted.shape == (3, grid.rows, grid.columns, len(bands.FEATURES))
    gap = (found - wanted).abs()[1:]  # where all is flat, differences of rounding are logarithms
    assert gap.max() < 2e-3, gap.amax((0, 1, 2))
    alone = fused.features(shown[2:], grid)
    assert torch.equal(alone[0], found[2])
print("equal")
"""


def test_interpreted_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_torch() -> None:
    assert_equal(COMPARE, "cuda")


def test_without_triton_torch_does_it(monkeypatch, caplog) -> None:
    import sys

    from iqmetrics.nets.grain import fused

    fused.possible.cache_clear()
    monkeypatch.setitem(sys.modules, "iqmetrics.nets.grain.planes_triton", None)
    assert not fused.possible("cpu") and not caplog.records
    fused.possible.cache_clear()


def test_kernels_that_answer_otherwise_are_not_used(monkeypatch, caplog) -> None:
    from iqmetrics.nets.grain import bands, fused

    for wrong in (lambda shown, grid: bands.by_torch(shown, grid) + 1, lambda *a: 1 / 0):
        fused.possible.cache_clear()
        monkeypatch.setattr(fused, "features", wrong)
        assert not fused.possible("cpu")
    assert "answer otherwise" in caplog.text and "division" in caplog.text
    fused.possible.cache_clear()


def test_very_large_tiles_are_left_to_torch() -> None:
    from iqmetrics.nets.grain import bands, fused

    assert fused.fits(bands.grid_of(7000, 9000)) and not fused.fits(bands.grid_of(8000, 8000))
