"""Validity of `look`: ladders with known answers over unseen photographs.

    cd benchmarks/validity
    python look.py --scenes FOLDER --part tone --json ../results/folder.json
    python look.py --scenes FOLDER --part copies --regular FOLDER --json ../results/grain.json

tone: exposure raised until 5 % of the pixels are blown, a white board over an eighth (not blown),
blacks lowered until 5 % are plain black, a blur of 1.2 pixels, a cast of 6 in a* or b*. copies: a
patch of 64 pixels tiled over a third of the picture, a soft patch of 72 pixels stamped 12 times, an
8 or 16 pixel lattice of amplitude 2;
REGULAR holds pictures of brick, windows, knitwear and the like: alike, but not copied.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import report

from iqmetrics.nets.look import copies, focus, lattice, tone
from iqmetrics.nets.look.light import light

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def auc(low: list[float | None], high: list[float | None]) -> float:
    """Chance that a value of `high` is above one of `low`; None counts as half."""
    a = np.array([np.nan if v is None else v for v in low], float)[:, None]
    b = np.array([np.nan if v is None else v for v in high], float)[None]
    known = np.isfinite(a) & np.isfinite(b)
    return float(np.where(known, (b > a) + 0.5 * (b == a), 0.5).mean())


def luma(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float32) @ LUMA


def grey(pixels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(luma(pixels)), 0, 255).astype(np.uint8)


def to_bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def blown(pixels: np.ndarray) -> np.ndarray:
    top = max(1.0, np.quantile(pixels.min(-1), 0.95))
    return to_bytes(pixels.astype(float) * 256 / top)


def white(pixels: np.ndarray) -> float:
    """Share of solid white, blown or paper."""
    import cv2

    mask = (pixels.min(-1) >= 254).astype(np.uint8)
    return float(cv2.erode(mask, np.ones((3, 3), np.uint8)).mean())


def with_board(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A white board over an eighth of the picture, with an edge as soft as drawn ones are."""
    import cv2

    height, width = pixels.shape[:2]
    tall, wide = int(height * 0.25), int(width * 0.5)
    top, left = rng.integers(height - tall), rng.integers(width - wide)
    share = np.zeros((height, width), np.float32)
    share[top : top + tall, left : left + wide] = 1
    share = cv2.GaussianBlur(share, (0, 0), 0.5)[..., None]
    return to_bytes(255 * share + (1 - share) * pixels)


def blackened(pixels: np.ndarray) -> np.ndarray:
    floor = min(250.0, np.quantile(pixels.max(-1), 0.05) + 1)
    return to_bytes((pixels.astype(float) - floor) * 255 / (255 - floor))


def tone_part(scenes: list[np.ndarray]) -> dict[str, float]:
    import cv2
    from skimage.color import lab2rgb, rgb2lab

    ordered = []
    for pixels in scenes:
        lab = rgb2lab(tone.reduced(pixels))
        for axis in (1, 2):
            moved = lab.copy()
            moved[..., axis] += 6
            shifted = rgb2lab(to_bytes(lab2rgb(moved) * 255))
            ordered.append(
                tone.cast_and_chroma(shifted)[axis - 1] > tone.cast_and_chroma(lab)[axis - 1]
            )
    sharp = [focus.edge_width(luma(p))[0] for p in scenes]
    soft = [focus.edge_width(luma(cv2.GaussianBlur(p, (0, 0), 1.2)))[0] for p in scenes]
    paired = [b > a for a, b in zip(sharp, soft, strict=True) if a and b]
    whole = [p for p in scenes if white(p) < 0.005]
    rng = np.random.default_rng(7)
    boards = [light(with_board(p, rng)).clipped - light(p).clipped for p in whole]
    deep = [p for p in scenes if light(p).crushed < 0.005]
    return {
        "clipped_auc": auc(
            [light(p).clipped for p in whole], [light(blown(p)).clipped for p in whole]
        ),
        "crushed_auc": auc(
            [light(p).crushed for p in deep], [light(blackened(p)).crushed for p in deep]
        ),
        "clipped_scenes": len(whole),
        "paper_left_out": float(np.mean(np.array(boards) < 0.01)),
        "crushed_scenes": len(deep),
        "blur_12_auc": auc(sharp, soft),
        "blur_12_paired": float(np.mean(paired)),
        "blur_answered": float(np.mean([v is not None for v in sharp + soft])),
        "cast_ordering": float(np.mean(ordered)),
        "look_scenes": len(scenes),
    }


def busiest(pixels: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Of eight random patches the one with the most in it."""
    height, width = pixels.shape[:2]
    found = []
    for _ in range(8):
        top, left = rng.integers(height - side), rng.integers(width - side)
        found.append(pixels[top : top + side, left : left + side])
    return max(found, key=lambda patch: patch.std())


def tiled(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = (int(n * 0.6) for n in pixels.shape[:2])
    patch = busiest(pixels, 64, rng)
    cover = np.tile(patch, (height // 64 + 1, width // 64 + 1, 1))[:height, :width]
    made = pixels.copy()
    top, left = rng.integers(pixels.shape[0] - height), rng.integers(pixels.shape[1] - width)
    made[top : top + height, left : left + width] = cover
    return made


def stamped(pixels: np.ndarray, rng: np.random.Generator, side: int = 72) -> np.ndarray:
    patch = busiest(pixels, side, rng).astype(float)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    share = (1 / (1 + np.exp((np.hypot(y, x) - 0.8) * 14)))[..., None]
    made = pixels.astype(float)
    for _ in range(12):
        top, left = rng.integers(pixels.shape[0] - side), rng.integers(pixels.shape[1] - side)
        under = made[top : top + side, left : left + side]
        made[top : top + side, left : left + side] = share * patch + (1 - share) * under
    return to_bytes(made)


def latticed(pixels: np.ndarray, kind: int, rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    period = (8, 16)[kind % 2]
    y, x = y + rng.integers(period), x + rng.integers(period)
    if kind < 2:
        pattern = 2 * np.cos(2 * np.pi * x / period) * np.cos(2 * np.pi * y / period)
    elif kind < 4:
        pattern = 2.0 * ((x % period == 0) | (y % period == 0))
    else:
        pattern = rng.uniform(-2, 2, (period, period))[y % period, x % period]
    return to_bytes(pixels + pattern[..., None])


def copies_part(scenes: list[np.ndarray], regular: list[np.ndarray]) -> dict[str, float]:
    rng = np.random.default_rng(5)
    share = {"clean": [], "tiled": [], "stamped": [], "regular": []}
    for pixels in scenes:
        share["clean"].append(copies.find_copies(grey(pixels)).share)
        share["tiled"].append(copies.find_copies(grey(tiled(pixels, rng))).share)
        share["stamped"].append(copies.find_copies(grey(stamped(pixels, rng))).share)
    share["regular"] = [copies.find_copies(grey(pixels)).share for pixels in regular]
    plain = [lattice.grid_strength(luma(p))[0] for p in scenes]
    gridded = [
        lattice.grid_strength(luma(latticed(p, i % 6, rng)))[0] for i, p in enumerate(scenes)
    ]
    made = {
        "repeats_tiled_auc": auc(share["clean"], share["tiled"]),
        "repeats_stamped_auc": auc(share["clean"], share["stamped"]),
        "repeats_clean_false": float(np.mean(np.array(share["clean"]) >= copies.REPEATED)),
        "repeats_stamped_found": float(np.mean(np.array(share["stamped"]) >= copies.REPEATED)),
        "grid_auc": auc(plain, gridded),
        "look_scenes": len(scenes),
    }
    if regular:
        made["repeats_false"] = float(np.mean(np.array(share["regular"]) >= copies.REPEATED))
        made["regular_pictures"] = len(regular)
    return made


def pictures(folder: Path | None, limit: int | None) -> list[np.ndarray]:
    files = sorted(folder.iterdir()) if folder else []
    files = [f for f in files if f.suffix in (".png", ".jpg")]
    return [np.array(Image.open(f).convert("RGB")) for f in files[:limit]]


def main() -> None:
    parser = report.arguments(__doc__)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--regular", type=Path)
    parser.add_argument("--part", choices=("tone", "copies"), required=True)
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    scenes = pictures(given.scenes, given.limit)
    if given.part == "tone":
        found = tone_part(scenes)
        notes = {
            "clipped_auc": "5 % of the pixels blown; photographs with 0.5 % of white left out",
            "paper_left_out": "white boards over an eighth of the photographs, at any place",
            "crushed_auc": "5 % plain black; photographs with 0.5 % of black left out",
            "blur_12_auc": "photographs of digital cameras reduced threefold or more",
        }
    else:
        found = copies_part(scenes, pictures(given.regular, None))
        notes = {"repeats_tiled_auc": "64 px tiles over 36 % of the picture"}
    figures = {k: v if isinstance(v, int) else round(v, 4) for k, v in found.items()}
    packages = ("iqmetrics", "numpy", "opencv-python-headless", "scikit-image", "pillow")
    report.write(given.json, figures, notes, packages)


if __name__ == "__main__":
    main()
