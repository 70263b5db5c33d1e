"""The trainer: what its loss rewards, what it leaves out, and how weights are stored."""

import argparse

import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import hand  # noqa: E402, F401  (puts training/hands on the path)

from compose import Batch  # noqa: E402  # isort: skip
from train import keep, loss_of, pool_file  # noqa: E402  # isort: skip

TIPS = torch.full((1, 7, 2), torch.nan)
TIPS[0, :5] = torch.tensor([[40.0, 60], [80, 40], [112, 30], [144, 40], [180, 70]])


class Fixed:
    """A net with set answers: a map with peaks at the tips (or nowhere) and classes."""

    def __init__(self, tips, state, count):
        self.heat = torch.full((1, 1, 56, 56), -6.0)
        for x, y in [] if tips is None else tips[0, :5]:
            self.heat[0, 0, round(float(y) / 4 - 0.375), round(float(x) / 4 - 0.375)] = 6.0
        self.state, self.count = torch.zeros(1, 4), torch.zeros(1, 3)
        self.state[0, state], self.count[0, count] = 6.0, 6.0

    def parts(self, image):
        return self.heat, self.state, self.count, self.count


def loss(net, state=0, count=1):
    batch = Batch(torch.zeros(1, 3, 224, 224), TIPS, torch.tensor([state]), torch.tensor([count]))
    return float(loss_of(net, batch, torch.float32))


def test_the_right_answer_costs_least():
    right = loss(Fixed(TIPS, 0, 1))
    assert right < loss(Fixed(None, 0, 1))
    assert right + 2 < loss(Fixed(TIPS, 1, 1))
    assert right + 2 < loss(Fixed(TIPS, 0, 2))


def test_a_hand_that_cannot_be_counted_teaches_no_count():
    assert loss(Fixed(TIPS, 1, 0), state=1) == pytest.approx(loss(Fixed(None, 1, 2), state=1))


def test_what_is_in_between_teaches_nothing():
    assert loss(Fixed(TIPS, 1, 0), state=-1) == loss(Fixed(None, 0, 2), state=-1) == 0


def test_weights_are_stored_as_half_precision(tmp_path):
    from safetensors.torch import load_file

    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    keep(net, tmp_path / "net.safetensors")
    stored = load_file(tmp_path / "net.safetensors")
    assert stored["0.weight"].dtype == torch.float16
    assert stored["0.weight"].float() == pytest.approx(net[0].weight.detach().numpy(), abs=1e-3)
    assert stored["1.num_batches_tracked"].dtype == torch.int64


def test_each_run_has_a_pool_of_its_own():
    a, b = (pool_file(argparse.Namespace(began=t)) for t in (1.0, 2.0))
    assert a != b and a.suffix == ".pt"
