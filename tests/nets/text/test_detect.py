import cv2
import numpy as np
import pytest

from iqmetrics.nets.text.detect import heat_map, regions, scaled, seen_size


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
