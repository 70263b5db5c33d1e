import numpy as np
import pytest

from iqmetrics.nets.text import again
from iqmetrics.nets.text.arcs import Arc
from iqmetrics.nets.text.detect import Region


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def picture(width: int = 400, height: int = 200) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def test_turning_twice_is_nothing() -> None:
    image = picture(60, 20)
    assert np.array_equal(again.turned(again.turned(image)), image)
    assert np.array_equal(again.turned(image)[0, 0], image[-1, -1])


def test_slants_cancel_out() -> None:
    image = np.zeros((40, 200, 3), np.uint8)
    image[:, 95:105] = 255
    there = again.slanted(image, 12)
    assert there[:3].argmax(1).mean() != pytest.approx(there[-3:].argmax(1).mean(), abs=3)
    back = again.slanted(there, -12)
    assert np.abs(back.astype(int) - image).mean() < 8


def test_coarse_and_wide_change_one_thing_each() -> None:
    assert again.coarse(picture(100, 50)).shape == (24, 48, 3)
    assert again.coarse(picture(100, 10)).shape == (10, 100, 3)
    assert again.wide(picture(100, 50)).shape == (50, 150, 3)


def test_a_lone_line_is_lengthened_at_both_ends() -> None:
    (found,) = again.lengthened([box(100, 100, 200, 120)])
    assert found.min(0) == pytest.approx([86, 100], abs=1)
    assert found.max(0) == pytest.approx([214, 120], abs=1)


def test_an_upright_line_is_lengthened_along_itself() -> None:
    (found,) = again.lengthened([box(100, 50, 120, 150)])
    assert found.min(0) == pytest.approx([100, 36], abs=1)
    assert found.max(0) == pytest.approx([120, 164], abs=1)


def test_pieces_of_a_line_are_joined_and_others_are_not() -> None:
    word, digit, word_after = box(0, 100, 80, 130), box(100, 101, 120, 131), box(150, 100, 260, 129)
    below, far = box(0, 160, 80, 190), box(360, 100, 395, 130)
    found = again.lengthened([word, digit, word_after, below, far])
    spans = sorted((round(float(f[:, 0].min())), round(float(f[:, 0].max()))) for f in found)
    assert len(found) == 3
    assert spans[0][1] > 270 or spans[1][1] > 270
    assert not any(lo < 200 and hi > 360 for lo, hi in spans)


def test_pieces_of_unlike_size_are_not_joined() -> None:
    assert len(again.lengthened([box(0, 100, 200, 130), box(210, 100, 400, 180)])) == 2


def test_longer_looks_read_both_ways() -> None:
    regions = [Region(box(50, 50, 150, 80), 1.0)]
    (_, straight, no), (_, over, yes) = again.looks(picture(), regions, "longer")
    assert not no and yes and np.array_equal(over, again.turned(straight))


def test_fitted_looks_only_where_an_outline_is() -> None:
    outline = np.array([[50, 50], [150, 60], [150, 80], [50, 90]], np.float32)
    regions = [Region(box(50, 50, 150, 90), 1.0, outline=outline), Region(box(0, 0, 40, 9), 1.0)]
    (look,) = again.looks(picture(), regions, "fitted")
    assert np.array_equal(look[0], outline)


def test_every_look_has_a_name_that_works() -> None:
    regions = [Region(box(50, 50, 150, 90), 1.0)]
    for what in again.AGAIN:
        assert all(i.dtype == np.uint8 for _, i, _ in again.looks(picture(), regions, what))


def test_a_slant_moves_the_ends_by_its_tangent_and_leaves_the_middle() -> None:
    image = np.zeros((41, 200, 3), np.uint8)
    image[:, 100] = 255
    rows = again.slanted(image, 45)[..., 0].argmax(1)
    assert abs(int(rows[20]) - 100) <= 1
    assert abs(int(rows[0]) - int(rows[-1])) == pytest.approx(40, abs=1)


def test_a_letter_of_one_pixel_survives_every_change() -> None:
    dot = np.full((1, 1, 3), 9, np.uint8)
    assert all(change(dot).min() == change(dot).max() == 9 for change in again.CHANGES.values())


def test_lengthening_turns_with_the_line_and_knows_no_order() -> None:
    pieces = [box(0, 100, 80, 130), box(100, 101, 120, 131), box(150, 100, 260, 129)]
    (there,), (back,) = again.lengthened(pieces), again.lengthened(pieces[::-1])
    assert there == pytest.approx(back, abs=0.1)
    upright = [p[:, ::-1][[0, 3, 2, 1]].copy() for p in pieces]
    (found,) = again.lengthened(upright)
    across = np.array(sorted(found[:, ::-1].tolist()))
    assert across == pytest.approx(np.array(sorted(there.tolist())), abs=0.1)
    assert again.lengthened([]) == []


def test_rings_are_not_looked_at_again() -> None:
    arc = Region(box(50, 50, 150, 90), 1.0, arc=Arc(100, 70, 40, 8, 0, 2))
    assert all(again.looks(picture(), [arc], what) == [] for what in again.AGAIN)
