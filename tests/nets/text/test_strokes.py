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


def test_grey_is_the_luma_of_opencv_and_flat_crops_stay_flat() -> None:
    red = np.zeros((48, 60, 3), np.uint8)
    red[..., 0] = 200
    assert np.unique(strokes.grey(red)).tolist() == [60]
    assert strokes.grey(red[:1, :1]).shape == (48, 48)


def test_sizes_are_luma_from_minus_one_to_one() -> None:
    luma = np.zeros((48, 90), np.uint8)
    luma[:, 45:] = 255
    full, half = strokes.sizes(luma)
    assert (full.shape, half.shape) == ((48, 90), (24, 45))
    assert (full.min(), full.max()) == (-1, 1)
    assert half.mean() == pytest.approx(full.mean(), abs=1e-5)
    assert strokes.sizes(luma[:, :16])[1].shape == (24, 12), "never narrower than a patch and rim"


def test_features_do_not_depend_on_the_sign_of_the_strokes() -> None:
    scales, _ = strokes._net()
    luma = strokes.grey(SIGN)
    there, negative = (strokes.features(x, 48, scales) for x in (luma, 255 - luma))
    assert there.shape == (536,)
    assert negative == pytest.approx(there, abs=2e-3)


def test_mirrored_lettering_has_the_same_contrast_but_other_strokes() -> None:
    scales, _ = strokes._net()
    luma = strokes.grey(SIGN)
    there = strokes.features(luma, 48, scales)
    mirrored = strokes.features(np.ascontiguousarray(luma[:, ::-1]), 48, scales)
    contrast = slice(256, 267)
    assert mirrored[contrast] == pytest.approx(there[contrast], abs=0.15)
    assert np.abs(mirrored[:256] - there[:256]).max() > 0.01, "slants are told apart"


def test_flat_patches_weigh_nothing() -> None:
    scales, _ = strokes._net()
    told = strokes.features(np.full((48, 100), 90, np.uint8), 48, scales)
    assert np.isfinite(told).all() and not told[:256].any()
