"""Area averages in Triton against OpenCV: interpreted on the CPU, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("cv2")

COMPARE = """
import sys
import cv2
import numpy as np, torch
from iqmetrics.nets.onnx_torch.shrink_triton import Part, shrink
device = sys.argv[1]
draw = np.random.default_rng(0)
shown = [draw.integers(0, 256, shape).astype(np.uint8) for shape in ((51, 64, 3), (33, 40, 3))]
there = [torch.from_numpy(p).to(device) for p in shown]
parts = [
    Part(0, 0, 0, 51, 64, (20, 24)), Part(0, 7, 3, 40, 48, (20, 24)),
    Part(1, 0, 0, 33, 40, (11, 10), True), Part(1, 4, 1, 19, 30, (19, 7), True),
    Part(0, 2, 2, 24, 24, (24, 24)),
]
found = shrink(there, parts, (24, 24)).cpu().numpy()
for one, part in zip(found, parts, strict=True):
    pixels = shown[part.picture][:, :: -1 if part.turned else 1]
    seen = pixels[part.top : part.top + part.high, part.left : part.left + part.wide]
    high, wide = part.to
    wanted = cv2.resize(np.ascontiguousarray(seen), (wide, high), interpolation=cv2.INTER_AREA)
    gap = np.abs(one[:high, :wide].astype(int) - wanted)
    assert gap.max() <= 1 and (gap > 0).mean() < 0.15, (part, gap.max(), (gap > 0).mean())
    assert not one[high:].any() and not one[:, wide:].any()
exact = np.full((4, 6, 3), 255, np.uint8)
exact[::2, ::2] = 1
(one,) = shrink([torch.from_numpy(exact).to(device)], [Part(0, 0, 0, 4, 6, (2, 3))], (2, 3))
assert one.unique().tolist() == [192]  # 191.5: a half goes to the even number
print("equal")
"""


def test_interpreted_averages_are_opencvs() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_averages_are_opencvs() -> None:
    assert_equal(COMPARE, "cuda")
