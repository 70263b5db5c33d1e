"""Which faces can be judged, and the judgement: region scores and malformed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from iqmetrics.nets.faces import heads
from iqmetrics.nets.faces.crop import Points
from iqmetrics.nets.faces.find import Face
from iqmetrics.nets.faces.jaw import jaw_moved
from iqmetrics.nets.faces.looks import Shown
from iqmetrics.nets.faces.measure import Measured, look, measured
from iqmetrics.nets.faces.shape import constants, mirror_map
from iqmetrics.nets.side_by_side import each

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
    """Judge every face; `pictures` gives the picture of each. What cannot be judged ends early."""
    out = [Judged(_unfit(face), {}, 0.0, face.yaw) for face in faces]
    fit = [i for i, verdict in enumerate(out) if verdict.reason is None]
    for start in range(0, len(fit), CHUNK):
        some = fit[start : start + CHUNK]
        seen = look([pictures[i] for i in some], [faces[i] for i in some])
        able = []
        for i, one in zip(some, seen, strict=True):
            yaw = one.posed.degrees
            out[i] = Judged(_turned(yaw, faces[i].yaw) or one.covered, {}, 0.0, yaw)
            if out[i].reason is None:
                able.append((i, one))
        scores = _scores(each(measured, [one for _, one in able])) if able else []
        for (i, _), verdict in zip(able, scores, strict=True):
            out[i] = verdict
    return out


def _unfit(face: Face) -> str | None:
    if face.side < SMALLEST:
        return f"smaller than {SMALLEST} px"
    if face.flag < LEAST_FLAG:
        return "drawn or otherwise stylised: the mesh cannot trace it"
    return None


def _scores(faces: Sequence[Measured]) -> list[Judged]:
    known = constants()
    yaw = np.array([m.posed.degrees for m in faces])
    skew = np.array([m.skew for m in faces])
    shift = heads.joined(heads.moved(skew, known), jaw_moved([m.face for m in faces]), known)
    score = heads.crooked(shift, yaw, known)
    strength = heads.energy(skew, known)
    broken = heads.malformed(np.array([m.broken for m in faces]), score, strength, known)
    return [
        Judged(None, dict(zip(heads.REGIONS, s.tolist(), strict=True)), float(b), float(y))
        for s, b, y in zip(score, broken, yaw, strict=True)
    ]


def _turned(*yaws: float | None) -> str | None:
    """Why a face is turned too far, by the mesh or by another finder's own pose, or None."""
    most = max((abs(yaw) for yaw in yaws if yaw is not None), default=0.0)
    if most > MOST_YAW:
        return f"turned by {most:.0f} degrees, more than {MOST_YAW:.0f}"
    return None


def region_box(mesh: Points, region: str) -> tuple[float, float, float, float]:
    """Box (x0, y0, x1, y1) around both sides of a region, in the mesh's pixels."""
    points = list(POINTS[region])
    both = mesh[points + mirror_map()[points].tolist(), :2]
    (x0, y0), (x1, y1) = both.min(0).tolist(), both.max(0).tolist()
    return x0, y0, x1, y1
