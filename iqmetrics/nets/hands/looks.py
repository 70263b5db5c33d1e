"""Cut-outs of many regions of many pictures: on the GPU where the pictures are, else by OpenCV."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.images import Picture
from iqmetrics.nets import cuts
from iqmetrics.nets.hands.region import OUTSIDE, Region, planned, turned
from iqmetrics.nets.side_by_side import each

if TYPE_CHECKING:
    from torch import Tensor

Bytes = NDArray[np.uint8]


def sent(pictures: Sequence[Picture], device: str) -> "list[Tensor] | None":
    """The pictures on the device, where it can cut; None on a CPU."""
    if device == "cpu" or not cuts.possible(device):
        return None
    from iqmetrics.nets import stacks

    return stacks.there(pictures, device)


def looks(
    images: Sequence[Bytes],
    there: "Sequence[Tensor] | None",
    jobs: Sequence[tuple[int, Region, bool]],
    size: int,
) -> Any:
    """Crops n x size x size x 3 (bytes) of (number of the image, region, mirrored)."""
    if there is not None:
        shapes = [image.shape for image in images]
        plans = [planned(shapes[i], region, size, i, flip) for i, region, flip in jobs]
        return cuts.cut(there, plans, size, OUTSIDE[0])

    cut = np.empty((len(jobs), size, size, 3), np.uint8)
    alike: dict[tuple[int, float, float, float], list[int]] = {}
    for place, (number, region, _) in enumerate(jobs):
        alike.setdefault((number, region.x, region.y, region.side), []).append(place)

    def together(places: list[int]) -> None:
        regions = list(dict.fromkeys(jobs[place][1] for place in places))
        made = turned(images[jobs[places[0]][0]], regions, size)
        found = dict(zip(regions, made, strict=True))
        for place in places:
            _, region, mirrored = jobs[place]
            cut[place] = found[region][:, ::-1] if mirrored else found[region]

    each(together, list(alike.values()))
    return cut
