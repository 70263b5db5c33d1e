import math

import numpy as np
import pytest

from iqmetrics.nets.text.arcs import Arc, fit_arc


def ring(radius: float, half: float, start: float, end: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    t, r = rng.uniform(start, end, 3000), radius + rng.uniform(-half, half, 3000)
    return np.stack([200 + r * np.cos(t), 220 + r * np.sin(t)], 1).astype(np.float32)


def test_a_ring_piece_is_found_where_it_is() -> None:
    arc = fit_arc([ring(130, 12, -2.4, -0.8)])
    assert arc is not None
    assert (arc.x, arc.y, arc.radius) == pytest.approx((200, 220, 130), abs=4)
    assert arc.end - arc.start == pytest.approx(1.6, abs=0.05)


def test_pieces_of_one_ring_are_joined() -> None:
    arc = fit_arc([ring(130, 12, -2.6, -1.7), ring(130, 12, -1.5, -0.6)])
    assert arc is not None and arc.radius == pytest.approx(130, abs=2)


def test_straight_blobs_and_discs_are_no_arcs() -> None:
    rng = np.random.default_rng(1)
    bar = np.stack([rng.uniform(0, 300, 2000), rng.uniform(0, 20, 2000)], 1).astype(np.float32)
    disc = (rng.standard_normal((2000, 2)) * 20).astype(np.float32)
    assert fit_arc([bar]) is None and fit_arc([disc]) is None
    assert fit_arc([bar[:10]]) is None


def test_the_strip_unrolls_outward_and_inward() -> None:
    pixels = np.zeros((400, 400, 3), np.uint8)
    ys, xs = np.mgrid[0:400, 0:400]
    pixels[np.hypot(xs - 200, ys - 200) > 100] = 255
    arc = Arc(200, 200, 100, 10, -math.pi * 0.75, -math.pi * 0.25)
    out, turned = arc.strip(pixels, False), arc.strip(pixels, True)
    assert out[0].mean() > 250 and out[-1].mean() < 5
    assert np.array_equal(turned, out[::-1, ::-1])
    assert arc.outline().shape == (64, 2)


def seen(points: np.ndarray) -> tuple[float, ...]:
    arc = fit_arc([points.astype(np.float32)])
    assert arc is not None
    return arc.x, arc.y, arc.radius, arc.half, arc.end - arc.start


def test_an_arc_moves_and_grows_with_its_points() -> None:
    points = ring(130, 12, -2.4, -0.8)
    x, y, radius, half, span = seen(points)
    assert seen(points + np.array([40, -7])) == pytest.approx(
        (x + 40, y - 7, radius, half, span), abs=0.02
    )
    x2, y2, radius2, half2, span2 = seen(points * 3)
    assert (x2, y2, radius2, span2) == pytest.approx((3 * x, 3 * y, 3 * radius, span), abs=0.1)
    assert half2 - 1 == pytest.approx(3 * (half - 1), abs=0.05), "less the pixel at its edge"


@pytest.mark.parametrize("degrees", [30, 90, 180, 271])
def test_an_arc_turns_with_its_points_also_across_the_seam_of_angles(degrees: int) -> None:
    turn = math.radians(degrees)
    around = ring(130, 12, -2.4 + turn, -0.8 + turn)
    x, y, radius, _, span = seen(around)
    assert (x, y, radius) == pytest.approx((200, 220, 130), abs=4)
    assert span == pytest.approx(1.6, abs=0.05)


def test_pieces_in_any_order_are_the_same_arc() -> None:
    pieces = [ring(130, 12, -2.6, -1.7), ring(130, 12, -1.5, -0.6)]
    here, there = fit_arc(pieces), fit_arc(pieces[::-1])
    assert here is not None and there is not None
    assert (here.x, here.radius, here.start) == pytest.approx((there.x, there.radius, there.start))


def test_a_whole_ring_spans_the_whole_circle() -> None:
    assert seen(ring(130, 12, 0, 2 * math.pi))[4] == pytest.approx(2 * math.pi, abs=0.05)


def test_ring_pieces_must_be_long_bowed_and_filled() -> None:
    assert fit_arc([ring(130, 2, -2.0, -1.35)]) is not None
    assert fit_arc([ring(130, 2, -2.0, -1.45)]) is None, "less than 35 degrees"
    assert fit_arc([ring(130, 30, -2.0, -1.2)]) is None, "hardly bowed against its thickness"
    ends = [ring(130, 5, -2.6, -2.4), ring(130, 5, -0.8, -0.6)]
    assert fit_arc(ends) is None, "two blobs have a circle, but no lettering on it"


def test_points_of_an_outline_lie_on_the_edges_of_the_ring() -> None:
    arc = Arc(50, 60, 40, 8, 0.3, 1.4)
    distance = np.hypot(*(arc.outline() - np.array([50, 60])).T)
    assert distance[:32] == pytest.approx(np.full(32, 48), abs=1e-3)
    assert distance[32:] == pytest.approx(np.full(32, 32), abs=1e-3)
    first, last = arc.outline()[0], arc.outline()[-1]
    assert math.atan2(*(first - [50, 60])[::-1]) == pytest.approx(0.3, abs=1e-4)
    assert math.atan2(*(last - [50, 60])[::-1]) == pytest.approx(0.3, abs=1e-4)


def test_a_strip_is_as_long_as_its_arc_and_reads_clockwise() -> None:
    ys, xs = np.mgrid[0:400, 0:400]
    angle = np.arctan2(ys - 200, xs - 200)
    pixels = np.repeat((255 * (angle > -math.pi / 2))[..., None], 3, 2).astype(np.uint8)
    strip = Arc(200, 200, 100, 10, -math.pi * 0.75, -math.pi * 0.25).strip(pixels, False)
    assert strip.shape == (32, round(100 * (math.pi / 2 + 2 * 0.16)), 3)
    assert strip[:, :80].max() < 5 and strip[:, -80:].min() > 250
