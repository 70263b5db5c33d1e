"""Packs photographs of hands for training: upright crops, masks, landmarks, walls behind them.

    python training/hands/prepare.py --digits Dataset --rooms images/train --ti1k train \
        --backgrounds templates --out pack.npz

Sources (none is committed): Sign-Language-Digits and the train part of HandsDataset (Apache-2.0),
TI1K (MIT); backgrounds from the MIT template images. A crop is 288 px wide and shows the landmark
region grown 1.4 times, so that training can shift, turn and scale it. `fold` (0 or 1) splits
persons and recording sessions: what one model is trained on, the other is judged by.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from iqmetrics.nets.hands.find import PRESENCE, Hand, look
from iqmetrics.nets.hands.palm import SIZE, detect
from iqmetrics.nets.hands.region import crop, of_landmarks, of_palm
from iqmetrics.nets.hands.tiles import whole

PACKED = 288
GROWN = 1.4
MASKED = 192
CHAINS = (
    (0, 1, 2, 3, 4),
    (0, 5, 6, 7, 8),
    (0, 9, 10, 11, 12),
    (0, 13, 14, 15, 16),
    (0, 17, 18, 19, 20),
)
PER_DIGIT = {
    "5": 999,
    "4": 999,
    "9": 999,
    "0": 80,
    "6": 70,
    "7": 70,
    "8": 70,
    "1": 50,
    "2": 50,
    "3": 60,
}
PER_ROOM = {5: 999, 4: 999, 0: 180, 1: 70, 2: 70, 3: 90}
TI1K_TAKEN = 260


def digits(folder: Path) -> Iterator[tuple[Path, int, int, list[float] | None]]:
    """File, fingers shown, fold (by blocks of 100 picture numbers: about ten students), box."""
    shown = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 3, "7": 3, "8": 3, "9": 3}
    for name, most in PER_DIGIT.items():
        files = sorted((folder / name).iterdir())
        for file in files[:: max(len(files) // most, 1)][:most]:
            number = int(re.findall(r"\d+", file.stem)[-1])
            yield file, shown[name], (number // 100) % 2, None


def rooms(folder: Path) -> Iterator[tuple[Path, int, int, list[float] | None]]:
    """Annotated hands of HandsDataset; the fold is by recording session and blocks of 100."""
    left = dict(PER_ROOM)
    files = sorted(folder.glob("*.xml"))
    np.random.default_rng(1).shuffle(files)
    for file in files:
        text = file.read_text()
        for part in text.split("<object>")[1:]:
            count = int(re.search(r"<name>(\d)", part)[1])
            box = [
                float(re.search(rf"<{k}>(\d+)", part)[1]) for k in ("xmin", "ymin", "xmax", "ymax")
            ]
            if left[count] > 0 and file.with_suffix(".jpg").exists():
                left[count] -= 1
                number = int(re.findall(r"\d+", file.stem)[-1])
                yield file.with_suffix(".jpg"), count, (number // 100) % 2, box


def ti1k(folder: Path) -> Iterator[tuple[Path, int, int, list[float] | None]]:
    """First-person hands with thumb and index only: never countable."""
    files = sorted(folder.glob("*.jpg"))
    for i, file in enumerate(files[:: max(len(files) // TI1K_TAKEN, 1)][:TI1K_TAKEN]):
        yield file, 2, i * 2 // TI1K_TAKEN, None


def one_hand(pixels: np.ndarray, box: list[float] | None) -> Hand | None:
    """The surest hand of the frame (that overlaps the box, when one is given)."""
    square = whole(pixels)
    tile = crop(pixels, square, SIZE)[None].astype(np.float32) / 255
    regions = []
    for palm in detect(tile)[0][:3]:
        corners = square.to_image(palm.box.reshape(2, 2) * SIZE, SIZE).ravel()
        points = square.to_image(palm.points * SIZE, SIZE)
        regions.append(of_palm(corners, points[0], points[2]))
    second = [of_landmarks(h.points) for h in look(pixels, regions) if h.presence > 0.5]
    hands = [h for h in look(pixels, second) if h.presence >= PRESENCE]
    if box is not None:
        middle = [(h.points.min(0) + h.points.max(0)) / 2 for h in hands]
        hands = [
            h
            for h, m in zip(hands, middle, strict=True)
            if box[0] < m[0] < box[2] and box[1] < m[1] < box[3]
        ]
    return max(hands, key=lambda h: h.presence, default=None)


def mask_of(cut: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, float]:
    """Pixels of the hand (GrabCut seeded by the skeleton) and how far the mask is to be trusted."""
    scale = MASKED / PACKED
    small = cv2.resize(cut, (MASKED, MASKED), interpolation=cv2.INTER_AREA)
    p = (points * scale).astype(np.int32)
    span = np.hypot(*(points[9] - points[0])) * scale
    bones = np.zeros((MASKED, MASKED), np.uint8)
    for chain in CHAINS:
        cv2.polylines(bones, [p[list(chain)].reshape(-1, 1, 2)], False, 1, 2)
    palm = p[[0, 1, 5, 9, 13, 17]]
    cv2.fillConvexPoly(bones, cv2.convexHull(palm), 1)
    arm = (p[0] + (p[0] - p[9]) * 0.9).astype(int)
    reach = cv2.dilate(bones, np.ones((3, 3), np.uint8), iterations=int(max(span * 0.17, 3)))
    cv2.line(reach, p[0].tolist(), arm.tolist(), 1, int(max(span * 0.75, 3)))
    near = cv2.dilate(bones, np.ones((3, 3), np.uint8), iterations=int(max(span * 0.075, 1)))
    cv2.line(near, p[0].tolist(), arm.tolist(), 1, int(max(span * 0.5, 3)))
    seeds = np.where(reach > 0, cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
    seeds[near > 0] = cv2.GC_PR_FGD
    seeds[bones > 0] = cv2.GC_FGD
    cv2.setRNGSeed(0)
    cv2.grabCut(small, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    mask = ((seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts = cv2.connectedComponents(mask)
    mask = (parts == parts[p[9][1].clip(0, MASKED - 1), p[9][0].clip(0, MASKED - 1)]).astype(
        np.uint8
    )
    thick = cv2.dilate(bones, np.ones((3, 3), np.uint8), iterations=int(max(span * 0.07, 1)))
    covered = float((mask & thick).sum() / thick.sum())
    spill = float(
        (mask & (reach > 0) & (cv2.erode(reach, np.ones((3, 3))) == 0)).sum() / mask.sum()
    )
    return cv2.resize(mask * 255, (PACKED, PACKED), interpolation=cv2.INTER_CUBIC), covered - spill


def wall_of(cut: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What might lie behind the hand: the crop with the hand painted over (128 px)."""
    hole = cv2.dilate((mask > 40).astype(np.uint8), np.ones((9, 9)))
    small = cv2.resize(cut, (96, 96), interpolation=cv2.INTER_AREA)
    hole = cv2.resize(hole, (96, 96), interpolation=cv2.INTER_NEAREST)
    return cv2.resize(cv2.inpaint(small, hole, 4, cv2.INPAINT_TELEA), (128, 128))


def main() -> None:
    """Write the pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("digits", "rooms", "ti1k", "backgrounds", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=10**6)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    rows: dict[str, list] = {
        k: [] for k in ("jpg", "mask", "wall", "points", "shown", "fold", "source", "trust", "name")
    }
    makers = (digits(args.digits), rooms(args.rooms), ti1k(args.ti1k))
    for source, maker in enumerate(makers):
        for i, (file, shown, fold, box) in enumerate(maker):
            if i >= args.limit:
                break
            pixels = np.ascontiguousarray(cv2.imread(str(file))[:, :, ::-1])
            pad = max(pixels.shape) // 3 if source == 0 else 0
            hand = one_hand(pixels, box)
            if hand is None:
                continue
            pixels = cv2.copyMakeBorder(pixels, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
            region = of_landmarks(hand.points + pad).grown(GROWN)
            cut = crop(pixels, region, PACKED)
            m = region.matrix(PACKED)
            points = (hand.points + pad - m[:, 2]) @ np.linalg.inv(m[:, :2]).T
            mask, trust = mask_of(cut, points)
            rows["jpg"].append(cv2.imencode(".jpg", cut[:, :, ::-1], [1, 88])[1])
            rows["mask"].append(cv2.imencode(".png", (mask > 127).astype(np.uint8) * 255)[1])
            rows["wall"].append(cv2.imencode(".jpg", wall_of(cut, mask)[:, :, ::-1], [1, 85])[1])
            values = (points, shown, fold, source, trust, f"{file.parent.name}/{file.name}")
            for key, value in zip(
                ("points", "shown", "fold", "source", "trust", "name"), values, strict=True
            ):
                rows[key].append(value)
            if i % 100 == 0:
                print(source, i, len(rows["jpg"]), flush=True)
    rng = np.random.default_rng(7)
    scenes = []
    for file in sorted(args.backgrounds.glob("*.webp")):
        image = cv2.imread(str(file))
        if image is None or min(image.shape[:2]) < 256:
            continue
        for _ in range(5):
            side = int(rng.uniform(0.25, 0.9) * min(image.shape[:2]))
            y, x = (int(rng.integers(0, n - side + 1)) for n in image.shape[:2])
            piece = cv2.resize(
                image[y : y + side, x : x + side], (PACKED, PACKED), interpolation=cv2.INTER_AREA
            )
            scenes.append(cv2.imencode(".jpg", piece, [1, 80])[1])
    packed = {k: np.array(v) for k, v in rows.items() if k not in ("jpg", "mask", "wall")}
    for key, blobs in (
        ("jpg", rows["jpg"]),
        ("mask", rows["mask"]),
        ("wall", rows["wall"]),
        ("scene", scenes),
    ):
        packed[key] = np.concatenate([b.ravel() for b in blobs])
        packed[key + "_ends"] = np.cumsum([b.size for b in blobs])
    np.savez(args.out, **packed)
    print({k: v.nbytes for k, v in packed.items()}, len(rows["jpg"]), len(scenes))


if __name__ == "__main__":
    main()
