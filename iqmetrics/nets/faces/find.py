"""The faces of a picture, found once for every scorer that asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from iqmetrics.images import Picture, once_each
from iqmetrics.nets import cuts
from iqmetrics.nets.faces import detect, mesh, session
from iqmetrics.nets.faces.crop import Points, Square
from iqmetrics.nets.faces.looks import OnDevice, Shown
from iqmetrics.nets.faces.shape import mirror_map

KEY = "nets.faces.find/1"
REFINED = 1
"""How often the mesh is traced again inside the square that its own points give."""
SURE_SCORE, SURE_FLAG, LOW_SCORE, HIGH_FLAG = 0.8, 0.99, 0.6, 0.999
"""A detection counts as a face by its detector score alone from `SURE_SCORE` on (drawn faces have
low mesh flags), else by its flag: `SURE_FLAG`, or `HIGH_FLAG` where the score is below `LOW_SCORE`.
Clouds, foxes and jars have neither."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face, in pixels of its picture.

    Attributes:
        box: (x0, y0, x1, y1) of the face without hair, from the detector.
        score: The detector's confidence, 0..1.
        flag: The mesh net's confidence that it sees a face, 0..1 (the least of its rounds); low for
            many drawn faces.
        points: 6 x 2: eye at the left, eye at the right, nose tip, mouth, left ear, right ear.
        mesh: 468 x 3, depth in pixels, smaller = nearer.
        square: The turned square that the mesh was traced in.
        landmarks: Points of another finder's own, n x 2; None from the embedded one.
        yaw: Head yaw in degrees by another finder; None from the embedded one.
    """

    box: tuple[float, float, float, float]
    score: float
    flag: float
    points: Points
    mesh: Points
    square: Square
    landmarks: Points | None = None
    yaw: float | None = None

    @property
    def side(self) -> float:
        """The longer side of the box in pixels."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)


def faces_of(pictures: Sequence[Picture]) -> list[list[Face]]:
    """The faces of each picture, largest first; computed together, once a picture.

    A picture and its mirror image give exactly mirrored faces. Faces from about 24 pixels on are
    found. Raises `Unavailable` without onnxruntime.
    """
    return [
        [mirrored(f, p.width) for f in faces] if is_turned(p) else faces
        for p, faces in zip(pictures, upright_faces(pictures), strict=True)
    ]


def upright_faces(pictures: Sequence[Picture]) -> list[list[Face]]:
    """The faces in the picture's `upright` orientation, which its mirror image shares."""
    return once_each(pictures, KEY, lambda some: _find(shown(some)))


def shown(pictures: Sequence[Picture]) -> list[Shown]:
    """The pictures in their `upright` orientation, on the GPU where the nets run and cut there."""
    device = session.device()
    if device == "cpu" or not cuts.possible(device):
        return [upright(p) for p in pictures]
    from iqmetrics.nets.stacks import there

    sent = there(pictures, device)
    return [OnDevice(pixels, is_turned(p)) for p, pixels in zip(pictures, sent, strict=True)]


def is_turned(picture: Picture) -> bool:
    """Whether `upright` mirrors this picture: true for exactly one of a picture and its mirror."""
    return picture.once("nets.faces.turned", lambda p: _mirror_is_less(p.pixels))


def upright(picture: Picture) -> NDArray[np.uint8]:
    """The pixels, mirrored or not, such that a picture and its mirror image give the same."""
    turned = is_turned(picture)
    return np.asarray(cv2.flip(picture.pixels, 1), np.uint8) if turned else picture.pixels


def _mirror_is_less(pixels: NDArray[np.uint8]) -> bool:
    for row in pixels:
        own, back = row.tobytes(), row[::-1].tobytes()
        if own != back:
            return bool(back < own)
    return False


def _find(pictures: list[Shown]) -> list[list[Face]]:
    faces = trace_found(pictures, detect.detect(pictures))
    return [[f for f in some if is_face(f.score, f.flag)] for some in faces]


def trace_found(
    pictures: Sequence[Shown], found: Sequence[Sequence[detect.Found]]
) -> list[list[Face]]:
    """The mesh of every detection, all in one batch; each picture's faces largest first."""
    flat = [(i, f) for i, some in enumerate(found) for f in some]
    images = [pictures[i] for i, _ in flat]
    squares = [mesh.square_of_box(f.box, f.points).rounded() for _, f in flat]
    points, flags = mesh.trace(images, squares)
    for _ in range(REFINED):
        squares = [s.rounded() for s in mesh.squares_of_meshes(points)]
        points, again = mesh.trace(images, squares)
        flags = np.minimum(flags, again)
    faces: list[list[Face]] = [[] for _ in pictures]
    for (i, f), m, flag, square in zip(flat, points, flags, squares, strict=True):
        face = Face(f.box, f.score, float(flag), f.points, m, square, f.landmarks, f.yaw)
        faces[i].append(face)
    return [sorted(some, key=lambda f: (-f.side, f.box)) for some in faces]


def is_face(score: float, flag: float) -> bool:
    """Whether a detection with this detector score and mesh flag counts as a face."""
    return score >= SURE_SCORE or flag >= (SURE_FLAG if score >= LOW_SCORE else HIGH_FLAG)


def mirrored(face: Face, width: int) -> Face:
    """The face in the mirror image of a picture of that width."""
    x0, y0, x1, y1 = face.box
    points = face.points[[1, 0, 2, 3, 5, 4]] * [-1, 1] + [width, 0]
    shape = face.mesh[mirror_map()] * [-1, 1, 1] + [width, 0, 0]
    square = replace(face.square, x=width - face.square.x, angle=-face.square.angle)
    marks = None if face.landmarks is None else face.landmarks * [-1, 1] + [width, 0]
    return replace(
        face,
        box=(width - x1, y0, width - x0, y1),
        points=points,
        mesh=shape,
        square=square,
        landmarks=marks,
        yaw=None if face.yaw is None else -face.yaw,
    )
