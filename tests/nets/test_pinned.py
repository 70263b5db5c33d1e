"""Pictures in pinned memory: the GPU gets the same pixels, and nothing is gathered before."""

import numpy as np
import pytest
import torch

from iqmetrics.images import Picture
from iqmetrics.nets import pinned, stacks
from iqmetrics.records import ImageRecord


def fill(room: np.ndarray, seed: int) -> np.ndarray:
    room[:] = np.random.default_rng(seed).integers(0, 256, room.shape, np.uint8)
    return room


def test_where_nothing_can_be_pinned_a_picture_still_has_room() -> None:
    room = pinned.memory(3, 5)
    assert (room.shape, room.dtype, room.flags.writeable) == ((3, 5, 3), np.uint8, True)
    if not torch.cuda.is_available():
        assert pinned.tensor(room) is None
    assert pinned.tensor(np.zeros((3, 5, 3), np.uint8)) is None


def test_a_tensor_that_is_not_pinned_is_no_such_picture() -> None:
    assert pinned.tensor(torch.zeros((3, 5, 3), dtype=torch.uint8).numpy()) is None


@pytest.mark.gpu
def test_pictures_are_sent_from_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = [fill(pinned.memory(40, 50), seed) for seed in range(5)]
    pictures = [Picture(ImageRecord(str(k), ""), room) for k, room in enumerate(rooms)]
    assert all(pinned.tensor(p.pixels) is not None for p in pictures)
    monkeypatch.setattr(np, "copyto", None)  # nothing is gathered
    sent = stacks.stack(pictures, "cuda").cpu().numpy()
    assert np.array_equal(sent, np.stack(rooms))


@pytest.mark.gpu
@pytest.mark.parametrize("other", ["cut", "plain", "large"])
def test_others_are_gathered_with_them(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if other == "large":
        monkeypatch.setattr(pinned, "LARGEST", 40 * 50 * 3 - 1)
    room = fill(pinned.memory(80, 50) if other == "cut" else pinned.memory(40, 50), 1)
    rooms = [fill(pinned.memory(40, 50), 0), room[40:] if other == "cut" else room.copy()]
    pictures = [Picture(ImageRecord(str(k), ""), each) for k, each in enumerate(rooms)]
    assert pinned.tensor(pictures[1].pixels) is None
    assert np.array_equal(stacks.stack(pictures, "cuda").cpu().numpy(), np.stack(rooms))
