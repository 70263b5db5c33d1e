"""Faces with a shifted jaw, unrolled, for `faces_jaw.py` to learn from.

    python training/faces_jaw_strips.py PHOTOS STRIPS.npz --workers 16

Every face of a person who is never tested is bent again and again: the jaw on one side pushed, or
something else, or nothing; turned, lit, packed and blurred. The pushes are flat-topped ones of this
folder; no thin-plate spline, which is what the tests use.
"""

import argparse
import multiprocessing
import zlib
from itertools import pairwise
from pathlib import Path

import cv2
import faces_samples as samples
import faces_warps as warps
import numpy as np

from iqmetrics.nets.faces import mesh as traced
from iqmetrics.nets.faces.canonical import DETAIL, drawn, sampled
from iqmetrics.nets.faces.crop import Square, cut, placed
from iqmetrics.nets.faces.jaw import strips
from iqmetrics.nets.faces.measure import LOOKS
from iqmetrics.nets.faces.pose import take_apart
from iqmetrics.nets.faces.shape import mirror_all, mirror_map

JAW = (172, 136, 58, 150)
"""Landmarks of the left jaw whose mean way is the answer."""
CHAIN = (132, 58, 172, 136, 150, 149, 176)
"""The left side of the outline, from ear to chin."""
EACH = 30
ODDS = (0.72, 0.14, 0.14)
"""How often the jaw is pushed, nothing is, another region is."""
MOST_YAW = 30.0
CHECKS = 4
"""Thin-plate pictures of a face, to see how well a net does on people that it did not learn from;
nothing learns from these."""


def jaw_field(mesh, rng):
    """A push of one side of the jaw: a run of outline points moves as a body, or a round spot."""
    mirror, unit = mirror_map(), warps.eye_distance(mesh)
    side, by = rng.choice([-1, 1]), samples.shift(rng, rng.uniform(0.03, 0.15))
    if rng.random() < 0.3:
        return warps.push_field(mesh, samples.SIDE, "jaw", side, by, mirror, rng)
    count = int(rng.integers(1, 5))
    start = int(rng.integers(0, len(CHAIN) - count + 1))
    chain = np.array(CHAIN[start : start + count])
    run = mesh[chain if side < 0 else mirror[chain], :2] + rng.normal(0, 0.05 * unit, 2)
    y, x = np.mgrid[: samples.SIDE, : samples.SIDE].astype(np.float64)
    away = far_from(run, x, y) / (unit * rng.uniform(0.25, 0.6))
    return np.exp(-(away ** rng.uniform(2, 4)))[..., None] * (unit * (by @ warps.axes(mesh)))


def far_from(run, x, y):
    """Distance of every pixel to a chain of points (k x 2), in pixels."""
    best = np.hypot(x - run[0, 0], y - run[0, 1])
    for a, b in pairwise(run):
        way = b - a
        along = ((x - a[0]) * way[0] + (y - a[1]) * way[1]) / max(way @ way, 1e-9)
        along = np.clip(along, 0, 1)
        away = np.hypot(x - a[0] - along * way[0], y - a[1] - along * way[1])
        best = np.minimum(best, away)
    return best


def answer(field, mesh):
    """How far a field takes the left jaw against the mirrored right one, eye distances, 2."""
    points = np.array(JAW)
    ways = []
    for side in (points, mirror_map()[points]):
        x, y = np.clip(mesh[side, :2].round().astype(int), 0, samples.SIDE - 1).T
        ways.append(field[y, x].mean(0) @ warps.axes(mesh).T / warps.eye_distance(mesh))
    return ways[0] + ways[1] * [1, -1]


def other_field(mesh, rng):
    """A push of another region."""
    region = rng.choice(["eyes", "brows", "nose", "mouth"])
    by = samples.shift(rng, rng.uniform(0.04, 0.13))
    side = rng.choice([-1, 1])
    return warps.push_field(mesh, samples.SIDE, region, side, by, mirror_map(), rng)


def worse(face, mesh, rng):
    """The face turned, lit, packed or blurred, always at the same size."""
    if rng.random() < 0.5:
        face = warps.turn(face, mesh, rng.uniform(-samples.YAW, samples.YAW))
    if rng.random() < 0.5:
        face = warps.light(face, rng)
    if rng.random() < 0.3:
        face = warps.jpeg(face, int(rng.integers(25, 80)))
    if rng.random() < 0.3:
        scale = rng.uniform(0.25, 0.8)
        small = cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        face = cv2.resize(small, (samples.SIDE, samples.SIDE), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.2:
        face = warps.noise(face, rng.uniform(3, 14), rng)
    return face


def seen(face, mesh, rng):
    """(strips, yaw in degrees) of a face whose mesh is roughly known, by two looks instead of four
    and without a detector."""
    rough, _ = traced.trace([face], [traced.square_of_mesh(mesh)])
    square = traced.square_of_mesh(rough[0])
    looks = [LOOKS[i] for i in rng.choice(len(LOOKS), 2, replace=False)]
    turned = [
        Square(square.x, square.y, square.side * scale, square.angle + turn)
        for scale, turn in looks
    ]
    crops = np.stack([cut(face, t, traced.SIDE) for t in turned])
    points, _ = traced.trace_crops(np.concatenate([crops, crops[:, :, ::-1]]))
    points[2:] = points[2:][:, mirror_all()] * [-1, 1, 1] + [traced.SIDE, 0, 0]
    posed = take_apart(placed(points, turned * 2, traced.SIDE).mean(0)[:468])
    wide = sampled(square)
    return strips(drawn(cut(face, wide, DETAIL), posed.symmetric, wide)), posed.degrees


def bent(task):
    """Everything of one photo: rows of (index, person, kind, answer, strips)."""
    index, person, face, mesh, each = task
    cv2.setNumThreads(1)
    rng = np.random.default_rng([51, index])
    rows = []

    def add(kind, made, asked):
        both, yaw = seen(made, mesh, rng)
        if abs(yaw) <= MOST_YAW:
            rows.append((index, person, kind, asked, both))

    for _ in range(each):
        kind = rng.choice(3, p=ODDS)
        made, asked = face, np.zeros(2)
        if kind != 1:
            field = jaw_field(mesh, rng) if kind == 0 else other_field(mesh, rng)
            made, asked = warps.remap(face, field), answer(field, mesh)
        if kind == 1 or rng.random() < 0.5:
            made = worse(made, mesh, rng)
        add("learn", made, asked)
    add("normal", face, np.zeros(2))
    for _ in range(CHECKS):
        add("check", samples.bent(face, mesh, "jaw", 10, rng), np.zeros(2))
    return rows


def make(tasks, path, workers):
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        rows = [row for some in pool.imap(bent, tasks) for row in some]
    np.savez(
        path,
        index=[r[0] for r in rows],
        person=[zlib.crc32(r[1].encode()) for r in rows],
        kind=[r[2] for r in rows],
        answer=np.array([r[3] for r in rows], np.float32),
        strips=np.stack([r[4] for r in rows]),
    )
    print(len(rows), "strips of", len({r[1] for r in rows}), "people")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("strips", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    found = enumerate(samples.photos(args.photos))
    tasks = [(i, p, c, m, EACH) for i, (p, c, m, tested) in found if not tested]
    make(tasks, args.strips, args.workers)


if __name__ == "__main__":
    main()
