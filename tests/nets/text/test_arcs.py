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
