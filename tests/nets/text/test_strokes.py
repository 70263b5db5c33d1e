import cv2
import numpy as np
import pytest
from lettering import drawn

from iqmetrics.nets.text import strokes

SIGN = drawn({(10, 4): "GRAND OPENING"}, width=320, height=56)


def melted(image: np.ndarray, strength: float) -> np.ndarray:
    rng = np.random.default_rng(3)
    h, w = image.shape[:2]
    field = [
        cv2.GaussianBlur(rng.standard_normal((h, w)).astype(np.float32), (0, 0), 5) for _ in "xy"
    ]
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    dx, dy = (f / f.std() * strength for f in field)
    return np.asarray(cv2.remap(image, xs + dx, ys + dy, cv2.INTER_LINEAR), np.uint8)


def test_sound_lettering_is_told_from_melted_blurred_and_faded() -> None:
    whole, wavy, melt, soft = strokes.unsoundness(
        [SIGN, melted(SIGN, 2.0), melted(SIGN, 4.0), cv2.GaussianBlur(SIGN, (0, 0), 3)]
    )
    faded = (222 - (222 - SIGN.astype(float)) * 0.15).clip(0, 255).astype(np.uint8)
    (pale,) = strokes.unsoundness([faded])
    assert whole < wavy < melt
    assert whole + 0.1 < min(soft, pale, melt)
    assert whole < 0.45


def test_answers_do_not_depend_on_company_or_order() -> None:
    images = [SIGN, melted(SIGN, 4.0), SIGN[:, :90]]
    together = strokes.unsoundness(images)
    alone = [strokes.unsoundness([image])[0] for image in images[::-1]][::-1]
    assert together == alone and all(0 <= v <= 1 for v in together)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (48, 4000)])
def test_any_size_has_an_answer(size: tuple[int, int]) -> None:
    (value,) = strokes.unsoundness([np.full((*size, 3), 128, np.uint8)])
    assert 0 <= value <= 1


def test_patches_have_no_mean_and_their_norm() -> None:
    image = np.random.default_rng(0).random((48, 60)).astype(np.float32)
    found, norms = strokes.patches(image)
    assert found.shape == (22 * 28, 81)
    assert np.abs(found.mean(1)).max() < 1e-6
    assert norms == pytest.approx(np.sqrt((found**2).sum(1)), rel=1e-5)


def test_grey_brings_crops_to_48_rows() -> None:
    assert strokes.grey(np.zeros((24, 100, 3), np.uint8)).shape == (48, 200)
    assert strokes.grey(np.zeros((96, 100, 3), np.uint8)).shape == (48, 50)
    assert strokes.grey(np.zeros((10, 5000, 3), np.uint8)).shape == (48, strokes.WIDEST)
