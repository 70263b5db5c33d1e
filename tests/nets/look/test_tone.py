import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from iqmetrics.nets.look import tone


def flat(*rgb: int, side: int = 60) -> np.ndarray:
    return np.full((side, side, 3), rgb, np.uint8)


def test_lab_is_that_of_scikit_image():
    pixels = np.random.default_rng(3).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert tone.lab(pixels) == pytest.approx(rgb2lab(pixels), abs=1e-9)


def test_a_cast_on_grey_is_read_in_full_and_without_one_is_zero():
    lab = rgb2lab(flat(128, 128, 128))
    assert tone.cast_and_chroma(lab)[:2] == pytest.approx((0, 0), abs=0.01)
    lab[..., 1] += 7
    lab[..., 2] -= 4
    assert tone.cast_and_chroma(lab)[:2] == pytest.approx((7, -4), abs=0.01)


def test_a_shift_always_moves_the_cast_the_same_way():
    rng = np.random.default_rng(0)
    for _ in range(20):
        lab = np.stack(
            [np.full((30, 30), 60.0), *rng.normal(rng.normal(0, 10, (2, 1, 1)), 15, (2, 30, 30))],
            -1,
        )
        moved = lab + np.array([0, 6, 0])
        assert tone.cast_and_chroma(moved)[0] > tone.cast_and_chroma(lab)[0]


def test_all_black_has_no_cast():
    assert tone.cast_and_chroma(rgb2lab(flat(0, 0, 0)))[:2] == (0, 0)


@pytest.mark.parametrize(("x", "y", "kelvin"), [(0.3127, 0.3290, 6504), (0.4476, 0.4074, 2856)])
def test_temperature_of_standard_illuminants(x, y, kelvin):
    xyz = np.array([x / y, 1, (1 - x - y) / y])
    linear = np.linalg.solve(tone.TO_XYZ, xyz)
    linear *= 0.5 / linear.max()
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    pixels = flat(*np.rint(encoded * 255).astype(int))
    assert tone.temperature(pixels) == pytest.approx(kelvin, rel=0.03)


def test_temperature_is_that_of_colour_science():
    colour = pytest.importorskip("colour")
    rng = np.random.default_rng(1)
    pixels = np.clip(rng.normal([150, 120, 90], 20, (40, 40, 3)), 3, 250).astype(np.uint8)
    linear = colour.models.eotf_sRGB(pixels.reshape(-1, 3) / 255)
    light = (linear**6).mean(0) ** (1 / 6)
    xy = colour.XYZ_to_xy(tone.TO_XYZ @ light)
    expected = colour.temperature.xy_to_CCT(xy, method="McCamy 1992")
    assert tone.temperature(pixels) == pytest.approx(float(expected), rel=1e-3)


def test_no_temperature_for_what_is_no_white():
    assert tone.temperature(flat(0, 200, 0)) is None
    assert tone.temperature(flat(255, 255, 255)) is None


def test_chroma_is_zero_for_grey_and_known_for_a_colour():
    assert tone.cast_and_chroma(rgb2lab(flat(90, 90, 90)))[2] == pytest.approx(0, abs=0.01)
    red = lab2rgb(np.array([[[50.0, 40.0, 30.0]]]))
    assert tone.cast_and_chroma(rgb2lab(red))[2] == pytest.approx(50, abs=0.1)


def test_reduced_keeps_small_pictures_and_the_aspect():
    assert tone.reduced(flat(1, 2, 3)).shape == (60, 60, 3)
    assert tone.reduced(np.zeros((512, 1024, 3), np.uint8)).shape == (128, 256, 3)


def test_black_bodies_lie_on_the_locus():
    for kelvin, x, y in ((2856, 0.4476, 0.4074), (6500, 0.3135, 0.3237), (10000, 0.2806, 0.2883)):
        assert tone._off_locus(x, y, kelvin) < 0.002
