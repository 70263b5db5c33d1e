"""Runs a statistic where it was asked to run: picture by picture on the CPU, or in GPU batches."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from iqmetrics.images import Picture
from iqmetrics.nets import side_by_side
from iqmetrics.nets.naturalness import cpu, cuda

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")


def ready(device: str) -> None:
    """Raises `Unavailable` when what `device` needs is not installed or not there."""
    if device == "cpu":
        cpu.ready()
    else:
        cuda.check()


def each(
    pictures: Sequence[Picture],
    one: Callable[[Picture], T],
    batch: "Callable[[Tensor], Sequence[T]]",
    device: str,
) -> list[T]:
    """What `one` says of each picture, or `batch` of stacks of them, in the order of `pictures`."""
    if device == "cpu":
        return side_by_side.each(one, pictures)
    return cuda.each(pictures, batch, device)
