"""A read line, the order in which lines are read on, and which lines stand in the same place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]

OVERLAP = 0.55
"""Share of the smaller box from which two lines stand in the same place."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line as read: outline (n, 2) in pixels, string, confidence 0..1, and its upright crop.

    The outline has four corners, top left first and clockwise, or follows a ring of lettering.
    """

    corners: "NDArray[np.float32]"
    text: str
    confidence: float
    image: "NDArray[np.uint8]"
    upside_down: bool = False
    box: Box = field(init=False, repr=False)
    """The upright rectangle (x0, y0, x1, y1) around the corners."""
    slope: float = field(init=False, repr=False)
    """Angle of the top edge in radians, -pi/4..pi/4; 0 for a ring."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", _box(self.corners))
        object.__setattr__(self, "slope", _slope(self.corners))

    @property
    def height(self) -> float:
        """Height of the lettering in pixels: the short side of the crop's place."""
        sides = np.linalg.norm(self.corners - np.roll(self.corners, -1, 0), axis=1)
        return float(min(sides[0], sides[1])) if len(sides) == 4 else float(self.image.shape[0])


def orders(lines: Sequence[Line]) -> list[list[int]]:
    """Ways to read on: rows over the whole picture, rows of each block, columns right to left."""
    boxes = _level_boxes(lines)
    flipped = sum(line.upside_down for line in lines) * 2 > len(lines)
    rows = _rows(list(range(len(lines))), boxes)
    columns = sorted(range(len(lines)), key=lambda i: (-boxes[i][2], boxes[i][1]))
    found = [rows, *(_rows(block, boxes) for block in _blocks(boxes)), columns]
    found += [order[::-1] for order in found] if flipped else []
    return [order for order in found if len(order) > 1]


def merged(old: Sequence[Line], new: Sequence[Line]) -> list[Line]:
    """The new lines, and those old ones in whose place no new line stands."""
    return list(new) + [a for a in old if not any(_same_place(a, b) for b in new)]


def distinct(lines: Sequence[Line]) -> list[Line]:
    """Of lines in the same place the better read one: more letters that it is sure of."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda a: (-a.confidence * len(a.text), a.box)):
        if not any(_same_place(line, other) for other in kept):
            kept.append(line)
    return kept


def _same_place(a: Line, b: Line) -> bool:
    """Looks at one region share its corners: no need to compare them."""
    return a.corners is b.corners or overlap(a, b) > OVERLAP


def overlap(a: Line, b: Line) -> float:
    """Common area of two outlines as a share of the smaller one, to about a hundredth."""
    if _apart(a.box, b.box):
        return 0.0
    x0, y0 = np.maximum(a.corners.min(0), b.corners.min(0))
    x1, y1 = np.minimum(a.corners.max(0), b.corners.max(0))
    fine = 100 / max(x1 - x0, y1 - y0)
    size = (int((y1 - y0) * fine) + 1, int((x1 - x0) * fine) + 1)
    filled = []
    for line in (a, b):
        mask = np.zeros(size, np.uint8)
        cv2.fillPoly(mask, [((line.corners - [x0, y0]) * fine).round().astype(np.int32)], 1)
        filled.append(mask)
    smaller = min(cv2.contourArea(line.corners.astype(np.float32)) for line in (a, b))
    return float((filled[0] & filled[1]).sum() / fine**2 / max(smaller, 1.0))


def _box(points: "NDArray[np.floating[Any]]") -> Box:
    across, down = points.T.tolist()
    return min(across), min(down), max(across), max(down)


def _slope(corners: "NDArray[np.floating[Any]]") -> float:
    if len(corners) != 4:
        return 0.0
    dx, dy = (corners[1] - corners[0]).tolist()
    angle = float(np.arctan2(dy, dx))
    return angle if abs(angle) < np.pi / 4 else 0.0


def _apart(a: Box, b: Box) -> bool:
    return a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]


def _level_boxes(lines: Sequence[Line]) -> list[Box]:
    """Upright boxes (x0, y0, x1, y1) after turning the picture until its lines lie level."""
    angle = -median(line.slope for line in lines) if lines else 0.0
    if not angle:
        return [line.box for line in lines]
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [_box(line.corners @ turn) for line in lines]


def _rows(members: Sequence[int], boxes: Sequence[Sequence[float]]) -> list[int]:
    """Top to bottom; what shares half its height with the row's first box is read left to right."""
    rest = sorted(members, key=lambda i: (boxes[i][1] + boxes[i][3], boxes[i][0]))
    out: list[int] = []
    while rest:
        first = boxes[rest[0]]
        middle, half = (first[1] + first[3]) / 2, (first[3] - first[1]) / 2
        row = [i for i in rest if abs((boxes[i][1] + boxes[i][3]) / 2 - middle) < half]
        row = row or rest[:1]
        out += sorted(row, key=lambda i: boxes[i][0])
        rest = [i for i in rest if i not in row]
    return out


def _blocks(boxes: Sequence[Sequence[float]]) -> list[list[int]]:
    """Lines that stand under each other or side by side closer than their height."""
    group = list(range(len(boxes)))
    for i, a in enumerate(boxes):
        for j, b in enumerate(boxes[:i]):
            size = min(a[3] - a[1], b[3] - b[1])
            across = max(a[0], b[0]) - min(a[2], b[2])
            down = max(a[1], b[1]) - min(a[3], b[3])
            if group[i] != group[j] and (
                (across < 0 and down < size) or (down < 0 and across < size)
            ):
                old, new = group[i], group[j]
                group = [new if g == old else g for g in group]
    return [[i for i, g in enumerate(group) if g == name] for name in sorted(set(group))]
