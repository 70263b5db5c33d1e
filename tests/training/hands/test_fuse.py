"""Broad and melted fingers: the map of the widening, and what melting covers."""

import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import hand  # noqa: E402, F401  (puts training/hands on the path)

from fuse import RADIUS, REACH, blur, melt, widen  # noqa: E402  # isort: skip

SPAN = torch.tensor([100.0])
BASE, TIP = torch.tensor([50 + 90j]), torch.tensor([50 + 10j])


def across(offsets, y, wide):
    at = torch.tensor([[[complex(50 + o, y) for o in offsets]]])
    return widen(at, BASE, TIP, SPAN, torch.tensor([wide]))[0, 0].real - 50


def test_a_width_of_one_moves_nothing():
    offsets = (-40.0, -9.0, 3.0, 20.0)
    assert across(offsets, 30.0, 1.0) == pytest.approx(offsets, abs=1e-3)


def test_the_edge_of_the_broad_finger_comes_from_the_edge_of_the_thin_one():
    edge = 100 * RADIUS
    assert across((1.6 * edge, -1.6 * edge), 30.0, 1.6) == pytest.approx((edge, -edge), abs=1e-2)


def test_what_is_out_of_reach_and_the_knuckle_stay():
    far = 100 * REACH + 1
    assert across((far, -far), 30.0, 1.8) == pytest.approx((far, -far), abs=1e-3)
    assert across((5.0, 12.0), 90.0, 1.8) == pytest.approx((5.0, 12.0), abs=1e-3)


def test_the_map_never_folds_over():
    line = across([float(o) for o in range(-50, 51)], 20.0, 1.85)
    assert (line[1:] - line[:-1]).min() >= 0


def test_melting_closes_the_gap_between_two_fingers():
    y, x = torch.meshgrid(torch.arange(100.0), torch.arange(100.0), indexing="ij")
    alpha = (((x - 43).abs() < 5) | ((x - 57).abs() < 5)).float() * ((y > 10) & (y < 95))
    colour = torch.ones(1, 3, 100, 100) * 0.7
    here = torch.complex(x, y)[None]
    for on, gap in ((0.0, 0.0), (0.7, 1.0)):
        out, covered = melt(colour, alpha[None, None], here, BASE, TIP, SPAN, torch.tensor([on]))
        assert float(covered[0, 0, 50, 50]) == pytest.approx(gap, abs=0.05)
        assert out[0, :, 50, 50] == pytest.approx([0.7] * 3, abs=0.02)
    assert float(covered[0, 0, 50, 80]) < 0.01


def test_blurring_keeps_the_mean_of_a_constant_and_spreads_a_point():
    assert blur(torch.full((1, 1, 9, 9), 0.4), 2) == pytest.approx(torch.full((1, 1, 9, 9), 0.4))
    point = torch.zeros(1, 1, 9, 9)
    point[0, 0, 4, 4] = 1
    assert float(blur(point, 1).sum()) == pytest.approx(1) and float(blur(point, 1).max()) < 0.2
