"""Grain with a known field, for training, validity and fixtures: five models of how grain looks.

white       independent pixels, as a digital sensor or "add noise" gives
coarse      white grain blurred by 0.7 pixels
film        spectrum of two Gaussians; strength follows density, most in the mid-tones
ar          autoregressive with lag 3 (the form of AFGS1, AV1's film grain; coefficients drawn here)
boolean     random discs that develop where they overlap a point (Newson et al. 2017), strength as
            the square root of exposed times unexposed area

All have unit standard deviation before the field and the tone curve are applied.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iqmetrics import colour as colours

Floats = NDArray[np.float32]
KINDS = ("white", "coarse", "film", "ar", "boolean")
FIELDS = ("uniform", "edges", "face", "half", "patchy")
LUMA = np.array(colours.LUMA, np.float32)


def _frequencies(side: int) -> tuple[Any, Any]:
    return np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]


def _spectrum(kind: str, side: int, rng: np.random.Generator) -> Any:
    """Amplitude response over the half plane of frequencies for a shaped Gaussian field."""
    y, x = _frequencies(side)
    radius2 = y**2 + x**2
    if kind == "white":
        return np.ones_like(radius2)
    if kind == "coarse":
        return np.exp(-2 * np.pi**2 * 0.7**2 * radius2)
    if kind == "film":
        fine, rough = rng.uniform(0.3, 0.5), rng.uniform(0.7, 1.1)
        power = np.exp(-4 * np.pi**2 * fine**2 * radius2) + rng.uniform(0.3, 1.0) * np.exp(
            -4 * np.pi**2 * rough**2 * radius2
        )
        return np.sqrt(power)
    if kind == "ar":
        response = np.ones(radius2.shape, complex)
        lags = [(-dy, dx) for dy in range(4) for dx in range(-3, 4) if (dy, -dx) > (0, 0)]
        near = np.array([1 / (dy * dy + dx * dx) for dy, dx in lags])
        weights = near * rng.uniform(-0.35, 1.0, len(lags))
        weights *= rng.uniform(0.3, 0.75) / np.abs(weights).sum()
        for (dy, dx), weight in zip(lags, weights, strict=True):
            response -= weight * np.exp(2j * np.pi * (y * dy + x * dx))
        return np.asarray(1 / np.abs(response))
    raise ValueError(f"no grain model named {kind!r}")


def _boolean(side: int, look: np.random.Generator, rng: np.random.Generator) -> Floats:
    """Developed area of random discs in each pixel, on a 3 x 3 finer lattice."""
    fine = side * 3
    seeds = np.zeros((fine, fine), np.float32)
    radius = look.uniform(1.2, 3.6)
    disc = 3.14159 * radius**2
    count = int(np.log(2) / disc * fine * fine)
    np.add.at(seeds, (rng.integers(0, fine, count), rng.integers(0, fine, count)), 1)
    offsets = np.minimum(np.arange(fine), fine - np.arange(fine)).astype(np.float32)
    shape = (offsets[:, None] ** 2 + offsets[None] ** 2 <= radius**2).astype(np.float32)
    covered = np.fft.irfft2(np.fft.rfft2(seeds) * np.fft.rfft2(shape), s=(fine, fine)) > 0.5
    return np.asarray(covered.reshape(side, 3, side, 3).mean((1, 3)), np.float32)


def textures(kind: str, side: int, count: int, rng: np.random.Generator) -> list[Floats]:
    """Independent planes of one and the same grain, as the channels of an image need."""
    look = int(rng.integers(2**31))
    return [texture(kind, side, np.random.default_rng(look), rng) for _ in range(count)]


def texture(kind: str, side: int, look: np.random.Generator, rng: np.random.Generator) -> Floats:
    """One plane of grain, side x side, zero mean, unit standard deviation, wrapping around.

    `look` draws the parameters of the model, `rng` the grain itself.
    """
    if kind == "boolean":
        plane = _boolean(side, look, rng)
    else:
        white = rng.standard_normal((side, side), dtype=np.float32)
        shaped = np.fft.rfft2(white) * _spectrum(kind, side, look)
        plane = np.fft.irfft2(shaped, s=(side, side)).astype(np.float32)
    plane -= plane.mean()
    return np.asarray(plane / plane.std(), np.float32)


def cell_size(plane: Floats) -> float:
    """Side in pixels of a square that holds one independent value: sqrt(sum of squared ACF).

    White grain is 1; grain blurred by a Gaussian of s pixels is 2.5 s.
    """
    power = np.abs(np.fft.fft2(plane - plane.mean())) ** 2
    if plane.size > 4096:  # smooth the periodogram: squaring it as it is doubles the answer
        power = _pooled(power)
    return float(np.sqrt((power**2).mean() / power.mean() ** 2))


def _pooled(power: NDArray[Any], block: int = 16) -> NDArray[Any]:
    rows, columns = (n // block * block for n in power.shape)
    cut = power[:rows, :columns].reshape(rows // block, block, columns // block, block)
    return np.asarray(cut.mean((1, 3)))


def field(name: str, height: int, width: int, ratio: float, rng: np.random.Generator) -> Floats:
    """Relative strength over the frame, 1 where grain is whole and `ratio` where it is smoothed.

    `edges`: a soft ellipse in the middle; `face`: a smaller one above it; `half`: one side;
    `patchy`: irregular regions.
    """
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height * 2 - 1
    x = (np.arange(width, dtype=np.float32)[None] + 0.5) / width * 2 - 1
    if name == "uniform":
        return np.ones((height, width), np.float32)
    if name == "edges":
        inside = 1 - np.hypot(y / rng.uniform(0.6, 0.75), x / rng.uniform(0.6, 0.75))
        inside = inside * 8
    elif name == "face":
        cy, cx = rng.uniform(-0.4, 0.2), rng.uniform(-0.35, 0.35)
        inside = (1 - np.hypot((y - cy) / 0.48, (x - cx) / 0.38)) * 10
    elif name == "half":
        angle = rng.uniform(0, 2 * np.pi)
        inside = (np.cos(angle) * x + np.sin(angle) * y) * 12
    elif name == "patchy":
        waves: Any = sum(
            np.sin(rng.uniform(2, 6) * y + rng.uniform(0, 6))
            * np.sin(rng.uniform(2, 6) * x + rng.uniform(0, 6))
            for _ in range(3)
        )
        inside = (waves - np.median(waves)) * 6
    else:
        raise ValueError(f"no field named {name!r}")
    share = 1 / (1 + np.exp(-np.clip(inside, -30, 30)))
    return np.asarray(np.exp(np.log(ratio) * share), np.float32)


def tone_curve(kind: str, luma: Floats, rng: np.random.Generator) -> Floats:
    """Relative strength by luminance (0..1): 1 for grain that does not depend on it."""
    if kind == "film":
        low = rng.uniform(0.35, 0.8)
        tilt = rng.uniform(-0.3, 0.3)
        bell = low + (1 - low) * 4 * luma * (1 - luma)
        return np.asarray(bell * np.exp(tilt * (luma - 0.5)), np.float32)
    if kind == "boolean":
        return np.asarray(np.sqrt(np.clip(4 * luma * (1 - luma), 0.12, None)), np.float32)
    return np.ones_like(luma)


@dataclass(frozen=True)
class Grainy:
    """An image with grain added, and what is true of that grain."""

    pixels: NDArray[np.uint8]
    luma_noise: Floats
    """Luma of the grainy image minus luma of the clean one, [H, W], grey levels."""
    relative: Floats
    """The field as asked for, [H, W]; 1 = whole."""
    size: float
    """Side of an independent cell in pixels (see `cell_size`)."""


def add_grain(
    clean: NDArray[np.uint8],
    kind: str,
    sigma: float,
    relative: Floats,
    rng: np.random.Generator,
    colour: float = 0.8,
    planes: list[Floats] | None = None,
) -> Grainy:
    """Put grain on an image.

    Args:
        clean: [H, W, 3] image without grain.
        kind: one of `KINDS`.
        sigma: standard deviation in luma, in grey levels, where field and tone curve are 1.
        relative: the field, [H, W].
        rng: the source of chance.
        colour: correlation of the grain between any two channels, 0..1.
        planes: four planes of `texture` to draw from, at least as large as the image.
    """
    height, width = clean.shape[:2]
    if planes is None:
        planes = textures(kind, max(height, width), 4, rng)
    cut = [_window(plane, height, width, rng) for plane in planes]
    mixed = np.stack([np.sqrt(colour) * cut[0] + np.sqrt(1 - colour) * c for c in cut[1:]], -1)
    in_luma = float(np.sqrt(colour + (1 - colour) * float((LUMA**2).sum())))
    luma = np.asarray(clean @ LUMA, np.float32)
    gain = sigma / in_luma * relative * tone_curve(kind, np.asarray(luma / 255, np.float32), rng)
    noisy = np.clip(np.rint(clean + mixed * gain[..., None]), 0, 255).astype(np.uint8)
    return Grainy(noisy, noisy @ LUMA - luma, relative, cell_size(planes[0]))


def _window(plane: Floats, height: int, width: int, rng: np.random.Generator) -> Floats:
    top, left = rng.integers(plane.shape[0]), rng.integers(plane.shape[1])
    rolled = np.roll(plane, (-int(top), -int(left)), (0, 1))[:height, :width]
    return rolled[:, ::-1] if rng.random() < 0.5 else rolled
