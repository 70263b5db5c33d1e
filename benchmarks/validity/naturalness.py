"""Do niqe, brisque and piqe rank known damage? Blur, noise and JPEG ladders on real pictures.

    python benchmarks/validity/naturalness.py --images FOLDER --json FILE

Nothing here was fitted by us: NIQE's and BRISQUE's parameters are the authors', PIQE has none. Two
makers of pictures: photographs (the wheel of scikit-image) and outputs of text-to-image models
(`--images`). For each metric, maker and kind of damage:
    rank    mean over the pictures of Spearman's correlation of level and value (1 = every step of
            the ladder reads as worse)
    auc     chance that a damaged picture reads as worse than an undamaged one, over all pictures
            and levels (a picture without a value counts as one half)
and `answered`, the share of values that were given at all.
"""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import report

from iqmetrics.images import Picture
from iqmetrics.records import ImageRecord
from iqmetrics.scorers.brisque import Brisque
from iqmetrics.scorers.niqe import Niqe
from iqmetrics.scorers.piqe import Piqe

PHOTOS = ("astronaut", "chelsea", "coffee", "motorcycle_left", "motorcycle_right", "ihc")
SHARED = Path(__file__).resolve().parents[3] / "shared"
Pixels = Any


def blur(pixels: Pixels, sigma: float) -> Pixels:
    return np.array(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma)))


def noise(pixels: Pixels, sigma: float) -> Pixels:
    grain = np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return np.clip(pixels + grain, 0, 255).round().astype(np.uint8)


def jpeg(pixels: Pixels, quality: float) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=int(quality))
    return np.array(Image.open(buffer).convert("RGB"))


LADDERS: dict[str, tuple[Callable[[Pixels, float], Pixels], tuple[float, ...]]] = {
    "blur": (blur, (0.7, 1.2, 2, 4)),
    "noise": (noise, (4, 8, 16, 32)),
    "jpeg": (jpeg, (70, 50, 30, 10)),
}


def makers(folder: Path, limit: int) -> Iterator[tuple[str, list[Pixels]]]:
    """The two sets of undamaged pictures."""
    import skimage

    data = Path(skimage.__file__).parent / "data"
    yield "photos", [_load(data / f"{name}.png") for name in PHOTOS]
    yield "generated", [_load(path) for path in sorted(folder.glob("*.png"))[:limit]]


def judge(pictures: list[Pixels]) -> dict[str, list[float | None]]:
    """Value or None of each picture by metric."""
    shown = [Picture(ImageRecord(str(k), str(k)), p) for k, p in enumerate(pictures)]
    return {
        s.name: [r.values.get(s.name) for r in s.score(shown)] for s in (Niqe(), Brisque(), Piqe())
    }


def rank(ladder: list[float | None]) -> float | None:
    """Spearman's correlation of a ladder's values with its steps; None with a value missing."""
    values = np.array([v for v in ladder if v is not None])
    if len(values) < len(ladder):
        return None
    order = (values[:, None] > values).sum(1) + 0.5 * (values[:, None] == values).sum(1)
    steps = np.arange(len(ladder))
    return float(np.corrcoef(order, steps)[0, 1]) if np.ptp(order) else 0.0


def auc(clean: list[float | None], damaged: list[float | None]) -> float:
    """Chance that a damaged picture has the higher value; no value counts as one half."""
    wins = [
        0.5 if a is None or b is None or a == b else float(b > a) for a in clean for b in damaged
    ]
    return float(np.mean(wins))


def _load(path: Path) -> Pixels:
    with Image.open(path) as file:
        return np.array(file.convert("RGB"))


def main() -> None:
    parser = report.arguments(__doc__.split("\n", 1)[0])
    parser.add_argument("--images", type=Path, default=SHARED / "images" / "comfyui")
    parser.add_argument("--limit", type=int, default=12)
    asked = parser.parse_args()
    figures: dict[str, float | int | str] = {}
    given: dict[str, list[bool]] = {"niqe": [], "brisque": [], "piqe": []}
    for maker, pictures in makers(asked.images, asked.limit):
        figures[f"{maker}_pictures"] = len(pictures)
        clean = judge(pictures)
        for kind, (damage, levels) in LADDERS.items():
            steps = [judge([damage(p, level) for p in pictures]) for level in levels]
            for metric in given:
                ladders = list(zip(clean[metric], *(s[metric] for s in steps), strict=True))
                ranks = [r for ladder in ladders if (r := rank(list(ladder))) is not None]
                damaged = [v for s in steps for v in s[metric]]
                given[metric] += [v is not None for ladder in ladders for v in ladder]
                figures[f"{metric}_{maker}_{kind}_rank"] = round(float(np.mean(ranks)), 4)
                figures[f"{metric}_{maker}_{kind}_auc"] = round(auc(clean[metric], damaged), 4)
    for metric, answers in given.items():
        figures[f"{metric}_answered"] = round(sum(answers) / len(answers), 4)
    ladders = "; ".join(f"{kind} {levels}" for kind, (_, levels) in LADDERS.items())
    report.write(asked.json, figures, {"ladders": ladders}, ("numpy", "pillow", "scikit-image"))


if __name__ == "__main__":
    main()
