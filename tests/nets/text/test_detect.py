import cv2
import numpy as np
import pytest

from iqmetrics.nets.text.detect import (
    BOX_HEAT,
    THRESHOLD,
    _crossings,
    heat_map,
    heat_maps,
    ordered,
    regions,
    scaled,
    seen_size,
)


def test_a_hot_bar_becomes_a_grown_box() -> None:
    heat = np.zeros((64, 128), np.float32)
    heat[20:30, 30:90] = 0.9
    (found,) = regions(heat, 2.0, 2.0)
    (x0, y0), (x1, y1) = found.corners.min(0), found.corners.max(0)
    grown = 60 * 10 * 1.6 / (2 * 70)
    assert (x0, x1) == pytest.approx((2 * (30 - grown), 2 * (90 + grown)), abs=4)
    assert (y0, y1) == pytest.approx((2 * (20 - grown), 2 * (30 + grown)), abs=4)
    assert found.heat > 0.7 and found.arc is None


def test_cold_and_tiny_spots_are_no_text() -> None:
    heat = np.full((64, 64), 0.2, np.float32)
    heat[10, 10] = 1
    assert regions(heat, 1, 1) == []


def test_a_bowed_blob_is_also_an_arc() -> None:
    ys, xs = np.mgrid[0:160, 0:160]
    r, angle = np.hypot(xs - 80, ys - 80), np.arctan2(ys - 80, xs - 80)
    heat = ((abs(r - 60) < 7) & (abs(angle + np.pi / 2) < 1)).astype(np.float32)
    arcs = [f.arc for f in regions(heat, 1, 1) if f.arc]
    assert arcs and arcs[0].radius == pytest.approx(60, abs=4)
    assert all(f.arc is None for f in regions(heat, 1, 1, bowed=False))


def test_the_detector_sees_multiples_of_32_in_bgr() -> None:
    seen: list[np.ndarray] = []

    def net(batch: np.ndarray) -> np.ndarray:
        seen.append(batch)
        return batch[:, :1]

    red = np.zeros((100, 200, 3), np.uint8)
    red[..., 0] = 255
    heat, across, down = heat_map(net, red, 320)
    assert seen[0].shape == (1, 3, 160, 320) and heat.shape == (160, 320)
    assert seen[0][0, 2].min() == 1 and seen[0][0, 0].max() == -1
    assert (across, down) == (200 / 320, 100 / 160)


def test_the_size_that_the_net_sees_is_that_of_the_scaled_picture() -> None:
    for shape, side, averaged in [
        ((1024, 1024), 640, True),
        ((300, 500), 480, False),
        ((40, 900), 320, True),
    ]:
        pixels = np.zeros((*shape, 3), np.uint8)
        high, wide, by_area = seen_size(shape, side)
        assert scaled(pixels, side).shape == (high, wide, 3) and by_area is averaged
        assert high % 32 == wide % 32 == 0


def test_a_tapering_blob_has_an_outline_that_tapers() -> None:
    heat = np.zeros((200, 400), np.float32)
    cv2.fillPoly(heat, [np.array([[50, 60], [350, 90], [350, 110], [50, 140]])], 1.0)
    (region,) = [r for r in regions(heat, 1.0, 1.0) if r.arc is None]
    assert region.outline is not None
    left = np.linalg.norm(region.outline[0] - region.outline[3])
    right = np.linalg.norm(region.outline[1] - region.outline[2])
    assert left > 1.4 * right
    straight = np.linalg.norm(region.corners[0] - region.corners[3])
    assert straight == pytest.approx(np.linalg.norm(region.corners[1] - region.corners[2]), abs=1)


def bars() -> np.ndarray:
    heat = np.zeros((160, 160), np.float32)
    heat[20:32, 30:110], heat[90:140, 60:75] = 0.9, 0.8
    return heat


def sorted_boxes(heat: np.ndarray, across: float = 1, down: float = 1) -> np.ndarray:
    found = [r.corners for r in regions(heat, across, down, bowed=False)]
    return np.array(sorted([*c.min(0), *c.max(0)] for c in found))


def test_boxes_are_scaled_across_and_down() -> None:
    assert sorted_boxes(bars(), 2, 0.5) == pytest.approx(
        sorted_boxes(bars()) * [2, 0.5, 2, 0.5], abs=1e-3
    )


def test_a_picture_on_its_side_has_its_boxes_on_their_side() -> None:
    swapped = sorted_boxes(np.ascontiguousarray(bars().T))[:, [1, 0, 3, 2]]
    assert np.array(sorted(swapped.tolist())) == pytest.approx(sorted_boxes(bars()), abs=1.5)


def test_heat_counts_above_its_threshold_and_on_the_mean() -> None:
    heat = np.zeros((64, 128), np.float32)
    heat[20:30, 30:90] = THRESHOLD
    heat[20:30, 30:60] = 1
    (found,) = regions(heat, 1, 1)
    assert found.corners[:, 0].max() < 72, "what is not above the threshold is left out"
    heat[20:30, 30:90] = THRESHOLD
    assert regions(heat, 1, 1) == []
    heat[20:30, 30:90] = BOX_HEAT - 0.05
    assert regions(heat, 1, 1) == [], "seen, but not hot enough on the mean"
    heat[20:30, 30:90] = 0.8
    (found,) = regions(heat, 1, 1)
    assert found.heat == pytest.approx(0.8 * 600 / (61 * 11), rel=0.02), "with the dilated rim"


def test_boxes_may_touch_the_border_or_fill_the_picture() -> None:
    heat = np.zeros((64, 96), np.float32)
    heat[:12, :] = 1
    (found,) = regions(heat, 1, 1, bowed=False)
    assert found.heat == pytest.approx(1, abs=0.1) and found.corners[:, 1].min() < 0
    (found,) = regions(np.ones((64, 96), np.float32), 1, 1, bowed=False)
    assert found.heat == 1


@pytest.mark.parametrize("seed", range(4))
def test_corners_are_ordered_whatever_their_order_was(seed: int) -> None:
    rng = np.random.default_rng(seed)
    centre = np.array([[10, 10], [90, 12], [88, 60], [8, 58]], np.float32)
    assert np.array_equal(ordered(centre[rng.permutation(4)]), centre)
    shift = rng.uniform(-50, 50, 2).astype(np.float32)
    assert np.array_equal(ordered((centre + shift)[rng.permutation(4)]), centre + shift)


def test_equal_corners_along_an_edge_are_told_by_the_other_axis() -> None:
    upright = np.array([[0, 9], [5, 0], [5, 9], [0, 0]], np.float32)
    assert ordered(upright).tolist() == [[0, 0], [5, 0], [5, 9], [0, 9]]


def test_lines_cross_where_they_do_and_parallels_nowhere() -> None:
    at = [np.array([p, p], np.float32) for p in ((0, 1), (2, 0), (4, 0), (0, 3))]
    assert _crossings(*at) == pytest.approx(np.array([[4, 1], [4, 1]]))
    at[3][1] = -at[1][1]
    assert _crossings(*at) is None


def test_a_device_that_takes_all_frames_at_once_is_given_them() -> None:
    class Device:
        def heats(self, frames: list, how: object, pictures: list) -> list:
            assert how is scaled and pictures == [None, None]
            return [np.zeros((32, 32 * (n + 1)), np.float32) for n in range(len(frames))]

    frames = [(np.zeros((64, 64, 3), np.uint8), 32), (np.zeros((96, 64, 3), np.uint8), 64)]
    found = heat_maps(Device(), frames)
    assert [(across, down) for _, across, down in found] == [(2, 2), (1, 3)]


def test_pictures_thinner_than_a_step_are_still_seen() -> None:
    assert seen_size((1, 5000), 960)[:2] == (32, 960)
    assert seen_size((5000, 1), 960)[:2] == (960, 32)
    assert scaled(np.zeros((1, 50, 3), np.uint8), 32).shape == (32, 32, 3)
