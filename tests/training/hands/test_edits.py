"""Maker A: counts and tips that the edits promise, on a drawn hand; the warp against known maps."""

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[3] / "training" / "hands"))

from edits import KINDS, Hands, edit, moving_least_squares  # noqa: E402


def drawn(n=3):
    """A hand of straight fingers in a 288 px frame: image, alpha and 21 landmarks."""
    points = torch.zeros(21, 2)
    points[0] = torch.tensor([144.0, 220.0])
    for f, angle in enumerate((-1.0, -0.35, -0.1, 0.12, 0.38)):
        way = torch.tensor([torch.sin(torch.tensor(angle)), -torch.cos(torch.tensor(angle))])
        for k in range(4):
            points[1 + 4 * f + k] = points[0] + way * (45 + 22 * k + (20 if f else 0))
    y, x = torch.meshgrid(torch.arange(288.0), torch.arange(288.0), indexing="ij")
    alpha = (((x - 144) ** 2 + (y - 195) ** 2) < 40**2).float()
    for f in range(5):
        for t in torch.linspace(0, 1, 40):
            p = points[1 + 4 * f] * (1 - t) + points[4 + 4 * f] * t
            alpha = torch.maximum(alpha, (((x - p[0]) ** 2 + (y - p[1]) ** 2) < 8**2).float())
    image = torch.stack([alpha * 0.8, alpha * 0.6, alpha * 0.5])
    stack = lambda t: t.expand(n, *t.shape).clone()  # noqa: E731
    return Hands(stack(image), stack(alpha[None]), stack(points))


def made(kind, seed=0, n=3):
    crop = torch.tensor([[1.0, 0, 32], [0, 1, 48]]).expand(n, 2, 3)
    kinds = torch.full((n,), KINDS.index(kind))
    return edit(drawn(n), kinds, crop, 224, torch.Generator().manual_seed(seed))


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
