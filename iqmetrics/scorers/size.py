"""size: width and height of the image as found, and whether they are what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from iqmetrics.images import Picture
from iqmetrics.records import YES_NO, Metric, Missing, Reading


@dataclass(frozen=True)
class Size:
    """Width and height in pixels, and 1 where they equal the size asked of the model.

    `size.as_requested` is 1 or 0, higher is better; it is not applicable when nothing says which
    size was asked for. Blind to: upscaling after generation, which changes the size on purpose.

    Example:
        An image of 512 x 768 asked for as 512 x 768: width 512, height 768, as_requested 1.
    """

    name = "size"
    version = "1"
    scope = "image"
    concurrent = True
    licence = "Apache-2.0"
    uses = ("requested_size",)
    metrics = (
        Metric("size.width", "px", 1, None, "neither", "width of the image"),
        Metric("size.height", "px", 1, None, "neither", "height of the image"),
        Metric("size.as_requested", YES_NO, 0, 1, "higher", "1 when the size is the one asked for"),
    )

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture."""
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: Picture) -> Reading:
        found = (picture.width, picture.height)
        values = {"size.width": float(found[0]), "size.height": float(found[1])}
        asked = picture.record.requested_size
        if asked is None:
            missing = Missing("not_applicable", "the size asked for is not known")
            return Reading(values, {"size.as_requested": missing})
        return Reading(
            values | {"size.as_requested": float(found == asked)}, {}, {"asked": list(asked)}
        )
