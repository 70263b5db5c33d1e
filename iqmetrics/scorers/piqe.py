"""piqe: the share of an image's busy blocks that are blocky, smeared or noisy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from iqmetrics.images import Picture
from iqmetrics.nets.naturalness import cpu, cuda, devices, piqe_cuda, piqe_kernels
from iqmetrics.records import Metric, Reading, Scope
from iqmetrics.scorers.base import keep

if TYPE_CHECKING:
    from torch import Tensor

ACTIVE = 0.1
"""A block with more MSCN variance than this is busy enough to be judged."""


@dataclass(frozen=True)
class Piqe:
    """Distortion of the busy blocks, about 0 (none) to 100 (all of them); lower is better.

    The picture is cut into blocks of 16 x 16 of locally normalised luma. A busy block is impaired
    when a piece of its border hardly varies (blocking, smearing) and noisy when its middle columns
    vary as its surroundings do; PIQE is the mean amount of distortion over the busy blocks.

    Unit: none, x 100. Range: nominally 0..100; MATLAB's words: to 20 excellent, to 35 good, to 50
    fair, to 80 poor, then bad. Source: Venkatanath, Praneeth, Chandrasekhar, Channappayya &
    Medasani, "Blind image quality evaluation using perception based features", NCC 2015, with the
    conventions of MATLAB's `piqe`. It was never trained on opinions. A picture that has structure
    but no busy block (all blurred) is 100 by definition; one of a single colour, or with a side
    below 16 px, is not applicable.

    Blind to: content, composition, colour. Drawn flat styles and shallow depth of field read as
    distorted. A picture turned by half a turn may read a little otherwise: the published program
    leaves two columns of a block out of its surroundings that do not lie as each other's mirror.

    Example:
        Evidence: `{"blocks": 4096, "busy": 2239, "impaired": 1100, "noisy": 12}`.
    """

    device: str = field(init=False, repr=False, compare=False, default="cpu")

    name = "piqe"
    version = "1"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    licence = "Apache-2.0"
    metrics = (Metric("piqe", "", None, None, "lower", "distortion of busy blocks, about 0..100"),)

    def load(self, device: str) -> None:
        """Compile or check what `device` needs."""
        devices.ready(device)
        keep(self, device=device)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture."""
        reasons = [_unfit(p) for p in pictures]
        fit = [p for p, reason in zip(pictures, reasons, strict=True) if not reason]
        found = iter(devices.each(fit, _one, self.batch, self.device))
        return [
            Reading.none(self.metrics, "not_applicable", reason)
            if reason
            else _reading(next(found))
            for reason in reasons
        ]

    def batch(self, rgb: "Tensor") -> "list[Any]":
        """The blocks (rows x columns x 3) of each of N x H x W x 3 (uint8) on one device."""
        image = piqe_cuda.padded(piqe_cuda.stretched_gray(rgb))
        field = cuda.operations(str(rgb.device)).mscn(image, False)
        return list(piqe_cuda.blocks(field).cpu().numpy())


def _unfit(picture: Picture) -> str:
    if min(picture.width, picture.height) < piqe_kernels.BLOCK:
        return f"{picture.width} x {picture.height} px is smaller than one block of 16 x 16"
    if _one_colour(picture):
        return "one flat colour: there is no structure to judge"
    return ""


def _one_colour(picture: Picture) -> bool:
    first, few = picture.pixels[0, 0], picture.pixels[::37, ::37]
    return bool((few == first).all()) and bool((picture.pixels == first).all())


def _one(picture: Picture) -> Any:
    image = cpu.stretched_gray(picture)
    below, right = (side % piqe_kernels.BLOCK for side in image.shape)
    if below or right:
        image = np.pad(image, ((0, below), (0, right)), "symmetric")
    return cpu.piqe_blocks(image)


def _reading(blocks: Any) -> Reading:
    """PIQE from the variance, noise (0, 1) and impairment (0, 1) of each block."""
    variance, noisy, impaired = (blocks[..., k] for k in range(3))
    busy = variance > ACTIVE
    distortion = impaired * (1 - variance) + noisy * variance
    value = 100 * (float(distortion[busy].sum()) + 1) / (int(busy.sum()) + 1)
    evidence = {
        "blocks": int(busy.size),
        "busy": int(busy.sum()),
        "impaired": int(impaired[busy].sum()),
        "noisy": int(noisy[busy].sum()),
    }
    return Reading({"piqe": value}, {}, evidence)
