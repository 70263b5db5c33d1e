"""brisque: distortion as a panel would rate it, learnt on damaged photos."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from iqmetrics.images import Picture
from iqmetrics.nets.naturalness import cpu, cuda, devices, shape
from iqmetrics.records import Metric, Reading, Scope
from iqmetrics.scorers.base import keep
from iqmetrics.weights import find

if TYPE_CHECKING:
    from torch import Tensor

LEAST_SIDE = 32


@dataclass(frozen=True)
class Brisque:
    """Predicted distortion, about 0 (none) to 100 (ruined); lower is better.

    36 shape and scale parameters of the locally normalised luma of the whole picture, at two
    sizes, go through the support vector regression that the authors trained on the LIVE database.

    Unit: points of LIVE's difference mean opinion score. Range: open; clean pictures go below 0,
    ruined ones above 100. Source: Mittal, Moorthy & Bovik, "No-reference image quality assessment
    in the spatial domain", IEEE TIP 2012, with model and conventions of the authors' MATLAB
    release (rgb2gray, zero borders, imresize). Exactly flat areas count as zero (see
    `nets.naturalness`). A picture of one colour or with a side below 32 px: not applicable.

    Blind to: content, composition, colour, and every flaw that is not blur, noise, JPEG, JPEG 2000
    or transmission loss. Large flat areas (graphic styles) read as distorted.

    Example:
        A clean photograph is near 0 to 20, the same blurred by 3 px 50 to 80.
    """

    device: str = field(init=False, repr=False, compare=False, default="cpu")

    name = "brisque"
    version = "1"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    licence = "LicenseRef-UT-Austin-LIVE"
    weights = ("brisque-svr",)
    metrics = (
        Metric("brisque", "DMOS points", None, None, "lower", "predicted distortion, about 0..100"),
    )

    def load(self, device: str) -> None:
        """Load the regression and compile or check what `device` needs."""
        find("brisque-svr")
        devices.ready(device)
        keep(self, device=device)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture."""
        large = [p for p in pictures if min(p.width, p.height) >= LEAST_SIDE]
        found = iter(devices.each(large, _one, self.batch, self.device))
        return [
            self._reading(next(found))
            if min(p.width, p.height) >= LEAST_SIDE
            else Reading.none(
                self.metrics,
                "not_applicable",
                f"{p.width} x {p.height} px: a side is shorter than {LEAST_SIDE} px",
            )
            for p in pictures
        ]

    def batch(self, rgb: "Tensor") -> list[float]:
        """BRISQUE of each of N x H x W x 3 (uint8) on one device; NaN where nothing can be fit."""
        import torch

        device = str(rgb.device)
        do, table = cuda.operations(device), shape.table(device)
        image = do.gray(rgb)
        features = []
        for _ in range(2):
            size = (image.shape[1], image.shape[2])
            sums = do.pair_sums(do.mscn(image, True), size)[:, 0, 0]
            features.append(shape.brisque_features(sums, size[0] * size[1], table))
            image = do.half_size(image) if not features[1:] else image
        found: list[float] = regression(device)(torch.cat(features, -1), torch).tolist()
        return found

    def _reading(self, value: float) -> Reading:
        if not np.isfinite(value):
            reason = "flat, or all structure lies on one side of its mean: no distribution to fit"
            return Reading.none(self.metrics, "not_applicable", reason)
        return Reading({"brisque": value})


def _one(picture: Picture) -> float:
    image = cpu.gray(picture)
    features = []
    for scaled in (image, cpu.half_size(image)):
        size = (scaled.shape[0], scaled.shape[1])
        sums = cpu.pair_sums(scaled, size, zero=True)[0, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            features.append(shape.brisque_features(sums, size[0] * size[1], shape.table()))
    return float(regression()(np.concatenate(features, -1)))


@cache
def regression(device: str = "") -> shape.Regression:
    """The authors' regression as numpy arrays, or as tensors on `device`."""
    with np.load(find("brisque-svr"), allow_pickle=False) as file:
        data: dict[str, Any] = dict(file)
    arrays = [data[name] for name in ("coefficients", "vectors", "low", "high")]
    if device:
        import torch

        arrays = [torch.from_numpy(a).to(device) for a in arrays]
    coefficients, vectors, low, high = arrays
    return shape.Regression(
        coefficients, vectors, low, high, float(data["gamma"]), float(data["rho"])
    )
