"""Pictures of one size side by side on a device, so that a net sees them together."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from iqmetrics.images import Picture, by_shape
from iqmetrics.nets import pinned, png_filters, side_by_side

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")

log = logging.getLogger(__name__)


class Sent(NamedTuple):
    """Where the pixels of a picture are on a device: a place in a stack."""

    stack: "Tensor"
    place: int


def each(
    pictures: Sequence[Picture],
    judge: "Callable[[Tensor], Sequence[T]]",
    device: str,
    pixels_at_once: int,
) -> list[T]:
    """`judge` of every picture, in order; it sees stacks N x H x W x 3 (uint8) on the device."""
    found: dict[int, T] = {}
    for (height, width), places in by_shape(pictures).items():
        step = max(1, pixels_at_once // (height * width))
        for start in range(0, len(places), step):
            chunk = places[start : start + step]
            answers = judge(stack([pictures[place] for place in chunk], device))
            found.update(zip(chunk, answers, strict=True))
    return [found[place] for place in range(len(pictures))]


def stack(pictures: Sequence[Picture], device: str) -> "Tensor":
    """Pixels of pictures of one size, (n, height, width, 3) uint8, on the device.

    A picture is sent once, whoever asks: nobody may write to what is answered.
    """
    import torch

    sent = _sent(pictures, device)
    whole, first = sent[0]
    if all(s.stack is whole and s.place == first + k for k, s in enumerate(sent)):
        return whole[first : first + len(sent)]
    return torch.stack([s.stack[s.place] for s in sent])


def there(pictures: Sequence[Picture], device: str) -> "list[Tensor]":
    """Pixels of pictures of any sizes, (height, width, 3) uint8 each, on the device."""
    for places in by_shape(pictures).values():
        _sent([pictures[place] for place in places], device)
    return [sent.stack[sent.place] for sent in (p.copies[device] for p in pictures)]


def send(pictures: Sequence[Picture], device: str) -> None:
    """Have pictures sent to a GPU before anybody asks, and late ones finished there.

    Where it has no memory for all of them, whoever needs them sends fewer.
    """
    import torch

    try:
        there(pictures, device)
    except torch.OutOfMemoryError as error:
        log.debug("a batch is not sent at once", exc_info=error)


def _sent(pictures: Sequence[Picture], device: str) -> list[Sent]:
    late: list[Picture] = []
    rest: list[Picture] = []
    for p in pictures:
        if device not in p.copies:
            (late if png_filters.can_finish(p, device) else rest).append(p)
    for some, sending in ((late, png_filters.finished), (rest, _send)):
        if some:
            whole = sending(some, device)
            for place, picture in enumerate(some):
                picture.copies[device] = Sent(whole, place)
    return [p.copies[device] for p in pictures]


def _send(pictures: Sequence[Picture], device: str) -> "Tensor":
    """Sent to a GPU without waiting, from pinned memory: gathered there unless they are in it."""
    import torch

    shape = (len(pictures), *pictures[0].pixels.shape)
    if held := _held(pictures, device):
        whole = torch.empty(shape, dtype=torch.uint8, device=device)
        for place, one in zip(whole.unbind(), held, strict=True):
            place.copy_(one, non_blocking=True)
        return whole
    gathered = torch.empty(shape, dtype=torch.uint8, pin_memory=device.startswith("cuda"))
    target = gathered.numpy()

    def copy(place: int) -> None:
        np.copyto(target[place], pictures[place].pixels)

    side_by_side.each(copy, range(len(pictures)))
    return gathered.to(device, non_blocking=True)


def _held(pictures: Sequence[Picture], device: str) -> "list[Tensor]":
    """The pictures' tensors in pinned memory; none where one is elsewhere or a CPU asks."""
    if not device.startswith("cuda"):
        return []
    held = [pinned.tensor(p.pixels) for p in pictures]
    return [one for one in held if one is not None] if None not in held else []
