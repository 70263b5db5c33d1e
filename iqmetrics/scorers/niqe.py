"""niqe: how far an image's fine structure is from that of good photographs."""

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

BLOCK = 96
SCALES = ((BLOCK, BLOCK), (BLOCK // 2, BLOCK // 2))


@dataclass(frozen=True)
class Niqe:
    """Distance from the statistics of pristine photographs; lower is better, good photos 2 to 5.

    The picture is cut into blocks of 96 x 96 (what is left over right and below is not looked at);
    18 shape and scale parameters of the locally normalised luma at two sizes describe each block.
    NIQE is the Mahalanobis-like distance between their Gaussian and that of 125 photographs.

    Unit: none. Range: from 0, open; noise or blur gives 8 and more. Source: Mittal, Soundararajan &
    Bovik, "Making a completely blind image quality analyzer", IEEE SPL 2013, with the parameters
    and conventions of the authors' MATLAB release (rgb2gray, replicated borders, imresize).
    Blocks without texture (exactly flat) say nothing and are left out; fewer than two blocks that
    say something: not applicable.

    Blind to: content, composition, colour. Flat graphic styles read as bad, real film grain as
    noise; a sharp picture of nonsense reads as good. It compares models on like prompts.

    Example:
        A 1024 x 1024 photograph has 100 blocks and a NIQE of about 3; blurred by 3 px about 7.
    """

    device: str = field(init=False, repr=False, compare=False, default="cpu")

    name = "niqe"
    version = "1"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    licence = "LicenseRef-UT-Austin-LIVE"
    weights = ("niqe-pristine",)
    metrics = (
        Metric("niqe", "", 0, None, "lower", "distance from the statistics of good photographs"),
    )

    def load(self, device: str) -> None:
        """Load the pristine model and compile or check what `device` needs."""
        find("niqe-pristine")
        devices.ready(device)
        keep(self, device=device)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture."""
        large = [p for p in pictures if _blocks(p) >= shape.LEAST_BLOCKS]
        found = iter(devices.each(large, _one, self.batch, self.device))
        return [
            self._reading(p, *next(found))
            if _blocks(p) >= shape.LEAST_BLOCKS
            else Reading.none(
                self.metrics,
                "not_applicable",
                f"{p.width} x {p.height} px has fewer than two whole blocks of {BLOCK} x {BLOCK}",
            )
            for p in pictures
        ]

    def batch(self, rgb: "Tensor") -> list[tuple[float, int]]:
        """NIQE and number of textured blocks of each of N x H x W x 3 (uint8) on one device."""
        import torch

        device = str(rgb.device)
        do, table = cuda.operations(device), shape.table(device)
        height, width = rgb.shape[1] // BLOCK * BLOCK, rgb.shape[2] // BLOCK * BLOCK
        image = do.gray(rgb[:, :height, :width])
        features = []
        for block in SCALES:
            sums = do.pair_sums(do.mscn(image, False), block).flatten(1, 2)
            features.append(shape.niqe_features(sums, block[0] * block[1], table))
            image = do.half_size(image) if block is SCALES[0] else image
        mean, covariance = (torch.from_numpy(a).to(device) for a in _pristine())
        found, count = shape.niqe_distance(torch.cat(features, -1), mean, covariance, torch)
        return list(zip(found.tolist(), count.tolist(), strict=True))

    def _reading(self, picture: Picture, value: float, textured: int) -> Reading:
        evidence = {"blocks": _blocks(picture), "textured": textured}
        if textured < shape.LEAST_BLOCKS:
            reason = f"{textured} of {evidence['blocks']} blocks have any texture; two are needed"
            return Reading.none(self.metrics, "not_applicable", reason, evidence)
        return Reading({"niqe": value}, {}, evidence)


def _blocks(picture: Picture) -> int:
    return (picture.height // BLOCK) * (picture.width // BLOCK)


def _one(picture: Picture) -> tuple[float, int]:
    height, width = picture.height // BLOCK * BLOCK, picture.width // BLOCK * BLOCK
    image = np.ascontiguousarray(cpu.gray(picture)[:height, :width])
    features = []
    for block in SCALES:
        scaled = image if block is SCALES[0] else cpu.half_size(image)
        sums = cpu.pair_sums(scaled, block).reshape(1, -1, 5, 5)
        with np.errstate(divide="ignore", invalid="ignore"):
            features.append(shape.niqe_features(sums, block[0] * block[1], shape.table()))
    found, count = shape.niqe_distance(np.concatenate(features, -1), *_pristine())
    return float(found[0]), int(count[0])


@cache
def _pristine() -> tuple[Any, Any]:
    """Mean (36) and covariance (36 x 36) of the features of pristine photographs."""
    with np.load(find("niqe-pristine"), allow_pickle=False) as file:
        return file["mean"], file["covariance"]
