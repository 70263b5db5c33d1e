"""fid: how far a model's images, as a whole, are from a folder of reference pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from iqmetrics.images import Picture
from iqmetrics.nets import frechet, inception, reference
from iqmetrics.records import Metric, Missing, Reading, Scope
from iqmetrics.scorers.base import keep

FID_LEAST = inception.DIMENSIONS + 1
"""With fewer vectors a covariance over 2,048 dimensions lacks rank, and FID is far off."""
KID_LEAST = 200
"""KID has no bias at any size, but below this its noise is as large as what it should tell."""


@dataclass(frozen=True)
class Fid:
    """FID and KID of a model's images against a reference folder: 0 = alike, lower is better.

    `fid.fid` is the squared Frechet distance of Inception v3 features, the number of torch-fidelity
    and of torchmetrics with antialias=False; it is refused below 2,049 images on either side, where
    the covariance lacks rank. `fid.kid` is the squared maximum mean discrepancy with the cubic
    kernel, unbiased, over all pairs rather than random subsets; refused below 200 on either side,
    and may be slightly negative. Only values against the same reference compare, and FID only at
    equal n.

    Options: `reference`, a folder (every picture below it counts); `file`, your own safetensors of
    the same net. Unit: none. Source: Heusel et al., NeurIPS 2017; Binkowski et al., ICLR 2018.
    Blind to: prompts, the quality of any one image, what Inception does not see (small faces,
    text); a model that copies the reference scores best.

    Example:
        Evidence: `{"n": 5000, "reference_n": 5000, "reference": "9f2c..."}` (its fingerprint).
    """

    reference: str = ""
    file: str = ""
    fingerprint: str = ""
    net: Any = field(init=False, repr=False, compare=False, default=None)
    known: Any = field(init=False, repr=False, compare=False, default=None)

    name = "fid"
    version = "1"
    scope: ClassVar[Scope] = "set"
    each = "model"
    licence = "Apache-2.0"
    metrics = (
        Metric("fid.fid", "", 0, None, "lower", "Frechet distance to the reference pictures"),
        Metric("fid.kid", "", None, None, "lower", "kernel distance to the reference pictures"),
    )

    def __post_init__(self) -> None:
        """What the folder holds is part of what the score depends on, so it becomes an option."""
        if self.reference and not self.fingerprint:
            keep(self, fingerprint=reference.fingerprint(self.reference))

    @property
    def weights(self) -> tuple[str, ...]:
        """Its line in the weight ledger."""
        return () if self.file else (inception.WEIGHT,)

    def load(self, device: str) -> None:
        """Find the weights, then load the net and the features of the reference."""
        if not self.reference:
            return
        inception.locate(self.file)
        net = inception.encoder(device, self.file)
        keep(self, net=net, known=reference.features(self.reference, net))

    def read(self, pictures: Sequence[Picture]) -> None:
        """Remember the features of pictures while their pixels are there."""
        if self.net is not None:
            self.net.features(pictures)

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading for the whole set."""
        if not self.reference:
            reason = "no reference folder was given: iqm score --reference DIR"
            return [Reading.none(self.metrics, "not_applicable", reason)]
        n, m = len(pictures), len(self.known)
        told = {"n": n, "reference_n": m, "reference": self.fingerprint}
        missing = {
            metric: Missing("not_applicable", few)
            for metric, least in (("fid.fid", FID_LEAST), ("fid.kid", KID_LEAST))
            if (few := _too_few(n, m, least))
        }
        values = {}
        if len(missing) < len(self.metrics):
            found = np.stack(self.net.features(pictures))
            values["fid.kid"] = frechet.kernel_distance(found, self.known)
            if "fid.fid" not in missing:
                values["fid.fid"] = max(0.0, frechet.frechet(found, self.known))
        return [Reading(values, missing, told)]


def _too_few(n: int, m: int, least: int) -> str:
    if min(n, m) >= least:
        return ""
    return f"{n} images against {m} reference pictures; it needs {least} of each"
