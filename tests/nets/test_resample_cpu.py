import numpy as np
import PIL
import pytest
from PIL import Image

from iqmetrics.nets import resample, resample_cpu

PILLOW = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@pytest.mark.parametrize("how", ["bicubic", "bilinear"])
@pytest.mark.parametrize(
    ("height", "width", "size"),
    [
        (1024, 1024, (224, 224)),
        (300, 517, (224, 386)),
        (97, 61, (112, 70)),
        (224, 500, (224, 448)),
        (500, 224, (448, 224)),
        (64, 64, (32, 32)),
        (37, 2000, (32, 1729)),
        (1, 3, (5, 7)),
        (20, 33, (1, 1)),
    ],
)
def test_is_pillow_to_the_bit(height: int, width: int, size: tuple[int, int], how: str) -> None:
    shown = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = resample_cpu.resize(shown, size, how)  # type: ignore[arg-type]
    wanted = np.asarray(Image.fromarray(shown).resize(size[::-1], PILLOW[how]))
    assert found.shape == wanted.shape and found.dtype == np.uint8
    assert np.array_equal(found, wanted)


def random_pair(draw: np.random.Generator) -> tuple[Image.Image, tuple[int, int]]:
    """A picture of few values, most of them extreme, and a size (height, width)."""
    height, width, new_height, new_width = draw.integers(1, 250, 4).tolist()
    pixels = draw.choice(np.array([0, 1, 127, 254, 255], np.uint8), (height, width, 3))
    return Image.fromarray(pixels), (new_height, new_width)


def test_any_size_is_pillow_to_the_bit_axis_after_axis() -> None:
    draw = np.random.default_rng(2)
    for _ in range(60):
        image, size = random_pair(draw)
        wanted = image
        for axis in resample.passes(image.size[::-1], size):
            reached = (size[1], wanted.height) if axis else (wanted.width, size[0])
            wanted = wanted.resize(reached, PILLOW["bicubic"])
        found = resample_cpu.resize(np.asarray(image), size)
        assert np.array_equal(found, np.asarray(wanted)), (image.size, size)


@pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 13, reason="Pillow 13 changed the order")
def test_the_order_of_axes_is_that_of_pillow() -> None:
    draw = np.random.default_rng(3)
    orders = set()
    for _ in range(60):
        image, size = random_pair(draw)
        orders.add(tuple(resample.passes(image.size[::-1], size)))
        wanted = np.asarray(image.resize(size[::-1], PILLOW["bicubic"]))
        found = resample_cpu.resize(np.asarray(image), size)
        assert np.array_equal(found, wanted), (image.size, size)
    assert {(0, 1), (1, 0)} <= orders


def test_strong_edges_are_clipped_and_not_wrapped_around() -> None:
    board = np.kron([[0, 255], [255, 0]], np.ones((20, 20)))[..., None].astype(np.uint8)
    found = resample_cpu.resize(board.repeat(3, -1), (99, 99))
    assert found[:40, :40].max() < 100 and found[:40, 60:].min() > 150
    assert found.min() == 0 and found.max() == 255


def test_views_of_other_pictures_are_read_as_they_look() -> None:
    shown = np.random.default_rng(5).integers(0, 256, (90, 80, 3), dtype=np.uint8)
    for view in (shown[::2, 10:60], shown[::-1], shown.transpose(1, 0, 2), shown[..., ::-1]):
        wanted = resample_cpu.resize(view.copy(), (30, 30))
        assert np.array_equal(resample_cpu.resize(view, (30, 30)), wanted)


def test_the_same_size_changes_nothing() -> None:
    shown = np.random.default_rng(6).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(resample_cpu.resize(shown, (9, 7)), shown)


def test_machine_code_and_plain_python_agree() -> None:
    lines = np.random.default_rng(7).integers(0, 256, (24, 11), dtype=np.uint8)
    slow = np.empty((9, 11), np.uint8)
    with np.errstate(over="ignore"):
        resample_cpu.blend(lines, *resample.taps(8, 3), 3, slow)
    assert np.array_equal(resample_cpu._blended(lines, resample.taps(8, 3), 3), slow)
