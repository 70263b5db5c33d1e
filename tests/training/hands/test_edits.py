"""Maker A: counts and tips that the edits promise, on a drawn hand; the warp against known maps."""

import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import hand  # noqa: E402  (puts training/hands on the path)

from edits import KINDS, edit, moving_least_squares  # noqa: E402  # isort: skip


def made(kind, seed=0, n=3):
    crop = torch.tensor([[1.0, 0, 32], [0, 1, 48]]).expand(n, 2, 3)
    kinds = torch.full((n,), KINDS.index(kind))
    return edit(hand(n), kinds, crop, 224, torch.Generator().manual_seed(seed))


COUNTS = {
    "plain": 5,
    "six": 6,
    "four": 4,
    "null": 5,
    "fused": 4,
    "together": 5,
    "seven": 7,
    "three": 3,
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_edit_has_the_count_it_says(kind):
    result = made(kind)
    assert result.count.tolist() == [COUNTS[kind]] * 3
    assert (~torch.isnan(result.tips[..., 0])).sum(1).tolist() == [COUNTS[kind]] * 3


@pytest.mark.parametrize("kind", ["plain", "six", "null", "seven", "four"])
def test_the_hand_reaches_to_every_tip(kind):
    result = made(kind)
    for b in range(3):
        for x, y in result.tips[b][~torch.isnan(result.tips[b, :, 0])]:
            around = result.alpha[b, 0, int(y) - 8 : int(y) + 9, int(x) - 8 : int(x) + 9]
            assert around.max() > 0.6


def test_inserting_adds_and_removing_takes_area():
    area = {k: float(made(k).alpha.mean()) for k in ("plain", "six", "four")}
    assert area["four"] < area["plain"] < area["six"]


def lobes(alpha, tips, wrist):
    """Runs of hand along an arc about the wrist, just below the tips' mean distance."""
    radius = float((tips - wrist).norm(dim=1)[1:].min()) - 7
    angle = torch.linspace(-torch.pi, 0, 900)
    x, y = wrist[0] + radius * angle.cos(), wrist[1] + radius * angle.sin()
    ok = (x > 0) & (x < 223) & (y > 0) & (y < 223)
    line = alpha[0, y.clamp(0, 223).long(), x.clamp(0, 223).long()] * ok > 0.5
    return int((line[1:] & ~line[:-1]).sum())


def test_fusing_leaves_fewer_separate_fingers():
    wrist = torch.tensor([144.0 - 32, 220.0 - 48])
    runs = {}
    for kind in ("plain", "fused"):
        runs[kind] = []
        for seed in range(4):
            r = made(kind, seed)
            for b in range(3):
                tips = r.tips[b][~torch.isnan(r.tips[b, :, 0])]
                runs[kind].append(lobes(r.alpha[b], tips, wrist))
    assert sum(runs["plain"]) - sum(runs["fused"]) >= 9
    assert max(runs["fused"]) <= 5


def test_no_wires_are_left_where_a_finger_was():
    pool = torch.nn.functional.max_pool2d
    for kind in ("four", "null", "three"):
        alpha = made(kind, 3).alpha
        solid = pool(-pool(-alpha, 5, 1, 2), 9, 1, 4)
        assert ((alpha > 0.5) & (solid < 0.3)).float().sum() < 12


def test_the_same_seed_makes_the_same_hands():
    assert torch.equal(made("null", 4).image, made("null", 4).image)
    assert not torch.equal(made("null", 4).image, made("null", 5).image)


def test_least_squares_reproduce_a_similarity_exactly():
    start = torch.view_as_complex(torch.rand(1, 9, 2) * 100)
    goal = start * (0.9 + 0.3j) + (5 - 7j)
    at = torch.view_as_complex(torch.rand(1, 6, 6, 2) * 100)
    back = moving_least_squares(at, goal, start, torch.ones(1, 9))
    assert torch.allclose(back, (at - (5 - 7j)) / (0.9 + 0.3j), atol=1e-2)


def test_points_without_weight_do_not_pull():
    start = torch.view_as_complex(torch.rand(1, 8, 2) * 100)
    goal = start.clone()
    goal[0, 0] += 60
    weight = torch.ones(1, 8)
    weight[0, 0] = 0
    at = torch.view_as_complex(torch.rand(1, 5, 5, 2) * 100)
    assert torch.allclose(moving_least_squares(at, goal, start, weight), at, atol=1e-2)
