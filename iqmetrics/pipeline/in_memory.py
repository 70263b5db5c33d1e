"""Images that are already in memory, `PIL.Image` or uint8 arrays, as an input of `score`."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from iqmetrics.errors import BadInput
from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def are_in_memory(images: Any) -> bool:
    """Whether `images` is a sequence of arrays or `PIL.Image` objects instead of paths."""
    first = images[0] if isinstance(images, Sequence) and len(images) else None
    return hasattr(first, "shape") or hasattr(first, "convert")


def pictures(images: Sequence[Any]) -> Iterator[Picture]:
    """One picture an image, named image-1, image-2 ...

    Raises:
        BadInput: an array is not uint8 of shape HxW, HxWx3 or HxWx4.
    """
    for number, image in enumerate(images, 1):
        name = f"image-{number}"
        pixels = _pixels(name, image)
        record = ImageRecord(
            image=name,
            path=name,
            sha256=sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest(),
            prompt_id=name,
            pick=1,
        )
        yield Picture(record, pixels)


def _pixels(name: str, image: Any) -> "NDArray[np.uint8]":
    import numpy as np

    array = np.array(image.convert("RGB") if hasattr(image, "convert") else image)
    if (
        array.dtype != np.uint8
        or array.ndim not in (2, 3)
        or (array.ndim == 3 and array.shape[2] not in (3, 4))
    ):
        raise BadInput(
            f"{name} is {array.dtype} {array.shape}",
            "Give uint8 arrays of shape HxW, HxWx3 or HxWx4",
        )
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    return np.ascontiguousarray(array[..., :3])
