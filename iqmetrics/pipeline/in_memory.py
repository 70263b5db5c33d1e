"""Images that are already in memory, `PIL.Image` or uint8 arrays, as an input of `score`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from iqmetrics import colour
from iqmetrics.errors import BadInput, ImageProblem
from iqmetrics.images import Picture
from iqmetrics.metadata.assemble import prompt_id_of
from iqmetrics.records import ImageRecord
from iqmetrics.render import count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def are_in_memory(images: Any) -> bool:
    """Whether `images` is a sequence of arrays or `PIL.Image` objects instead of paths."""
    first = images[0] if isinstance(images, Sequence) and len(images) else None
    return hasattr(first, "shape") or hasattr(first, "convert")


def pictures(
    images: Sequence[Any],
    texts: tuple[str, ...] | None = None,
    prompts: Sequence[str | None] | None = None,
) -> Iterator[Picture]:
    """One picture an image, named image-1, image-2 ...; each is to show `texts`.

    `prompts` has the prompt of each image, None where there is none; images of one prompt are its
    picks in their order.

    Raises:
        BadInput: an array is not uint8 of shape HxW, HxWx3 or HxWx4, or has no pixels, or Pillow
            cannot read one; prompts and images are not equally many, or a prompt is no text.
    """
    asked = [None] * len(images) if prompts is None else prompts
    if len(asked) != len(images):
        raise BadInput(
            f"{count(len(asked), 'prompt')} for {count(len(images), 'image')}",
            "Give one for each image, None where it has none",
        )
    picks: Counter[str] = Counter()
    for number, (image, prompt) in enumerate(zip(images, asked, strict=True), 1):
        name = f"image-{number}"
        if not isinstance(prompt, str | None):
            raise BadInput(
                f"the prompt of {name} is of the kind {type(prompt).__name__}", "Give texts"
            )
        prompt_id = name if prompt is None else prompt_id_of(prompt)
        picks[prompt_id] += 1
        pixels = _pixels(name, image)
        record = ImageRecord(
            image=name,
            path=name,
            sha256=sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest(),
            prompt_id=prompt_id,
            prompt=prompt,
            pick=picks[prompt_id],
            texts=texts,
        )
        yield Picture(record, pixels)


def _pixels(name: str, image: Any) -> "NDArray[np.uint8]":
    import numpy as np

    hint = "Give uint8 arrays of shape HxW, HxWx3 or HxWx4"
    if not (hasattr(image, "convert") or hasattr(image, "shape")):
        raise BadInput(
            f"{name} is of the kind {type(image).__name__}", f"{hint}, or PIL images: no others"
        )
    array = np.array(_shown(name, image) if hasattr(image, "convert") else image)
    if (
        array.dtype != np.uint8
        or array.ndim not in (2, 3)
        or (array.ndim == 3 and array.shape[2] not in (3, 4))
    ):
        raise BadInput(f"{name} is {array.dtype} {array.shape}", hint)
    if not array.size:
        raise BadInput(f"{name} has no pixels: its shape is {array.shape}", hint)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    return np.ascontiguousarray(array[..., :3])


def _shown(name: str, image: Any) -> "NDArray[np.uint8]":
    """What a file of this `PIL.Image` would show by the decode policy: upright, sRGB, no alpha."""
    from PIL import ImageOps

    try:
        image.load()
        with suppress(Exception):  # broken EXIF turns nothing
            image = ImageOps.exif_transpose(image)
        paint, _ = colour.painter(image)
        return paint(image)[0]
    except (OSError, ImageProblem) as error:
        raise BadInput(f"{name} cannot be shown: {error}", "Give uint8 arrays or images") from error
