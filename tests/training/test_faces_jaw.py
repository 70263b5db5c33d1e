"""The nets of the jaw: torch and numpy agree, and a made-up shift is learned."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

import faces_jaw as train

from iqmetrics.nets.faces import jaw

SMALL = ((4, 6, 8, 8), (4, 4, 6, 6))


@pytest.fixture
def small(monkeypatch):
    """Nets of a few channels that learn in seconds."""
    monkeypatch.setattr(jaw, "NETS", SMALL)
    monkeypatch.setattr(train, "ROUNDS", (6, 6))
    monkeypatch.setattr(train, "BATCH", 32)
    monkeypatch.setattr(train, "DROP", 0.0)


def edges(count, rng):
    """Strips with a bright face that ends at some point of each ray, and the left one's way."""
    off = rng.uniform(-4, 4, count)
    point = np.arange(40.0)
    strips = np.zeros((count, 2, 40, 40, 3))
    for side, sign in ((0, 1), (1, 0)):
        end = 20 + sign * off
        strips[:, side] = (150 - 100 / (1 + np.exp(end[:, None] - point)))[:, None, :, None]
    strips += rng.normal(0, 4, strips.shape)
    answers = np.stack([off / 40, np.zeros(count)], 1).astype(np.float32)
    return torch.from_numpy(strips.clip(0, 255).astype(np.uint8)), torch.from_numpy(answers)


def test_numpy_answers_as_torch_does(small):
    torch.manual_seed(0)
    nets = [train.Net(wide).eval() for wide in SMALL]
    strips = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 2, 40, 40, 3), "u1"))
    layers = jaw.unpacked(train.packed(nets))
    there = train.answers_of(nets, strips).numpy()
    for one, expected in zip(strips.numpy(), there, strict=True):
        both = jaw.prepared(one)
        here = np.mean([jaw.told(both, net) for net in layers], 0) / jaw.SCALE
        np.testing.assert_allclose(here, expected, atol=0.1 * np.abs(there).max())


def test_the_other_side_first_changes_the_sign(small):
    net = train.Net(SMALL[0]).eval()
    strips, _ = edges(4, np.random.default_rng(1))
    one, two = (train.answers_of([net], s) for s in (strips, strips.flip(1)))
    torch.testing.assert_close(one, -two)


def test_a_shifted_edge_is_learned(small):
    rng = np.random.default_rng(2)
    nets = train.learn_all(*edges(640, rng))
    strips, answers = edges(64, rng)
    said = train.answers_of(nets, strips).numpy()[:, 0]
    assert np.corrcoef(said, answers[:, 0])[0, 1] > 0.9


def test_a_patch_is_hidden_on_either_side_and_light_stays_in_range(small):
    rng = torch.Generator().manual_seed(0)
    both = torch.full((200, 2, 3, 40, 40), 100.0)
    both[100:] = 200
    changed = (train.hidden(both, rng) != both).any(2).flatten(2).any(2)
    assert 0.05 < changed.float().mean() < 0.4
    seen = train.varied(both, rng)
    assert seen.min() >= 0 and seen.max() <= 255 and seen.std() > 10


def test_nobody_is_answered_by_a_net_that_saw_them(small, tmp_path, monkeypatch):
    strips, answers = edges(200, np.random.default_rng(3))
    person = np.arange(200) // 20
    seen = []
    monkeypatch.setattr(train, "learn_all", lambda s, a: seen.append(len(s)) or [len(seen)])
    monkeypatch.setattr(train, "packed", lambda nets: {})
    monkeypatch.setattr(
        train, "answers_of", lambda nets, s: torch.full((len(s), 2), float(nets[0]))
    )
    kind = np.where(np.arange(200) % 20 == 0, "normal", "learn")
    made = {"strips": strips.numpy(), "answer": answers.numpy(), "person": person, "kind": kind}
    np.savez(tmp_path / "strips.npz", **made)
    np.savez(tmp_path / "samples.npz", strips=strips.numpy()[:60], person=np.arange(60) // 5)
    train.fit(*(tmp_path / f"{n}.npz" for n in ("strips", "samples", "net", "answers")))
    assert seen[0] == 190 and len(seen) == 1 + train.FOLDS and max(seen[1:]) < 190
    with np.load(tmp_path / "answers.npz") as data:
        said = data["jaw"][:, 0]
    assert (said[:50] > 1).all() and (said[50:] == 1).all()
