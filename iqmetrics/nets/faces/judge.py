"""Which faces can be judged, and the judgement: region scores and malformed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from iqmetrics.nets.faces import heads
from iqmetrics.nets.faces.crop import Points
from iqmetrics.nets.faces.find import Face
from iqmetrics.nets.faces.jaw import jaw_moved
from iqmetrics.nets.faces.looks import Shown
from iqmetrics.nets.faces.measure import Measured, measure
from iqmetrics.nets.faces.shape import constants, mirror_map

SMALLEST = 64
"""Faces with a box smaller than this many pixels are not judged."""
LEAST_FLAG = 0.9
MOST_YAW = 30.0
CHUNK = 16
"""Faces measured together; bounds the memory of a crowd."""

POINTS = {
    "eyes": (33, 133, 159, 145),
    "brows": (70, 63, 105, 66, 107),
    "nose": (129, 98, 64, 48, 1, 6),
    "mouth": (61, 0, 17),
    "jaw": (172, 136, 58, 150, 152),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of one face; without one, `reason` says why."""

    reason: str | None
    regions: Mapping[str, float]
    malformed: float
    yaw: float | None


def judge(pictures: Sequence[Shown], faces: Sequence[Face]) -> list[Judged]:
    """Judge every face; `pictures` gives the picture of each."""
    out = [Judged(_unfit(face), {}, 0.0, face.yaw) for face in faces]
    fit = [i for i, verdict in enumerate(out) if verdict.reason is None]
    for start in range(0, len(fit), CHUNK):
        some = fit[start : start + CHUNK]
        measured = measure([pictures[i] for i in some], [faces[i] for i in some])
        for i, verdict in zip(some, _scores(measured), strict=True):
            out[i] = _turned(verdict, faces[i])
    return out


def _unfit(face: Face) -> str | None:
    if face.side < SMALLEST:
        return f"smaller than {SMALLEST} px"
    if face.flag < LEAST_FLAG:
        return "drawn or otherwise stylised: the mesh cannot trace it"
    return None


def _scores(measured: Sequence[Measured]) -> list[Judged]:
    known = constants()
    yaw = np.array([m.posed.degrees for m in measured])
    skew = np.array([m.skew for m in measured])
    shift = heads.joined(heads.moved(skew, known), jaw_moved([m.face for m in measured]), known)
    score = heads.crooked(shift, yaw, known)
    strength = heads.energy(skew, known)
    broken = heads.malformed(np.array([m.broken for m in measured]), score, strength, known)
    return [
        Judged(m.covered, dict(zip(heads.REGIONS, s.tolist(), strict=True)), float(b), float(y))
        for m, s, b, y in zip(measured, score, broken, yaw, strict=True)
    ]


def _turned(verdict: Judged, face: Face) -> Judged:
    """The verdict, or why not: turned too far by the mesh or by another finder's own pose."""
    angles = [abs(a) for a in (verdict.yaw, face.yaw) if a is not None]
    if angles and max(angles) > MOST_YAW:
        reason = f"turned by {max(angles):.0f} degrees, more than {MOST_YAW:.0f}"
        return Judged(reason, {}, 0.0, verdict.yaw)
    return verdict


def region_box(mesh: Points, region: str) -> tuple[float, float, float, float]:
    """Box (x0, y0, x1, y1) around both sides of a region, in the mesh's pixels."""
    points = list(POINTS[region])
    both = mesh[points + mirror_map()[points].tolist(), :2]
    (x0, y0), (x1, y1) = both.min(0).tolist(), both.max(0).tolist()
    return x0, y0, x1, y1
