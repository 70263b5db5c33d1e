import numpy as np
import pytest

from iqmetrics.nets.look.light import light


def flat(*rgb: int, side: int = 60) -> np.ndarray:
    return np.full((side, side, 3), rgb, np.uint8)


def test_luma_is_the_weighted_sum_and_grey_its_rounding():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 80, 3), dtype=np.uint8)
    wide = np.random.default_rng(1).integers(0, 256, (30, 160, 3), dtype=np.uint8)
    wide[:, ::2] = pixels
    for seen in (light(pixels), light(wide[:, ::2])):
        assert seen.luma == pytest.approx(pixels @ np.array([0.299, 0.587, 0.114]), abs=1e-4)
        assert np.array_equal(seen.grey, np.rint(seen.luma).astype(np.uint8))
    assert light(flat(255, 255, 255)).grey.min() == 255


def test_blown_and_black_areas_are_shares_without_their_rim():
    pixels = flat(120, 120, 120, side=100)
    pixels[16:64, 6:64] = 240
    pixels[20:60, 10:60] = 255
    pixels[70:90, 10:60] = 0
    assert light(pixels).clipped == pytest.approx(38 * 48 / 10_000)
    assert light(pixels).crushed == pytest.approx(18 * 48 / 10_000)


def test_sparkle_and_a_single_full_channel_do_not_count():
    pixels = flat(120, 120, 120)
    pixels[::4, ::4] = 255
    assert light(pixels).clipped == 0
    assert light(flat(255, 255, 200)).clipped == 0
    assert light(flat(0, 0, 3)).crushed == 0


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, lambda a: a.transpose(1, 0, 2)])
def test_shares_are_those_of_the_picture_turned(turn):
    pixels = flat(120, 120, 120, side=70)
    pixels[6:34, 1:64] = 240
    pixels[10:30, 5:60], pixels[50:, :9] = 255, 0
    there, turned = light(pixels), light(turn(pixels))
    assert (turned.clipped, turned.crushed) == (there.clipped, there.crushed)
    assert there.clipped == pytest.approx(18 * 53 / 4900)
    assert there.crushed == pytest.approx(19 * 8 / 4900), "at the border nothing is taken off"


def test_a_negative_swaps_what_is_blown_with_what_is_black():
    pixels = np.random.default_rng(2).integers(0, 2, (40, 40, 1), dtype=np.uint8).repeat(3, 2) * 255
    pixels[:20] = 255
    there, negative = light(pixels), light(255 - pixels)
    assert there.clipped > 0.45 > there.crushed
    assert (negative.clipped, negative.crushed) == (there.crushed, there.clipped)


def test_one_pixel_is_its_own_square():
    assert (light(flat(254, 255, 254, side=1)).clipped, light(flat(2, 0, 1, side=1)).crushed) == (
        1,
        1,
    )
