"""What is measured of a face: signed left-right differences, head pose, signs of a broken face.

Every number in `skew` changes its sign when the face is mirrored; a symmetric face gives zeros.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from threading import local
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets.faces import iris, mesh
from iqmetrics.nets.faces.canonical import DETAIL, EYES, SIZE, TOP, drawn, inside, sampled
from iqmetrics.nets.faces.cover import covered
from iqmetrics.nets.faces.crop import Points, Square, placed
from iqmetrics.nets.faces.find import Face
from iqmetrics.nets.faces.looks import OnDevice, Shown, here, squares_of, with_mirrored
from iqmetrics.nets.faces.outline import outline_difference
from iqmetrics.nets.faces.pose import Posed, take_all_apart
from iqmetrics.nets.faces.shape import left, mirror_all
from iqmetrics.nets.faces.style import pooled, unlike_a_photo
from iqmetrics.nets.side_by_side import each

Pixels = NDArray[np.uint8]

LOOKS = ((0.92, 0.05), (1.08, -0.05), (0.92, -0.05), (1.08, 0.05))
"""(scale, turn in radians) of the squares in which a mesh is traced, each also mirrored."""
CELL = 0.25
"""Side of the cells in which displacements are averaged, in eye distances."""
SMOOTH = 2.0
DEEP = ((128, 36), (128, 16), (128, 16), (128, 144), (64, 64))
"""(channels, places) of the net's inner layers: face, lips, eye; finer ones of face and eye."""
PLACES = 3
"""So many of them, the coarse ones, also show broken places (see `grids`)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One face, measured.

    Attributes:
        skew: Signed left-right differences (a few hundred numbers, in eye distances).
        posed: Mean mesh, taken apart.
        spread: Disagreement of the mesh between looks, mirrored and not, in eye distances.
        broken: Numbers >= 0 that grow when a face is malformed (see `BROKEN`).
        flow: Displacement from the frontal face to its mirror, SIZE x SIZE x 2, eye distances.
        face: The frontal face, SIZE x SIZE x 3.
        covered: What covers the face or makes it no bare face in a photograph, or None.
        even: Mean inner layers of the mesh net, pooled (see `style`), 576.
        off: The same of their difference to the mirror image.
    """

    skew: NDArray[np.float64]
    posed: Posed
    spread: float
    broken: NDArray[np.float64]
    flow: Points
    face: Pixels
    covered: str | None
    even: NDArray[np.float64]
    off: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """One face as the net sees it: enough to say whether it can be measured.

    Attributes:
        mesh: Mean mesh with irises, picture pixels, and `posed`, its 468 points taken apart.
        spread: Disagreement of the mesh between looks, mirrored and not, in eye distances.
        flag: Mean flag of the looks.
        face: The frontal face, SIZE x SIZE x 3.
        straight: Its mean mesh, taken apart, and `again`, the spread of that.
        deep: Mean inner layers of the net less those of the mirror image.
        even: Mean inner layers, pooled (see `style`), and `off`, the same of their difference.
        eyes: Cut-outs of both eyes, 2 x 64 x 64 x 3.
        covered: What covers the face or makes it no bare face in a photograph, or None.
    """

    mesh: Points
    posed: Posed
    spread: float
    flag: float
    face: Pixels
    straight: Posed
    again: float
    deep: NDArray[np.float32]
    even: NDArray[np.float64]
    off: NDArray[np.float64]
    eyes: Pixels
    covered: str | None


def look(pictures: Sequence[Shown], faces: Sequence[Face]) -> list[Seen]:
    """All faces seen together; `pictures` gives the picture of each face."""
    if not faces:
        return []
    meshes, spreads, flags, _, _ = _mean_meshes(pictures, [f.square for f in faces])
    poses = take_all_apart(meshes[:, :468])
    wide = [sampled(f.square) for f in faces]
    details = here(squares_of(pictures, wide, DETAIL))
    jobs = [(d, q.symmetric, w) for d, q, w in zip(details, poses, wide, strict=True)]
    fronts = each(lambda job: drawn(*job), jobs)
    shown = _beside(fronts, pictures)
    second, again, _, deep, even = _mean_meshes(shown, [_FRONT] * len(fronts), inside=True)
    eyes_of = [square for posed in poses for square in iris.eye_squares(posed)]
    off = pooled(np.abs(deep), DEEP)
    twice = [p for p in pictures for _ in range(2)]
    cut_outs = here(squares_of(twice, eyes_of, iris.SIDE)).reshape(-1, 2, iris.SIDE, iris.SIDE, 3)
    straight = take_all_apart(second[:, :468])

    def one(i: int) -> Seen:
        front, spread = fronts[i], float(spreads[i])
        why = covered(front) or unlike_a_photo(front, even[i], off[i], spread)
        net = straight[i], float(again[i]), deep[i], even[i], off[i]
        return Seen(meshes[i], poses[i], spread, flags[i], front, *net, cut_outs[i], why)

    return each(one, range(len(faces)))


def measure(pictures: Sequence[Shown], faces: Sequence[Face]) -> list[Measured]:
    """All faces measured, those that are covered too; see `look`."""
    return each(measured, look(pictures, faces))


def measured(seen: Seen) -> Measured:
    """What is measured of a face that was seen."""
    posed, straight, front = seen.posed, seen.straight, seen.face
    flow, match = _flow(front)
    eyes, grey = iris.both(seen.mesh, posed), iris.grey(seen.eyes)
    parts: list[Any] = [
        posed.skew[left()],
        straight.skew[left()],
        flow_cells(flow),
        eye_parts(eyes),
        (eyes[0] - eyes[1]) * [-1, 1],
        outline_difference(front),
        seen.deep,
        [np.sin(posed.yaw), np.sin(posed.yaw) * np.sin(posed.pitch), np.sin(posed.roll)],
    ]
    skew = np.concatenate([np.ravel(p) for p in parts])
    broken = _broken(flow, match, eyes, grey, seen)
    net = seen.covered, seen.even, seen.off
    return Measured(skew, posed, seen.spread, broken, flow, front, *net)


def blocks() -> NDArray[np.int64]:
    """Where each kind of difference starts in `Measured.skew`."""
    points = 3 * len(left())
    flow = 2 * (int(pixel_cells().max()) + 1)
    sizes = [points, points, flow, 16, 152, 352, *(c * n for c, n in DEEP), 3]
    return np.cumsum([0, *sizes[:-1]])


def grids() -> NDArray[np.int64]:
    """(start, stop, places) of the net's coarse inner layers in `Measured.skew`."""
    starts = blocks()[-1 - len(DEEP) :][: PLACES + 1].tolist()
    pairs = zip(pairwise(starts), DEEP[:PLACES], strict=True)
    return np.array([[*pair, n] for pair, (_, n) in pairs])


_FRONT = Square(SIZE / 2, TOP + 0.43 * EYES, 1.5 * 2.6 * EYES)


def _beside(fronts: Sequence[Pixels], pictures: Sequence[Shown]) -> Sequence[Shown]:
    """The frontal faces where the pictures are."""
    place = next((p.pixels.device for p in pictures if isinstance(p, OnDevice)), None)
    if place is None:
        return fronts
    import torch

    return [OnDevice(one) for one in torch.from_numpy(np.stack(fronts)).to(place)]


def _mean_meshes(
    pictures: Sequence[Shown], squares: Sequence[Square], inside: bool = False
) -> tuple[
    Points, NDArray[np.float64], NDArray[np.float64], NDArray[np.float32], NDArray[np.float64]
]:
    """Mean mesh over all looks (n x 478 x 3), its spread in eye distances (n), mean flag (n).

    With `inside` also the mean over all looks of the net's inner layers in a look minus those in
    its mirror image (n x numbers): zero for a symmetric picture, negated for a mirrored one; and
    the pooled mean of both (n x channels). Without, both are empty.
    """
    turned = [
        Square(s.x, s.y, s.side * scale, s.angle + turn) for s in squares for scale, turn in LOOKS
    ]
    crops = squares_of([p for p in pictures for _ in LOOKS], turned, mesh.SIDE)
    both = with_mirrored(crops)
    off_mirror, common = np.empty((0, 0), np.float32), np.empty((0, 0))
    if inside:
        points, flags, off_mirror, both_alike = mesh.look_inside(both, len(LOOKS))
        common = pooled(both_alike, DEEP)
    else:
        points, flags = mesh.trace_crops(both)
    points = points.reshape(len(turned), 2, -1, 3)
    points[:, 1] = points[:, 1, mirror_all()]
    points[:, 1, :, 0] = mesh.SIDE - points[:, 1, :, 0]
    points = placed(points, turned, mesh.SIDE).reshape(len(squares), 2 * len(LOOKS), -1, 3)
    mean = points.mean(1)
    off = (points - mean[:, None])[..., :2]
    off -= off.mean(2, keepdims=True)
    eyes = np.linalg.norm(mean[:, [33, 133]].mean(1) - mean[:, [362, 263]].mean(1), axis=-1)
    spread = np.sqrt((off[..., 0] ** 2 + off[..., 1] ** 2).mean((1, 2))) / eyes
    flag = flags.reshape(len(squares), -1).mean(1)
    return mean, spread, flag, off_mirror, common


@cache
def pixel_cells() -> NDArray[np.int64]:
    """The cell of each pixel of the left half of the frontal face (SIZE x SIZE / 2); -1 outside."""
    y, x = np.mgrid[:SIZE, : SIZE // 2] + 0.5
    column, row = np.floor((SIZE / 2 - x) / EYES / CELL), np.round((y - TOP) / EYES / CELL)
    mask = inside()[:, : SIZE // 2]
    number = np.full(mask.shape, -1)
    pairs = np.stack([column[mask], row[mask]], 1)
    _ids, which, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    keep = counts > 0.4 * (CELL * EYES) ** 2
    renumber = np.where(keep, np.cumsum(keep) - 1, -1)
    number[mask] = renumber[which.reshape(-1)]
    return number


def flow_cells(flow: Points) -> Points:
    """Mean signed displacement of each cell (cells x 2), in eye distances."""
    half = SIZE // 2
    here, there = flow[:, :half], flow[:, : half - 1 : -1]
    across = (here[..., 0] + there[..., 0]) / 2
    down = (here[..., 1] - there[..., 1]) / 2
    known, cells, sizes = _known_cells()
    total = np.stack([np.bincount(cells, off.ravel()[known]) for off in (across, down)], 1)
    return np.asarray(total / sizes[:, None])


@cache
def _known_cells() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Which pixels lie in a cell, and in which; how many each cell has."""
    cells = pixel_cells().ravel()
    known = np.flatnonzero(cells >= 0)
    return known, cells[known], np.bincount(cells[known])


@cache
def _core() -> NDArray[np.int64]:
    """Numbers of the pixels that show the face."""
    return np.flatnonzero(inside())


@cache
def _grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Column and row of each pixel of the frontal face."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    return x, y


def _even(front: Pixels) -> NDArray[np.uint8]:
    """Grey with light and local contrast evened out."""
    grey = front.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    flat = grey - cv2.GaussianBlur(grey, (0, 0), 12)
    spread = np.sqrt(cv2.GaussianBlur(flat * flat, (0, 0), 16)) + 4
    return np.asarray(np.clip(128 + 45 * flat / spread, 0, 255), np.uint8)


_own = local()


def _engine() -> Any:
    """This thread's own: an engine holds what it is working on."""
    if not hasattr(_own, "engine"):
        _own.engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        _own.engine.setFinestScale(1)
    return _own.engine


def _flow(front: Pixels) -> tuple[Points, Points]:
    """Displacement from the face to its mirror (SIZE x SIZE x 2, eye distances) and their match.

    The match is the absolute grey difference after the displacement, in units of the contrast.
    """
    one = _even(front)
    two = np.asarray(cv2.flip(one, 1), np.uint8)
    flow = _engine().calc(one, two, None)
    x, y = _grid()
    back = cv2.remap(two, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
    match = cv2.GaussianBlur(cv2.absdiff(back, one).astype(np.float32), (0, 0), 4) / 45
    smooth = cv2.GaussianBlur(flow, (0, 0), SMOOTH)
    return smooth.astype(np.float64) / EYES, match.astype(np.float64)


def eye_parts(eyes: Points) -> NDArray[np.float64]:
    """Left minus right of lid, brow and iris points (2 x 76 x 2), pooled."""
    off = (eyes[0] - eyes[1]) * [-1, 1]
    size = [np.linalg.norm(e[72] - e[74]) for e in eyes]
    opening = [np.ptp(e[:16, 1]) for e in eyes]
    groups = [slice(0, 5), slice(5, 9), slice(9, 12), slice(12, 16), slice(16, 71), slice(71, 76)]
    means = np.concatenate([off[g].mean(0) for g in groups])
    gaze = off[71:76].mean(0) - off[:16].mean(0)
    more = [np.log(size[0] / size[1]), np.log((opening[0] + 0.02) / (opening[1] + 0.02))]
    return np.concatenate([means, gaze, more])


BROKEN = (
    "spread",
    "spread of the frontal face",
    "gaze mismatch",
    "skew",
    "skew of the frontal face",
    "flow",
    "flow roughness",
    "left-right mismatch",
    "mismatch of the eyes' sharpness",
    "iris size mismatch",
    "lid mismatch",
    "doubt",
)


def _broken(
    flow: Points, match: Points, eyes: Points, grey: Points, seen: Seen
) -> NDArray[np.float64]:
    core = _core()
    x, y = (np.ascontiguousarray(flow[..., k]) for k in (0, 1))
    sharp = [float(np.log(cv2.Laplacian(g, cv2.CV_64F)[8:-8, 8:-8].var() + 4)) for g in grey]
    parts = eye_parts(eyes)
    rough = np.hypot(*(cv2.Laplacian(k, cv2.CV_64F).ravel()[core].std() for k in (x, y)))
    off = eyes[0] - eyes[1]
    return np.array(
        [
            seen.spread,
            seen.again,
            float(np.hypot(*parts[12:14])),
            float(np.sqrt((seen.posed.skew[:, :2] ** 2).sum(1).mean())),
            float(np.sqrt((seen.straight.skew[:, :2] ** 2).sum(1).mean())),
            float(np.sqrt((x.ravel()[core] ** 2 + y.ravel()[core] ** 2).mean())),
            float(rough),
            float(match.ravel()[core].mean()),
            abs(sharp[0] - sharp[1]),
            abs(float(parts[14])),
            float(np.sqrt((off[:71] ** 2).sum(1).mean())),
            1 - seen.flag,
        ]
    )
