"""Exposure and colour: blown and crushed areas, colour cast, colour temperature, chroma."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOWN, CRUSHED = 254, 2
SMALL_SIDE = 256
CALM_SHARE = 0.3
MINKOWSKI = 6

TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ, D65 (IEC 61966-2-1)."""


def clipped(pixels: NDArray[np.uint8]) -> float:
    """Share of the picture (0..1) that is blown: all channels >= 254 over a whole 3 x 3 square.

    The square keeps sparkle and thin reflections out.
    """
    return _solid(pixels.min(-1) >= BLOWN)


def crushed(pixels: NDArray[np.uint8]) -> float:
    """Share of the picture (0..1) that is black: no channel above 2 over a whole 3 x 3 square."""
    return _solid(pixels.max(-1) <= CRUSHED)


def _solid(mask: NDArray[np.bool_]) -> float:
    import cv2

    kernel = np.ones((3, 3), np.uint8)
    inside = cv2.erode(mask.astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE)
    return float(inside.mean())


def reduced(pixels: NDArray[np.uint8], side: int = SMALL_SIDE) -> NDArray[np.uint8]:
    """The picture with its longer side at most `side`, averaged by area."""
    import cv2

    height, width = pixels.shape[:2]
    by = max(height, width) / side
    if by <= 1:
        return pixels
    size = (max(1, round(width / by)), max(1, round(height / by)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def cast(lab: NDArray[Any]) -> tuple[float, float]:
    """Mean (a*, b*) of the 30 % of pixels with the least chroma, near-black ones left out.

    Args:
        lab: CIELAB [H, W, 3], D65.

    What is least colourful is taken for grey: its a* (green to red) and b* (blue to yellow) are
    the cast. A picture without anything grey shows its subject's colour here instead.
    """
    seen = lab[(lab[..., 0] > 5) & (lab[..., 0] < 99)]
    if not len(seen):
        return 0.0, 0.0
    chroma = np.hypot(seen[:, 1], seen[:, 2])
    calm = seen[chroma <= np.quantile(chroma, CALM_SHARE)]
    return float(calm[:, 1].mean()), float(calm[:, 2].mean())


def chroma(lab: NDArray[Any]) -> float:
    """Mean CIELAB chroma C*ab: 0 for grey, about 15-25 in photographs, above 100 for pure colours."""
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def temperature(pixels: NDArray[np.uint8]) -> float | None:
    """Correlated colour temperature of the scene's estimated illuminant in kelvin, or None.

    Illuminant by shades of grey, p = 6 (Finlayson and Trezzi 2004), blown pixels left out; CCT by
    McCamy 1992. None where the formula means nothing: outside 1,700 to 25,000 K, or nothing seen.
    """
    kept = pixels[(pixels.max(-1) < BLOWN) & (pixels.max(-1) > CRUSHED)]
    if not len(kept):
        return None
    encoded = kept.astype(np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    light = (linear**MINKOWSKI).mean(0) ** (1 / MINKOWSKI)
    total = TO_XYZ @ light
    x, y = total[:2] / total.sum()
    n = (x - 0.3320) / (0.1858 - y)
    kelvin = float(449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33)
    return kelvin if 1700 <= kelvin <= 25000 else None
