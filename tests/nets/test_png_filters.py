"""Pictures whose last step of decoding is left to a GPU, and what a picture is until then."""

import numpy as np
import pytest
import torch

from iqmetrics.images import Picture
from iqmetrics.nets import pinned, png_filters, stacks
from iqmetrics.png_rows import Rows
from iqmetrics.records import ImageRecord


def rows(height: int, width: int, seed: int) -> Rows:
    draw = np.random.default_rng(seed)
    made = Rows(pinned.memory(height, width + 1))
    made.lines[:] = draw.integers(0, 256, made.lines.shape)
    made.lines[:, 0] = draw.integers(0, 5, height)
    return made


def test_without_a_gpu_a_core_finishes_them() -> None:
    late = rows(6, 8, 0)
    wanted = late.pixels()
    picture = Picture(ImageRecord("a", ""), late)
    assert not png_filters.can_finish(picture, "cpu")
    sent = stacks.stack([picture], "cpu")
    assert np.array_equal(sent[0].numpy(), wanted) and picture.late is None
    assert np.array_equal(picture.pixels, wanted)


@pytest.mark.gpu
def test_a_gpu_finishes_them_and_brings_them_back() -> None:
    """Beside one that is plain, and one of another size; each is where it was asked for."""
    lates = [rows(40, 36, 0), rows(40, 36, 1), rows(16, 12, 2)]
    wanted = [late.pixels() for late in lates]
    plain = np.full((40, 36, 3), 7, np.uint8)
    pictures = [Picture(ImageRecord(str(k), ""), late) for k, late in enumerate(lates)]
    pictures.insert(1, Picture(ImageRecord("plain", ""), plain))
    wanted.insert(1, plain)
    assert [png_filters.can_finish(p, "cuda") for p in pictures] == [True, False, True, True]
    stacks.send(pictures, "cuda")
    found = stacks.there(pictures, "cuda")
    for picture, there, pixels in zip(pictures, found, wanted, strict=True):
        assert np.array_equal(there.cpu().numpy(), pixels)
        assert np.array_equal(picture.pixels, pixels) and picture.late is None
        assert not picture.pixels.flags.writeable


@pytest.mark.gpu
def test_rows_that_are_not_in_pinned_memory_are_finished_by_a_core() -> None:
    late = rows(8, 12, 0)
    elsewhere = Rows(late.room.copy())
    picture = Picture(ImageRecord("a", ""), elsewhere)
    assert not png_filters.can_finish(picture, "cuda")
    sent = stacks.stack([picture], "cuda")
    assert np.array_equal(sent[0].cpu().numpy(), late.pixels())


def test_a_batch_for_which_there_is_no_memory_is_left_to_who_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("no memory")

    monkeypatch.setattr(stacks, "there", full)
    picture = Picture(ImageRecord("a", ""), np.zeros((4, 4, 3), np.uint8))
    stacks.send([picture], "cuda")
    assert not picture.copies
