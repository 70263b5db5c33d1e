"""insightface as the face finder, where the user has one of its packs with landmarks.

Nothing is ever downloaded: a pack is a folder on this machine, and insightface is given that folder
and never a bare name. The official packs are for non-commercial research only.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.nets.faces.detect import Found

VARIABLE = "IQM_INSIGHTFACE_DIR"
HOME = "~/.insightface/models"
LICENCE = "non-commercial research only (insightface's official packs)"
LANDMARKS = ("2d106", "1k3d68")
"""A pack is of use when the name of one of its files holds one of these."""
TASKS = ("detection", "landmark_2d_106", "landmark_3d_68")


@dataclass(frozen=True, slots=True)
class Pack:
    """A folder of ONNX files of insightface."""

    name: str
    folder: Path

    @property
    def digest(self) -> str:
        """Eight hex digits that change when a file of the pack does."""
        return _digest(self.folder)


def find_pack(given: str = "") -> Pack | None:
    """The pack to use: `given`, else `IQM_INSIGHTFACE_DIR`, else the first of insightface's home.

    A place may be the pack itself or a folder of packs; `given` may also be a pack's name in one of
    the other places. Only packs with landmarks count (`buffalo_l`, `_m`, `_s`, `antelopev2`).

    Raises:
        BadInput: `given` names no pack with landmarks.
    """
    places = [p for p in (os.environ.get(VARIABLE, ""), HOME) if p]
    roots = [Path(p).expanduser() for p in places]
    if not given:
        found = [pack for root in roots for pack in _packs(root)]
        return found[0] if found else None
    for folder in (Path(given).expanduser(), *(root / given for root in roots)):
        if found := _packs(folder):
            return found[0]
    raise BadInput(
        f"no insightface pack with landmarks at {given!r}",
        "Give a folder with buffalo_l, buffalo_m, buffalo_s or antelopev2 (buffalo_sc and the "
        f"raccoon packs have no landmarks), by `pack` or {VARIABLE}",
    )


def _packs(folder: Path) -> list[Pack]:
    if not folder.is_dir():
        return []
    inside = sorted(f for f in folder.iterdir() if f.is_dir())
    return [Pack(f.name, f) for f in (folder, *inside) if _has_landmarks(f)]


def _has_landmarks(folder: Path) -> bool:
    names = [f.name for f in folder.glob("*.onnx")]
    return any(mark in name for mark in LANDMARKS for name in names) and len(names) > 1


def installed() -> bool:
    """Whether insightface can be imported, without importing it."""
    return find_spec("insightface") is not None


@cache
def _digest(folder: Path) -> str:
    files = [(f.name, hashlib.sha256(f.read_bytes()).hexdigest()) for f in folder.glob("*.onnx")]
    return hashlib.sha256(repr(sorted(files)).encode()).hexdigest()[:8]


@cache
def open_pack(pack: Pack) -> Any:
    """The `FaceAnalysis` of insightface on the pack, CPU, ready.

    Raises:
        Unavailable: insightface is not installed.
        BadInput: the pack cannot be loaded, or lacks a detector or landmarks after all.
    """
    if not installed():
        raise Unavailable.extra("face with backend insightface", "insightface", "insightface")
    from insightface.app import FaceAnalysis

    try:
        app = FaceAnalysis(
            str(pack.folder), allowed_modules=list(TASKS), providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise BadInput(f"insightface cannot load the pack {pack.folder}: {error}") from error
    if not set(app.models) & set(TASKS[1:]):
        raise BadInput(
            f"the pack {pack.folder} has no landmark model", "Use buffalo_l or antelopev2"
        )
    app.prepare(ctx_id=-1)
    return app


def detect(pack: Pack, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Found]]:
    """Faces of each picture (height x width x 3 uint8, RGB) with landmarks and the pack's yaw."""
    app = open_pack(pack)
    return [[_found(f) for f in app.get(np.ascontiguousarray(p[:, :, ::-1]))] for p in pictures]


def _found(face: Any) -> Found:
    x0, y0, x1, y1 = (float(v) for v in face.bbox)
    eyes = np.asarray(face.kps, np.float64)
    mouth = eyes[3:5].mean(0)
    points = np.stack([eyes[0], eyes[1], eyes[2], mouth, [x0, eyes[0, 1]], [x1, eyes[1, 1]]])
    flat, solid, pose = (face.get(k) for k in ("landmark_2d_106", "landmark_3d_68", "pose"))
    landmarks = flat if flat is not None else solid
    return Found(
        (x0, y0, x1, y1),
        points,
        float(face.det_score),
        None if landmarks is None else np.asarray(landmarks, np.float64)[:, :2],
        None if pose is None else float(pose[1]),
    )
