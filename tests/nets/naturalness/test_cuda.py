"""Batches: one size a stack, the order of the pictures kept, and one clear error without a GPU."""

import sys

import numpy as np
import pytest
from naturalness_pictures import picture

from iqmetrics.errors import Unavailable
from iqmetrics.nets.naturalness import cuda, devices, eager

torch = pytest.importorskip("torch")


def test_each_stacks_by_size_and_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "PIXELS_AT_ONCE", 2 * 4 * 5)
    sizes = [(4, 5), (6, 3), (4, 5), (4, 5), (6, 3), (4, 5), (4, 5)]
    pictures = [
        picture(np.full((*size, 3), k, np.uint8), f"{k}.png") for k, size in enumerate(sizes)
    ]
    seen: list[tuple[int, ...]] = []

    def judge(rgb: "torch.Tensor") -> list[int]:
        seen.append(tuple(rgb.shape))
        return [int(v) for v in rgb[:, 0, 0, 0]]

    assert cuda.each(pictures, judge, "cpu") == list(range(7))
    assert sorted(seen) == [(1, 4, 5, 3), (2, 4, 5, 3), (2, 4, 5, 3), (2, 6, 3, 3)]


def test_a_picture_larger_than_a_batch_still_gets_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "PIXELS_AT_ONCE", 1)
    pictures = [picture(np.zeros((4, 5, 3), np.uint8)) for _ in range(3)]
    assert cuda.each(pictures, lambda rgb: [len(rgb)] * len(rgb), "cpu") == [1, 1, 1]


def test_the_cpu_takes_the_plain_operations() -> None:
    assert cuda.operations("cpu") is eager


def test_without_triton_the_gpu_takes_the_plain_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iqmetrics.nets.naturalness.fused", None)
    monkeypatch.delattr("iqmetrics.nets.naturalness.fused", raising=False)
    assert cuda.operations.__wrapped__("cuda") is eager


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_no_gpu_is_said_in_one_sentence() -> None:
    with pytest.raises(Unavailable, match="no CUDA device"):
        devices.ready("cuda")


def test_no_torch_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(Unavailable) as error:
        cuda.check()
    assert "iqmetrics[score]" in error.value.hint
