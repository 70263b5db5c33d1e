"""Maker B on a rig of tubes: it draws as many fingertips as it says, where it says."""

import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import rig  # noqa: E402  (puts training/hands on the path)

from maker3d import APART, POSES, Maker  # noqa: E402  # isort: skip

SIDE = 112


@pytest.fixture(scope="module")
def made():
    with torch.no_grad():
        return Maker(rig(), "cpu", 12).make(24, SIDE, torch.Generator().manual_seed(4))


def shown(made, b):
    return made.tips[b][~torch.isnan(made.tips[b, :, 0])]


def test_layers_have_colour_where_they_have_cover(made):
    assert made.image.shape == (24, 3, SIDE, SIDE) and made.alpha.shape == (24, 1, SIDE, SIDE)
    assert made.image.min() >= 0 and made.image.max() <= 1
    share = made.alpha.mean((1, 2, 3))
    assert share.min() > 0.03 and share.max() < 0.8


def test_there_are_as_many_tips_as_the_count(made):
    counts = [len(shown(made, b)) for b in range(24)]
    assert made.count.tolist() == counts
    assert min(counts) == 4 and max(counts) >= 6


def test_the_hand_is_drawn_at_every_tip_and_ends_beyond_it(made):
    ends = total = 0
    for b in torch.nonzero((made.clear == 1) & (made.pose == 0))[:, 0].tolist():
        tips = shown(made, b)
        middle = tips.mean(0) + torch.tensor([0.0, 0.25 * SIDE])
        for tip in tips:
            x, y = tip.round().long().tolist()
            assert made.alpha[b, 0, y - 2 : y + 3, x - 2 : x + 3].max() > 0.6
            way = (tip - middle) / (tip - middle).norm()
            x, y = (tip + way * 0.075 * SIDE).round().clamp(0, SIDE - 1).long().tolist()
            ends += float(made.alpha[b, 0, y, x]) < 0.5
            total += 1
    assert total >= 30 and ends / total > 0.85


def test_clear_hands_have_separate_tips(made):
    for b in torch.nonzero(made.clear == 1)[:, 0].tolist():
        tips = shown(made, b)
        far = torch.cdist(tips, tips) + 1e3 * torch.eye(len(tips))
        assert far.min() > APART * SIDE


def test_fused_hands_are_open_and_count_four(made):
    assert made.fused.any()
    assert made.count[made.fused].tolist() == [4] * int(made.fused.sum())
    assert (made.pose[made.fused] == 0).all()


def test_closed_poses_keep_five_fingers(made):
    closed = made.pose > 0
    assert closed.any() and (made.count[closed] == 5).all()
    assert made.pose.max() < len(POSES)


def test_the_same_seed_draws_the_same_hands():
    maker = Maker(rig(), "cpu", 4)
    a, b, c = (maker.make(2, 48, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(a.image, b.image) and not torch.equal(a.image, c.image)
