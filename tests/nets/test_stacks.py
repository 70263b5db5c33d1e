import numpy as np
import pytest
import torch

from iqmetrics.images import Picture
from iqmetrics.nets import stacks
from iqmetrics.records import ImageRecord


def shown(*sizes: tuple[int, int]) -> list[Picture]:
    draw = np.random.default_rng(0)
    return [
        Picture(ImageRecord(str(i), ""), draw.integers(0, 256, (*size, 3), dtype=np.uint8))
        for i, size in enumerate(sizes)
    ]


def test_answers_come_in_the_order_of_the_pictures() -> None:
    pictures = shown((4, 5), (3, 3), (4, 5), (3, 3), (6, 2))
    found = stacks.each(pictures, lambda s: s.double().mean((1, 2, 3)).tolist(), "cpu", 1000)
    assert found == pytest.approx([p.pixels.mean() for p in pictures])


@pytest.mark.parametrize(("at_once", "sizes"), [(1, [1, 1, 1]), (40, [2, 1]), (60, [3])])
def test_a_stack_holds_so_many_pixels(at_once: int, sizes: list[int]) -> None:
    seen: list[int] = []

    def judge(stack: torch.Tensor) -> list[int]:
        seen.append(len(stack))
        return [0] * len(stack)

    stacks.each(shown(*[(4, 5)] * 3), judge, "cpu", at_once)
    assert seen == sizes


def test_a_judge_that_answers_too_little_is_found_out() -> None:
    with pytest.raises(ValueError, match="shorter"):
        stacks.each(shown((2, 2), (2, 2)), lambda _: [1], "cpu", 100)


def test_the_stack_is_a_copy_of_the_pixels() -> None:
    pictures = shown((4, 5), (4, 5))
    made = stacks.stack(pictures, "cpu")
    assert made.dtype == torch.uint8
    assert np.array_equal(made.numpy(), np.stack([p.pixels for p in pictures]))
    made.zero_()
    assert pictures[0].pixels.any()


def test_a_picture_is_sent_once() -> None:
    pictures = shown((4, 5), (4, 5), (3, 3), (4, 5))
    one, two, small, three = pictures
    first = stacks.stack([one, two], "cpu")
    assert stacks.stack([two], "cpu").data_ptr() == first[1].data_ptr()
    mixed = stacks.stack([three, one], "cpu")
    assert np.array_equal(mixed.numpy(), np.stack([three.pixels, one.pixels]))
    assert mixed.data_ptr() not in (first.data_ptr(), three.copies["cpu"].stack.data_ptr())
    found = stacks.there(pictures, "cpu")
    assert all(np.array_equal(f.numpy(), p.pixels) for f, p in zip(found, pictures, strict=True))
    assert found[0].data_ptr() == first.data_ptr() and found[2].shape == small.pixels.shape


def test_what_was_sent_goes_with_the_pixels() -> None:
    (picture,) = shown((4, 5))
    stacks.stack([picture], "cpu")
    assert "cpu" in picture.copies and not picture.remembered().copies
