"""The rigged hand of maker B: mesh, skeleton and the transforms that pose it.

The mesh is `generic-hand/right.glb` of npm's @webxr-input-profiles/assets (MIT): 25 joints,
palm towards -x, fingers towards -y.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

FINGERS = ("thumb", "index-finger", "middle-finger", "ring-finger", "pinky-finger")


@dataclass
class Rig:
    """Mesh and skeleton: vertices V3, faces F3, weights V x 25, joints 25 x 3."""

    vertices: Tensor
    faces: Tensor
    weights: Tensor
    joints: Tensor
    names: list[str]

    def chain(self, finger: int) -> list[int]:
        """Joint numbers of a finger from metacarpal to tip."""
        return [i for i, n in enumerate(self.names) if n.startswith(FINGERS[finger])]


def read_rig(path: Path) -> Rig:
    """The skinned mesh of a .glb file."""
    raw = path.read_bytes()
    length = struct.unpack("<I", raw[12:16])[0]
    tree, start = json.loads(raw[20 : 20 + length]), 20 + length + 8

    def array(i: int) -> np.ndarray:
        a = tree["accessors"][i]
        view = tree["bufferViews"][a["bufferView"]]
        kind = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}[a["componentType"]]
        wide = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}[a["type"]]
        at = start + view.get("byteOffset", 0) + a.get("byteOffset", 0)
        step = view.get("byteStride", 0) or wide * np.dtype(kind).itemsize
        rows = [np.frombuffer(raw, kind, wide, at + r * step) for r in range(a["count"])]
        return np.stack(rows)

    part, skin = tree["meshes"][0]["primitives"][0], tree["skins"][0]
    bind = array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    joints = np.linalg.inv(bind)[:, :3, 3]
    names = [tree["nodes"][n].get("name", "") for n in skin["joints"]]
    at = part["attributes"]
    index, share = array(at["JOINTS_0"]).astype(int), array(at["WEIGHTS_0"]).astype(np.float32)
    if share.max() > 1.5:
        share = share / share.sum(1, keepdims=True)
    weights = np.zeros((len(index), len(names)), np.float32)
    for k in range(4):
        np.add.at(weights, (np.arange(len(index)), index[:, k]), share[:, k])
    as_tensor = lambda a: torch.from_numpy(np.ascontiguousarray(a)).float()  # noqa: E731
    faces = torch.from_numpy(array(part["indices"]).reshape(-1, 3).astype(np.int64))
    return Rig(
        as_tensor(array(at["POSITION"])), faces, as_tensor(weights), as_tensor(joints), names
    )


def turn(axis: Tensor, angle: Tensor) -> Tensor:
    """Rotation matrices (B 3 3) about unit axes (3 or B 3) by angles (B)."""
    axis = axis.expand(len(angle), 3)
    zero = torch.zeros_like(angle)
    x, y, z = axis.unbind(1)
    k = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], 1).view(-1, 3, 3)
    eye = torch.eye(3, device=angle.device)
    return eye + angle.sin()[:, None, None] * k + (1 - angle.cos())[:, None, None] * (k @ k)


def about(matrix: Tensor, centre: Tensor) -> Tensor:
    """4 x 4 transforms that apply `matrix` (B 3 3) about points (B 3)."""
    full = torch.eye(4, device=matrix.device).repeat(len(matrix), 1, 1)
    full[:, :3, :3] = matrix
    full[:, :3, 3] = centre - (matrix @ centre[..., None])[..., 0]
    return full
