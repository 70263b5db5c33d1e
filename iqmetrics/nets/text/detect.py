"""Where is text: a heat map from the detector, and from it rotated boxes or arcs.

Heat maps follow differentiable binarisation (Liao et al. 2020, arXiv 1911.08947) with PP-OCR's
constants: threshold .3, mean heat in the box >= .5, boxes grown by area x 1.6 / perimeter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, floor
from typing import TYPE_CHECKING

import cv2
import numpy as np

from iqmetrics.nets.text.arcs import Arc, fit_arc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iqmetrics.images import Picture
    from iqmetrics.nets.text.runtime import Net

THRESHOLD, BOX_HEAT, GROWTH = 0.3, 0.5, 1.6
STEP = 32
SMALLEST = 3.0


@dataclass(frozen=True, slots=True)
class Region:
    """A place where text may stand, in pixels of the picture.

    `corners` (4, 2): top left, top right, bottom right, bottom left of the lying rectangle (of an
    arc: its outline); `arc` when the letters follow a circle; `heat` = the detector's mean answer
    inside, 0..1; `outline` (4, 2): the same place within the four sides that fit it best.
    """

    corners: "NDArray[np.float32]"
    heat: float
    arc: Arc | None = None
    outline: "NDArray[np.float32] | None" = None


def heat_map(
    net: "Net", pixels: "NDArray[np.uint8]", side: int
) -> "tuple[NDArray[np.float32], float, float]":
    """The detector's answer (h, w) and the picture's pixels per map pixel, across and down."""
    resized = scaled(pixels, side)
    batch = (resized[:, :, ::-1].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
    return _placed(net(np.ascontiguousarray(batch))[0, 0], pixels)


def heat_maps(
    net: "Net",
    frames: "Sequence[tuple[NDArray[np.uint8], int]]",
    pictures: "Sequence[Picture | None] | None" = None,
) -> "list[tuple[NDArray[np.float32], float, float]]":
    """`heat_map` of each (pixels, side); on a GPU equal sizes go through the net together.

    `pictures` are those whose pixels a frame shows unchanged: a GPU may have them already.
    """
    if on_device := getattr(net, "heats", None):
        heats = on_device(frames, scaled, pictures or [None] * len(frames))
        return [_placed(heat, pixels) for heat, (pixels, _) in zip(heats, frames, strict=True)]
    return [heat_map(net, pixels, side) for pixels, side in frames]


def _placed(
    heat: "NDArray[np.float32]", pixels: "NDArray[np.uint8]"
) -> "tuple[NDArray[np.float32], float, float]":
    return heat, pixels.shape[1] / heat.shape[1], pixels.shape[0] / heat.shape[0]


def scaled(pixels: "NDArray[np.uint8]", side: int) -> "NDArray[np.uint8]":
    """The picture with its longer side at `side`, then rounded to the net's step of 32."""
    h, w, averaged = seen_size(pixels.shape, side)
    resized = cv2.resize(
        pixels, (w, h), interpolation=cv2.INTER_AREA if averaged else cv2.INTER_LINEAR
    )
    return np.asarray(resized, np.uint8)


def seen_size(shape: Sequence[int], side: int) -> tuple[int, int, bool]:
    """Height and width of what the net sees of a picture, and whether area averages make it."""
    height, width = shape[:2]
    scale = side / max(height, width)
    w = max(STEP, round(width * scale / STEP) * STEP)
    h = max(STEP, round(height * scale / STEP) * STEP)
    return h, w, scale < 0.75


def regions(
    heat: "NDArray[np.float32]", across: float, down: float, bowed: bool = True
) -> list[Region]:
    """Boxes, and with `bowed` arcs, of one heat map, in picture pixels; unordered."""
    mask = np.asarray(
        cv2.dilate((heat > THRESHOLD).view(np.uint8), np.ones((2, 2), np.uint8)), np.uint8
    )
    contours = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    scale = np.array([across, down], np.float32)
    found = []
    for contour in contours:
        rectangle = cv2.minAreaRect(contour)
        if min(rectangle[1]) < SMALLEST:
            continue
        mean = _mean_heat(heat, np.asarray(cv2.boxPoints(rectangle), np.float32))
        if mean >= BOX_HEAT:
            corners = ordered(_grown(rectangle)) * scale
            found.append(
                Region(
                    corners,
                    mean,
                    outline=_four_sides(np.asarray(contour, np.int32), rectangle, scale),
                )
            )
    return found + (_arcs(mask, scale) if bowed else [])


def _arcs(mask: "NDArray[np.uint8]", scale: "NDArray[np.float32]") -> list[Region]:
    """Curved blobs, alone or in neighbouring pieces."""
    # The numbers of the pieces are those of the default algorithm, in a third of its time.
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask, 8, cv2.CV_32S, cv2.CCL_GRANA
    )
    pieces = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= 60]
    pieces = sorted(pieces, key=lambda i: -stats[i, cv2.CC_STAT_AREA])[:40]
    points = {}
    for i in pieces:
        x, y, w, h = stats[i, :4]
        ys, xs = np.nonzero(labels[y : y + h, x : x + w] == i)
        points[i] = (np.stack([xs + x, ys + y], 1) + 0.5).astype(np.float32) * scale
    arcs = [arc for cloud in points.values() if (arc := fit_arc([cloud])) is not None]
    if len(points) > 1:
        arcs += _joined(list(points.values()))
    return [Region(arc.outline(), 1.0, arc) for arc in arcs]


def _joined(clouds: "list[NDArray[np.float32]]") -> list[Arc]:
    """Arcs through neighbouring pieces: a curved line often falls apart between its words."""
    found = []
    thick = [_thickness(c) for c in clouds]
    gap = cache(lambda i, j: _gap(clouds[i], clouds[j]))
    for seed in range(min(len(clouds), 6)):
        group, rest = [seed], [i for i in range(len(clouds)) if i != seed]
        while near := [
            i
            for i in rest
            if 0.5 < thick[i] / thick[seed] < 2
            and min(gap(min(i, j), max(i, j)) for j in group) < 2.5 * thick[seed]
        ]:
            group, rest = group + near, [i for i in rest if i not in near]
        if 1 < len(group) <= 8 and min(group) == seed:
            arc = fit_arc([clouds[i] for i in group])
            found += [arc] if arc else []
    return found


def _thickness(cloud: "NDArray[np.float32]") -> float:
    return max(1.0, min(cv2.minAreaRect(cloud)[1]))


def _gap(a: "NDArray[np.float32]", b: "NDArray[np.float32]") -> float:
    a, b = a[:: max(1, len(a) // 60)], b[:: max(1, len(b) // 60)]
    return float(np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1).min()))


def _grown(
    rectangle: tuple[Sequence[float], Sequence[float], float],
) -> "NDArray[np.float32]":
    """The four corners after growing every side by area x GROWTH / perimeter."""
    centre, (w, h), angle = rectangle
    by = w * h * GROWTH / (2 * (w + h))
    return np.asarray(cv2.boxPoints((centre, (w + 2 * by, h + 2 * by), angle)), np.float32)


def _four_sides(
    contour: "NDArray[np.int32]",
    rectangle: tuple[Sequence[float], Sequence[float], float],
    scale: "NDArray[np.float32]",
) -> "NDArray[np.float32] | None":
    """The least quadrilateral around a blob, grown as its rectangle is, if there is one."""
    hull = cv2.convexHull(contour)
    if len(hull) < 5:
        return None
    corners = ordered(np.asarray(cv2.approxPolyN(hull, 4)[0], np.float32))
    sides = corners[[1, 2, 3, 0]] - corners
    lengths = np.sqrt((sides * sides).sum(1))
    if lengths.min() < SMALLEST:
        return None
    w, h = rectangle[1]
    outward = np.stack([sides[:, 1], -sides[:, 0]], 1) / lengths[:, None]
    starts = corners + outward * (w * h * GROWTH / (2 * (w + h)))
    grown = _crossings(starts[[3, 0, 1, 2]], sides[[3, 0, 1, 2]], starts, sides)
    if grown is None or np.abs(grown - corners).max() > max(w, h):
        return None
    return grown * scale


def _crossings(
    a: "NDArray[np.float32]",
    along: "NDArray[np.float32]",
    b: "NDArray[np.float32]",
    beside: "NDArray[np.float32]",
) -> "NDArray[np.float32] | None":
    """Where each two straight lines (points, directions; n x 2) meet; None if some never do."""
    turn = _across(along, beside)
    if float(np.abs(turn).min()) < 1e-6:
        return None
    return np.asarray(a + along * _across(b - a, beside)[:, None] / turn[:, None], np.float32)


def _across(a: "NDArray[np.float32]", b: "NDArray[np.float32]") -> "NDArray[np.float32]":
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def ordered(corners: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Top left first, clockwise."""
    across, down = corners.T.tolist()
    by_x = sorted(range(4), key=across.__getitem__)
    left = sorted(by_x[:2], key=down.__getitem__)
    right = sorted(by_x[2:], key=down.__getitem__)
    return corners[[left[0], right[0], right[1], left[1]]]


def _mean_heat(heat: "NDArray[np.float32]", corners: "NDArray[np.float32]") -> float:
    h, w = heat.shape
    across, down = corners.T.tolist()
    x0, x1 = (min(max(at, 0), w - 1) for at in (floor(min(across)), ceil(max(across))))
    y0, y1 = (min(max(at, 0), h - 1) for at in (floor(min(down)), ceil(max(down))))
    inside = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
    cv2.fillPoly(inside, [(corners - [x0, y0]).astype(np.int32)], 1)
    return float(cv2.mean(heat[y0 : y1 + 1, x0 : x1 + 1], inside)[0])
