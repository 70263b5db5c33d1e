import numpy as np
import pytest
import torch
from PIL import Image

from iqmetrics.nets import resample, resample_cpu

PILLOW = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@pytest.mark.parametrize("how", ["bicubic", "bilinear"])
@pytest.mark.parametrize(
    ("height", "width", "size"),
    [
        (300, 517, (224, 386)),
        (97, 61, (112, 70)),
        (224, 500, (224, 448)),
        (64, 64, (32, 32)),
    ],
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


@pytest.mark.parametrize("size", [(211, 50), (301, 131), (224, 224)])
def test_equals_the_sums_in_whole_numbers(size: tuple[int, int]) -> None:
    """The first two begin with the height."""
    shown = np.random.default_rng(9).integers(0, 256, (503, 61, 3), dtype=np.uint8)
    gap = resample.resize(torch.tensor(shown)[None], size)[0].permute(1, 2, 0).numpy()
    gap = np.abs(gap - resample_cpu.resize(shown, size))
    assert gap.max() <= 1 and (gap > 0).mean() < 1e-3


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


@pytest.mark.parametrize(
    ("have", "want", "axes"),
    [
        ((100, 100), (100, 100), []),
        ((100, 100), (50, 100), [0]),
        ((100, 100), (100, 50), [1]),
        ((100, 100), (50, 50), [1, 0]),
        ((120, 100), (20, 50), [1, 0]),
        ((121, 100), (20, 50), [0, 1]),
        ((100, 100), (99, 200), [0, 1]),
        ((100, 100), (200, 300), [1, 0]),
    ],
)
def test_passes(have: tuple[int, int], want: tuple[int, int], axes: list[int]) -> None:
    assert resample.passes(have, want) == axes


@pytest.mark.parametrize(("have", "want"), [(1024, 224), (224, 1024), (3, 1), (1, 5), (517, 386)])
def test_taps_are_the_weights(have: int, want: int) -> None:
    first, last, fixed = resample.taps(have, want)
    assert (first >= 0).all() and (last <= have).all() and (first < last).all()
    assert fixed.dtype == np.int32 and fixed.shape == (want, (last - first).max())
    dense = resample.weights(have, want)
    for row, start, stop, own in zip(dense, first, last, fixed, strict=True):
        assert np.array_equal(row[start:stop] * 2**22, own[: stop - start])
        assert not own[stop - start :].any()
        assert np.count_nonzero(row) == np.count_nonzero(own)
