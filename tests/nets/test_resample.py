import numpy as np
import pytest
import torch
from PIL import Image

from iqmetrics.nets import resample

PILLOW = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@pytest.mark.parametrize("how", ["bicubic", "bilinear"])
@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(300, 517, (224, 386)), (97, 61, (112, 70)), (224, 500, (224, 448)), (64, 64, (32, 32))],
)
def test_equals_pillow(height: int, width: int, size: tuple[int, int], how: str) -> None:
    draw = np.random.default_rng(height)
    shown = draw.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    found = resample.resize(torch.tensor(shown), size, how)  # type: ignore[arg-type]
    wanted = np.stack(
        [np.asarray(Image.fromarray(s).resize(size[::-1], PILLOW[how])) for s in shown]
    ).transpose(0, 3, 1, 2)
    gap = np.abs(found.numpy() - wanted)
    assert gap.max() <= 1
    halves = {"bicubic": 1e-3, "bilinear": 1e-2}  # simple ratios meet exact halves more often
    assert (gap > 0).mean() < halves[how]


def test_strong_edges_are_clipped_to_eight_bits() -> None:
    board = np.kron([[0, 255], [255, 0]], np.ones((20, 20)))[None, ..., None].astype(np.uint8)
    found = resample.resize(torch.tensor(board.repeat(3, -1)), (33, 33))
    assert float(found.min()) == 0 and float(found.max()) == 255
    assert torch.equal(found, found.round())


def test_the_same_size_changes_nothing() -> None:
    shown = torch.randint(0, 256, (1, 9, 7, 3), dtype=torch.uint8)
    assert torch.equal(resample.resize(shown, (9, 7)), shown.permute(0, 3, 1, 2).float())


@pytest.mark.parametrize("how", ["bicubic", "bilinear"])
def test_weights_are_an_average(how: str) -> None:
    found = resample.weights(1024, 224, how)  # type: ignore[arg-type]
    assert found.shape == (224, 1024)
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    assert np.allclose(found, found[::-1, ::-1], atol=1e-6), "left and right are treated alike"
