"""A highlight fades into what is around it; paper ends sharply and is no blown highlight."""

import numpy as np
import pytest

from iqmetrics.nets.look import blown
from iqmetrics.nets.look.light import light


def scene(grey: int = 110, side: int = 200) -> np.ndarray:
    return np.full((side, side, 3), grey, np.uint8)


def with_board(pixels: np.ndarray, top: int = 40, left: int = 30, soft: bool = False) -> np.ndarray:
    """A white board of 60 x 120 pixels; its edge drawn, or with one pixel between."""
    made = pixels.copy()
    if soft:
        made[top - 1 : top + 61, left - 1 : left + 121] = 180
    made[top : top + 60, left : left + 120] = 255
    return made


def sun(side: int = 200, radius: float = 40, glow: float = 30, middle: float = 100) -> np.ndarray:
    """A white disc that falls to grey 60 over `glow` pixels."""
    y, x = np.mgrid[:side, :side]
    out = np.clip((np.hypot(y - middle, x - middle) - radius) / glow, 0, 1)
    return np.rint(255 - 195 * out)[..., None].repeat(3, 2).astype(np.uint8)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("grey", [0, 60, 110, 180])
def test_a_white_board_is_not_blown(grey: int, soft: bool) -> None:
    assert light(with_board(scene(grey), soft=soft)).clipped == 0


def test_a_sun_with_its_glow_is_blown() -> None:
    assert light(sun()).clipped == pytest.approx(np.pi * 40**2 / 200**2, rel=0.1)


@pytest.mark.parametrize("glow", [8, 15, 30, 60])
def test_the_steeper_the_fall_the_less_like_a_highlight(glow: float) -> None:
    """Three pixels on, a fall over 8 pixels has left what is nearly white; one over 30 has not."""
    assert (light(sun(glow=glow)).clipped > 0) is (glow > 15)


def test_board_and_sun_in_one_picture_are_told_apart() -> None:
    both = np.concatenate([with_board(scene(60)), sun()], axis=1)
    assert light(both).clipped == pytest.approx(light(sun()).clipped / 2, rel=1e-6)


def test_letters_on_the_board_change_nothing() -> None:
    made = with_board(scene())
    made[50:90:8, 40:140] = 20
    assert light(made).clipped == 0


def test_a_page_white_to_every_border_is_not_blown() -> None:
    page = scene(255)
    for top in range(40, 160, 20):
        page[top : top + 8, 30:170] = 0
    assert light(page).clipped == 0


def test_marks_too_thin_to_be_asked_leave_the_page_blown() -> None:
    """Nothing is 3 pixels from the white of a page of thin strokes: the stated limit."""
    page = scene(255)
    page[40:160:12, 30:170] = 0
    assert light(page).clipped > 0.7


def test_a_picture_that_is_nothing_but_white_is_blown() -> None:
    assert light(scene(255)).clipped == 1


def test_small_areas_count_even_where_they_are_sharp() -> None:
    """A lamp: 13 x 13 pixels of 200 x 200 are less than half a per cent."""
    lamp = scene(40)
    lamp[50:63, 50:63] = 255
    assert light(lamp).clipped == pytest.approx(11 * 11 / 200**2)
    larger = scene(40)
    larger[50:70, 50:70] = 255
    assert light(larger).clipped == 0


def test_many_small_areas_are_not_made_paper_by_their_sum() -> None:
    lamps = scene(40)
    for top in range(10, 190, 20):
        lamps[top : top + 10, 10:20] = lamps[top : top + 10, 60:70] = 255
    assert light(lamps).clipped == pytest.approx(18 * 64 / 200**2)


def test_a_highlight_of_a_hue_fades_through_that_hue() -> None:
    """An overexposed moon: blue falls first, so yellow lies around the white."""
    moon = sun(glow=60)
    moon[..., 2] = np.where(moon[..., 0] < 254, 90, 255)
    assert light(moon).clipped > 0.1


def test_a_board_before_something_light_on_one_side_only_is_paper_still() -> None:
    """Less than 5 % of what lies around it is nearly white."""
    made = scene(110)
    made[35:40, 30:45] = 240
    assert light(with_board(made)).clipped == 0
    made[:, :30] = 240
    assert light(with_board(made)).clipped > 0.1


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, lambda a: a.transpose(1, 0, 2)])
def test_a_turned_picture_has_the_same_share(turn) -> None:
    both = np.concatenate([with_board(scene(60)), sun(middle=80)], axis=0)
    assert light(np.ascontiguousarray(turn(both))).clipped == light(both).clipped > 0


def test_an_area_at_the_border_is_judged_by_what_lies_inside() -> None:
    strip = scene(90)
    strip[:40] = 255
    assert light(strip).clipped == 0
    ramp = strip.copy()
    ramp[40:80] = np.linspace(253, 90, 40).astype(np.uint8)[:, None, None]
    assert light(ramp).clipped == pytest.approx(39 / 200)


def slowly(luma: np.ndarray, white: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """The definition, area by area and pixel by pixel."""
    from scipy import ndimage

    area, count = ndimage.label(white, np.ones((3, 3)))
    kept = solid.copy()
    near = ndimage.binary_dilation
    large = [k for k in range(1, count + 1) if solid[area == k].sum() >= blown.LEAST * solid.size]
    every = np.isin(area, large)
    inner = near(every, np.ones((5, 5)))
    for k in large:
        ring = near(area == k, np.ones((7, 7))) & ~inner
        if ring.any() and (luma[ring] >= blown.NEARLY).mean() < blown.FADING:
            kept[area == k] = 0
    return kept


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_definition_done_at_once(seed: int) -> None:
    cv2 = pytest.importorskip("cv2")
    rng = np.random.default_rng(seed)
    luma = cv2.GaussianBlur(rng.normal(128, 400, (90, 130)).astype(np.float32), (0, 0), 4 + seed)
    luma = np.clip(128 + (luma - luma.mean()) * (120 / luma.std()), 0, 255)
    luma[20:40, 30:70], luma[60:80, 80:120] = 255, 10
    luma[64:76, 84:116] = 255
    white = (luma >= 254).astype(np.uint8)
    solid = cv2.erode(white, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    found = blown.without_paper(luma, white, solid)
    expected = slowly(luma, white, solid)
    assert solid.any()
    assert np.array_equal(found, expected)
