"""Colour: cast, colour temperature, chroma."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics.nets import area
from iqmetrics.nets.look import kernels

SMALL_SIDE = 256
CALM = 10.0
MINKOWSKI = 6
FARTHEST = 0.05
"""From the black-body locus, CIE 1960: farther off, colour temperature means nothing (CIE 15)."""

TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ, D65 (IEC 61966-2-1)."""

_ENCODED = np.arange(256) / 255
_LINEAR = np.where(_ENCODED <= 0.04045, _ENCODED / 12.92, ((_ENCODED + 0.055) / 1.055) ** 2.4)
_POWERS = _LINEAR**MINKOWSKI
"""The power of the light behind each 8-bit value that shades of grey average."""


def reduced(pixels: NDArray[np.uint8], side: int = SMALL_SIDE) -> NDArray[np.uint8]:
    """The picture with its longer side at most `side`, averaged by area."""
    height, width = pixels.shape[:2]
    by = max(height, width) / side
    if by <= 1:
        return pixels
    return area.shrunk(pixels, max(1, round(height / by)), max(1, round(width / by)))


def lab(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """CIELAB [H, W, 3] of sRGB pixels, D65."""
    out = np.empty(pixels.shape, np.float64)
    kernels.compiled(kernels.lab)(np.ascontiguousarray(pixels), _LINEAR, out)
    return out


def cast_and_chroma(lab: NDArray[Any]) -> tuple[float, float, float]:
    """Mean (a*, b*) of what is least colourful, and mean chroma.

    Args:
        lab: CIELAB [H, W, 3], D65.

    For the cast each pixel weighs 1 / (1 + C* / 10), near-black and near-white left out: what is
    least colourful is most likely grey, and its a* (green to red) and b* (blue to yellow) are the
    cast. The weights are soft so that a stronger cast always reads stronger. A picture without
    anything grey shows its subject's colour here instead. Mean C*ab is 0 for grey, about 15-25 in
    photographs, over 100 for pure hues.
    """
    sums = np.zeros(4)
    kernels.compiled(kernels.colour_sums)(np.asarray(lab, np.float64), CALM, sums)
    weight, a, b, colour = (float(value) for value in sums)
    mean = colour / (lab.shape[0] * lab.shape[1])
    return (a / weight, b / weight, mean) if weight else (0.0, 0.0, mean)


def temperature(pixels: NDArray[np.uint8]) -> float | None:
    """Correlated colour temperature of the scene's estimated illuminant in kelvin, or None.

    Illuminant by shades of grey, p = 6 (Finlayson and Trezzi 2004), blown pixels left out; CCT by
    McCamy 1992. None where that means nothing: outside 1,700 to 25,000 K, farther than 0.05 from
    the black-body locus (a green or purple picture), or nothing seen.
    """
    counts = np.zeros((3, 256), np.int64)
    kernels.compiled(kernels.light_counts)(np.ascontiguousarray(pixels), counts)
    if not counts.any():
        return None
    light = (counts @ _POWERS / counts[0].sum()) ** (1 / MINKOWSKI)
    total = TO_XYZ @ light
    x, y = total[:2] / total.sum()
    n = (x - 0.3320) / (0.1858 - y)
    kelvin = float(449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33)
    if not 1700 <= kelvin <= 25000 or _off_locus(float(x), float(y), kelvin) > FARTHEST:
        return None
    return kelvin


def _off_locus(x: float, y: float, kelvin: float) -> float:
    """Distance in CIE 1960 (u, v) from the black body of that temperature (Krystek 1985)."""
    t = min(kelvin, 15000.0)
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t
    )
    scale = -2 * x + 12 * y + 3
    return float(np.hypot(4 * x / scale - u, 6 * y / scale - v))
