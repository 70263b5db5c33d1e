"""From photos to measured faces: as they are, with planted asymmetry, and with nuisances.

    python training/faces_samples.py PHOTOS SAMPLES.npz

PHOTOS holds the files named in `faces_photos.csv` (see its `source` column; in a repository's file
name "__" stands for "/"; a file that the newest commit lacks is in an older one). Every sample goes
through the whole chain (detector, mesh, frontal face, iris), as it would in use. People who are not
`tested` only widen what is known of normal and of pushed faces: a photo of theirs gives 14 samples.
"""

import argparse
import csv
import multiprocessing
import os
import zlib
from pathlib import Path

import cv2
import faces_warps as warps
import numpy as np
from PIL import Image

from iqmetrics.images import Picture
from iqmetrics.nets.faces.crop import Square, cut
from iqmetrics.nets.faces.find import faces_of
from iqmetrics.nets.faces.jaw import strips
from iqmetrics.nets.faces.measure import blocks, grids, measure
from iqmetrics.nets.faces.shape import mirror_map
from iqmetrics.records import ImageRecord

REGIONS = ("eyes", "brows", "nose", "mouth", "jaw")
SIDE = 336
YAW = 22.0
FORMAL = "CivilServiceUSA"
"""Official portraits in faces_photos.csv: calmer than other photographs (see `faces.py`)."""
UNTESTED = (0, 2, 3, 4, 5)
"""Training samples of a person who is not tested: two nuisances, three pushes."""
MORE = 8
"""Samples of everybody in a second round: two nuisances, six pushes."""
CHOOSE = (("eyes", 10), ("eyes", 6), ("mouth", 10), ("mouth", 6), ("jaw", 10))
"""Thin-plate pictures of every second untested face, to choose settings on (`--choose`)."""
DRAWS = 8
"""Thin-plate pictures of each tested jaw, and with `--choose` a quarter of that of each untested:
side and direction are drawn anew, so that the figure depends less on the draw."""
ODDS = (0.27, 0.13, 0.12, 0.26, 0.22)
"""How often each region is pushed."""


def picture(pixels):
    return Picture(ImageRecord("face", "face"), np.ascontiguousarray(pixels))


def face_near(pixels, x, y):
    """The face nearest to a point, or None."""
    found = faces_of([picture(pixels)])[0]
    if not found:
        return None
    return min(
        found, key=lambda f: np.hypot((f.box[0] + f.box[2]) / 2 - x, (f.box[1] + f.box[3]) / 2 - y)
    )


def photos(folder):
    """(person, square cut-out, mesh in it, tested) of every listed face that is roughly frontal."""
    rows = list(csv.DictReader((Path(__file__).parent / "faces_photos.csv").open()))
    for row in rows:
        path = Path(folder) / row["file"]
        pixels = np.array(Image.open(path).convert("RGB"))
        face = face_near(pixels, float(row["x"]), float(row["y"]))
        if face is None or face.side < 64:
            continue
        wide = Square(face.square.x, face.square.y, face.square.side * 1.35)
        cut_out = cut(pixels, wide, SIDE)
        again = face_near(cut_out, SIDE / 2, SIDE / 2)
        if again is not None:
            yield row["person"], cut_out, again.mesh, row["tested"] == "yes"


def formal_people():
    """Who is listed with an official portrait."""
    with (Path(__file__).parent / "faces_photos.csv").open() as file:
        return [r["person"] for r in csv.DictReader(file) if FORMAL in r["source"]]


def measured(pixels):
    """(skew, broken, yaw in degrees, [score, flag, side], strips) of the middle face, or None."""
    face = face_near(pixels, pixels.shape[1] / 2, pixels.shape[0] / 2)
    if face is None:
        return None
    shown = picture(pixels)
    from iqmetrics.nets.faces.find import is_turned, mirrored, upright

    turned = mirrored(face, shown.width) if is_turned(shown) else face
    m = measure([upright(shown)], [turned])[0]
    sign = -1 if is_turned(shown) else 1
    return (
        (m.skew * sign).astype(np.float16),
        m.broken,
        m.posed.degrees * sign,
        [face.score, face.flag, face.side],
        strips(m.face)[::sign],
    )


def shift(rng, length):
    angle = rng.uniform(0, 2 * np.pi)
    return length * np.array([np.cos(angle), np.sin(angle)])


def planted(face, mesh, rng):
    """A training sample: one region pushed, sometimes two; half of them under a nuisance."""
    mirror, field, answer = mirror_map(), np.zeros((SIDE, SIDE, 2)), np.zeros((5, 2))
    for r in rng.choice(5, rng.choice([1, 2], p=[0.75, 0.25]), replace=False, p=ODDS):
        side, by = rng.choice([-1, 1]), shift(rng, rng.uniform(0.04, 0.13))
        field += warps.push_field(mesh, SIDE, REGIONS[r], side, by, mirror, rng)
        answer[r] = by if side < 0 else by * [1, -1]
    out = warps.remap(face, field)
    return (nuisance(out, mesh, rng) if rng.random() < 0.5 else out), answer


def nuisance(face, mesh, rng):
    if rng.random() < 0.5:
        face = warps.turn(face, mesh, rng.uniform(-YAW, YAW))
    if rng.random() < 0.5:
        face = warps.light(face, rng)
    if rng.random() < 0.4:
        face = warps.roll(face, rng.uniform(-35, 35))
    if rng.random() < 0.3:
        face = warps.jpeg(face, int(rng.integers(25, 80)))
    if rng.random() < 0.2:
        face = warps.half(face)
    if rng.random() < 0.2:
        face = warps.noise(face, rng.uniform(3, 14), rng)
    return face


def bent(face, mesh, region, percent, rng):
    """One side of a region moved by so many percent of the eye distance, by a thin-plate spline."""
    side, by = rng.choice([-1, 1]), shift(rng, percent / 100)
    field = warps.thin_plate_field(mesh, SIDE, region, side, by, mirror_map())
    return warps.remap(face, field)


def tests(face, mesh, rng):
    """(kind, cut-out) of every test picture of one face; thin-plate warps only."""
    mirror = mirror_map()
    yield "normal", face
    for region, percents in {
        "eyes": (10, 6),
        "mouth": (10, 6),
        "jaw": (10,),
        "brows": (10,),
        "nose": (10,),
        "ears": (10,),
    }.items():
        for percent in percents:
            yield f"{region}_{percent}", bent(face, mesh, region, percent, rng)
    yield "melt_6", warps.melt(face, mesh, 0.06, rng)
    yield "blurred_eye", warps.blur_eye(face, mesh, rng.choice([-1, 1]), mirror)
    yield "mirror", face[:, ::-1]
    yield "roll_30", warps.roll(face, 30 * rng.choice([-1, 1]))
    yield "yaw_-20", warps.turn(face, mesh, -20)
    yield "yaw_20", warps.turn(face, mesh, 20)
    yield "jpeg_30", warps.jpeg(face, 30)
    yield "half", warps.half(face)
    yield "noise_12", warps.noise(face, 12, rng)


def samples_of(task):
    """Everything of one photo: rows of (kind, answer, measured)."""
    index, person, face, mesh, tested, each, choose = task
    cv2.setNumThreads(1)
    rows = []
    rng = np.random.default_rng([11, index])
    for kind, pixels in tests(face, mesh, rng) if tested else [("normal", face)]:
        rows.append((index, person, kind, np.zeros((5, 2)), measured(pixels)))
    rng = np.random.default_rng([12, index])
    for i in range(each) if tested else UNTESTED:
        if i % 5 == 0:
            kind, pixels, answer = "train_normal", nuisance(face, mesh, rng), np.zeros((5, 2))
        elif i % 5 == 1:
            which = rng.random() < 0.5
            side = rng.choice([-1, 1])
            pixels = (
                warps.melt(face, mesh, rng.uniform(0.03, 0.1), rng)
                if which
                else warps.blur_eye(face, mesh, side, mirror_map(), rng.uniform(0.08, 0.25))
            )
            kind, answer = "train_melt" if which else "train_blur", np.zeros((5, 2))
            pixels = nuisance(pixels, mesh, rng)
        else:
            kind = "train_push"
            pixels, answer = planted(face, mesh, rng)
        rows.append((index, person, kind, answer, measured(pixels)))
    rng = np.random.default_rng([23, index])
    for i in range(MORE):
        if i % 4 == 0:
            kind, pixels, answer = "train_normal", nuisance(face, mesh, rng), np.zeros((5, 2))
        else:
            kind, (pixels, answer) = "train_push", planted(face, mesh, rng)
        rows.append((index, person, kind, answer, measured(pixels)))
    if choose and not tested and index % 2 == 0:
        rng = np.random.default_rng([31, index])
        for region, percent in CHOOSE:
            pixels = bent(face, mesh, region, percent, rng)
            kind = f"choose_{region}_{percent}"
            rows.append((index, person, kind, np.zeros((5, 2)), measured(pixels)))
    rng = np.random.default_rng([61, index])
    for i in range(1, DRAWS) if tested else range(1, 1 + choose * DRAWS // 4):
        kind = f"jaw_10_{i}" if tested else f"choose_jaw_10_{i}"
        pixels = bent(face, mesh, "jaw", 10, rng)
        rows.append((index, person, kind, np.zeros((5, 2)), measured(pixels)))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--each", type=int, default=14, help="training samples a photo")
    parser.add_argument("--choose", action="store_true", help="add pictures to choose settings on")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    tasks = [(i, *photo, args.each, args.choose) for i, photo in enumerate(photos(args.photos))]
    print(len(tasks), "faces,", len({t[1] for t in tasks}), "people", flush=True)
    with multiprocessing.get_context("spawn").Pool(args.workers) as pool:
        rows = [row for some in pool.imap(samples_of, tasks) for row in some]
    found = [r for r in rows if r[4] is not None]
    width = len(found[0][4][0])
    lost = (
        np.full(width, np.nan, np.float16),
        np.full(len(found[0][4][1]), np.nan),
        np.nan,
        [0, 0, 0],
        np.zeros_like(found[0][4][4]),
    )
    got = [r[4] or lost for r in rows]
    np.savez(
        args.samples,
        index=[r[0] for r in rows],
        person=[zlib.crc32(r[1].encode()) for r in rows],
        kind=[r[2] for r in rows],
        answer=[r[3] for r in rows],
        skew=np.array([g[0] for g in got]),
        broken=np.array([g[1] for g in got]),
        yaw=[g[2] for g in got],
        found=[g[3] for g in got],
        strips=np.stack([g[4] for g in got]),
        blocks=blocks(),
        grids=grids(),
        tested=[tasks[r[0]][4] for r in rows],
        formal=np.isin([r[1] for r in rows], formal_people()),
    )
    print(len(rows), "samples,", len(rows) - len(found), "without a face")


if __name__ == "__main__":
    main()
