"""How sound the strokes of a line of lettering are, whatever it says: a small net of our own.

It was taught on rendered lettering (`training/text.py`) to tell by how much it was blurred, melted,
faded, holed or put together wrongly. The recogniser reads slightly melted letters without
hesitating; this net sees that they waver.

Patches of 9 x 9 pixels, at 48 and at 24 rows, are held against a dictionary of 128 typical pieces
of strokes (whitened, signs free; after Coates & Ng 2012); how often each piece occurs, with the
contrast and the steepness of edges, goes through one hidden layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from iqmetrics import weights
from iqmetrics.nets.side_by_side import each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

HEIGHT, NARROWEST, WIDEST = 48, 16, 640
PATCH, STEP, LIKE = 9, 2, 0.25
"""Side and spacing of patches in pixels; likeness to a piece (0..1) from which it counts."""
EPSILON = 1.0
"""Norm of a patch (luma -1..1) that counts half: flat ones say nothing of strokes."""
NORMS, EDGES = (10, 25, 50, 75, 90, 97), (50, 75, 90, 97, 99.5)
"""Percentiles of the patches' norms and of the steps between pixels that the layers are told."""


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Dictionary of one size of patches: whitening (81, 81) and pieces of strokes (128, 81)."""

    whitening: "Floats"
    pieces: "Floats"


def unsoundness(images: "Sequence[NDArray[np.uint8]]", device: str = "cpu") -> list[float]:
    """0 (strokes as a font draws them) .. 1 (wholly dissolved) of each crop (h, w, 3) of a line."""
    scales, layers = _net()
    lumas, rows = each(grey, images), [image.shape[0] for image in images]
    if device == "cpu":
        jobs = list(zip(lumas, rows, strict=True))
        told = each(lambda job: features(*job, scales), jobs)
    else:
        from iqmetrics.nets.text import strokes_torch

        told = strokes_torch.features(lumas, rows, scales, device)
    return [_answer(one, layers) for one in told]


def grey(image: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """A crop's luma at 48 rows, (48, w)."""
    h, w = image.shape[:2]
    width = min(WIDEST, max(NARROWEST, round(HEIGHT * w / h)))
    how = cv2.INTER_AREA if h > HEIGHT else cv2.INTER_LINEAR
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(luma, (width, HEIGHT), interpolation=how), np.uint8)


def features(luma: "NDArray[np.uint8]", rows: int, scales: Sequence[Scale]) -> "Floats":
    """What the layers are told of a crop of so many rows: (536,) for two scales of 128 pieces."""
    told: list[np.ndarray] = []
    for image, scale in zip(sizes(luma), scales, strict=True):
        found, norms = patches(image)
        white = (found / (norms[:, None] + EPSILON)) @ scale.whitening
        white /= np.linalg.norm(white, axis=1, keepdims=True) + 1e-3
        alike = np.maximum(0, np.abs(white @ scale.pieces.T) - LIKE)
        share = norms / (norms + EPSILON)
        share /= share.sum() + 1e-9
        steps = [np.abs(np.diff(image, axis=axis)).ravel() for axis in (1, 0)]
        told += [
            share @ alike * 20,
            np.sqrt(share @ (alike * alike)) * 5,
            np.log(np.percentile(norms, NORMS) + 0.05),
            np.log(np.percentile(np.concatenate(steps), EDGES) + 0.01),
        ]
    return np.concatenate([*told, shape_of(luma, rows)]).astype(np.float32)


def shape_of(luma: "NDArray[np.uint8]", rows: int) -> "Floats":
    """How high and how long a crop is, as the layers are told last."""
    found = [min(1, rows / HEIGHT), np.log(luma.shape[1] / HEIGHT)]
    return np.array(found, np.float32)


def sizes(luma: "NDArray[np.uint8]") -> "tuple[Floats, Floats]":
    """Luma in -1..1 at 48 and at 24 rows."""
    full = luma.astype(np.float32) / np.float32(127.5) - np.float32(1)
    half = (max(NARROWEST - 4, full.shape[1] // 2), HEIGHT // 2)
    return full, np.asarray(cv2.resize(full, half, interpolation=cv2.INTER_AREA), np.float32)


def edged_by(image: "Floats", much: int = 2) -> "Floats":
    """An image with its outermost pixels repeated outward."""
    return np.asarray(
        cv2.copyMakeBorder(image, much, much, much, much, cv2.BORDER_REPLICATE), np.float32
    )


def patches(image: "Floats") -> "tuple[Floats, Floats]":
    """All patches less their mean, (n, 81), and their norms, (n,)."""
    edged = edged_by(image)
    views = np.lib.stride_tricks.sliding_window_view(edged, (PATCH, PATCH))[::STEP, ::STEP]
    found = views.reshape(-1, PATCH * PATCH)
    found = found - found.mean(1, keepdims=True)
    return found, np.linalg.norm(found, axis=1)


def _answer(told: "Floats", layers: "Sequence[Floats]") -> float:
    mean, spread, hidden, hidden_bias, last, last_bias = layers
    seen = np.clip((told - mean) / spread, -5, 5)
    score = float(last @ np.maximum(0, hidden @ seen + hidden_bias) + last_bias[0])
    return float(1 / (1 + np.exp(-score)))


@cache
def _net() -> "tuple[tuple[Scale, ...], tuple[Floats, ...]]":
    with np.load(weights.find("text-strokes")) as file:
        held = {name: np.asarray(file[name], np.float32) for name in file.files}
    scales = tuple(Scale(w, p) for w, p in zip(held["whitening"], held["pieces"], strict=True))
    names = ("mean", "spread", "hidden", "hidden_bias", "last", "last_bias")
    return scales, tuple(held[name] for name in names)
