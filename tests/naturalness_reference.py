"""NIQE, BRISQUE and PIQE once more, slowly and straight from the papers: the oracle of the tests.

Dense 7x7 windows, whole-image arrays, a full search of the shape table: no line is shared with
iqmetrics, so an agreement to many digits means that the fast kernels compute the definition.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
GRID = np.arange(9801) * 0.001 + 0.2
_LGAMMA = {k: np.array([math.lgamma(k / g) for g in GRID]) for k in (1, 2, 3)}
R_TABLE = np.exp(2 * _LGAMMA[2] - _LGAMMA[1] - _LGAMMA[3])


def gray(rgb: NDArray[np.uint8]) -> Array:
    """MATLAB's rgb2gray: rounded luma, weights from the inverse NTSC matrix."""
    weights = np.linalg.inv([[1, 0.956, 0.621], [1, -0.272, -0.647], [1, -1.106, 1.703]])[0]
    return np.floor(rgb.astype(np.float64) @ weights + 0.5)


def window() -> Array:
    x = np.arange(-3, 4)
    w = np.exp(-(x[:, None] ** 2 + x[None] ** 2) / (2 * (7 / 6) ** 2))
    return w / w.sum()


def filtered(image: Array, mode: str) -> Array:
    padded = np.pad(image, 3, mode=mode)  # type: ignore[call-overload]
    h, w = image.shape
    taps = window()
    return sum(taps[i, j] * padded[i : i + h, j : j + w] for i in range(7) for j in range(7))


def mscn(image: Array, mode: str) -> Array:
    mu = filtered(image, mode)
    sigma = np.sqrt(np.abs(filtered(image * image, mode) - mu * mu))
    out = (image - mu) / (sigma + 1)
    out[np.abs(out) < 1e-12] = 0
    return out


def half(image: Array) -> Array:
    """MATLAB's imresize(image, 0.5): antialiased bicubic, mirrored borders, by a dense matrix."""

    def cubic(x: float) -> float:
        x = abs(x)
        if x <= 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0

    def matrix(n: int) -> Array:
        m = np.zeros((math.ceil(n / 2), n))
        for i in range(len(m)):
            centre = 2 * i + 0.5
            for tap in range(math.ceil(centre - 4), math.floor(centre + 4) + 1):
                mirrored = tap % (2 * n)
                mirrored = 2 * n - 1 - mirrored if mirrored >= n else mirrored
                m[i, mirrored] += 0.5 * cubic((centre - tap) / 2)
        return m / m.sum(1, keepdims=True)

    return matrix(image.shape[0]) @ image @ matrix(image.shape[1]).T


def aggd(x: Array) -> tuple[float, float, float]:
    """Shape, left and right standard deviation of an asymmetric generalised Gaussian."""
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.sqrt(np.sum(x[x < 0] ** 2) / np.sum(x < 0))
        right = np.sqrt(np.sum(x[x > 0] ** 2) / np.sum(x > 0))
        g = left / right
        r = np.mean(np.abs(x)) ** 2 / np.mean(x**2) * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    return float(GRID[np.argmin((R_TABLE - r) ** 2)]), float(left), float(right)


def gammas(*parts: float) -> float:
    """Product of gamma functions; a negative part divides by the gamma of its size."""
    return math.exp(sum(math.lgamma(abs(p)) * (1 if p > 0 else -1) for p in parts))


def niqe_features(block: Array) -> list[float]:
    alpha, left, right = aggd(block)
    scale = math.sqrt(gammas(1 / alpha, -3 / alpha))
    features = [alpha, (left + right) * scale / 2]
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        alpha, left, right = aggd(block * np.roll(block, shift, (0, 1)))
        scale = math.sqrt(gammas(1 / alpha, -3 / alpha))
        mean = (right - left) * scale * gammas(2 / alpha, -1 / alpha)
        features += [alpha, mean, left * scale, right * scale]
    return features


def niqe(rgb: NDArray[np.uint8], params: Mapping[str, Any]) -> float:
    image = gray(rgb)
    rows, columns = image.shape[0] // 96, image.shape[1] // 96
    image = image[: rows * 96, : columns * 96]
    scales = []
    for size in (96, 48):
        field = mscn(image, "edge")
        scales.append(
            [
                niqe_features(field[i * size : (i + 1) * size, j * size : (j + 1) * size])
                for i in range(rows)
                for j in range(columns)
            ]
        )
        image = half(image)
    features = np.concatenate([np.array(s) for s in scales], 1)
    complete = features[np.isfinite(features).all(1)]  # the release also averages parts of others
    difference = params["mean"] - complete.mean(0)
    between = (params["covariance"] + np.cov(complete.T)) / 2
    return float(np.sqrt(difference @ np.linalg.pinv(between) @ difference))


def brisque(rgb: NDArray[np.uint8], params: Mapping[str, Any]) -> float:
    image = gray(rgb)
    features: list[float] = []
    for _ in range(2):
        field = mscn(image, "constant")
        rho = np.mean(field**2) / np.mean(np.abs(field)) ** 2
        features += [float(GRID[np.argmin(np.abs(1 / R_TABLE - rho))]), float(np.mean(field**2))]
        for shift in ((0, 1), (1, 0), (1, 1), (-1, 1)):
            alpha, left, right = aggd(field * np.roll(field, shift, (0, 1)))
            scale = math.sqrt(gammas(1 / alpha, -3 / alpha))
            mean = (right - left) * scale * gammas(2 / alpha, -1 / alpha)
            features += [alpha, mean, left**2, right**2]
        image = half(image)
    low, high = params["low"], params["high"]
    scaled = -1 + 2 * (np.array(features) - low) / (high - low)
    distances = ((params["vectors"] - scaled) ** 2).sum(1)
    return float(params["coefficients"] @ np.exp(-params["gamma"] * distances) - params["rho"])


def stretched_gray(rgb: NDArray[np.uint8]) -> Array:
    r, g, b = np.moveaxis(rgb.astype(np.float32) / np.float32(255), 2, 0)
    y = (r * np.float32(0.299) + g * np.float32(0.587)) + b * np.float32(0.114)
    return np.rint(np.float32(255) * (y / y.max())).astype(np.float64)


def piqe(rgb: NDArray[np.uint8]) -> float:
    image = stretched_gray(rgb)
    image = np.pad(image, [(0, side % 16) for side in image.shape], "symmetric")
    field = mscn(image, "edge")
    distortion, busy = 0.0, 0
    for i in range(0, field.shape[0] - 15, 16):
        for j in range(0, field.shape[1] - 15, 16):
            block = field[i : i + 16, j : j + 16]
            variance = float(block.var(ddof=1))
            if variance <= 0.1:
                continue
            busy += 1
            around = np.delete(block, [7, 9], axis=1).std(ddof=1)
            sigma, ratio = math.sqrt(variance), float(block[:, 7:9].std(ddof=1) / around)
            edges = (block[0], block[15], block[:, 0], block[:, 15])
            pieces = [edge[k : k + 6].std(ddof=1) for edge in edges for k in range(11)]
            if min(pieces) < 0.1:
                distortion += 1 - variance
            if sigma > 2 * abs(sigma - ratio) / max(sigma, ratio):
                distortion += variance
    return 100 * (distortion + 1) / (busy + 1)
