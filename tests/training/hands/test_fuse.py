"""Broad and welded fingers: the map of the widening, and what a weld covers and cuts away."""

import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import hand  # noqa: E402, F401  (puts training/hands on the path)

from fuse import RADIUS, REACH, Weld, blur, weld, widen  # noqa: E402  # isort: skip

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


def two_fingers(on):
    """Two upright fingers of 10 px, 14 px apart, that end at 10 and 16, with a dark crease."""
    y, x = torch.meshgrid(torch.arange(100.0), torch.arange(100.0), indexing="ij")
    alpha = ((x - 43).abs() < 5) * (y > 10) | ((x - 57).abs() < 5) * (y > 16)
    alpha = (alpha & (y < 95)).float()[None, None]
    colour = torch.where(alpha > 0, 0.7, 0.1).expand(1, 3, 100, 100)
    half = torch.tensor([12.0])
    here = torch.complex(x, y)[None]
    return weld(colour, alpha, here, Weld(BASE, TIP, half, torch.tensor([on])))


def test_a_weld_closes_the_gap_in_the_colour_of_the_skin():
    for on, gap in ((0.0, 0.0), (0.7, 1.0)):
        out, covered = two_fingers(on)
        assert float(covered[0, 0, 50, 50]) == pytest.approx(gap, abs=0.05)
        assert float(covered[0, 0, 50, 80]) < 0.01
    assert out[0, :, 50, 50] == pytest.approx([0.7] * 3, abs=0.03)


def test_without_a_weld_nothing_changes():
    colour, alpha = two_fingers(0.0)
    assert float(colour.min()) == pytest.approx(0.1) and set(alpha.unique().tolist()) == {0, 1}


def test_a_weld_has_one_round_end():
    """Rows through the end cross one finger, and get shorter towards it; no second tip is left."""
    _, alpha = two_fingers(1.0)
    solid = alpha[0, 0] > 0.5
    runs = (solid[:, 1:] & ~solid[:, :-1]).sum(1)
    assert runs[4:80].max() == 1
    lengths = solid.sum(1)
    assert 0 < lengths[6] < lengths[10] < lengths[16]
    corner = solid[:8, 38:43]  # here the left one of the two ended before
    assert not corner.any()


def test_blurring_keeps_the_mean_of_a_constant_and_spreads_a_point():
    assert blur(torch.full((1, 1, 9, 9), 0.4), 2) == pytest.approx(torch.full((1, 1, 9, 9), 0.4))
    point = torch.zeros(1, 1, 9, 9)
    point[0, 0, 4, 4] = 1
    assert float(blur(point, 1).sum()) == pytest.approx(1) and float(blur(point, 1).max()) < 0.2
