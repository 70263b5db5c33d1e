"""The store of composed items: a few are replaced on each draw, the oldest first."""

import pytest

torch = pytest.importorskip("torch")

from training.hands.drawn import pack  # noqa: E402  (puts training/hands on the path)

from compose import Batch  # noqa: E402  # isort: skip
from ring import Ring  # noqa: E402  # isort: skip


class Counting:
    """Stands for a composer: its n-th batch has count n everywhere."""

    def __init__(self):
        self.g = torch.Generator().manual_seed(0)
        self.made = 0

    def batch(self, n):
        self.made += 1
        number = torch.full((n,), self.made)
        return Batch(torch.full((n, 3, 4, 4), 0.5), torch.zeros(n, 7, 2), number, number)

    def finish(self, batch):
        return batch


def test_the_oldest_items_are_replaced():
    ring = Ring(Counting(), 12, 4)
    assert ring.store[3].tolist() == [1] * 4 + [2] * 4 + [3] * 4
    ring.draw(5)
    assert ring.store[3].tolist() == [4] * 4 + [2] * 4 + [3] * 4
    for _ in range(3):
        ring.draw(5)
    assert ring.store[3].tolist() == [7] * 4 + [5] * 4 + [6] * 4


def test_a_draw_has_the_asked_size_and_the_stored_colours():
    batch = Ring(Counting(), 8, 4).draw(6)
    assert batch.image.shape == (6, 3, 4, 4)
    assert batch.image == pytest.approx(torch.full((6, 3, 4, 4), 128 / 255))


def test_with_a_real_composer():
    from compose import Composer

    batch = Ring(Composer(pack(), None, 1), 8, 8).draw(4)
    assert batch.image.shape == (4, 3, 224, 224) and batch.tips.shape == (4, 7, 2)
