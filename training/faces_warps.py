"""Faces made crooked, turned, melted or merely photographed worse, with known answers.

Two makers plant the same kinds of asymmetry: `push` (a flat-topped local shift or local affine map,
for training) and `thin_plate` (a thin-plate spline through landmarks, for the tests). Distances are
in eye distances (of the eye centres); a face is a square uint8 cut-out with its 468 mesh points.
"""

import io

import cv2
import numpy as np
from PIL import Image

LEFT_OF = {
    "eyes": (33, 133, 159, 145, 158, 153, 160, 144),
    "brows": (70, 63, 105, 66, 107),
    "nose": (129, 98, 64, 48),
    "mouth": (61, 76, 62, 185, 146),
    "jaw": (172, 136, 58, 150),
    "ears": (234, 93, 127),
}
REACH = {"eyes": 0.42, "brows": 0.35, "nose": 0.28, "mouth": 0.38, "jaw": 0.55, "ears": 0.45}
"""Radius of the push, in eye distances."""
HOLD = (10, 338, 297, 284, 389, 454, 361, 397, 379, 377, 152, 148, 150, 172, 132, 234, 162, 54, 67)
"""Outline points that a thin-plate warp keeps in place."""


DEEPEST = 0.3
"""`turn` flattens the mesh behind the eyes towards this depth, so that no cheek folds over."""


def eye_distance(mesh):
    return float(np.linalg.norm(mesh[[33, 133], :2].mean(0) - mesh[[362, 263], :2].mean(0)))


def axes(mesh):
    """Unit vectors to the right and down along the face, in the image."""
    across = mesh[[362, 263], :2].mean(0) - mesh[[33, 133], :2].mean(0)
    e1 = across / np.linalg.norm(across)
    return np.stack([e1, [-e1[1], e1[0]]])


def spot(mesh, region, side, mirror):
    """Middle of a region on the left (-1) or right (+1), image pixels; ears lie off the mesh."""
    points = np.array(LEFT_OF[region])
    at = mesh[points if side < 0 else mirror[points], :2].mean(0)
    if region == "ears":
        middle = mesh[[6, 197], :2].mean(0)
        at = middle + 1.12 * (at - middle)
    return at


def remap(face, field):
    """The face with every point x shown at x + field(x); field is size x size x 2, pixels."""
    size = face.shape[0]
    y, x = np.mgrid[:size, :size].astype(np.float32)
    back = field.astype(np.float32)
    for _ in range(2):
        back = cv2.remap(
            field.astype(np.float32), x - back[..., 0], y - back[..., 1], cv2.INTER_LINEAR
        )
    return cv2.remap(
        face, x - back[..., 0], y - back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def push_field(mesh, size, region, side, shift, mirror, rng):
    """A flat-topped local shift (eye distances, along the face) with a little local affine."""
    unit = eye_distance(mesh)
    at, reach = spot(mesh, region, side, mirror), REACH[region] * unit * rng.uniform(0.7, 1.2)
    y, x = np.mgrid[:size, :size]
    off = np.stack([x - at[0], y - at[1]], -1)
    weight = np.exp(-((np.linalg.norm(off, axis=-1) / reach) ** rng.uniform(2, 4)))
    affine = rng.normal(0, 0.04, (2, 2)) * np.linalg.norm(shift) / 0.06
    return weight[..., None] * (unit * (shift @ axes(mesh)) + off @ affine)


def thin_plate_field(mesh, size, region, side, shift, mirror):
    """A thin-plate spline that moves the region's landmarks and keeps all others in place."""
    unit, names = eye_distance(mesh), [r for r in LEFT_OF if r != "ears"]
    own = np.array(LEFT_OF[region])
    own = own if side < 0 else mirror[own]
    kept = {p for r in names for p in (*LEFT_OF[r], *mirror[list(LEFT_OF[r])])} | set(HOLD) | {1, 6}
    kept -= set(own.tolist())
    if region in ("jaw", "ears"):
        near = spot(mesh, region, side, mirror)
        kept = {p for p in kept if np.linalg.norm(mesh[p, :2] - near) > 0.45 * unit}
    moved = mesh[own, :2]
    if region == "ears":
        middle = mesh[[6, 197], :2].mean(0)
        moved = middle + 1.12 * (moved - middle)
    step = np.linspace(0, size - 1, 4)
    border = [(a, b) for a in step for b in step if a in (0, size - 1) or b in (0, size - 1)]
    fixed = np.concatenate([mesh[sorted(kept), :2], np.array(border)])
    points = np.concatenate([moved, fixed]) / unit
    values = np.zeros((len(points), 2))
    values[: len(moved)] = unit * (shift @ axes(mesh))
    coarse = np.linspace(0, size - 1, 33)
    grid = np.stack(np.meshgrid(coarse, coarse), -1).reshape(-1, 2) / unit
    field = _spline(points, values, grid).reshape(33, 33, 2)
    y, x = np.mgrid[:size, :size].astype(np.float32) * np.float32(32 / (size - 1))
    return cv2.remap(field.astype(np.float32), x, y, cv2.INTER_LINEAR)


def _spline(points, values, where):
    def kernel(a, b):
        r2 = ((a[:, None] - b[None]) ** 2).sum(-1)
        return r2 * np.log(r2 + 1e-12)

    n = len(points)
    flat = np.hstack([np.ones((n, 1)), points])
    left = np.block([[kernel(points, points) + 1e-6 * np.eye(n), flat], [flat.T, np.zeros((3, 3))]])
    solved = np.linalg.solve(left, np.vstack([values, np.zeros((3, 2))]))
    return (
        kernel(where, points) @ solved[:n]
        + np.hstack([np.ones((len(where), 1)), where]) @ solved[n:]
    )


def turn(face, mesh, degrees):
    """The face re-rendered with the head turned (yaw), from the depth of its own mesh."""
    from scipy.interpolate import LinearNDInterpolator

    from iqmetrics.nets.faces.canonical import with_ring

    size = face.shape[0]
    middle = mesh.mean(0)
    a = np.radians(degrees)
    e = axes(mesh)
    local = (mesh[:, :2] - middle[:2]) @ e.T
    level = mesh[[33, 133, 362, 263], 2].mean()
    limit = DEEPEST * eye_distance(mesh)
    depth = mesh[:, 2] - level
    depth = np.where(depth > 0, limit * np.tanh(depth / limit), depth)
    moved = local.copy()
    moved[:, 0] = local[:, 0] * np.cos(a) + depth * np.sin(a)
    after = with_ring(moved @ e + middle[:2])
    before = with_ring(mesh[:, :2])
    step = np.linspace(0, size - 1, 5)
    edge = np.array(
        [(p, q) for p in step for q in step if p in (0, size - 1) or q in (0, size - 1)]
    )
    back = LinearNDInterpolator(np.concatenate([after, edge]), np.concatenate([before, edge]))
    y, x = np.mgrid[:size:4, :size:4]
    where = back(np.stack([x.ravel(), y.ravel()], 1).astype(float)).reshape(*x.shape, 2)
    where = cv2.resize(where.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    return cv2.remap(
        face, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def melt(face, mesh, amount, rng):
    """A smooth random warp with a standard deviation of `amount` eye distances over the face."""
    size, unit = face.shape[0], eye_distance(mesh)
    field = rng.normal(0, 1, (size, size, 2)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), 0.22 * unit)
    field *= amount * unit / field.std()
    y, x = np.mgrid[:size, :size]
    middle = mesh[:, :2].mean(0)
    far = np.hypot(x - middle[0], y - middle[1]) / (1.8 * unit)
    return remap(face, field * np.exp(-(far**4))[..., None])


def blur_eye(face, mesh, side, mirror, amount=0.16):
    """One eye blurred out (sd in eye distances)."""
    unit, at = eye_distance(mesh), spot(mesh, "eyes", side, mirror)
    y, x = np.mgrid[: face.shape[0], : face.shape[1]]
    weight = np.exp(-((np.hypot(x - at[0], y - at[1]) / (0.36 * unit)) ** 4))[..., None]
    soft = cv2.GaussianBlur(face, (0, 0), amount * unit)
    return np.clip(weight * soft + (1 - weight) * face, 0, 255).astype(np.uint8)


def roll(face, degrees):
    size = face.shape[0]
    matrix = cv2.getRotationMatrix2D((size / 2, size / 2), degrees, 1)
    return cv2.warpAffine(
        face, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def jpeg(face, quality):
    data = io.BytesIO()
    Image.fromarray(face).save(data, "JPEG", quality=quality)
    return np.array(Image.open(data))


def half(face):
    return cv2.resize(face, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def noise(face, sd, rng):
    return np.clip(face + rng.normal(0, sd, face.shape), 0, 255).astype(np.uint8)


def light(face, rng):
    """A smooth gradient of light, gamma and contrast."""
    size = face.shape[0]
    y, x = np.mgrid[:size, :size] / size - 0.5
    slope = rng.normal(0, 0.35, 2)
    gain = np.exp(slope[0] * x + slope[1] * y)[..., None]
    out = 255 * (face / 255.0) ** np.exp(rng.normal(0, 0.2)) * gain
    return np.clip(out, 0, 255).astype(np.uint8)
