"""Fits the gates of `face`: what is no photograph of a bare face is not judged.

    python training/faces_style.py measure PHOTOS PICTURES STYLE.npz
    python training/faces_style.py fit STYLE.npz iqmetrics/nets/faces/style.npz

PHOTOS holds the files of `faces_photos.csv`, PICTURES those of `faces_style.csv` (drawn, sculpted,
stuffed and rendered faces and more photographs, labelled by eye; in a file name "__" stands for
"/"). Melted faces and blurred eyes of photographs count as photographs, so that neither gate learns
what `malformed` looks for; the second gate learns from photographs with a patch pasted on an eye.
"""

import argparse
import csv
import multiprocessing
import os
import zlib
from pathlib import Path

import cv2
import faces_samples as samples
import faces_warps as warps
import numpy as np
from faces import HELD_BACK, folds
from PIL import Image

from iqmetrics.nets.faces.find import upright, upright_faces
from iqmetrics.nets.faces.measure import measure
from iqmetrics.nets.faces.shape import mirror_map

RIDGE = 100.0
KEPT = (1.0, 0.995)
"""Share of unseen people's broken photographs that pass each gate (chosen on all of them)."""
LEAST_FLAG = 0.9
LARGEST = 1600
TESTED = ("normal", "eyes_10", "mouth_10", "melt_6", "blurred_eye")
"""Test pictures measured again for the share that the gates refuse."""
BROKEN = ("broken", "melt_6", "blurred_eye")
EVERY = 3
"""Of the people who are never tested one in so many is used."""


def pasted(face, mesh, other, rng):
    """The face with a patch over one eye: disc, card or strand, plain or torn from `other`."""
    eyes = [mesh[[33, 133], :2].mean(0), mesh[[362, 263], :2].mean(0)]
    apart = np.linalg.norm(eyes[0] - eyes[1])
    x, y = eyes[rng.integers(2)] + rng.normal(0, 0.08 * apart, 2)
    wide, high = apart * rng.uniform(0.3, 0.75), apart * rng.uniform(0.25, 0.6)
    mask, form = np.zeros(face.shape[:2], np.float32), rng.integers(3)
    if form == 0:
        axes = (int(wide), int(high))
        cv2.ellipse(mask, (int(x), int(y)), axes, rng.uniform(0, 180), 0, 360, 1, -1)
    elif form == 1:
        card = ((float(x), float(y)), (2 * wide, 2 * high), rng.uniform(0, 180))
        cv2.fillPoly(mask, [cv2.boxPoints(card).astype(np.int32)], 1)
    else:
        lean = np.radians(rng.uniform(60, 120))
        along = np.array([np.cos(lean), np.sin(lean)]) * 2.5 * apart
        ends = [(x, y) - along * rng.uniform(0.3, 1), (x, y) + along * rng.uniform(0.3, 0.7)]
        low, top = (tuple(end.astype(int).tolist()) for end in ends)
        cv2.line(mask, low, top, 1, int(apart * rng.uniform(0.45, 0.9)))
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.6, 2))[..., None]
    return np.clip(face * (1 - mask) + cloth(other, rng) * mask, 0, 255).astype(np.uint8)


def cloth(other, rng):
    """What a patch shows: black, a colour, or a piece of another picture."""
    side, kind = other.shape[0], rng.random()
    if kind < 0.25:
        return rng.uniform(5, 60) + rng.normal(0, 3, other.shape)
    if kind < 0.5:
        shade = np.linspace(-15, 15, side)[None, :, None]
        return rng.uniform(20, 235, 3) + rng.normal(0, 3, other.shape) + shade
    part = int(side * rng.uniform(0.2, 1))
    x, y = rng.integers(0, side - part + 1, 2)
    return cv2.resize(np.ascontiguousarray(other[y : y + part, x : x + part]), (side, side))


def pooled_of(pixels, near=None):
    """(even, off) of the face nearest to a point, or None; small ones do not count."""
    shown = samples.picture(pixels)
    faces = [f for f in upright_faces([shown])[0] if f.side >= 64 and f.flag >= LEAST_FLAG]
    if not faces:
        return None
    right = upright(shown)
    x, y = near or (pixels.shape[1] / 2, pixels.shape[0] / 2)
    if right is not shown.pixels:
        x = pixels.shape[1] - x
    face = min(
        faces, key=lambda f: np.hypot((f.box[0] + f.box[2]) / 2 - x, (f.box[1] + f.box[3]) / 2 - y)
    )
    one = measure([right], [face])[0]
    return np.concatenate([one.even, one.off])


def of_photo(task):
    """(kind, numbers) of one photo: as it is, broken in several ways, one eye covered."""
    index, _person, face, mesh, tested, other = task
    cv2.setNumThreads(1)
    rng = np.random.default_rng([77, index])
    made = {"normal": face}
    if tested:
        made = dict(samples.tests(face, mesh, np.random.default_rng([11, index])))
        made = {kind: made[kind] for kind in TESTED}
    bad = warps.melt(face, mesh, rng.uniform(0.03, 0.1), rng)
    if index % 2:
        size = rng.uniform(0.08, 0.25)
        bad = warps.blur_eye(face, mesh, rng.choice([-1, 1]), mirror_map(), size)
    made["broken"] = samples.nuisance(bad, mesh, rng)
    made["hidden"] = pasted(face, mesh, other, rng)
    return [(kind, pooled_of(pixels)) for kind, pixels in made.items()]


def of_picture(task):
    path, row = task
    cv2.setNumThreads(1)
    image = Image.open(path).convert("RGB")
    image.thumbnail((LARGEST, LARGEST))
    return [(row["label"], pooled_of(np.array(image), (float(row["x"]), float(row["y"]))))]


def measured(photos, pictures, workers):
    """index (-1: a picture), person, kind and numbers of every face."""
    known = list(samples.photos(photos))
    tasks = [(i, *k, known[(i * 7 + 3) % len(known)][1]) for i, k in enumerate(known)]
    tasks = [t for t in tasks if t[4] or t[0] % EVERY == 0]
    with (Path(__file__).parent / "faces_style.csv").open() as file:
        rows = list(csv.DictReader(file))
    listed = [(pictures / row["file"], row) for row in rows]
    owners = [(t[0], t[1]) for t in tasks] + [(-1, row["file"]) for row in rows]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        answers = [*pool.imap(of_photo, tasks), *pool.imap(of_picture, listed)]
    flat = [
        (*owner, kind, numbers)
        for owner, some in zip(owners, answers, strict=True)
        for kind, numbers in some
        if numbers is not None
    ]
    return {
        "index": np.array([f[0] for f in flat]),
        "person": np.array([zlib.crc32(f[1].encode()) for f in flat]),
        "kind": np.array([f[2] for f in flat]),
        "numbers": np.array([f[3] for f in flat], np.float32),
    }


def logistic(x, y, weight):
    """(constant, weights) of a ridge logistic regression of scaled numbers."""
    a = np.hstack([np.ones((len(x), 1)), x])
    beta, penalty = np.zeros(a.shape[1]), RIDGE * np.eye(a.shape[1])
    penalty[0, 0] = 0
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(a @ beta, -40, 40)))
        bend = (a.T * (weight * p * (1 - p))) @ a + penalty
        beta = beta + np.linalg.solve(bend, a.T @ (weight * (y - p)) - penalty @ beta)
    return beta[0], beta[1:]


def gate(numbers, bad, rows, kinds):
    """(level, weights) of raw numbers; both answers count alike, broken photographs twice."""
    x, y = numbers[rows].astype(np.float64), bad[rows].astype(np.float64)
    mean, sd = x.mean(0), x.std(0) + 1e-6
    weight = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    weight = weight * np.where(np.isin(kinds[rows], BROKEN) & (y == 0), 2, 1)
    level, weights = logistic(np.clip((x - mean) / sd, -4, 4), y, weight)
    return level - (mean / sd) @ weights, weights / sd


def gates(data, rows):
    """The levels (2) and weights of both gates from the given rows.

    The levels are set where `KEPT` of the broken photographs of unseen people pass.
    """
    kinds, numbers = data["kind"], data["numbers"]
    even, drawn = numbers[:, : numbers.shape[1] // 2], kinds == "drawn"
    photo = ~np.isin(kinds, ["drawn", "hidden", "other"])
    levels, weights = [], []
    listed = data["index"] >= 0
    sides = ((even, drawn, True), (numbers, kinds == "hidden", listed))
    for (x, bad, own), kept in zip(sides, KEPT, strict=True):
        used = rows & (photo | bad) & own
        fold, unseen = folds(data["person"]), np.zeros(len(kinds))
        for f in range(5):
            level, w = gate(x, bad, used & (fold != f), kinds)
            unseen[fold == f] = x[fold == f] @ w + level
        level, w = gate(x, bad, used, kinds)
        broken = used & np.isin(kinds, BROKEN)
        levels.append(level - np.quantile(unseen[broken], kept))
        weights.append(w)
    return {"levels": np.array(levels), "drawn": weights[0], "hidden": weights[1]}


def held_out(data):
    """Both gates' answers (n x 2, above 0: not judged) by constants of other people's faces."""
    fold, out = folds(data["person"], seed=4), np.zeros((len(data["kind"]), 2))
    half = data["numbers"].shape[1] // 2
    for f in range(5):
        own, got = fold == f, gates(data, fold != f)
        numbers = data["numbers"][own]
        out[own, 0] = numbers[:, :half] @ got["drawn"] + got["levels"][0]
        out[own, 1] = numbers @ got["hidden"] + got["levels"][1]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    first = steps.add_parser("measure")
    for name in ("photos", "pictures", "samples"):
        first.add_argument(name, type=Path)
    first.add_argument("--workers", type=int, default=1)
    second = steps.add_parser("fit")
    second.add_argument("samples", type=Path)
    second.add_argument("constants", type=Path)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if args.step == "measure":
        np.savez(args.samples, **measured(args.photos, args.pictures, args.workers))
        return
    data = dict(np.load(args.samples))
    got = gates(data, data["person"] != zlib.crc32(HELD_BACK.encode()))
    levels = got.pop("levels").astype(np.float32)
    np.savez_compressed(
        args.constants, levels=levels, **{k: v.astype(np.float16) for k, v in got.items()}
    )


if __name__ == "__main__":
    main()
