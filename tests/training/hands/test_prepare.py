"""Packing photographs: which files are taken, the mask of a hand, and reading a pack back."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
cv2 = pytest.importorskip("cv2")

from training.hands.drawn import hand  # noqa: E402  (puts training/hands on the path)

from packed import load  # noqa: E402  # isort: skip
from prepare import PER_DIGIT, digits, mask_of, ti1k, wall_of  # noqa: E402  # isort: skip


def photograph():
    """The drawn hand, skin on a grey wall: pixels, landmarks, truth."""
    made = hand(1)
    alpha = made.alpha[0, 0].numpy()
    grain = np.random.default_rng(0).normal(0, 4, (*alpha.shape, 1))
    colour = np.where(alpha[..., None] > 0.5, [205, 150, 125], [70, 90, 110]) + grain
    return np.clip(colour, 0, 255).astype(np.uint8), made.points[0].numpy(), alpha > 0.5


def test_digits_know_their_fingers_and_fold(tmp_path):
    for name in PER_DIGIT:
        (tmp_path / name).mkdir()
        for number in (7, 107, 250):
            (tmp_path / name / f"IMG_{number:04}.JPG").touch()
    rows = {(f.parent.name, f.stem): (shown, fold) for f, shown, fold, _ in digits(tmp_path)}
    assert rows["5", "IMG_0007"] == (5, 0) and rows["5", "IMG_0107"] == (5, 1)
    assert rows["0", "IMG_0250"] == (0, 0) and rows["9", "IMG_0250"] == (3, 0)


def test_first_person_hands_are_halved_by_order(tmp_path):
    for i in range(6):
        (tmp_path / f"{i}.jpg").touch()
    assert all(shown == 2 for _, shown, _, _ in ti1k(tmp_path))


def test_the_mask_is_the_hand_and_trusted():
    pixels, points, truth = photograph()
    mask, trust = mask_of(pixels, points)
    found = mask > 127
    assert (found & truth).sum() / (found | truth).sum() > 0.8 and trust > 0.8


def test_the_wall_shows_no_hand():
    pixels, _, truth = photograph()
    wall = wall_of(pixels, (truth * 255).astype(np.uint8))
    assert wall.shape == (128, 128, 3) and np.abs(wall.astype(int) - [70, 90, 110]).mean() < 12


def test_a_pack_is_read_back(tmp_path):
    pixels, points, truth = photograph()
    blobs = {
        "jpg": cv2.imencode(".jpg", pixels[:, :, ::-1])[1],
        "mask": cv2.imencode(".png", truth.astype(np.uint8) * 255)[1],
        "wall": cv2.imencode(".jpg", pixels[::3, ::3, ::-1])[1],
        "scene": cv2.imencode(".jpg", pixels[:, :, ::-1])[1],
    }
    rows = {k: v.ravel() for k, v in blobs.items()}
    ends = {k + "_ends": np.array([v.size]) for k, v in blobs.items()}
    facts = {"points": points[None], "shown": [5], "fold": [1], "source": [0], "trust": [0.9]}
    np.savez(tmp_path / "pack.npz", **rows, **ends, **facts, name=["5/a.jpg"])
    pack = load(tmp_path / "pack.npz", "cpu")
    assert pack.image.shape == (1, 3, 288, 288) and pack.name == ["5/a.jpg"]
    assert np.abs(pack.image[0].permute(1, 2, 0).numpy().astype(int) - pixels).mean() < 6
    inner = pack.alpha[0, 0].numpy() > 127
    assert inner.sum() < truth.sum() and not (inner & ~truth).any()
