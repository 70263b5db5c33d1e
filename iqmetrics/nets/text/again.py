"""Second looks at places where text was found: the same crop changed, or cut out otherwise.

turned        upside down
wide          half as wide again: lettering squeezed by its font or by perspective
left, right   slanted by 12 degrees
coarse        at 24 px height: huge, soft or grainy letters
fitted        cut out along the four sides of its outline: lettering in perspective
longer        pieces in one line joined and both ends lengthened, upright and upside down
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from iqmetrics.nets.text.detect import Region, ordered
from iqmetrics.nets.text.recognise import crop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]
    Crop = tuple[NDArray[np.float32], Image]
    Look = tuple[NDArray[np.float32], Image, bool]

SLANT, COARSE, WIDER = 12.0, 24, 1.5
LENGTHEN, GAP = 0.7, 1.2
"""How far a line may go on unseen at each end, and between its pieces, in heights of the line."""


def turned(image: "Image") -> "Image":
    """Upside down."""
    return np.ascontiguousarray(np.rot90(image, 2))


def slanted(image: "Image", degrees: float) -> "Image":
    """Leaning by so much, about the middle row."""
    h, w = image.shape[:2]
    lean = float(np.tan(np.radians(degrees)))
    matrix = np.array([[1, lean, -h * lean / 2], [0, 1, 0]])
    out = cv2.warpAffine(image, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def coarse(image: "Image") -> "Image":
    """At 24 rows, or fewer where it has fewer."""
    h, w = image.shape[:2]
    rows = min(h, COARSE)
    out = cv2.resize(image, (max(1, round(w * rows / h)), rows), interpolation=cv2.INTER_AREA)
    return np.asarray(out, np.uint8)


def wide(image: "Image") -> "Image":
    """Half as wide again."""
    h, w = image.shape[:2]
    out = cv2.resize(image, (max(1, round(w * WIDER)), h), interpolation=cv2.INTER_CUBIC)
    return np.asarray(out, np.uint8)


CHANGES: "dict[str, Callable[[Image], Image]]" = {
    "turned": turned,
    "wide": wide,
    "left": lambda image: slanted(image, -SLANT),
    "right": lambda image: slanted(image, SLANT),
    "coarse": coarse,
}
AGAIN = ("turned", "wide", "longer", "fitted", "left", "right", "coarse")
"""The second looks, the likeliest to help first."""


def looks(pixels: "Image", regions: Sequence[Region], what: str) -> "list[Look]":
    """Corners, crop and whether it was turned over, of every place that this look sees anew."""
    straight = [r for r in regions if r.arc is None]
    if what == "longer":
        cut = [(c, crop(pixels, c)) for c in lengthened([r.corners for r in straight])]
        return [look for c, i in cut for look in ((c, i, False), (c, turned(i), True))]
    if what == "fitted":
        outlines = [r.outline for r in straight if r.outline is not None]
        return [(c, crop(pixels, c), False) for c in outlines]
    return changed([(r.corners, crop(pixels, r.corners)) for r in straight], what)


def changed(crops: "Sequence[Crop]", what: str) -> "list[Look]":
    """Those of `looks` that see the crops of an earlier pass otherwise: one of `CHANGES`."""
    change = CHANGES[what]
    return [(corners, change(image), what == "turned") for corners, image in crops]


def lengthened(places: "Sequence[NDArray[np.float32]]") -> "list[NDArray[np.float32]]":
    """Rectangles (4, 2) around the pieces of each line, longer by LENGTHEN heights at each end."""
    group = list(range(len(places)))
    shapes = [_shape(p) for p in places]
    for i in range(len(places)):
        for j in range(i):
            if group[i] != group[j] and _go_on(shapes[i], shapes[j]):
                group = [group[j] if g == group[i] else g for g in group]
    lines = [[places[i] for i, g in enumerate(group) if g == name] for name in sorted(set(group))]
    return [_around(np.concatenate(line)) for line in lines]


_Shape = tuple["NDArray[np.float64]", "NDArray[np.float64]", float, float]
"""Centre, direction of the longer side, length along it, and across it."""


def _shape(corners: "NDArray[np.float32]") -> _Shape:
    a, b = (corners[1] - corners[0]).astype(float), (corners[3] - corners[0]).astype(float)
    if np.linalg.norm(a) < np.linalg.norm(b):
        a, b = b, a
    length, height = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    return corners.mean(0).astype(float), a / max(length, 1e-6), length, height


def _go_on(one: _Shape, other: _Shape) -> bool:
    """Whether two pieces lie in one line: direction and height of the longer one decide."""
    (c, along, length, height), short = (
        (one, other) if one[2] / one[3] > other[2] / other[3] else (other, one)
    )
    if length < 1.2 * height:
        return False
    to = short[0] - c
    forward, aside = abs(float(to @ along)), abs(float(to[0] * along[1] - to[1] * along[0]))
    cosine = abs(float(along @ short[1]))
    if 0.34 < cosine < 0.94 and short[2] > 1.4 * short[3]:
        return False  # askew; a single letter may stand across, or have no direction
    reach, across = (short[2], short[3]) if cosine > 0.7 else (short[3], short[2])
    return (
        0.55 < across / height < 1.8
        and aside < 0.4 * height
        and forward - (length + reach) / 2 < GAP * height
    )


def _around(points: "NDArray[np.float32]") -> "NDArray[np.float32]":
    (x, y), (w, h), angle = cv2.minAreaRect(points)
    more = 2 * LENGTHEN * min(w, h)
    size = (w + more, h) if w >= h else (w, h + more)
    return ordered(np.asarray(cv2.boxPoints(((x, y), size, angle)), np.float32))
