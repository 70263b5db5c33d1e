"""The cutting kernel against OpenCV: interpreted on the CPU, on the GPU with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("cv2")

COMPARE = """
import sys
import numpy as np, torch
from iqmetrics.nets import cuts
from iqmetrics.nets.faces import crop as faces
from iqmetrics.nets.hands import region as hands
device = sys.argv[1]
draw = np.random.default_rng(0)
shown = []
for height, width in ((130, 170), (90, 60)):
    coarse = draw.integers(0, 256, (height // 9 + 1, width // 9 + 1, 3)).astype(np.uint8)
    shown.append(np.repeat(np.repeat(coarse, 9, 0), 9, 1)[:height, :width].copy())
there = [torch.from_numpy(p).to(device) for p in shown]
assert cuts.possible(device)
def near(found, wanted):
    gap = np.abs(found.cpu().numpy().astype(int) - wanted)
    assert gap.max() <= 1 and (gap > 0).mean() < 0.02, (gap.max(), (gap > 0).mean())
for size, side in ((24, 17.0), (24, 24.0), (24, 61.0), (16, 75.0), (16, 300.0)):
    jobs = [
        (i, hands.Region(x, y, side, angle), flip)
        for i, x, y, angle, flip in (
            (0, 60.3, 70.1, 0.0, False), (0, 2.5, 128.0, 1.2, True), (1, 55.0, -3.0, -2.5, False),
            (1, -200.0, 20.0, 0.0, False),
        )
    ]
    plans = [hands.planned(shown[i].shape, r, size, i, flip) for i, r, flip in jobs]
    found = cuts.cut(there, plans, size, hands.OUTSIDE[0])
    for one, (i, r, flip) in zip(found, jobs, strict=True):
        wanted = hands.crop(shown[i], r, size)
        near(one, wanted[:, ::-1] if flip else wanted)
    squares = [(i, faces.Square(r.x, r.y, r.side, r.angle), flip) for i, r, flip in jobs[:3]]
    plans = [faces.planned(shown[i].shape, s, size, i, turn) for i, s, turn in squares]
    for one, (i, s, turn) in zip(cuts.cut(there, plans, size), squares, strict=True):
        near(one, faces.cut(np.ascontiguousarray(shown[i][:, :: -1 if turn else 1]), s, size))
assert cuts.cut(there, [], 24).shape == (0, 24, 24, 3)
print("equal")
"""


def test_interpreted_cuts_are_opencvs() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_cuts_are_opencvs() -> None:
    assert_equal(COMPARE, "cuda")
