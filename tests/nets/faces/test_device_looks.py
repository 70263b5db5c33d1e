"""The detectors' windows as the GPU cuts them: interpreted on the CPU, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("cv2")

COMPARE = """
import sys
import numpy as np, torch
from iqmetrics.nets.faces import detect
from iqmetrics.nets.faces.device_looks import looks
from iqmetrics.nets.faces.looks import OnDevice
device = sys.argv[1]
draw = np.random.default_rng(0)
shown = [draw.integers(0, 256, shape).astype(np.uint8) for shape in ((90, 75, 3), (64, 120, 3))]
windows = [
    detect._Window(0, 0, 0, 90, False), detect._Window(1, 0, 0, 120, False),
    detect._Window(1, 40, 3, 61, True), detect._Window(0, 10, 20, 48, True),
]
there = [OnDevice(torch.from_numpy(p).to(device), i == 1) for i, p in enumerate(shown)]
found = looks(there, windows, 48)
assert found.shape == (4, 48, 48, 3)
for one, window in zip(found.cpu().numpy(), windows, strict=True):
    pixels = shown[window.picture][:, :: -1 if window.picture == 1 else 1]
    wanted = detect._look(np.ascontiguousarray(pixels), window, 48)
    gap = np.abs(one.astype(int) - wanted)
    assert gap.max() <= 1 and (gap > 0).mean() < 0.02, (gap.max(), (gap > 0).mean())
assert found[0, :, 40:].max() == 0 and found[0, :, 39].max() > 0
assert looks(there, windows, 64) is None and looks([], [], 48) is None
print("equal")
"""


def test_windows_are_those_that_opencv_cuts() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_windows_are_those_that_opencv_cuts() -> None:
    assert_equal(COMPARE, "cuda")
