"""What patches say of their tiles beside plain numpy: interpreted on the CPU, compiled with `-m gpu`."""

import pytest
from triton_apart import assert_equal

pytest.importorskip("triton")
pytest.importorskip("torch")

COMPARE = """
import sys
import numpy as np, torch
from iqmetrics.nets.grain.quiet_triton import quiet
device = sys.argv[1]
draw = np.random.default_rng(0)
for k, kept in ((6, 9), (3, 2), (17, 72)):
    given = draw.random((8, 2, 2 * k, 3 * k)).astype(np.float32) + 0.1
    given[:, 1, :k, :k] = 0.5  # where all are equal all count
    found = quiet(torch.from_numpy(given).to(device), k, kept, 0.01).cpu().numpy()
    tiles = given.astype(float).reshape(8, 2, 2, k, 3, k).transpose(0, 1, 2, 4, 3, 5)
    tiles = tiles.reshape(8, 2, 2, 3, k * k)
    low = (5 * tiles[0] + 4 * tiles[1]) / 9
    chosen = low <= np.sort(low)[..., kept - 1 : kept]
    assert chosen[1, 0, 0].all() and chosen.sum() == 11 * kept + k * k
    mean = (tiles * chosen).sum(-1) / chosen.sum(-1)
    grain = np.log((18 * mean[2] + 21 * mean[3] + 15 * mean[4]) / 54 + 0.01)
    above = ((21 * mean[3] + 15 * mean[4]) / 36) ** 2
    every = np.log((18 * tiles[2] + 21 * tiles[3] + 15 * tiles[4]) / 54 + 0.01)
    wanted = [
        grain,
        *(np.log(mean[i] + 0.01) - grain for i in range(5)),
        abs(np.log(mean[5] + 0.01) - np.log(mean[6] + 0.01)),
        np.log((mean[7] + 3e-4) / (above + 1e-4)),
        every.mean(-1) - grain,
        every.std(-1, ddof=1),
    ]
    assert np.abs(found - np.stack(wanted, -1)).max() < 1e-4, k
print("equal")
"""


def test_interpreted_kernel_equals_numpy() -> None:
    assert_equal(COMPARE, "cpu")


@pytest.mark.gpu
def test_compiled_kernel_equals_numpy() -> None:
    assert_equal(COMPARE, "cuda")
